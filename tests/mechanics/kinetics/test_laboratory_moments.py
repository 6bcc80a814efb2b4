"""Joint moments and powers of a recorded single-leg drop jump beside those that the laboratory itself stored.

The file holds each moment [N mm/kg] about the axes of the proximal and of the distal segment, and in those of the
joint's rotations. First its own expressions are turned into one another by legsci's axes, which leaves out how either
found joint centres and filtered. Then legsci's moments, from markers and plates, stand beside the laboratory's. Neither
the axes of its segments nor its joint centres are in the file: a constant turn and a constant shift of the centre are
fitted, and the table shows what each explains.
"""

from __future__ import annotations

import itertools
from functools import cache
from pathlib import Path
from typing import NamedTuple

import ezc3d
import numpy as np
import pytest
import xarray as xr
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from legsci.mechanics.kinetics.inverse_dynamics import dynamics
from legsci.mechanics.kinetics.joint_components import component_axes
from legsci.mechanics.motion.angles import JOINTS, kinematics
from legsci.mechanics.motion.options import MotionOptions
from legsci.tasks import TASKS
from tests.mechanics.recordings import read_signal
from tests.mechanics.single_leg_jump import FOLDER, JUMP, LABELS, PERSON, STANDING

#: Force under the right foot from which the comparison counts [N], and frames at either end that are left out.
LOADED_N, EDGE = 50.0, 3
FRAMES_HZ = 100.0


class Expressions(NamedTuple):
    """How the laboratory names the segments of a joint, and the signs of its first two angles in its own axes."""

    proximal: str
    distal: str
    signs: tuple[int, int]


EXPRESSIONS = {
    "hip": Expressions("PEL", "FEM", (-1, -1)),
    "knee": Expressions("FEM", "PTIB", (1, 1)),
    "ankle": Expressions("DTIB", "FOOT", (-1, 1)),
}


class Recorded(NamedTuple):
    """Ours and the laboratory's while the right foot is loaded.

    Parameters
    ----------
    solved : dynamics of the contact, and rotations of the segments.
    theirs : name in the file -> (time, 3) [N m], [W] or [deg].
    """

    solved: xr.Dataset
    theirs: dict[str, np.ndarray]


@pytest.fixture(scope="module")
def recorded(shared_data: Path) -> Recorded:
    if not (shared_data / FOLDER).is_dir():
        pytest.skip(f"{FOLDER} is not here")
    return _recorded(shared_data / FOLDER)


@cache
def _recorded(folder: Path) -> Recorded:
    signals = {
        name: read_signal(folder / file, "c3d", kind, up="z", forward="-x")
        for name, file, kind in (("jump", JUMP, "markers"), ("standing", STANDING, "markers"), ("force", JUMP, "force"))
    }
    jump, standing = (
        signals[name].assign_coords(
            marker=[LABELS.get(str(label), str(label)) for label in signals[name]["marker"].data]
        )
        for name in ("jump", "standing")
    )
    force = signals["force"].assign_coords(foot=("plate", ["both"] * signals["force"].sizes["plate"]))
    options = MotionOptions(cutoff_hz=TASKS["drop_jump"].cutoff_hz)
    moved = kinematics(jump, standing, options=options)
    solved = dynamics(moved, force, person=PERSON, options=options).assign(rotation=moved["rotation"])
    loaded = np.nan_to_num(solved["ground_force"].sel(side="right", axis="y").to_numpy()) > LOADED_N
    contact = np.flatnonzero(loaded)[EDGE:-EDGE]
    assert np.ptp(contact) + 1 == contact.size > 60
    file = ezc3d.c3d(str(folder / JUMP))
    names, points = file["parameters"]["POINT"]["LABELS"]["value"], file["data"]["points"]
    # Moments in N mm/kg and powers in mW/kg.
    scales = {"Moment": PERSON.body_mass_kg / 1000.0, "Power": PERSON.body_mass_kg / 1000.0, "Angles": 1.0}
    theirs = {
        name: scale * points[:3, names.index(name), contact].T
        for name in names
        for kind, scale in scales.items()
        if kind in name and name.startswith("R")
    }
    return Recorded(solved.isel(time=contact), theirs)


