"""The figure of raw streams shows each stream at its own rate, with events, and says whose clock is its own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from legsci.mechanics.kinetics.session_motion import SessionMotion, session_motion
from legsci.present.figures.raw_streams import _session, raw_streams_figure
from legsci.present.figures.style import SIDE_COLOURS
from tests.mechanics.athlete import ATHLETE
from tests.mechanics.kinetics.test_movement import MASS_KG, session
from tests.mechanics.trials import cut_session

EMG_HZ, IMU_HZ = 2000.0, 120.0


def channels(kind: str, rate: float, offset: float, **words: list[str]) -> xr.Dataset:
    """A stream of channels that count their samples."""
    count = round(6.0 * rate)
    names = [f"{kind}{number}" for number in range(len(next(iter(words.values()))))]
    value = np.tile(np.arange(count, dtype=float), (len(names), 1))
    unit = ("channel", ["V" if kind == "emg" else "rad/s"] * len(names))
    return xr.Dataset(
        {"value": (("channel", "time"), value)},
        coords={
            "channel": names,
            "time": np.arange(count) / rate,
            "unit": unit,
            **{word: ("channel", of) for word, of in words.items()},
        },
        attrs={"kind": kind, "sampling_rate_hz": rate, "clock_offset_s": offset},
    )


@pytest.fixture(scope="module")
def tree() -> xr.DataTree:
    made = session("squat", "countermovement_jump", body_mass_kg=MASS_KG, sex=ATHLETE.sex)
    made.attrs |= {"simulated": 1, "study": "tiny", "participant_id": "P01", "session_id": "S01"}
    emg = channels("emg", EMG_HZ, 0.0, side=["left", "right"], muscle=["gluteus_medius", "vastus_lateralis"])
    sensors = {"segment": ["pelvis"] * 3, "quantity": ["angular_velocity"] * 3, "axis": list("xyz")}
    imu = channels("imu", IMU_HZ, float("nan"), **sensors)
    for trial in made.children.values():
        trial["emg"], trial["imu"] = xr.DataTree(emg), xr.DataTree(imu)
    return made


@pytest.fixture(scope="module")
def motion(tree: xr.DataTree) -> SessionMotion:
    return session_motion(tree)


@pytest.fixture(scope="module")
def reps(tree: xr.DataTree) -> xr.Dataset:
    found, _ = cut_session(tree, profiles=[])
    assert found is not None
    return found


@pytest.fixture(scope="module")
def figure(tree: xr.DataTree, motion: SessionMotion, reps: xr.Dataset) -> Figure:
    return raw_streams_figure(tree, motion, reps)


def movements(tree: xr.DataTree) -> list[str]:
    """Names of the squat and of the jump."""
    return [
        name for task in ("squat", "countermovement_jump") for name in tree.children if tree[name].attrs["task"] == task
    ]


def panels(figure: Figure, title: str) -> list[Axes]:
    return [axes for axes in figure.axes if axes.get_title(loc="left").startswith(title)]


def events_of(axes: Axes) -> list[float]:
    """Times at which a vertical line goes through a panel [s]."""
    return [line.get_xdata()[0] for line in axes.lines if list(line.get_ydata()) == [0, 1]]


def test_a_squat_and_a_jump_stand_side_by_side_marked_as_simulated(figure: Figure, tree: xr.DataTree) -> None:
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert [title.split(",")[0] for title in titles if "repetition" in title] == movements(tree)
    assert figure.get_suptitle().startswith("SIMULATED. ")


def test_streams_are_drawn_whole_at_their_own_rates(figure: Figure) -> None:
    for title, rate, lines in (("EMG", EMG_HZ, 2), ("angular velocity", IMU_HZ, 3)):
        found = panels(figure, title)
        assert len(found) == 2
        for axes in found:
            drawn = [line for line in axes.lines if len(line.get_xdata()) > 2]
            assert len(drawn) == lines
            assert f"{rate:g} Hz" in axes.get_title(loc="left")
            for line in drawn:
                np.testing.assert_allclose(np.diff(line.get_xdata()), 1.0 / rate)


def test_traces_are_scaled_to_the_largest_value_shown_which_is_stated(figure: Figure) -> None:
    for axes in panels(figure, "EMG"):
        start, stop = axes.get_xlim()
        line = next(line for line in axes.lines if len(line.get_xdata()) > 2)
        time, value = (np.asarray(data) for data in line.get_data())
        largest = np.floor(min(stop, time[-1]) * EMG_HZ)
        assert value[(time >= start) & (time <= stop)].max() == pytest.approx(1.0)
        assert axes.texts[0].get_text() == f"{largest:.3g} V"
        assert [label.get_text() for label in axes.get_yticklabels()] == ["L gluteus medius", "R vastus lateralis"]


def test_events_of_the_repetition_cross_what_is_on_the_clock_of_the_plates_alone(
    figure: Figure, reps: xr.Dataset
) -> None:
    jump = int(np.flatnonzero(reps["task"].to_numpy().astype(str) == "countermovement_jump")[0])
    takeoff = float(reps.isel(rep=jump, scoring=0)["takeoff"])
    assert takeoff in events_of(panels(figure, "EMG")[1])
    for axes in panels(figure, "angular velocity"):
        assert axes.get_title(loc="left").endswith("own clock")
        assert not events_of(axes)
    assert not any("own clock" in axes.get_title(loc="left") for axes in panels(figure, "EMG"))


def test_knee_flexion_and_force_are_those_of_the_files(
    figure: Figure, tree: xr.DataTree, motion: SessionMotion
) -> None:
    _, name = movements(tree)
    flexion = motion.kinematics(name)["angle"].sel(joint_angle="left_knee_flexion")
    left = next(line for line in figure.axes[-1].lines if line.get_color() == SIDE_COLOURS["left"])
    np.testing.assert_array_equal(left.get_ydata(), flexion)
    force = tree[f"{name}/force"]["force"].sel(axis="y").transpose("plate", "time").to_numpy()
    np.testing.assert_array_equal(figure.axes[1].lines[0].get_ydata(), force[0])


def test_a_session_without_repetitions_says_so(tree: xr.DataTree, motion: SessionMotion) -> None:
    words = raw_streams_figure(tree, motion, None).axes[0].texts[0].get_text()
    assert words == "SIMULATED. Raw streams: no repetition of a squat or jump."


def test_the_session_with_the_most_kinds_of_streams_is_drawn() -> None:
    kinds = {"A": ["force", "markers"], "B": ["force", "markers", "emg", "imu", "imu"], "C": ["force", "emg", "imu"]}
    rows = [
        {"participant_id": "P", "session_id": visit, "trial_id": "t", "kind": kind, "device": "d", "rate_hz": 100.0}
        for visit, listed in kinds.items()
        for kind in listed
    ]
    assert _session(pd.DataFrame(rows)) == ("P", "B")
    assert _session(pd.DataFrame(rows)[:0]) is None
