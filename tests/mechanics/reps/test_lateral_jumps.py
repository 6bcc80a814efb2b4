"""Lateral jumps: the leg that lands, sideways velocity, and a leg that trials.tsv does not name."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import xarray as xr

from legsci.simulate.athlete.plan import default_technique
from tests.mechanics.athlete import PLATE_HZ, recording, standing
from tests.mechanics.trials import Outcome, outcome, trial

PUSH = default_technique("lateral_jump").leg
LAND = {"left": "right", "right": "left"}[PUSH]


@cache
def jumped(leg: str, turned: bool = False) -> Outcome:
    """Tables of a clean lateral jump and a static trial, with the leg that trials.tsv names."""
    _, tree = recording("lateral_jump")
    groups = {kind: tree[kind].to_dataset(inherit=False) for kind in ("markers", "force")}
    if turned:
        backward = xr.DataArray([-1.0, 1.0, -1.0], dims="axis", coords={"axis": ["x", "y", "z"]})
        groups["markers"] = groups["markers"].assign(position=groups["markers"]["position"] * backward)
    session = {"T": trial(groups, task="lateral_jump", leg=leg), "S": trial({"markers": standing()}, task="standing")}
    return outcome(session, mass_kg=72.0)


def after_landing(name: str) -> float:
    """Largest true angle in the half second after landing [deg]."""
    motion, _ = recording("lateral_jump")
    first = round(motion.events["landing"][0] * PLATE_HZ)
    return float(motion.angles[name][first : first + round(0.5 * PLATE_HZ)].max())


def test_the_leg_that_lands_is_the_other_one() -> None:
    found = jumped(PUSH)
    names = ["landing_knee_flexion_max_deg", "landing_knee_abduction_peak_deg", "landing_knee_fppa_peak_deg"]
    assert found.row(side=PUSH)[names].isna().all()
    row = found.row(side=LAND)
    assert row[names[0]] == pytest.approx(after_landing(f"{LAND}_knee_flexion"), abs=0.5)
    assert row[names[1]] == pytest.approx(after_landing(f"{LAND}_knee_abduction"), abs=0.5)
    assert row["u_landing_knee_abduction_peak_deg"] > 0.0
    assert np.isfinite(row[names[2]])
    # The push-off is that of the leg that trials.tsv names.
    assert np.isfinite(found.row(side=PUSH)["knee_flexion_max_deg"])
    assert np.isnan(row["knee_flexion_max_deg"])


@pytest.mark.parametrize("turned", [False, True])
def test_lateral_velocity_is_that_of_the_pelvis(turned: bool) -> None:
    motion, _ = recording("lateral_jump")
    takeoff, landing = (round(motion.events[name][0] * PLATE_HZ) for name in ("takeoff", "landing"))
    pelvis = 0.5 * (motion.joint_centre["left_hip"] + motion.joint_centre["right_hip"])[:, 2]
    truth = abs(float(pelvis[landing] - pelvis[takeoff])) / (motion.time[landing] - motion.time[takeoff])
    assert truth > 0.5
    assert jumped(PUSH, turned).row()["lateral_velocity_m_per_s"] == pytest.approx(truth, rel=0.01)


def test_a_leg_that_is_not_named_is_asked_for() -> None:
    found = jumped("both")
    assert "leg_not_named" in found.codes()
    assert found.row()["status"] == "incomplete"
    assert np.isfinite(found.row()["jump_height_impulse_m"])
    for side in ("left", "right"):
        assert np.isnan(found.row(side=side)["knee_flexion_max_deg"])
    assert np.isnan(found.row()["lateral_velocity_m_per_s"])