@pytest.mark.parametrize("joint", EXPRESSIONS)
def test_expressions_of_the_laboratory_follow_from_each_other_by_our_axes(recorded: Recorded, joint: str) -> None:
    """Its own components about the proximal segment and its own angles give all of its other components.

    Its axes are mediolateral, second, long in the order of its components, ours z, x, y. About the proximal
    mediolateral and the floating axis its joint expression is ours to a rounding error. Its third is about the axis at
    right angles to those two, ours about the distal long axis, as the laboratory's distal expression has it.
    """
    of, name = EXPRESSIONS[joint], joint.capitalize()
    proximal, distal, about_joint = (
        recorded.theirs[f"R{name}Moment{expression}"] for expression in (of.proximal, of.distal, "ROT")
    )
    first, second, _ = np.radians(recorded.theirs[f"R{name}Angles"]).T
    turns = np.column_stack([of.signs[0] * first, of.signs[1] * second])
    ours = JOINTS[f"right_{joint}"]
    rotation = {
        ours.proximal: np.broadcast_to(np.eye(3), (len(turns), 3, 3)),
        ours.distal: Rotation.from_euler("ZX", turns).as_matrix(),
    }
    axes = component_axes(rotation, [f"right_{joint}"], moment_axes="joint")[0] * np.array(ours.signs)[:, None]
    components = np.einsum("tpi,ti->tp", axes, proximal[:, [1, 2, 0]])
    peak = np.abs(proximal).max()
    np.testing.assert_allclose(components[:, :2], about_joint[:, :2], atol=0.001 * peak)
    np.testing.assert_allclose(components[:, 2], distal[:, 2], atol=0.001 * peak)
    shared = np.sin(turns[:, 1])
    across = (components[:, 2] - shared * components[:, 0]) / np.cos(turns[:, 1])
    np.testing.assert_allclose(across, about_joint[:, 2], atol=0.001 * peak)


@pytest.mark.parametrize("joint", EXPRESSIONS)
def test_power_of_the_laboratory_is_that_of_the_components_conjugate_to_its_angles(
    recorded: Recorded, joint: str
) -> None:
    """Its moments about the axes of `joint`, times differences of its angles at 100 Hz, give the power in its file."""
    of, name = EXPRESSIONS[joint], joint.capitalize()
    about_joint, distal = (recorded.theirs[f"R{name}Moment{expression}"] for expression in ("ROT", of.distal))
    rates = np.gradient(np.radians(recorded.theirs[f"R{name}Angles"]), 1.0 / FRAMES_HZ, axis=0)
    theirs = recorded.theirs[f"R{name}Power"][:, 2]
    conjugate = np.column_stack([about_joint[:, :2], distal[:, 2]])

    def rms(moments: np.ndarray, signs: tuple[int, ...]) -> float:
        """Difference of the power, at the signs of its angles [% of the peak]."""
        left = (moments * rates * np.array(signs)).sum(axis=1) - theirs
        return 100.0 * float(np.sqrt(np.mean(left[1:-1] ** 2))) / float(np.abs(theirs).max())

    found = {signs: rms(conjugate, signs) for signs in itertools.product((1, -1), repeat=3)}
    signs = min(found, key=found.__getitem__)
    assert found[signs] < 1.5
    if joint == "hip":
        # Abducted by 20 deg the third axis of its joint expression is off the long axis of the thigh by as much.
        assert rms(about_joint, signs) > 2.0 * found[signs]


class Comparison(NamedTuple):
    """Root mean square differences of a moment in the axes of a segment, as a share of the largest moment [%].

    Parameters
    ----------
    size : of the sizes of the moments, which no choice of axes changes.
    turned, shifted : of the components after a constant turn of the axes; and a constant shift of the joint centre.
    turn_deg, shift_mm : those that fit; along the force a shift has no effect.
    """

    size: float
    turned: float
    shifted: float
    turn_deg: float
    shift_mm: float


