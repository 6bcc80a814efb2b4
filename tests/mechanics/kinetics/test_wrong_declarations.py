"""What a study states and its recordings contradict: withheld with the cause, and no alarm on sound recordings."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from legsci.ingest.readers.body_size import size_faults
from legsci.marker_sets import MARKER_SETS
from legsci.mechanics.kinetics.contradictions import crossed_plate_flags
from legsci.mechanics.kinetics.plate_places import with_sound_places
from legsci.mechanics.kinetics.session_motion import session_motion
from legsci.metrics.registry import METRICS
from legsci.quality_declarations import DECLARATIONS as CODES_OF_DECLARATIONS
from legsci.simulate.athlete.plan import default_technique
from tests.mechanics.declarations import (
    ATHLETES,
    TASKS,
    Groups,
    Loads,
    half_speed,
    judged,
    moved_plates,
    recorded,
    turned,
    turned_corners,
    with_loads,
)
from tests.mechanics.recordings import read_signal
from tests.mechanics.trials import Outcome, session_of, trial

WHO = "man"
JUMP = ("countermovement_jump",)
#: Flags of this kind of contradiction that older checks give.
OLDER = {"labels_swapped", "joint_parted", "standing_of_other_size", "leg_contradicted", "plate_label_contradicted"}
OLDER |= {"clocks_apart", "force_axis_reversed", "pressure_beside_body", "weight_disagrees_with_mass"}
ALARMS = OLDER | set(CODES_OF_DECLARATIONS)
#: Part of the largest value in the trial by which a metric may differ and still be the same.
ALIKE = 0.04


@cache
def sound(who: str) -> Outcome:
    return judged(recorded(who), who)


def values(outcome: Outcome, task: str) -> pd.DataFrame:
    """Metrics of a trial by repetition and side."""
    rows = outcome.metrics[outcome.metrics["trial_id"] == task].set_index(["rep", "side"])
    return rows[[name for name in rows if name in METRICS]].apply(pd.to_numeric, errors="coerce")


def wrong(outcome: Outcome, task: str) -> set[str]:
    """Metrics of a trial that are given and differ from those of the sound declaration."""
    before, after = values(sound(WHO), task), values(outcome, task)
    shared = before.index.intersection(after.index)
    scale = before.abs().max().clip(lower=1e-3)
    apart = (after.loc[shared] - before.loc[shared]).abs() / scale
    return {str(name) for name in apart if (apart[name] > ALIKE).any()}


def exchanged_feet(groups: Groups) -> Groups:
    for name in JUMP:
        groups[name]["force"] = groups[name]["force"].assign_coords(foot=("plate", ["right", "left"]))
    return groups


def relabelled(groups: Groups, change: Callable[[str], str]) -> Groups:
    for name in JUMP:
        markers = groups[name]["markers"]
        groups[name]["markers"] = markers.assign_coords(marker=[change(str(m)) for m in markers["marker"].to_numpy()])
    return groups


def other_side(label: str) -> str:
    side, _, name = label.partition("_")
    return {"left": f"right_{name}", "right": f"left_{name}"}.get(side, label)


def pelvis_for_trunk(label: str) -> str:
    pairs = {f"{side}_acromion": f"{side}_anterior_superior_iliac_spine" for side in ("left", "right")}
    pairs |= {"c7": "sacrum"}
    return (pairs | {second: first for first, second in pairs.items()}).get(label, label)


def newton_millimetres(force: np.ndarray, moment: np.ndarray, corner: np.ndarray) -> Loads:
    """Moments about the centre of each plate, in N mm and read as N m."""
    arm = np.cross(corner.mean(axis=1)[:, None], force)
    return force, 1000.0 * (moment - arm) + arm, corner


def with_standing_of(groups: Groups, who: str) -> Groups:
    groups["standing"] = recorded(who)["standing"]
    return groups


OTHER_LEG = {"left": "right", "right": "left"}[default_technique("lateral_jump").leg]
MOVING = tuple(task for task in TASKS if task != "standing")
#: Declaration -> session, the trials that it affects, and a code that each of them has.
DECLARATIONS: dict[str, tuple[Callable[[], Outcome], tuple[str, ...], str]] = {
    "heading by 90 deg": (lambda: judged(turned(recorded(WHO), 90.0), WHO), TASKS, "faces_elsewhere"),
    "heading by 180 deg": (lambda: judged(turned(recorded(WHO), 180.0), WHO), TASKS, "faces_elsewhere"),
    "mass 9 % high": (lambda: judged(recorded(WHO), WHO, mass_part=1.09), TASKS, "mass_contradicted"),
    "plates of the feet exchanged": (lambda: judged(exchanged_feet(recorded(WHO)), WHO), JUMP, "plates_against_facing"),
    "left and right markers exchanged": (
        lambda: judged(relabelled(recorded(WHO), other_side), WHO),
        JUMP,
        "labels_swapped",
    ),
    "pelvis and trunk exchanged": (
        lambda: judged(relabelled(recorded(WHO), pelvis_for_trunk), WHO),
        JUMP,
        "labels_swapped",
    ),
    "N mm as N m": (
        lambda: judged(with_loads(recorded(WHO), TASKS, newton_millimetres), WHO),
        TASKS,
        "pressure_off_plate",
    ),
    "stamps at half speed": (lambda: judged(half_speed(recorded(WHO), MOVING), WHO), MOVING, "stamps_contradicted"),
    "corners turned by one place": (
        lambda: judged(with_loads(recorded(WHO), TASKS, turned_corners), WHO),
        TASKS,
        "corners_turned",
    ),
    "corners turned in one trial": (
        lambda: judged(with_loads(recorded(WHO), ("drop_jump",), turned_corners), WHO),
        ("drop_jump",),
        "corners_turned",
    ),
    "plates 5 cm ahead": (
        lambda: judged(with_loads(recorded(WHO), TASKS, moved_plates((0.05, 0.0, 0.0))), WHO),
        TASKS,
        "pressure_beside_body",
    ),
    "plates 5 cm to the right": (
        lambda: judged(with_loads(recorded(WHO), TASKS, moved_plates((0.0, 0.0, 0.05))), WHO),
        TASKS,
        "pressure_beside_body",
    ),
    "wrong leg": (lambda: judged(recorded(WHO), WHO, leg=OTHER_LEG), ("lateral_jump",), "leg_contradicted"),
    "another's static trial, smaller": (
        lambda: judged(with_standing_of(recorded(WHO), "small woman"), WHO),
        MOVING,
        "standing_of_other_size",
    ),
    "another's static trial, taller": (
        lambda: judged(with_standing_of(recorded(WHO), "tall man"), WHO),
        MOVING,
        "standing_of_other_size",
    ),
}
#: Metrics that differ for a reason that a flag names: without a pelvis, squats are cut by force (height_from_force).
CUT_BY_FORCE = {"pause_time_s", "concentric_time_s", "eccentric_time_s", "mean_concentric_velocity_m_per_s"}


@pytest.mark.parametrize("name", DECLARATIONS)
def test_a_wrong_declaration_is_named_and_what_depends_on_it_is_withheld(name):
    declare, affected, code = DECLARATIONS[name]
    outcome = declare()
    for task in affected:
        assert code in outcome.codes(task), task
        by_force = "height_from_force" in outcome.codes(task)
        assert wrong(outcome, task) <= (CUT_BY_FORCE if by_force else set()), task
    # The static trial itself is another's in two of the declarations.
    for task in set(MOVING) - set(affected):
        assert ALARMS.isdisjoint(outcome.codes(task)), task
    given = [sum(values(one, task).notna().sum().sum() for task in affected) for one in (sound(WHO), outcome)]
    assert given[1] < given[0]


def test_millimetres_read_as_metres_are_refused():
    markers = recorded(WHO)["standing"]["markers"]
    assert size_faults("standing.c3d", markers) == []
    (fault,) = size_faults("standing.c3d", markers.assign(position=1000.0 * markers["position"]))
    assert "unit" in str(fault)


@pytest.mark.parametrize("who", ATHLETES)
def test_sound_virtual_sessions_raise_no_alarm(who):
    outcome = sound(who)
    assert ALARMS.isdisjoint(outcome.quality["code"])
    moments = outcome.metrics.loc[outcome.metrics["side"] == "right", "knee_moment_peak_n_m_per_kg"]
    assert moments.notna().any()


def test_plates_are_held_against_the_forward_axis_where_no_marker_shows_the_person():
    """Force alone: feet exchanged, or a laboratory whose forward axis points backward."""
    force = recorded(WHO)["squat"]["force"]
    assert crossed_plate_flags(trial({"force": force}, task="squat"), None) == []
    back = turned({"squat": {"force": force}}, 180.0)["squat"]["force"]
    for case in (force.assign_coords(foot=("plate", ["right", "left"])), back):
        (flag,) = crossed_plate_flags(trial({"force": case}, task="squat"), None)
        assert flag.value > 0.2  # the width of the stance
        session = session_of(trial({"force": case}, task="squat"))
        reaction = session_motion(session).trials["T"].reaction
        assert reaction is not None
        assert np.isnan(reaction.force[1:]).all()
        assert np.isfinite(reaction.force[0]).all()
    assert crossed_plate_flags(trial({"force": back}, task="lateral_jump"), None) == []


def test_pressure_may_not_lie_outside_its_plate():
    force = recorded(WHO)["standing"]["force"]
    tree = trial({"force": force}, task="standing")
    assert with_sound_places(tree, {}) == (tree, [])
    beyond = force.assign_coords(corner=force["corner"] + xr.DataArray([0.5, 0.0, 0.0], dims="axis"))
    changed, flags = with_sound_places(trial({"force": beyond}, task="standing"), {})
    assert [(flag.code, flag.value) for flag in flags] == [("pressure_off_plate", pytest.approx(100.0))] * 2
    assert np.isnan(changed["force"]["moment"]).all()
    np.testing.assert_array_equal(changed["force"]["force"], force["force"])


@pytest.mark.parametrize("corners", [True, False])
def test_pressure_moves_under_a_person(corners: bool):
    """N m read as N mm: the pressure of plates without corners, or near the centre of one, hardly moves."""
    force = recorded(WHO)["standing"]["force"]
    middle = force["corner"].mean("corner")
    about_centre = force["moment"] - xr.cross(middle, force["force"], dim="axis")
    shrunk = force.assign(moment=xr.cross(middle, force["force"], dim="axis") + 0.001 * about_centre)
    if not corners:
        force, shrunk = force.drop_vars("corner"), shrunk.drop_vars("corner")
    assert with_sound_places(trial({"force": force}, task="standing"), {})[1] == []
    changed, flags = with_sound_places(trial({"force": shrunk}, task="standing"), {})
    assert [flag.code for flag in flags] == ["pressure_still"] * 2
    assert all(0.0 < flag.value < 0.1 for flag in flags)
    assert np.isnan(changed["force"]["moment"]).all()


def test_recorded_plates_raise_no_alarm(shared_data):
    """Every C3D file that reads: no pressure off its plate. Recorded jump and sprint: no alarm at all."""
    for file, up, forward in (
        ("biomdp-cmj-dj/vicon_CMJ_kinem_kinet_emg.c3d", "z", "y"),
        ("biomdp-cmj-dj/kistler_DJ_2plates.c3d", "z", "y"),
        ("bmclab/Gait.c3d", "z", "-y"),
        ("gait-biomechzoo/HC030A05.c3d", "z", "y"),
        ("lasem-single-leg/FAILT01_SLDJ02.c3d", "z", "x"),
        ("sprint-ja1/JA1Gait35.c3d", "z", "y"),
        ("ezc3d-testfiles/BTS.c3d", "y", "x"),
        ("ezc3d-testfiles/Qualisys.c3d", "z", "x"),
    ):
        force = read_signal(shared_data / file, "c3d", "force", up=up, forward=forward)
        assert with_sound_places(trial({"force": force}, task="standing"), {})[1] == [], file
    for file, task, marker_set in (
        ("biomdp-cmj-dj/vicon_CMJ_kinem_kinet_emg.c3d", "countermovement_jump", "vicon_right_leg"),
        ("sprint-ja1/JA1Gait35.c3d", "sprint", "sprint_lateral"),
    ):
        markers, force = (
            read_signal(shared_data / file, "c3d", kind, up="z", forward="y") for kind in ("markers", "force")
        )
        labels = [MARKER_SETS[marker_set].get(str(label), str(label)) for label in markers["marker"].to_numpy()]
        groups = {"markers": markers.assign_coords(marker=labels), "force": force}
        groups["force"] = force.assign_coords(foot=("plate", ["both"] * force.sizes["plate"]))
        session = session_of(trial(groups, task=task))
        session.attrs |= {"body_mass_kg": 75.0, "sex": "male"}
        found = session_motion(session).trials["T"]
        assert (ALARMS - {"weight_disagrees_with_mass", "mass_contradicted"}).isdisjoint(
            flag.code for flag in (*found.flags, *found.force_flags)
        ), file


def test_a_recorded_drop_jump_raises_one_alarm_that_is_true(shared_data):
    """Two markers of the left forefoot bear each other's labels in the jump: it is 5 cm from the toe in one alone."""
    names = MARKER_SETS["sprint_lateral"] | {
        f"{side[0].upper()}{label}": f"{side}_{name}"
        for side in ("left", "right")
        for label, name in (("MEPI", "medial_epicondyle"), ("MMAL", "medial_malleolus"))
    }
    signals = {}
    for file, kind in (("static02", "markers"), ("SLDJ02", "markers"), ("SLDJ02", "force")):
        path = shared_data / "lasem-single-leg" / f"FAILT01_{file}.c3d"
        signal = read_signal(path, "c3d", kind, up="z", forward="-x")
        if kind == "markers":
            signal = signal.assign_coords(marker=[names.get(str(m), str(m)) for m in signal["marker"].to_numpy()])
        else:
            signal = signal.assign_coords(foot=("plate", ["both"] * signal.sizes["plate"]))
        signals[file, kind] = signal
    jump = {kind: signals["SLDJ02", kind] for kind in ("markers", "force")}
    standing = trial({"markers": signals["static02", "markers"]}, task="standing")
    session = session_of({"S": standing, "T": trial(jump, task="drop_jump", leg="right")})
    session.attrs |= {"body_mass_kg": 70.0, "sex": "female"}
    found = {name: {flag.code for flag in motion.flags} for name, motion in session_motion(session).trials.items()}
    assert ALARMS.isdisjoint(found["S"])
    assert ALARMS & found["T"] == {"labels_swapped"}
    to_toe = [
        signals[file, "markers"]["position"].sel(marker="left_toe")
        - signals[file, "markers"]["position"].sel(marker="left_first_metatarsal")
        for file in ("static02", "SLDJ02")
    ]
    still, jumping = (float(np.nanmedian(np.linalg.norm(apart, axis=-1))) for apart in to_toe)
    assert jumping - still > 0.05
