"""A session with inertial sensors alone: it is cut and measured, and each planted fault is flagged."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from legsci.ingest.session import open_session, write_session
from legsci.mechanics.kinetics.motion_file import open_motion, write_motion
from legsci.mechanics.kinetics.session_motion import session_motion
from legsci.mechanics.reps.files import measurable_sessions, write_repetitions
from legsci.mechanics.reps.session import session_repetitions
from legsci.mechanics.sensors.contacts import flights
from legsci.mechanics.sensors.flexion import stated_reference
from legsci.mechanics.sensors.session_sensors import session_sensors
from legsci.mechanics.sensors.worn import WornSensor
from legsci.metrics.normalised_curves import write_curves
from legsci.metrics.parts import write_part
from legsci.metrics.registry import COLUMNS, METRICS
from legsci.metrics.tables import session_metrics
from legsci.simulate.recordings.trial_files import Instruments
from legsci.simulate.sensors.imu import ImuSettings
from legsci.vocabulary import STANDARD_GRAVITY
from tests.mechanics.trials import DEFAULT, cut_session, decisions
from tests.sensor_study import open_sensor_session, write_sensor_study

#: Sensors whose ranges no movement exceeds, without lost packets.
WIDE = Instruments(
    imus=ImuSettings(
        accelerometer_ranges=(32.0 * STANDARD_GRAVITY,),
        gyroscope_ranges=(float(np.radians(4000.0)),),
        lost_share=(0.0, 0.0),
    )
)
Table = tuple[pd.DataFrame, pd.DataFrame]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[xr.DataTree, pd.DataFrame]:
    """Session file of sensors alone, and the truth of its trials."""
    folder = tmp_path_factory.mktemp("sensors") / "worn"
    truth = write_sensor_study(folder, instruments=WIDE)
    return open_sensor_session(folder), truth


@pytest.fixture(scope="module")
def tables(recorded: tuple[xr.DataTree, pd.DataFrame]) -> Table:
    """Metrics and quality flags of that session."""
    return session_metrics(*cut_session(recorded[0], profiles=[]))


def of(tables: Table, trial: str, name: str) -> np.ndarray:
    """Known values of a metric in a trial, in the order of its repetitions."""
    metrics = tables[0]
    values = metrics.loc[metrics["trial_id"] == trial, name].to_numpy(float)
    return values[np.isfinite(values)]


def test_a_session_of_sensors_alone_is_cut_and_measured(tables: Table) -> None:
    metrics, quality = tables
    cut = metrics[metrics["rep"] > 0].groupby("trial_id")["rep"].nunique()
    assert cut.to_dict() == {"squat": 3, "jump": 1, "drop": 1}
    assert set(quality.loc[quality["code"] == "cut_by_sensors", "trial_id"]) == {"squat", "jump", "drop"}
    assert "no_signal_to_cut_by" not in set(quality["code"])
    of_plates = metrics[["eccentric_time_s", "flight_time_s", "body_weight_n", "knee_flexion_max_deg"]]
    assert of_plates.isna().all(axis=None), "nothing is given that plates or cameras alone can measure"


def test_times_of_squats_by_sensors(tables: Table) -> None:
    np.testing.assert_allclose(of(tables, "squat", "sensor_eccentric_time_s"), 1.4, atol=0.04)
    np.testing.assert_allclose(of(tables, "squat", "sensor_pause_time_s"), 0.1, atol=0.06)
    # The concentric time grows by half from the first to the last squat, of which loss of velocity is a third.
    np.testing.assert_allclose(of(tables, "squat", "sensor_concentric_time_s")[[0, 2]], [1.2, 1.8], atol=0.05)
    assert of(tables, "squat", "sensor_velocity_loss_percent")[2] == pytest.approx(100.0 / 3.0, abs=3.0)


def test_flights_by_sensors(tables: Table, recorded: tuple[xr.DataTree, pd.DataFrame]) -> None:
    truth = recorded[1]
    for trial in ("jump", "drop"):
        flight = float(truth[truth["trial_id"] == trial].set_index("name")["value"]["flight_time_s"])
        height = of(tables, trial, "sensor_jump_height_flight_time_m")[0]
        assert height == pytest.approx(STANDARD_GRAVITY * flight**2 / 8.0, abs=0.05)


def test_peak_flexion_within_its_uncertainty(tables: Table) -> None:
    for joint, true in {"hip_flexion": 110.0, "knee_flexion": 123.4, "ankle_dorsiflexion": 37.9}.items():
        found, doubt = (of(tables, "squat", f"{prefix}sensor_{joint}_max_deg") for prefix in ("", "u_"))
        assert found.size == 6, "three squats, two legs"
        assert (np.abs(found - true) < 2.0 * doubt).all(), joint


def test_budget_in_degrees_is_stated(tables: Table) -> None:
    quality = tables[1]
    budget = quality[(quality["code"] == "sensor_flexion_budget") & (quality["trial_id"] == "squat")]
    assert list(budget["signal"]) == ["hip", "knee", "ankle"]
    assert budget["sentence"].str.contains("drift").all()
    assert budget["sentence"].str.contains("skin motion").all()


def test_no_frontal_or_transverse_angle_of_sensors(tables: Table) -> None:
    """Sensors give no valgus: not a metric of them, and no value of any other in a session of sensors alone."""
    words = ("abduction", "adduction", "rotation", "valgus", "varus", "frontal", "transverse", "pelvic_drop", "medial")
    for name, metric in METRICS.items():
        if "imu" in " ".join(metric.streams):
            assert not any(word in name for word in words), name
            assert metric.unit != "deg" or "flexion" in name
    metrics = tables[0]
    angles = [name for name in COLUMNS if any(word in name for word in (*words, "separation", "projection"))]
    assert len(angles) > 10, "the table has such columns"
    assert metrics[angles].isna().all(axis=None)


def test_a_study_of_sensors_alone_goes_through_the_files_of_the_workflow(
    recorded: tuple[xr.DataTree, pd.DataFrame], tmp_path: Path
) -> None:
    """Session file, motion file, reps file and tables, as the rules ingest, motion, cut_reps and measure make them."""
    session, motion, reps = (tmp_path / f"{name}.nc" for name in ("session", "motion", "reps"))
    write_session(recorded[0], session)
    write_motion(session_motion(open_session(session)), motion)
    found, flags = session_repetitions(
        open_motion(motion), default=DEFAULT, profiles=[DEFAULT, "harry"], curation=decisions()
    )
    write_repetitions(found, flags, reps)
    write_part(measurable_sessions([reps], [motion], [session]), tmp_path)
    metrics = pd.read_parquet(tmp_path / "metrics.parquet")
    assert metrics["sensor_eccentric_time_s"].notna().sum() == 3
    assert metrics["sensor_knee_flexion_max_deg"].notna().sum() == 3 * 2 + 1 * 2 + 1 * 2
    assert metrics["sensor_flight_time_s"].notna().sum() == 2
    assert len(pd.read_parquet(tmp_path / "reps.parquet")) == 5 * 2
    write_curves((each for each, _ in measurable_sessions([reps], [motion], [session])), tmp_path / "curves.nc")


def test_motion_file_keeps_what_sensors_tell(recorded: tuple[xr.DataTree, pd.DataFrame], tmp_path: Path) -> None:
    motion = session_motion(recorded[0])
    write_motion(motion, tmp_path / "m.nc")
    kept = open_motion(tmp_path / "m.nc")
    for name, trial in motion.trials.items():
        before, after = trial.sensors, kept.trials[name].sensors
        assert before is not None
        assert after is not None
        assert after.flights == before.flights
        np.testing.assert_allclose(after.time, before.time, atol=1e-9)
        for signal, values in before.signals.items():
            np.testing.assert_allclose(after.signals[signal], values, atol=1e-3)


def turned(signal: xr.Dataset, rotation: np.ndarray, first: int = 0) -> xr.Dataset:
    """A stream whose sensor is turned by a rotation (3, 3), from a sample on."""
    answer = signal.copy(deep=True)
    values = answer["value"].transpose("channel", "time").to_numpy()
    quantity, axis = (answer[name].to_numpy().astype(str) for name in ("quantity", "axis"))
    for what in np.unique(quantity):
        rows = [int(np.flatnonzero((quantity == what) & (axis == each))[0]) for each in "xyz"]
        values[rows, first:] = rotation.T @ values[rows, first:]
    return answer.assign(value=(("channel", "time"), values))


def about(axis: str, deg: float) -> np.ndarray:
    """Rotation (3, 3) about an axis of the sensor."""
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    answer = np.eye(3)
    answer[i, i] = answer[j, j] = np.cos(np.radians(deg))
    answer[j, i] = np.sin(np.radians(deg))
    answer[i, j] = -answer[j, i]
    return answer


Change = Callable[[str, str, xr.Dataset], xr.Dataset]


def changed(session: xr.DataTree, change: Change) -> xr.DataTree:
    """A session whose streams of sensors are changed: (trial, segment with its side, stream) -> stream."""
    nodes: dict[str, xr.Dataset] = {"/": xr.Dataset(attrs=session.attrs)}
    for trial, group in session.children.items():
        nodes[str(trial)] = xr.Dataset(attrs=group.attrs)
        for name, stream in group.children.items():
            signal = stream.to_dataset(inherit=False)
            side = str(signal["side"].to_numpy()[0]) if "side" in signal.coords else ""
            segment = "_".join(filter(None, (side, str(signal["segment"].to_numpy()[0]))))
            nodes[f"{trial}/{name}"] = change(str(trial), segment, signal)
    return xr.DataTree.from_dict(nodes)


def renamed(names: dict[str, str]) -> Change:
    """Sensors under the names of other segments."""

    def change(_: str, segment: str, signal: xr.Dataset) -> xr.Dataset:
        side, _, part = names.get(segment, segment).rpartition("_")
        count = signal.sizes["channel"]
        return signal.assign_coords(side=("channel", [side] * count), segment=("channel", [part] * count))

    return change


def remounted(which: str, rotation: np.ndarray, *, trials: tuple[str, ...], first: int = 0) -> Change:
    """A sensor that is turned in some trials, from a sample on."""
    return lambda trial, segment, signal: (
        turned(signal, rotation, first) if segment == which and trial in trials else signal
    )


def clipped(trial_id: str, which: str, limit: float) -> Change:
    """A gyroscope that ends at a limit [rad/s]."""

    def change(trial: str, segment: str, signal: xr.Dataset) -> xr.Dataset:
        spin = (signal["quantity"] == "angular_velocity") & (trial == trial_id) & (segment == which)
        return signal.assign(value=signal["value"].where(~spin, signal["value"].clip(-limit, limit)))

    return change


EXCHANGED = {
    f"{a}_{part}": f"{b}_{part}"
    for a, b in (("left", "right"), ("right", "left"))
    for part in ("thigh", "shank", "foot")
}
ALL = ("standing", "squat", "jump", "drop")
#: Planted fault -> change, code of its flag, trials and joint whose flexion is withheld.
FAULTS: dict[str, tuple[Change, str, tuple[str, ...], str]] = {
    "left and right exchanged": (renamed(EXCHANGED), "sensor_sides_exchanged", ("squat", "jump"), "left_knee"),
    "thigh and shank exchanged": (
        renamed({"left_thigh": "left_shank", "left_shank": "left_thigh"}),
        "sensor_on_other_segment", ("squat", "jump"), "left_knee",
    ),
    "pelvis and thigh exchanged": (
        renamed({"left_thigh": "pelvis", "pelvis": "left_thigh"}), "sensor_on_other_segment", ("squat",), "left_hip",
    ),
    "shank and foot exchanged": (
        renamed({"left_foot": "left_shank", "left_shank": "left_foot"}),
        "sensor_on_other_segment", ("squat",), "left_ankle",
    ),
    "upside down in one trial": (
        remounted("left_shank", about("z", 180.0), trials=("jump",)), "sensor_upside_down", ("jump",), "left_knee",
    ),
    "loosened between trials": (
        remounted("right_thigh", about("z", 25.0), trials=("jump", "drop")), "sensor_loosened", ("jump", "drop"),
        "right_knee",
    ),
    "loosened within a trial": (
        remounted("right_shank", about("z", 20.0), trials=("squat",), first=650), "sensor_loosened", ("squat",),
        "right_knee",
    ),
    "turned about the long axis": (
        remounted("right_shank", about("x", 50.0), trials=("squat_again",)), "sensor_loosened", ("squat_again",),
        "right_knee",
    ),
    "gyroscope saturated at impact": (
        clipped("jump", "left_foot", float(np.radians(500.0))), "sensor_range_reached", ("jump",), "left_ankle",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def with_second_squat(recorded: tuple[xr.DataTree, pd.DataFrame]) -> xr.DataTree:
    """The session, with its squats once more at the end."""
    session = recorded[0].copy(deep=True)
    session["squat_again"] = session["squat"].copy(deep=True)
    return session


@pytest.mark.parametrize("fault", FAULTS)
def test_planted_faults_are_flagged(fault: str, with_second_squat: xr.DataTree) -> None:
    change, code, trials, joint = FAULTS[fault]
    found = session_sensors(changed(with_second_squat, change), stated_reference(with_second_squat.attrs))
    for trial in trials:
        assert code in {flag.code for flag in found[trial].flags}, trial
        motion = found[trial].motion
        assert motion is not None
        side, _, name = joint.partition("_")
        place = ("hip", "knee", "ankle").index(name), ("both", "left", "right").index(side)
        assert np.isnan(motion.signals["sensor_flexion"][place]).all(), "what is known to be wrong is withheld"


def test_upside_down_throughout_is_flagged_and_allowed_for(with_second_squat: xr.DataTree) -> None:
    change = remounted("left_shank", about("z", 180.0), trials=(*ALL, "squat_again"))
    reference = stated_reference(with_second_squat.attrs)
    right = session_sensors(with_second_squat, reference)["squat"]
    found = session_sensors(changed(with_second_squat, change), reference)["squat"]
    assert "sensor_upside_down" in {flag.code for flag in found.flags}
    assert found.motion is not None
    assert right.motion is not None
    np.testing.assert_allclose(
        found.motion.signals["sensor_flexion"], right.motion.signals["sensor_flexion"], atol=0.01
    )


def test_sensors_without_faults_have_no_flag_of_one(with_second_squat: xr.DataTree) -> None:
    reference = stated_reference(with_second_squat.attrs)
    codes: set[Any] = {
        flag.code for trial in session_sensors(with_second_squat, reference).values() for flag in trial.flags
    }
    assert codes == {"sensor_flexion_budget"}


def test_without_standing_reference_flexion_is_not_given(recorded: tuple[xr.DataTree, pd.DataFrame]) -> None:
    session = recorded[0].copy(deep=True)
    for name in [name for name in session.attrs if str(name).startswith("standing_")]:
        del session.attrs[name]
    metrics, quality = session_metrics(*cut_session(session, profiles=[]))
    assert "standing_reference_missing" in set(quality["code"])
    assert metrics["sensor_knee_flexion_max_deg"].isna().all()
    ranges = of((metrics, quality), "squat", "sensor_knee_flexion_range_deg")
    np.testing.assert_allclose(ranges, 110.0, atol=8.0)


def test_a_trial_of_an_unknown_task_leaves_the_sensors_of_the_others(
    recorded: tuple[xr.DataTree, pd.DataFrame], tables: Table
) -> None:
    session = recorded[0].copy(deep=True)
    trial = str(tables[0].loc[tables[0]["sensor_flight_time_s"].notna(), "trial_id"].iloc[0])
    session[trial].attrs |= {"task": "gait", "faults": json.dumps([["unknown_task", "gait"]])}
    metrics, quality = session_metrics(*cut_session(session, profiles=[]))
    assert quality.loc[quality["trial_id"] == trial, "code"].eq("unknown_task").any()
    assert metrics.loc[metrics["trial_id"] != trial, "sensor_eccentric_time_s"].notna().any()


def pelvis_of_jump(*, rise_s: float) -> dict[str, WornSensor]:
    """Sensor on a pelvis that stands, pushes off, flies for 0.5 s and lands; force falls to zero in `rise_s`."""
    time = np.arange(1200) / 400.0
    flying = np.clip((time - 1.5 + rise_s) / rise_s, 0.0, 1.0) * np.clip((2.0 + rise_s - time) / rise_s, 0.0, 1.0)
    pushed = np.where(np.abs(time - 1.75) < 0.25 + 0.3, 2.0 * STANDARD_GRAVITY, STANDARD_GRAVITY) * (1.0 - flying)
    upward = np.tile([0.0, 0.0, 1.0], (time.size, 1))
    still, force = np.zeros((time.size, 3)), upward * pushed[:, None]
    return {"pelvis": WornSensor(time, 400.0, upward, still, force, np.zeros(time.size, dtype=bool), False, True)}


def test_a_flight_whose_edges_are_not_clear_is_withheld() -> None:
    (flight,) = flights(pelvis_of_jump(rise_s=0.10))
    assert flight.takeoff_s == pytest.approx(1.5, abs=0.005)
    assert flight.landing_s == pytest.approx(2.0, abs=0.005)
    assert flights(pelvis_of_jump(rise_s=0.30)) == []
