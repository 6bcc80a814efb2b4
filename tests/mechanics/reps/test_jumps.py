"""Jumps with a known height, and what must hold for any jump: scaling, shifting, sides, repetitions, curation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from legsci.ingest.session import write_session
from legsci.mechanics.force.profiles import load_profiles, variants
from legsci.mechanics.kinetics.motion_file import open_motion, write_motion
from legsci.mechanics.kinetics.session_motion import session_motion
from legsci.mechanics.reps.files import FLAG_COLUMNS, measurable_sessions, open_repetitions, write_repetitions
from legsci.mechanics.reps.session import session_repetitions
from legsci.mechanics.reps.signals import with_signals
from legsci.metrics.registry import METRICS
from legsci.metrics.tables import study_tables
from legsci.storage import DECIMALS
from tests.analytic_jump import GRAVITY, AnalyticJump, countermovement_jump
from tests.mechanics.trials import DEFAULT, OTHERS, decisions, force_trial, outcome, session_of

RATE_HZ = 1000.0
SOURCES = ("weighing", "start", "contact", "offset", "takeoff", "landing", "corner", "end")


def jumps_of(count: int, **options: Any) -> list[AnalyticJump]:
    """Make jumps that differ in noise, sway and time of standing; seeds 0 to count - 1."""
    standing_s = [np.random.default_rng([17, seed]).uniform(1.5, 3.5) for seed in range(count)]
    return [countermovement_jump(seed=seed, quiet_s=quiet_s, **options) for seed, quiet_s in enumerate(standing_s)]


def errors_of(jumps: list[AnalyticJump]) -> pd.DataFrame:
    """Error of the impulse height of each jump, its stated uncertainty [m], status and reason."""
    found = outcome({f"j{n}": force_trial(jump.force, rate_hz=jump.rate) for n, jump in enumerate(jumps)}, profiles=[])
    rows = pd.concat([found.rows(f"j{n}") for n in range(len(jumps))], ignore_index=True)
    known = pd.Series([jump.height for jump in jumps])
    height = rows["jump_height_impulse_m"]
    return rows[["status", "reason"]].assign(error_m=height - known, u_m=rows["u_jump_height_impulse_m"])


def test_noise_free_jump_is_measured_to_its_construction() -> None:
    jump = countermovement_jump()
    row = outcome(force_trial(jump.force)).row()
    assert row["body_weight_n"] == pytest.approx(jump.body_weight, abs=0.05)
    assert row["jump_height_impulse_m"] == pytest.approx(jump.height, abs=0.002)
    assert row["takeoff_velocity_m_per_s"] == pytest.approx(jump.takeoff_velocity, abs=0.005)
    assert row["flight_time_s"] == pytest.approx(jump.flight_time, abs=0.003)
    assert row["countermovement_depth_m"] == pytest.approx(jump.depth, abs=0.003)
    # Owen's 30 ms before force leaves the band
    assert row["time_to_takeoff_s"] == pytest.approx(jump.takeoff - jump.movement_start, abs=0.035)


def test_net_impulse_is_mass_times_velocity_change() -> None:
    row = outcome(force_trial(countermovement_jump(noise_n=2.0, sway_n=1.0).force)).row()
    momentum = row["body_weight_n"] / GRAVITY * row["takeoff_velocity_m_per_s"]
    assert row["net_impulse_n_s"] == pytest.approx(momentum, rel=1e-3)


@pytest.mark.parametrize("sway_n", [0.0, 1.0, 2.0])
def test_height_under_usual_noise_is_within_three_millimetres(sway_n: float) -> None:
    errors = errors_of(jumps_of(15, noise_n=2.0, sway_n=sway_n))
    assert errors["error_m"].abs().median() <= 0.003
    assert errors["error_m"].notna().all()


def test_stated_uncertainty_covers_the_errors() -> None:
    cells = [(0.0, 2.0), (1.0, 1.0), (2.0, 2.0), (5.0, 1.0), (10.0, 2.0)]
    errors = pd.concat(errors_of(jumps_of(10, noise_n=noise_n, sway_n=sway_n)) for noise_n, sway_n in cells)
    ratio = errors["error_m"] / errors["u_m"]
    assert (ratio.abs() <= 2.0).mean() >= 0.90
    # an uncertainty that is stated far too large would cover anything
    assert ratio.std() > 0.25


@pytest.mark.parametrize("mass_kg", [35.0, 130.0])
@pytest.mark.parametrize("rate_hz", [200.0, 2000.0])
@pytest.mark.parametrize("stays", [True, False])
def test_corners_of_the_map_give_a_height_or_a_reason(mass_kg: float, rate_hz: float, stays: bool) -> None:
    errors = errors_of(jumps_of(3, mass_kg=mass_kg, rate_hz=rate_hz, noise_n=10.0, sway_n=5.0, stays=stays))
    assert len(errors) == 3
    trusted = errors[errors["status"] == "accepted"]
    assert (trusted["error_m"].abs() < 0.025).all()
    assert errors["reason"].str.contains("step_off").all() == (not stays)


@settings(max_examples=10, deadline=None)
@given(factor=st.floats(0.5, 1.8))
def test_scaled_force_is_a_heavier_person_who_jumps_as_high(factor: float) -> None:
    force = countermovement_jump(noise_n=0.5).force
    one, other = outcome(force_trial(force), profiles=[]).row(), outcome(force_trial(factor * force), profiles=[]).row()
    assert other["body_weight_n"] == pytest.approx(factor * one["body_weight_n"], rel=1e-6)
    assert other["peak_force_n"] == pytest.approx(factor * one["peak_force_n"], rel=1e-6)
    # the contact limit has a floor in newtons
    assert other["jump_height_impulse_m"] == pytest.approx(one["jump_height_impulse_m"], abs=0.003)


@settings(max_examples=10, deadline=None)
@given(earlier=st.integers(1, 800))
def test_standing_longer_changes_nothing_but_the_clock(earlier: int) -> None:
    force = countermovement_jump(noise_n=0.5, quiet_s=2.5).force
    one = outcome(force_trial(force), default="vald", profiles=[])
    other = outcome(force_trial(force[earlier:]), default="vald", profiles=[])
    assert one.reps is not None
    assert other.reps is not None
    moved = one.reps["takeoff"].to_numpy()[0, 0] - other.reps["takeoff"].to_numpy()[0, 0]
    assert moved == pytest.approx(earlier / RATE_HZ, abs=1e-9)
    flights = [o.row(profile="vald")["flight_time_s"] for o in (one, other)]
    assert flights[0] == pytest.approx(flights[1], abs=1e-9)


def test_forward_and_backward_integration_agree() -> None:
    # strong sway keeps the second recording from being weighed before the jump
    jump = countermovement_jump(noise_n=0.5)
    swaying = jump.force.copy()
    swaying[:2500] += 80.0 * np.sin(2 * np.pi * 3.0 * np.arange(2500) / RATE_HZ)
    found = outcome({"forward": force_trial(jump.force), "backward": force_trial(swaying)})
    forward, backward = found.row("forward"), found.row("backward")
    assert "integrated_backward" in backward["reason"]
    assert backward["jump_height_impulse_m"] == pytest.approx(forward["jump_height_impulse_m"], abs=0.010)
    assert np.isnan(backward["time_to_takeoff_s"])


def test_sides_add_up_and_mirrored_sides_flip_the_asymmetry() -> None:
    force = countermovement_jump(noise_n=0.5).force
    plates = np.vstack([0.45 * force, 0.55 * force])
    found = outcome(
        {
            "as_is": force_trial(plates, feet=("left", "right")),
            "mirrored": force_trial(plates, feet=("right", "left")),
        }
    )
    both, left, right = (found.row("as_is", side) for side in ("both", "left", "right"))
    for name in ("body_weight_n", "net_impulse_n_s", "braking_impulse_n_s", "propulsion_impulse_n_s"):
        assert left[name] + right[name] == pytest.approx(both[name], rel=1e-9)
    mirrored = found.row("mirrored")
    of_force = {name: metric.tasks for name, metric in METRICS.items() if "force" in metric.streams}
    compared = {name: tasks for name, tasks in of_force.items() if name.startswith("asymmetry_")}
    assert both[[name for name, tasks in compared.items() if "countermovement_jump" not in tasks]].isna().all()
    for name in (name for name, tasks in compared.items() if "countermovement_jump" in tasks):
        # each plate's zero is read from its own samples below the limit, and noise of 0.3 N is in it
        assert both[name] == pytest.approx(10.0, abs=1e-4), name
        assert mirrored[name] == pytest.approx(-both[name], abs=1e-6), name


def test_swapped_sides_are_swapped_back_by_a_decision() -> None:
    force = countermovement_jump(noise_n=0.5).force
    trial = force_trial(np.vstack([0.45 * force, 0.55 * force]), feet=("left", "right"))
    swap = decisions(("T", None, "swap_sides", None, None, "cables crossed", "AB"))
    found = outcome(trial, curation=swap)
    assert found.row(side="left")["body_weight_n"] > found.row(side="right")["body_weight_n"]
    assert found.codes() == {"curated"}
    assert "cables crossed" in found.quality["sentence"].item()


def test_moved_event_moves_what_rests_on_it() -> None:
    jump = countermovement_jump(noise_n=0.5)
    moved = decisions(("T", 1.0, "move_event", "landing", jump.landing + 0.01, "heel strike", "AB"))
    found = outcome(force_trial(jump.force), curation=moved)
    assert found.reps is not None
    row = found.row()
    assert row["flight_time_s"] == pytest.approx(jump.flight_time + 0.01, abs=0.004)
    assert row["reason"] == "curated"


def test_moved_events_are_as_uncertain_as_the_choice_of_a_person() -> None:
    jump = countermovement_jump(noise_n=0.5)
    at = {"takeoff": jump.landing - jump.flight_time - 0.01, "landing": jump.landing + 0.01}
    rows = [("T", 1.0, "move_event", event, seconds, "video", "AB") for event, seconds in at.items()]
    found, one, both = (
        outcome(force_trial(jump.force), curation=of) for of in (None, decisions(rows[1]), decisions(*rows))
    )
    # anywhere within 10 ms of the chosen time: 10 ms / 3^0.5; the other end of the flight is known far better
    assert found.row()["u_flight_time_s"] < 0.001
    assert one.row()["u_flight_time_s"] == pytest.approx(0.01 / 3.0**0.5, abs=1e-4)
    assert both.row()["u_flight_time_s"] == pytest.approx((2.0 / 3.0) ** 0.5 * 0.01, abs=1e-5), "they add in quadrature"
    assert found.reps is not None
    assert "choice of landing" not in found.reps["perturbation"]


def test_a_chosen_start_is_at_least_as_uncertain_as_its_detection() -> None:
    jump = countermovement_jump(noise_n=0.5)
    found = outcome(force_trial(jump.force))
    assert found.reps is not None
    start = found.reps["movement_start"].isel(rep=0)
    detected = dict(zip(start["perturbation"].to_numpy(), start.to_numpy(), strict=True)) | {"none": float(start[0])}
    earlier = abs(detected["start"] - detected["none"])
    same = ("T", 1.0, "move_event", "movement_start", detected["none"], "video", "AB")
    chosen = outcome(force_trial(jump.force), curation=decisions(same)).row()["u_time_to_takeoff_s"]
    assert chosen >= max(earlier, 0.01 / 3.0**0.5) - 1e-9


def test_kept_repetition_is_not_rejected_and_says_so() -> None:
    force = -countermovement_jump(noise_n=0.5).force
    rejected = outcome(force_trial(force)).metrics
    assert list(rejected["status"]) == ["rejected"]
    rows = (("T", 1.0, "exclude", None, None, "laughed", "AB"), ("T", 1.0, "keep", None, None, "no, sound", "CD"))
    kept = outcome(force_trial(-force), curation=decisions(*rows)).row()
    assert kept["status"] == "accepted"
    assert kept["reason"] == "kept excluded"


def test_several_jumps_in_one_recording_are_found_in_order() -> None:
    jumps = [countermovement_jump(noise_n=0.5, up=up, seed=seed) for seed, up in enumerate((1.3, 1.6, 1.4))]
    found = outcome(force_trial(np.concatenate([jump.force for jump in jumps])))
    rows = found.rows()
    assert list(rows["rep"]) == [1, 2, 3]
    heights = np.array([jump.height for jump in jumps])
    assert rows["jump_height_impulse_m"].to_numpy() == pytest.approx(heights, abs=0.006)
    assert (rows["status"] == "accepted").all()


def test_empty_plate_that_rings_is_not_added() -> None:
    jump = countermovement_jump(noise_n=0.5)
    ringing = np.zeros_like(jump.force)
    landing = int(jump.landing * RATE_HZ)
    ringing[landing : landing + 40] = 36.0 * np.sin(np.arange(40))
    found = outcome(
        {
            "alone": force_trial(jump.force),
            "beside": force_trial(np.vstack([jump.force, ringing]), feet=("both", "both")),
        }
    )
    assert found.row("beside")["landing_peak_force_n"] == found.row("alone")["landing_peak_force_n"]
    assert found.codes("beside") == {"plate_left_out"}


FORCES = {
    "nothing": np.zeros((0, 10)),
    "ten samples": np.full(10, 700.0),
    "one sample": np.array([700.0]),
    "all missing": np.full(2000, np.nan),
    "constant": np.full(4000, 700.0),
    "zero": np.zeros(4000),
    "negative": np.full(4000, -700.0),
    "infinite": np.full(2000, np.inf),
    "ends in flight": countermovement_jump().force[:3500],
    "starts in flight": countermovement_jump().force[3500:],
    "flight alone": countermovement_jump().force[3400:3800],
    "only the landing": countermovement_jump().force[3800:4300],
}


@pytest.mark.parametrize("task", ["standing", "countermovement_jump", "squat_jump", "drop_jump", "landing"])
def test_whatever_the_recording_there_are_rows_with_reasons(task: str) -> None:
    trials = {
        name: force_trial(force, task=task, feet=("both",) * np.atleast_2d(force).shape[0])
        for name, force in FORCES.items()
    }
    found = outcome(trials)
    assert set(found.metrics["trial_id"]) == set(FORCES)
    doubtful = ("nothing", "one sample", "all missing", "negative", "infinite", "flight alone")
    for name in doubtful:
        assert (found.metrics.loc[found.metrics["trial_id"] == name, "status"] != "accepted").all(), name
    measured = found.metrics[list(METRICS)].to_numpy(dtype=float)
    assert not np.isinf(measured).any()


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000), task=st.sampled_from(["countermovement_jump", "drop_jump", "landing", "squat_jump"])
)
def test_random_forces_never_stop_the_work(seed: int, task: str) -> None:
    rng = np.random.default_rng(seed)
    levels = rng.choice([0.0, 0.0, 300.0, 700.0, 1500.0, 4000.0], 30)
    force = np.repeat(levels, rng.integers(1, 400, 30)) + rng.normal(0.0, rng.choice([0.1, 5.0, 50.0]))
    found = outcome(force_trial(force, task=task, rate_hz=float(rng.choice([100.0, 1000.0]))))
    assert len(found.metrics)
    assert set(found.metrics["status"]) <= {"accepted", "flagged", "incomplete", "rejected"}
    assert not np.isinf(found.metrics[list(METRICS)].to_numpy(dtype=float)).any()


def test_repetitions_survive_writing(tmp_path: Path) -> None:
    session = session_of(force_trial(countermovement_jump(noise_n=0.5).force))
    motion = session_motion(session)
    found, flags = session_repetitions(motion, default=DEFAULT, profiles=OTHERS, curation=decisions())
    assert found is not None
    paths = [tmp_path / name / "P01" / "S01.nc" for name in ("first", "second", "motion", "motion_again")]
    for path in paths[:2]:
        write_repetitions(found, flags, path)
    for path in paths[2:]:
        write_motion(motion, path)
    sessions = tmp_path / "sessions"
    write_session(session, sessions / "S01.nc")
    paths.append(sessions / "S01.nc")
    assert sorted(tmp_path.rglob("*.nc*")) == sorted(paths)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert paths[2].read_bytes() == paths[3].read_bytes()
    assert open_motion(paths[2]).trials["T"].streams == ("force",)
    ((reps, quality),) = measurable_sessions([paths[0]], [paths[2]], [paths[-1]])
    assert reps is not None
    for name, stored in reps.items():
        there = with_signals(found, motion)[name]
        if {"sample", "frame"} & set(stored.dims):
            half_a_decimal = 0.5 * 10.0 ** -DECIMALS[stored.attrs["units"]]
            xr.testing.assert_allclose(stored, there, rtol=1e-7, atol=half_a_decimal)
        else:
            xr.testing.assert_identical(stored, there)
    assert reps.attrs == found.attrs
    assert list(quality.columns) == list(FLAG_COLUMNS)
    tables = study_tables([(reps, quality)])
    assert set(tables["metrics"]["profile"]) == {DEFAULT}
    assert set(tables["metrics_by_profile"]["profile"]) == {DEFAULT, *OTHERS}
    assert len(tables["reps"]) == 4


def test_session_without_repetitions_survives_writing(tmp_path: Path) -> None:
    found = outcome(force_trial(np.zeros(3000)))
    assert found.reps is None
    write_repetitions(found.reps, found.quality.assign(profile=""), tmp_path / "reps.nc")
    reps, quality = open_repetitions(tmp_path / "reps.nc")
    assert reps is None
    pd.testing.assert_frame_equal(quality, found.quality.assign(profile=""))
    metrics = study_tables([(reps, quality)])["metrics"]
    assert list(metrics["reason"]) == ["no_force"]


def test_every_profile_is_cited_and_its_variants_move_one_thing() -> None:
    for name, profile in load_profiles().items():
        assert profile.source
        assert profile.name == name
        assert set(variants(profile)) == set(SOURCES)
