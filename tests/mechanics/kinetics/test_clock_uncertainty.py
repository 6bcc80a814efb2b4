"""The uncertainty of the clock of the cameras in moments, powers, and metrics that are read at events of the plates."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from legsci.mechanics.kinetics.anthropometry import Person
from legsci.mechanics.kinetics.movement import FRAME_COORDS, Movement, trial_movement
from legsci.mechanics.motion.markers import Markers
from legsci.mechanics.motion.static_trial import static_trial
from legsci.mechanics.reps.repetition import CLOCK
from legsci.metrics.tables import session_metrics
from tests.mechanics.athlete import ATHLETE, recording, standing
from tests.mechanics.trials import cut_session, trial

PERSON = Person(ATHLETE.mass_kg, ATHLETE.sex)
U_S = 0.003


def jump(*, later_s: float = 0.0, u_s: float = 0.0) -> xr.DataTree:
    """Clean jump whose cameras have a clock of their own, forces later than they were."""
    tree = recording("countermovement_jump")[1]
    force = tree["force"].to_dataset(inherit=False)
    force = force.assign_coords(time=force["time"] + later_s)
    markers = tree["markers"].to_dataset(inherit=False)
    markers.attrs = {**markers.attrs, "clock_offset_uncertainty_s": u_s}
    return trial({"markers": markers, "force": force}, **tree.attrs)


def moved(**clock: float) -> Movement:
    """Movement of the jump."""
    anatomy = static_trial(Markers.recorded(standing()))
    movement = trial_movement(jump(**clock), anatomy, person=PERSON)[0]
    assert movement is not None
    return movement


def test_moments_and_powers_are_as_uncertain_as_a_later_force_changes_them() -> None:
    """First order against computing the loads again with forces that come later."""
    exact, uncertain = moved(), moved(u_s=U_S)
    early, late = moved(later_s=-U_S), moved(later_s=U_S)
    assert uncertain.clock_uncertainty_s == U_S
    assert np.array_equal(exact.signals["moment"], uncertain.signals["moment"], equal_nan=True)
    for name, axis in (("moment", 1), ("power", None)):
        added = np.sqrt(uncertain.signals[f"u_{name}"] ** 2 - exact.signals[f"u_{name}"] ** 2)
        change = 0.5 * (late.signals[name] - early.signals[name])
        change = np.abs(change if axis else change.sum(axis=1))
        for joint in ("right_knee", "left_hip"):
            row = FRAME_COORDS["joint"].index(joint)
            known = np.isfinite(added[row]) & np.isfinite(change[row])
            assert np.sqrt(np.mean(change[row][known] ** 2)) > 0.01
            difference = np.sqrt(np.mean((added[row] - change[row])[known] ** 2))
            assert difference < 0.1 * np.sqrt(np.mean(change[row][known] ** 2)), (name, joint)


def test_unrelated_clocks_leave_no_loads() -> None:
    movement = moved(u_s=float("nan"))
    assert np.isnan(movement.signals["moment"]).all()
    assert np.isfinite(movement.signals["angle"]).any()


def test_metrics_at_events_of_the_plates_are_read_again_with_the_clock_moved() -> None:
    """Rise of the pelvis from take-off: 3 ms of its speed; an angle by its change in that time; forces as before."""
    rows = {}
    for u_s in (0.0, U_S):
        session = xr.DataTree(children={"jump": jump(u_s=u_s)})
        session.attrs = {"participant_id": "P", "session_id": "S", "body_mass_kg": ATHLETE.mass_kg, "sex": ATHLETE.sex}
        cut = cut_session(session, profiles=[])
        assert (CLOCK in cut[0]["perturbation"].to_numpy()) == (u_s > 0.0)
        metrics = session_metrics(*cut)[0]
        rows[u_s] = metrics[metrics["side"] == "both"].iloc[0]
    exact, uncertain = rows[0.0], rows[U_S]
    assert uncertain["jump_height_pelvis_m"] == exact["jump_height_pelvis_m"]
    added = np.sqrt(uncertain["u_jump_height_pelvis_m"] ** 2 - exact["u_jump_height_pelvis_m"] ** 2)
    assert added == pytest.approx(U_S * uncertain["takeoff_velocity_m_per_s"], rel=0.2)
    assert uncertain["u_jump_height_impulse_m"] == exact["u_jump_height_impulse_m"]
