"""Phases of a repetition, by hand."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from legsci.present.figures.phases import event_times, phases

EVENTS = {
    "weighing_start": 0.0, "weighing_end": 1.0, "touchdown": np.nan, "movement_start": 1.0, "minimum_force": 1.2,
    "peak_negative_velocity": 1.3, "bottom": 1.5, "propulsion_start": 1.51, "takeoff": 1.8, "landing": 2.3,
}  # fmt: skip


def repetition(task: str = "countermovement_jump", **changes: float) -> xr.Dataset:
    """A repetition whose events are the same under each profile [s]."""
    profiles = ["owen_mcmahon", "harry", "vald", "s3d"]
    events = EVENTS | changes
    variables = {name: (("rep", "scoring"), np.full((1, len(profiles)), time)) for name, time in events.items()}
    coords = {"profile": ("scoring", profiles), "perturbation": ("scoring", ["none"] * len(profiles))}
    return xr.Dataset({**variables, "task": ("rep", [task])}, coords={"rep": ["jump/1"], **coords})


def test_a_running_step_lands_in_the_next_step() -> None:
    step = dict.fromkeys(EVENTS, np.nan) | {"touchdown": 0.3, "movement_start": 0.3, "takeoff": 0.42, "landing": 0.55}
    found = phases(repetition("sprint", **step), rep=0, profile="owen_mcmahon")
    assert [tuple(phase) for phase in found] == [("flight", 0.42, 0.55)]


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ("owen_mcmahon", [("unweighting", 1.0, 1.3), ("braking", 1.3, 1.5), ("propulsion", 1.51, 1.8)]),
        ("harry", [("unloading", 1.0, 1.2), ("yielding", 1.2, 1.3), ("braking", 1.3, 1.5), ("concentric", 1.51, 1.8)]),
        (
            "vald",
            [("unweighting", 1.0, 1.2), ("braking", 1.2, 1.5), ("deceleration", 1.3, 1.5), ("concentric", 1.51, 1.8)],
        ),
        ("s3d", [("downward", 1.0, 1.5), ("upward", 1.51, 1.8)]),
    ],
)
def test_each_profile_has_its_phases(profile: str, expected: list[tuple[str, float, float]]) -> None:
    wanted = [("weighing", 0.0, 1.0), *expected, ("flight", 1.8, 2.3), ("landing", 2.3, 2.8)]
    found = phases(repetition(), rep=0, profile=profile)
    assert [phase.name for phase in found] == [name for name, *_ in wanted]
    assert [phase[1:] for phase in found] == [pytest.approx((start, end)) for _, start, end in wanted]


def test_a_rebound_brakes_from_touchdown_and_does_not_unweight() -> None:
    rebound = repetition(touchdown=1.0, minimum_force=np.nan, weighing_start=3.0, weighing_end=4.0)
    found = {phase.name: phase[1:] for phase in phases(rebound, rep=0, profile="owen_mcmahon")}
    assert list(found) == ["braking", "propulsion", "flight", "landing", "weighing"]
    assert found["braking"] == pytest.approx((1.0, 1.5))


def test_what_was_not_found_is_absent() -> None:
    unfinished = repetition(landing=np.nan, movement_start=np.nan, bottom=np.nan)
    assert [phase.name for phase in phases(unfinished, rep=0, profile="owen_mcmahon")] == ["weighing", "propulsion"]
    chosen = unfinished.isel(rep=0, scoring=0)
    assert event_times(chosen, ("landing", "takeoff", "minimum_force")) == {"minimum_force": 1.2, "takeoff": 1.8}


def test_a_landing_alone_is_timed_from_touchdown() -> None:
    nothing = dict.fromkeys(EVENTS, np.nan)
    (only,) = phases(repetition(**(nothing | {"touchdown": 0.7})), rep=0, profile="owen_mcmahon")
    assert only.name == "landing"
    assert only[1:] == pytest.approx((0.7, 1.2))


def test_a_squat_has_its_own_phases_under_every_profile() -> None:
    squat = dict.fromkeys(EVENTS, np.nan) | {
        "weighing_start": 0.0, "weighing_end": 1.0, "movement_start": 1.5, "bottom": 3.0, "eccentric_end": 2.9,
        "propulsion_start": 3.2, "movement_end": 4.1,
    }  # fmt: skip
    expected = [("weighing", 0.0, 1.0), ("eccentric", 1.5, 2.9), ("pause", 2.9, 3.2), ("concentric", 3.2, 4.1)]
    for profile in ("owen_mcmahon", "vald"):
        assert [tuple(phase) for phase in phases(repetition("squat", **squat), rep=0, profile=profile)] == expected