def compared(recorded: Recorded, joint: str, expression: str, segment: str) -> Comparison:
    """Fit turn and shift to a moment of the laboratory."""
    solved, theirs = recorded.solved, recorded.theirs[f"R{joint.capitalize()}Moment{expression}"]
    rotation = solved["rotation"].sel(segment=segment).transpose("time", "axis", "direction").to_numpy()
    force, moment = (
        np.einsum("tij,ti->tj", rotation, solved[name].sel(joint=f"right_{joint}").transpose("time", "axis").to_numpy())
        for name in ("joint_force", "joint_moment")
    )
    peak = np.linalg.norm(theirs, axis=1).max()

    def left(fitted: np.ndarray, mirror: np.ndarray) -> np.ndarray:
        shifted = moment - np.cross(np.broadcast_to(fitted[3:], force.shape), force)
        return np.asarray((shifted @ Rotation.from_rotvec(fitted[:3]).as_matrix().T @ mirror - theirs).ravel())

    def fit(start: np.ndarray, mirror: np.ndarray, free: int) -> tuple[float, np.ndarray]:
        answer = least_squares(lambda x: left(np.concatenate([x, np.zeros(6 - free)]), mirror), start[:free])
        return float(np.sqrt(2.0 * answer.cost / len(theirs))), np.concatenate([answer.x, np.zeros(6 - free)])

    # Clinical signs may mirror its axes; a first guess of the turn is that of Kabsch.
    best = []
    for mirror in (np.eye(3), np.diag([1.0, 1.0, -1.0])):
        guess, _ = Rotation.align_vectors(theirs @ mirror, moment)
        start = np.concatenate([guess.as_rotvec(), np.zeros(3)])
        turned, shifted = fit(start, mirror, 3), fit(start, mirror, 6)
        best.append((shifted[0], turned[0], shifted[1]))
    shifted_n_m, turned_n_m, found = min(best, key=lambda one: one[0])
    size = np.linalg.norm(moment, axis=1) - np.linalg.norm(theirs, axis=1)
    shares = (100.0 * value / peak for value in (np.sqrt(np.mean(size**2)), turned_n_m, shifted_n_m))
    return Comparison(*shares, float(np.degrees(np.linalg.norm(found[:3]))), float(1000.0 * np.linalg.norm(found[3:])))


#: Root mean square differences as shares of the largest moment [%]: of the sizes, after a turn, after turn and shift.
MOMENTS = {
    ("hip", "PEL"): (7.0, 10.0, 8.4),
    ("hip", "FEM"): (7.0, 10.1, 9.1),
    ("knee", "FEM"): (15.7, 15.8, 1.7),
    ("knee", "PTIB"): (15.7, 15.8, 2.0),
    ("ankle", "DTIB"): (3.4, 3.6, 1.3),
    ("ankle", "FOOT"): (3.4, 3.9, 2.2),
}
#: Least and largest power, theirs and ours [W], root mean square difference [% of the largest] and correlation.
POWERS = {
    "hip": (-821.0, 480.0, -903.0, 527.0, 15.4, 0.934),
    "knee": (-1550.0, 674.0, -1198.0, 484.0, 9.4, 0.994),
    "ankle": (-537.0, 617.0, -628.0, 658.0, 4.1, 0.995),
}


def test_moments_beside_those_of_the_laboratory(recorded: Recorded) -> None:
    """Up to a turn of the axes, ankle moments agree within 4 % of the largest moment and hip moments within 10 %.

    Knee moments differ by 16 %, since the laboratory's joint centre lies 2 cm ahead of the middle between the
    epicondyles: with such a shift they agree within 2 %. A low-pass of 15 Hz changes these figures by less than 1 %.
    """
    for joint, of in EXPRESSIONS.items():
        ours = JOINTS[f"right_{joint}"]
        for expression, segment in ((of.proximal, ours.proximal), (of.distal, ours.distal)):
            row = compared(recorded, joint, expression, segment)
            assert row[:3] == pytest.approx(MOMENTS[joint, expression], abs=0.5), (joint, expression)
            if joint == "knee":
                assert 15.0 < row.shift_mm < 45.0, expression


def test_powers_beside_those_of_the_laboratory(recorded: Recorded) -> None:
    """Power does not depend on the axes of the moments.

    At the knee it differs as the moment does, by the joint centre. At the hip it differs as much with the laboratory's
    own moment: by the angular velocity of the thigh against the pelvis, whose markers and skin both treat differently.
    """
    for joint, row in POWERS.items():
        theirs = recorded.theirs[f"R{joint.capitalize()}Power"][:, 2]
        ours = recorded.solved["joint_power"].sel(joint=f"right_{joint}").to_numpy()
        rms = 100.0 * float(np.sqrt(np.mean((ours - theirs) ** 2))) / float(np.abs(theirs).max())
        assert (theirs.min(), theirs.max()) == pytest.approx(row[:2], abs=1.0), joint
        assert (ours.min(), ours.max()) == pytest.approx(row[2:4], abs=10.0), joint
        assert rms == pytest.approx(row[4], abs=0.5), joint
        assert float(np.corrcoef(ours, theirs)[0, 1]) == pytest.approx(row[5], abs=0.003), joint
