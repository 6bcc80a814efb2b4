"""Running steps: drawn contacts, and a recorded sprint."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from legsci.ingest.axes import to_isb
from legsci.ingest.devices import Device
from legsci.ingest.readers import READERS
from legsci.marker_sets import MARKER_SETS
from tests.mechanics.trials import Outcome, outcome, trial, vertical_force

RATE_HZ = 1000.0
CONTACT, FLIGHT = 120, 110
PEAK_N, BRAKING_N, DRIVING_N = 2000.0, -300.0, 400.0


def run(count: int = 3) -> xr.Dataset:
    """Half-sine contacts of 120 ms with flights of 110 ms; a backward half-sine for 50 ms, then a forward one."""
    vertical = np.zeros(FLIGHT)
    forward = np.zeros(FLIGHT)
    push = np.concatenate(
        [
            BRAKING_N * np.sin(np.pi * np.arange(50) / 50),
            DRIVING_N * np.sin(np.pi * np.arange(CONTACT - 50) / (CONTACT - 50)),
        ]
    )
    for _ in range(count):
        vertical = np.concatenate([vertical, PEAK_N * np.sin(np.pi * np.arange(CONTACT) / CONTACT), np.zeros(FLIGHT)])
        forward = np.concatenate([forward, push, np.zeros(FLIGHT)])
    force = vertical_force(vertical)
    axes = np.stack([forward, vertical, np.zeros(vertical.size)], axis=1)
    return xr.Dataset(
        {"force": (("plate", "time", "axis"), axes[None])},
        coords={"plate": force["plate"], "foot": force["foot"], "time": force["time"], "axis": ["x", "y", "z"]},
        attrs=force.attrs,
    )


def test_contacts_and_impulses_by_hand() -> None:
    rows = outcome(trial({"force": run()}, task="sprint"), mass_kg=70.0).rows()
    assert list(rows["rep"]) == [1, 2, 3]
    assert (rows["status"] == "accepted").all()
    assert rows["contact_time_s"].to_numpy() == pytest.approx(0.120, abs=0.002)
    assert rows["peak_force_n"].to_numpy() == pytest.approx(PEAK_N, abs=1.0)
    # Area under a half-sine: 2 / pi of its peak times its time.
    assert rows["horizontal_braking_impulse_n_s"].to_numpy() == pytest.approx(300.0 * 0.050 * 2.0 / np.pi, rel=0.01)
    assert rows["horizontal_propulsion_impulse_n_s"].to_numpy() == pytest.approx(400.0 * 0.070 * 2.0 / np.pi, rel=0.01)
    assert rows["flight_time_s"].to_numpy()[:2] == pytest.approx(0.110, abs=0.002)


def test_contacts_that_are_cut_off_are_counted() -> None:
    cut = run().isel(time=slice(FLIGHT + 40, None))
    found = outcome(trial({"force": cut.assign_coords(time=np.arange(cut.sizes["time"]) / RATE_HZ)}, task="sprint"))
    assert list(found.rows()["rep"]) == [1, 2]
    assert "contact_cut_off" in found.codes()


def test_standing_is_no_step() -> None:
    found = outcome(trial({"force": vertical_force(np.full(3000, 700.0))}, task="sprint"))
    assert "no_contact" in found.codes()
    assert found.reps is None


@pytest.fixture(scope="module")
def track(shared_data: Path) -> tuple[xr.Dataset, xr.Dataset]:
    """Force and markers of a recorded sprint over eight plates, of which four are trodden on."""
    device = Device(name="track", reader="c3d")
    read = READERS["c3d"](shared_data / "sprint-ja1" / "JA1Gait35.c3d", device=device).signals
    force, markers = (to_isb(read[kind], up="z", forward="y") for kind in ("force", "markers"))
    names = MARKER_SETS["sprint_lateral"]
    markers = markers.assign_coords(
        marker=[names.get(str(label), str(label)) for label in markers["marker"].to_numpy()]
    )
    return force.assign_coords(foot=("plate", ["both"] * force.sizes["plate"])), markers


@pytest.fixture(scope="module")
def sprint(track: tuple[xr.Dataset, xr.Dataset]) -> Outcome:
    force, markers = track
    return outcome(trial({"force": force, "markers": markers}, task="sprint"))


def test_recorded_sprint(sprint: Outcome) -> None:
    rows = sprint.rows()
    # The source counts 119, 115, 119, 121 ms.
    assert rows["contact_time_s"].to_numpy() == pytest.approx([0.119, 0.115, 0.119, 0.121], abs=0.004)
    assert rows["peak_force_n"].to_numpy() == pytest.approx([2446.0, 2191.0, 2360.0, 2162.0], abs=1.0)
    assert rows["running_speed_m_per_s"].to_numpy() == pytest.approx(9.47, abs=0.05)
    # The runner still gains speed: step by step the pelvis is faster, and the ground drives more than it brakes.
    assert (np.diff(rows["step_speed_m_per_s"].to_numpy()[:3]) > 0.0).all()
    assert (rows["horizontal_propulsion_impulse_n_s"] > rows["horizontal_braking_impulse_n_s"]).all()


def test_the_lower_foot_names_the_side(sprint: Outcome) -> None:
    assert sprint.reps is not None
    assert list(sprint.reps["leg"].to_numpy()) == ["right", "left", "right", "left"]
    for rep, side in ((1, "right"), (2, "left")):
        rows = sprint.rows(side=side)
        assert rows[rows["rep"] == rep]["knee_flexion_max_deg"].between(35.0, 60.0).all()


def test_a_short_gap_in_a_foot_leaves_the_side_known(track: tuple[xr.Dataset, xr.Dataset], sprint: Outcome) -> None:
    force, markers = track
    assert sprint.reps is not None
    middle = float(0.5 * (sprint.reps["touchdown"] + sprint.reps["takeoff"]).isel(rep=0, scoring=0))
    lost = (abs(markers["time"] - middle) < 0.04) & (markers["marker"] == "left_toe")
    found = outcome(trial({"force": force, "markers": markers.where(~lost)}, task="sprint"))
    assert found.reps is not None
    assert list(found.reps["leg"].to_numpy()) == ["right", "left", "right", "left"]


@pytest.mark.parametrize("marker", ["left_toe", "right_heel"])
def test_the_side_is_told_by_one_foot(track: tuple[xr.Dataset, xr.Dataset], marker: str) -> None:
    force, markers = track
    found = outcome(trial({"force": force, "markers": markers.drop_sel(marker=marker)}, task="sprint"))
    assert found.reps is not None
    assert list(found.reps["leg"].to_numpy()) == ["right", "left", "right", "left"]
    assert "step_by_one_foot" in found.codes()
    assert "step_of_unknown_foot" not in found.codes()


def test_feet_that_are_not_seen_leave_the_legs_metrics_out(track: tuple[xr.Dataset, xr.Dataset]) -> None:
    force, markers = track
    blind = markers.drop_sel(marker=["left_toe", "right_toe"])
    found = outcome(trial({"force": force, "markers": blind}, task="sprint"))
    assert "step_of_unknown_foot" in found.codes()
    rows = found.rows()
    assert (rows["status"] == "incomplete").all()
    assert rows["contact_time_s"].notna().all()
    assert found.rows(side="left")["knee_flexion_max_deg"].isna().all()
    assert found.rows(side="right")["knee_flexion_max_deg"].isna().all()


def test_what_the_marker_set_cannot_give_is_said(sprint: Outcome) -> None:
    assert sprint.metrics["foot_strike_angle_deg"].isna().all()
    assert sprint.metrics["knee_abduction_peak_deg"].isna().all()
    assert {"no_standing", "angle_absent", "person_unknown"} <= sprint.codes()
