"""Real recordings against numbers that others, or plain arithmetic, got from them (PROVENANCE.md of each folder)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from legsci.mechanics.force.session_reference import session_reference
from tests.mechanics.recordings import recorded_trial, text_columns
from tests.mechanics.trials import DEFAULT, OTHERS, Outcome, joined, outcome, outcomes

HEIGHTS = ("jump_height_impulse_m", "jump_height_flight_time_m", "jump_height_pelvis_m")


@pytest.fixture(scope="module")
def sessions(shared_data: Path) -> dict[str, Outcome]:
    """Outcome of the single jumps, each a session of its own."""
    biomdp, fz = shared_data / "biomdp-cmj-dj", shared_data / "fz-vertical-jumps"
    cmj, two_plates = "countermovement_jump", {"feet": ("both", "box")}
    trials = {
        "kistler": recorded_trial(biomdp / "kistler_CMJ_1plate.txt", reader="bioware", up="-z", task=cmj),
        "kistler_c3d": recorded_trial(biomdp / "kistler_CMJ_1plate.c3d", reader="c3d", up="z", task=cmj),
        "drop": recorded_trial(
            biomdp / "kistler_DJ_2plates.txt", reader="bioware", up="-z", task="drop_jump", **two_plates
        ),
        "drop_box_unnamed": recorded_trial(
            biomdp / "kistler_DJ_2plates.txt", reader="bioware", up="-z", task="drop_jump"
        ),
        "vicon": recorded_trial(biomdp / "vicon_CMJ_kinem_kinet_emg.c3d", reader="c3d", up="z", task=cmj),
        "fz_one": recorded_trial(
            fz / "Single-CMJ-Fz.txt", reader="delimited", up="z", task=cmj, rate_hz=1000.0, **text_columns(1)
        ),
        "bmclab": recorded_trial(
            shared_data / "bmclab" / "GRFZjump.txt",
            reader="delimited", up="z", task=cmj, rate_hz=600.0, **text_columns(1),
        ),
    }  # fmt: skip
    for name, task in {"CMJ": cmj, "SJ": "squat_jump", "DJ": "drop_jump"}.items():
        columns = text_columns("FP1", "FP2", header_rows=1, delimiter="\t")
        trials[f"fz_{name}"] = recorded_trial(
            fz / f"Dual-{name}-Fz.txt",
            reader="delimited", up="z", task=task, feet=("left", "right"), rate_hz=1000.0, **columns,
        )  # fmt: skip
    return outcomes(trials)


@pytest.fixture(scope="module")
def jumps(sessions: dict[str, Outcome]) -> Outcome:
    """Tables of the single jumps."""
    return joined(sessions)


@pytest.mark.parametrize("trial", ["kistler", "kistler_c3d"])
def test_kistler_countermovement_jump(jumps: Outcome, trial: str) -> None:
    row = jumps.row(trial)
    assert row["body_weight_n"] == pytest.approx(765.6, abs=1.0)
    assert row["jump_height_flight_time_m"] == pytest.approx(0.376, abs=0.003)
    assert row["status"] == "accepted"


def test_kistler_impulse_height_of_the_source_comes_from_its_weighing(jumps: Outcome) -> None:
    # The source's 0.382 m weighs the beginning of the recording, as profile s3d does, and takes 30 or 20 N for the
    # take-off. The whole of standing weighs up to 1 N more, and the movement lasts 0.8 s, so that each 0.1 N lowers the
    # height by about 0.4 mm; the default's earlier start and its take-off at zero force make up the rest. Its 0.370 m
    # agrees with its flight time.
    early, default = jumps.row("kistler", profile="s3d"), jumps.row("kistler")
    assert early["jump_height_impulse_m"] == pytest.approx(0.382, abs=0.005)
    assert default["body_weight_n"] - early["body_weight_n"] == pytest.approx(1.1, abs=0.2)
    difference = default["jump_height_flight_time_m"] - default["jump_height_impulse_m"]
    assert abs(difference) <= 2.0 * default["u_jump_height_impulse_m"]


def test_kistler_naive_impulse_height(shared_data: Path) -> None:
    """Weigh the first second and integrate everything from the first sample to 20 N: 0.382 m; 1 N more, 4 mm less."""
    trial = recorded_trial(
        shared_data / "biomdp-cmj-dj" / "kistler_CMJ_1plate.txt", reader="bioware", up="-z", task="countermovement_jump"
    )
    force = trial["force"]["force"].sel(axis="y").to_numpy().squeeze()

    def height(weight: float, first: int) -> float:
        takeoff = int(np.flatnonzero(force < 20.0)[0])
        speed = np.trapezoid(force[first : takeoff + 1] - weight, dx=0.001) / (weight / 9.80665)
        return float(speed**2 / (2 * 9.80665))

    weight = float(force[:1000].mean())
    assert weight == pytest.approx(765.6, abs=0.1)
    assert height(weight, 0) == pytest.approx(0.3824, abs=0.0005)
    movement = 2695
    assert height(weight, movement) - height(weight + 0.1, movement) == pytest.approx(0.0004, abs=0.0001)


@pytest.mark.parametrize("trial", ["drop", "drop_box_unnamed"])
def test_kistler_drop_jump(jumps: Outcome, trial: str) -> None:
    row = jumps.row(trial)
    assert row["contact_time_s"] == pytest.approx(0.405, abs=0.004)
    assert row["flight_time_s"] == pytest.approx(0.502, abs=0.004)
    # The source's 589.5 N and 2823 N are as read; the plate reads 1.1 N more than it bears.
    assert row["body_weight_n"] == pytest.approx(589.5 - 1.1, abs=1.0)
    assert row["landing_peak_force_n"] == pytest.approx(2823.0 - 1.1, abs=1.0)
    assert ("box_plate_assumed" in jumps.codes(trial)) == (trial == "drop_box_unnamed")


def test_vicon_heights_by_three_ways_agree_within_their_uncertainties(jumps: Outcome) -> None:
    row = jumps.row("vicon")
    assert row["flight_time_s"] == pytest.approx(0.668, abs=0.005)
    assert {"plate_left_out", "plate_offset"} <= jumps.codes("vicon")
    assert "heights_disagree" not in jumps.codes("vicon")
    for first in HEIGHTS:
        for second in HEIGHTS:
            together = np.hypot(row[f"u_{first}"], row[f"u_{second}"])
            assert abs(row[first] - row[second]) <= 2.0 * together, (first, second)


def test_vicon_naive_height_lacks_the_offset_and_the_rest(jumps: Outcome) -> None:
    # 0.509 m of the naive reckoning has two causes. The plate reads 6.3 N while nobody stands on it, so that body
    # weight, and the mass it is divided by, are 0.8 % too large; and the first half second, in which it weighs, is not
    # the quietest standing. With the offset removed and all of standing weighed the height is 0.524 m, and flight
    # (0.546 m, lengthened by landing lower) and pelvis (0.532 m) lie within the uncertainties.
    row = jumps.row("vicon")
    assert row["jump_height_impulse_m"] - 0.509 > 0.010
    offset = jumps.quality[(jumps.quality["trial_id"] == "vicon") & (jumps.quality["code"] == "plate_offset")]
    assert offset["value"].item() == pytest.approx(6.3, abs=0.3)


@pytest.mark.parametrize("trial", ["fz_CMJ", "fz_one"])
def test_fz_countermovement_jump_both_ways(jumps: Outcome, trial: str) -> None:
    # the reference counts flight, and integrates, to 20 N (profile harry)
    row = jumps.row(trial, profile="harry")
    assert row["jump_height_impulse_m"] == pytest.approx(0.3201, abs=0.003)
    assert row["jump_height_flight_time_m"] == pytest.approx(0.3201, abs=0.003)
    assert row["landing_peak_force_n"] == pytest.approx(2330.0, abs=1.0)
    # flight to 20 N is longer than flight to zero force, by which heights read 0.5 to 1.5 % high
    assert 0.985 < jumps.row(trial)["jump_height_flight_time_m"] / 0.3201 < 0.995


def test_fz_sides_add_up(jumps: Outcome) -> None:
    for trial in ("fz_CMJ", "fz_SJ", "fz_DJ"):
        left, right, both = (jumps.row(trial, side) for side in ("left", "right", "both"))
        for name in ("body_weight_n", "propulsion_impulse_n_s", "net_impulse_n_s"):
            assert left[name] + right[name] == pytest.approx(both[name], abs=1e-6)


def test_fz_squat_jump_and_drop_jump(jumps: Outcome) -> None:
    assert jumps.row("fz_SJ")["flight_time_s"] == pytest.approx(0.471, abs=0.004)
    assert jumps.row("fz_SJ")["landing_peak_force_n"] == pytest.approx(4004.0, abs=1.0)
    # the reference counts contact above 20 N (profile harry)
    assert jumps.row("fz_DJ", profile="harry")["flight_time_s"] == pytest.approx(0.487, abs=0.005)
    assert jumps.row("fz_DJ", profile="vald")["contact_time_s"] == pytest.approx(0.246, abs=0.005)


def test_bmclab_jump_that_starts_at_once(sessions: dict[str, Outcome]) -> None:
    # The source subtracts the recording's lowest reading (-7.15 N) and takes 10 N above that. legsci removes the mean
    # of the flight instead, about 6 N: the plate rings before it settles, so that the flight of its limit ends some ms
    # later.
    jumps = sessions["bmclab"]
    assert jumps.reps is not None
    events = jumps.reps.sel(rep="bmclab/1").isel(scoring=0)
    assert float(events["takeoff"]) == pytest.approx(0.907, abs=0.010)
    assert float(events["landing"]) == pytest.approx(1.323, abs=0.010)
    row = jumps.row("bmclab")
    assert row["jump_height_flight_time_m"] == pytest.approx(0.213, abs=0.010)
    assert row["status"] == "incomplete"
    assert np.isnan(row["jump_height_impulse_m"])
    assert {"never_stood_still", "no_velocity"} <= jumps.codes("bmclab")


def test_every_jump_is_scored_under_every_profile(sessions: dict[str, Outcome]) -> None:
    for session in sessions.values():
        assert session.reps is not None
        assert json.loads(session.reps.attrs["profiles"]) == [DEFAULT, *OTHERS]
    jumps = joined(sessions)
    counts = jumps.metrics[jumps.metrics["side"] == "both"].groupby("trial_id")["profile"].nunique()
    assert (counts == 4).all()


RINGING_S = {"1": 0.604, "2": 0.582}


@pytest.mark.parametrize("part", RINGING_S)
def test_squat_jump_from_a_hold_on_a_platform_that_rings_after_takeoff(shared_data: Path, part: str) -> None:
    # Force swings between -68 and 57 N for 0.1 s after the feet have left. The flight is counted, by hand, from the
    # first sample below 20 N to the first above it at landing.
    columns = text_columns(1, 2, header_rows=1, layout="wide")
    trial = recorded_trial(
        shared_data / "shiny-vertical-jump" / "wide_data.csv",
        reader="delimited", up="z", task="squat_jump", feet=("left", "right"), part=part, rate_hz=1000.0, **columns,
    )  # fmt: skip
    row = outcome(trial).row()
    assert row["flight_time_s"] == pytest.approx(RINGING_S[part], abs=0.002)
    assert row["jump_height_flight_time_m"] == pytest.approx(9.80665 * RINGING_S[part] ** 2 / 8.0, abs=0.004)
    # Two seconds before it the person sinks into the squat and holds it: that is no part of the jump.
    assert 0.3 < row["time_to_takeoff_s"] < 0.5
    assert 0.25 < row["propulsion_time_s"] < 0.35
    assert "countermovement_in_squat_jump" not in row["reason"]


@pytest.fixture(scope="module")
def landings(shared_data: Path) -> Outcome:
    """Outcome of every parkour landing."""
    files = sorted((shared_data / "parkour-landings" / "txt").glob("*.txt"))
    assert len(files) == 18
    return outcome({f.stem: recorded_trial(f, reader="bioware", up="-z", task="landing") for f in files})


@pytest.fixture(scope="module")
def landing_zeros(shared_data: Path) -> dict[str, float]:
    """Zero of the plate in every parkour landing [N], which legsci subtracts and the published peaks hold."""
    files = sorted((shared_data / "parkour-landings" / "txt").glob("*.txt"))
    session = {f.stem: recorded_trial(f, reader="bioware", up="-z", task="landing") for f in files}
    reference = session_reference(xr.DataTree(children=session))
    axes = {name: trial["force"]["axis"].to_numpy().tolist() for name, trial in session.items()}
    return {name: float(trial.zeros["1"].force[axes[name].index("y")]) for name, trial in reference.trials.items()}


def test_parkour_landing_peaks(landings: Outcome, landing_zeros: dict[str, float], shared_data: Path) -> None:
    table = pd.read_csv(shared_data / "parkour-landings" / "pkvs_all_reps.csv").set_index(
        ["measure", "partID", "movement", "leg", "rep"]
    )["result_n"]
    trials = sorted(set(landings.metrics["trial_id"]))
    assert len(trials) == 18
    for trial in trials:
        person, kind, repetition = trial.split("_")
        leg = {"D": "Precision", "S": "Running"}[kind[-1]]
        published = table[("VertPeak", person, kind[:-1].capitalize(), leg, int(repetition))]
        # two-foot landings are published per foot
        peak = landings.row(trial)["landing_peak_force_n"] + landing_zeros[trial]
        peak /= 2.0 if leg == "Precision" else 1.0
        assert peak == pytest.approx(published, abs=0.1), trial


FLIGHTS_S = {"BFR003_squat_jump": (0.290, 0.309, 0.304), "BFR011_squat_jump": (0.246, 0.382, 0.381)}


@pytest.fixture(scope="module")
def acl(shared_data: Path) -> Outcome:
    """Outcome of the jumps after reconstruction of the anterior cruciate ligament; plate 1 is right.

    Plate 1 lies to the left of plate 2 as seen along x, so that the people face the other way.
    """
    folder = shared_data / "acl-squatjump"
    names = [*FLIGHTS_S, "squat_jump_error_test"]
    trials = {
        n: recorded_trial(
            folder / f"{n}.csv", reader="opensim", up="y", forward="-x", task="squat_jump", feet=("right", "left")
        )
        for n in names
    }
    return joined(outcomes(trials))


@pytest.mark.parametrize("trial", FLIGHTS_S)
def test_three_jumps_per_file_with_known_flights(acl: Outcome, trial: str) -> None:
    rows = acl.rows(trial)
    assert list(rows["rep"]) == [1, 2, 3]
    assert rows["flight_time_s"].to_numpy() == pytest.approx(np.array(FLIGHTS_S[trial]), abs=0.008)


def test_sides_are_kept_apart(acl: Outcome) -> None:
    def highest(side: str) -> float:
        return float(acl.rows("BFR011_squat_jump", side)[["peak_force_n", "landing_peak_force_n"]].max(axis=None))

    assert highest("right") == pytest.approx(1148.0, abs=1.0)
    assert highest("left") == pytest.approx(1638.0, abs=1.0)
    asymmetry = acl.rows("BFR011_squat_jump")["asymmetry_landing_peak_force_percent"]
    assert (asymmetry < 0.0).all(), "the left side lands harder in each jump"


def test_recording_with_an_artefact_is_kept_with_its_reasons(acl: Outcome) -> None:
    rows = acl.rows("squat_jump_error_test")
    assert list(rows["rep"]) == [1, 2, 3]
    assert (rows["status"] != "accepted").all()
    assert rows["reason"].str.contains("never_stood_still").all()
    assert rows["flight_time_s"].between(0.2, 0.5).all()
    assert rows["jump_height_impulse_m"].isna().all()


def test_a_jump_through_other_software_differs_by_its_weighing_and_start(jumps: Outcome) -> None:
    """Numbers of jumpmetrics 0.2.0 on Single-CMJ-Fz.txt; docs/other-software.md explains each difference."""
    row = jumps.row("fz_one")
    equal = {"braking_time_s": (0.165, 0.001), "propulsion_time_s": (0.264, 0.0015), "peak_force_n": (1768.47, 0.3)}
    for name, (value, tolerance) in equal.items():
        assert row[name] == pytest.approx(value, abs=tolerance), name
    assert row["braking_impulse_n_s"] == pytest.approx(97.80, rel=0.005)
    # jumpmetrics weighs 0.25 s at the beginning: 0.6 N less, which accounts for 8 mm of its height with the start
    assert row["body_weight_n"] == pytest.approx(662.51 + 0.6, abs=0.3)
    assert row["jump_height_impulse_m"] == pytest.approx(0.3219, abs=0.009)
    assert abs(row["jump_height_impulse_m"] - row["jump_height_flight_time_m"]) < 0.003
