"""Joint angles and moments beside OpenSim's inverse kinematics and inverse dynamics of the exported files.

`python -m benchmarks.opensim_comparison` writes opensim_comparison.csv beside this file. It needs the package opensim
(extra bench). The wheel has no models. A model is therefore built of the person's own segments: joint centres, axes and
markers of the static trial, and the inertia that legsci uses (`opensim_model.py`), so that no difference of anatomy
enters; the recorded drop jumps of ../shared/data have a scaled model of their own beside them. Both sides get the same
ground reaction, with the low-pass of the task.

Methods, each a step further from legsci:

- dynamics alone: OpenSim's inverse dynamics of the motion of legsci's segments;
- inverse kinematics: OpenSim's of all markers at once, with three turns in each joint, its low-pass of the coordinates,
  and its inverse dynamics;
- hinge knees: the same with knees that only bend;
- scaled model: the same with the model that came with the recording.

Columns: correlation r, mean difference (ours less theirs) and the root mean square of what is left, in the unit; peak:
the largest magnitude of ours; peak_difference_percent: how much larger ours is than theirs. Of virtual athletes also
the root mean square error of ours and of theirs against the same movement without errors of measurement (legsci's
joint centres and axes, from clean markers and plates).
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
import yaml
from numpy.typing import ArrayLike

from benchmarks.dated import write_dated
from benchmarks.opensim_model import (
    build_model,
    inverse_dynamics,
    inverse_kinematics,
    local_places,
    write_own_motion,
)
from benchmarks.session import CONFIG, virtual_study
from legsci.ingest.session import build_session
from legsci.marker_sets import MARKER_SETS
from legsci.mechanics.kinetics.inertia import body_segments
from legsci.mechanics.kinetics.movement import person_of, trial_kinematics
from legsci.mechanics.kinetics.session_motion import SessionMotion, session_motion
from legsci.mechanics.motion.kinematics import Kinematics
from legsci.mechanics.motion.markers import Markers
from legsci.mechanics.motion.static_trial import session_static_trial
from legsci.present.opensim_export import FOOT_BODIES, write_opensim
from legsci.simulate.athlete.body import Athlete, build_body
from legsci.simulate.athlete.motion import simulate_motion
from legsci.simulate.cohort.recording_plan import plan_recordings
from legsci.simulate.recordings.session_plan import TrialPlan
from legsci.simulate.sensors.marker_placement import markers_of
from legsci.vocabulary import LEGS
from tests.mechanics.athlete import marker_dataset, plates_of
from tests.mechanics.recordings import read_signal
from tests.mechanics.single_leg_jump import FOLDER, JUMP, LABELS, PERSON, STANDING
from tests.mechanics.trials import trial

TABLE = Path(__file__).with_name("opensim_comparison.csv")
DATA = Path(__file__).parents[2] / "shared" / "data"
OPENCAP = "opencap-unfiltered"
#: Angles, and the moments that drive them, as joint and plane.
MOMENTS = {
    "hip_flexion": ("hip", "sagittal"),
    "knee_flexion": ("knee", "sagittal"),
    "ankle_dorsiflexion": ("ankle", "sagittal"),
    "knee_abduction": ("knee", "frontal"),
}
#: Methods with the model of the person's own segments -> how it is built.
ALONE = "dynamics alone"
METHODS: dict[str, dict[str, Any]] = {
    ALONE: {"play": True},
    "inverse kinematics": {},
    "hinge knees": {"knees": "hinge"},
}
#: The same coordinates in models of OpenSim.
SCALED = {"hip_flexion": "hip_flexion", "knee_flexion": "knee_angle", "ankle_dorsiflexion": "ankle_angle"}
VIRTUAL_TASKS = ("squat", "countermovement_jump")
#: Rate of the movement without errors [Hz].
CLEAN_HZ = 200.0
#: Filters of both sides differ at the ends of a recording [s].
EDGE_S = 0.2
#: Bodies of the model of the person's own segments on which the ground acts.
OWN_FEET = {side: f"{side}_foot" for side in LEGS}


@dataclass(frozen=True)
class Case:
    """A trial to be compared.

    Parameters
    ----------
    name : of the recording.
    session, trial_id : the trial.
    scaled_model : path of the model that came with it; None without one.
    marker_set : names of its markers, key of MARKER_SETS.
    clean : kinematics of the same movement without errors of measurement; None where it is not known.
    """

    name: str
    session: xr.DataTree
    trial_id: str
    scaled_model: Path | None = None
    marker_set: str = ""
    clean: xr.Dataset | None = None


def virtual_cases(folder: Path) -> Iterator[Case]:
    """Squat and countermovement jump of the first virtual athlete, with the errors of a laboratory."""
    options = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["virtual"]
    study, plan = virtual_study(folder, options), plan_recordings(options, seed=options["seed"]).sessions[0]
    session = build_session(study, plan.participant_id, plan.session_id)
    plans = {task: next(each for each in plan.trials if each.task == task) for task in ("standing", *VIRTUAL_TASKS)}
    clean = xr.DataTree(children={task: _clean_trial(plan.athlete, each) for task, each in plans.items()})
    clean.attrs.update(session.attrs)
    motion = session_motion(clean)
    for task in VIRTUAL_TASKS:
        name = plans[task].trial_id
        yield Case(f"virtual {task.replace('_', ' ')}", session, name, clean=motion.kinematics(task))


def _clean_trial(athlete: Athlete, plan: TrialPlan) -> xr.DataTree:
    """A trial of a virtual athlete without errors of measurement."""
    motion = simulate_motion(plan.task, athlete, plan.technique, rate_hz=CLEAN_HZ)
    barbell_kg = plan.technique.barbell_kg
    labels, position = markers_of(build_body(athlete, barbell_kg=barbell_kg), motion)
    signals = {"markers": marker_dataset(labels, position, CLEAN_HZ), "force": plates_of(motion)}
    return trial(signals, task=plan.task, load_kg=barbell_kg)


def recorded_cases() -> Iterator[Case]:
    """A single-leg drop jump with a static trial, and drop jumps with a scaled model, of ../shared/data."""
    folder = DATA / FOLDER
    signals = {
        (file, kind): read_signal(folder / file, "c3d", kind, up="z", forward="-x")
        for file, kind in ((JUMP, "markers"), (STANDING, "markers"), (JUMP, "force"))
    }
    force = signals[JUMP, "force"]
    jump = {"markers": _named(signals[JUMP, "markers"], LABELS), "force": _without_feet(force)}
    standing = {"markers": _named(signals[STANDING, "markers"], LABELS)}
    session = _session(jump, standing)
    session.attrs.update(body_mass_kg=PERSON.body_mass_kg, sex=PERSON.sex)
    yield Case("single-leg drop jump", session, "jump")
    folder, names = DATA / OPENCAP, MARKER_SETS["opencap_laboratory"]
    model = folder / "final.osim"
    for name in ("DJ1", "DJ4", "DJ5"):
        jump = {
            "markers": _named(read_signal(folder / "MarkerData" / f"{name}.trc", "opensim", "markers"), names),
            "force": _without_feet(read_signal(folder / "ID" / f"{name}_grf.mot", "opensim", "force")),
        }
        yield Case(f"drop jump {name}", _session(jump, {}), "jump", model, "opencap_laboratory")


def _named(markers: xr.Dataset, names: dict[str, str]) -> xr.Dataset:
    """Markers under standard labels."""
    labels = markers["marker"].to_numpy().astype(str).tolist()
    return markers.assign_coords(marker=[names.get(label, label) for label in labels])


def _without_feet(force: xr.Dataset) -> xr.Dataset:
    """Plates of which nobody states the foot."""
    return force.assign_coords(foot=("plate", ["both"] * force.sizes["plate"]))


def _session(jump: dict[str, xr.Dataset], standing: dict[str, xr.Dataset]) -> xr.DataTree:
    """A session of a drop jump, and a static trial where there is one."""
    trials = {"jump": trial(jump, task="drop_jump")}
    if standing:
        trials["standing"] = trial(standing, task="standing")
    session = xr.DataTree(children=trials)
    session.attrs.update(participant_id="P01", session_id="01")
    return session


def compare(case: Case, opensim: Any, folder: Path) -> list[dict[str, object]]:
    """Rows of the table of a trial, in `folder` the files of each method."""
    motion = session_motion(case.session)
    if case.scaled_model is not None:
        # These markers give no joint centres in legsci, and so no moments: only angles are compared.
        place = _exported(case, motion, folder, "scaled model", FOOT_BODIES)
        model, frames = _scaled(opensim, case), motion.kinematics(case.trial_id)["time"]
        span = float(frames[0]), float(frames[-1])
        angles = inverse_kinematics(opensim, model, place / f"{case.trial_id}.trc", place / "motion.mot", span=span)
        return _rows(case, "scaled model", motion, angles, None)
    person, recorded = person_of(case.session), case.session.children[case.trial_id]
    options = motion.options[str(recorded.attrs["task"])]
    name, static = session_static_trial(case.session)
    stood = case.session.children[name or case.trial_id]
    moved, standing = (trial_kinematics(each, static, person=person, options=options) for each in (recorded, stood))
    assert moved is not None
    assert standing is not None
    load_kg = float(np.nan_to_num(recorded.attrs.get("load_kg", 0.0)))
    body = body_segments(moved, body_mass_kg=person.body_mass_kg, sex=person.sex, load_kg=load_kg)
    centres, places = local_places(standing, Markers.recorded(stood["markers"].to_dataset(inherit=False)))
    rows = []
    for method, how in METHODS.items():
        place = _exported(case, motion, folder, method, OWN_FEET)
        model = build_model(opensim, body, centres, places, **how)
        coordinates, angles = place / "motion.mot", None
        if method == ALONE:
            write_own_motion(moved, coordinates)
        else:
            span = float(moved.time[0]), float(moved.time[-1])
            angles = inverse_kinematics(opensim, model, place / f"{case.trial_id}.trc", coordinates, span=span)
        forces = pd.read_csv(place / f"{case.trial_id}_grf.mot", sep="\t", skiprows=6, usecols=["time"])["time"]
        loads, cutoff_hz = place / f"{case.trial_id}_external_loads.xml", None if method == ALONE else options.cutoff_hz
        moments = inverse_dynamics(opensim, model, coordinates, loads, span=_span(forces, moved), cutoff_hz=cutoff_hz)
        rows += _rows(case, method, motion, angles, moments)
    return rows


def _exported(case: Case, motion: SessionMotion, folder: Path, method: str, feet: Mapping[str, str]) -> Path:
    """Export the session of a trial to a folder of its own."""
    place = folder / f"{case.name} {method}".replace(" ", "_")
    exported = write_opensim(case.session, motion, place, bodies=feet, filtered=True)
    print(f"{case.name}, {method}:", *exported.loc[exported["trial_id"] == case.trial_id, "left_out"], flush=True)
    return place


def _span(forces: pd.Series, moved: Kinematics) -> tuple[float, float]:
    """First and last time that forces and frames have in common [s]."""
    times = moved.time[np.isfinite(moved.position["pelvis"]).all(axis=1)]
    return float(max(forces.iloc[0], times[0])), float(min(forces.iloc[-1], times[-1]))


def _scaled(opensim: Any, case: Case) -> Any:
    """The model that came with a recording, its markers under standard labels."""
    model = opensim.Model(str(case.scaled_model))
    markers = model.updMarkerSet()
    for row in range(markers.getSize()):
        marker = markers.get(row)
        marker.setName(MARKER_SETS[case.marker_set].get(marker.getName(), marker.getName()))
    model.finalizeConnections()
    return model


def _rows(
    case: Case, method: str, motion: SessionMotion, angles: pd.DataFrame | None, moments: pd.DataFrame | None
) -> list[dict[str, object]]:
    """Lines of the table: ours beside theirs, of both legs one after the other."""
    ours, scaled = motion.kinematics(case.trial_id), method == "scaled model"
    times, rows = ours["time"].to_numpy(), []
    for kind, unit, theirs in (("angle", "deg", angles), ("moment", "N m", moments)):
        for name in () if theirs is None else SCALED if scaled else MOMENTS:
            curves = []
            for side in LEGS:
                column = f"{SCALED[name]}_{side[0]}" if scaled else f"{side}_{name}"
                other = theirs[column if kind == "angle" else f"{column}_moment"]
                inside = (times > theirs["time"].iloc[0] + EDGE_S) & (times < theirs["time"].iloc[-1] - EDGE_S)
                both = [_own(case, ours, kind, side, name), _at(times, theirs["time"], other)]
                if case.clean is not None:
                    both.append(_at(times, case.clean["time"], _own(case, case.clean, kind, side, name)))
                curves.append(np.where(inside, both, np.nan))
            joined = np.concatenate(curves, axis=1)
            joined = joined[:, np.isfinite(joined).all(axis=0)]
            if joined.size and np.ptp(joined[1]) > 0.0:  # a locked coordinate is no angle
                row = {"recording": case.name, "method": method, "quantity": f"{kind} {name}", "unit": unit}
                rows.append(row | _agreement(*joined))
    return rows


def _own(case: Case, ours: xr.Dataset, kind: str, side: str, name: str) -> np.ndarray:
    """An angle [deg] or a moment [N m] of legsci (time,)."""
    if kind == "angle":
        return np.asarray(ours["angle"].sel(joint_angle=f"{side}_{name}"))
    joint, plane = MOMENTS[name]
    mass_kg = float(case.session.attrs["body_mass_kg"])
    return np.asarray(mass_kg * ours["moment"].sel(joint=f"{side}_{joint}", plane=plane))


def _at(times: np.ndarray, known_times: ArrayLike, values: ArrayLike) -> np.ndarray:
    """A curve at other times; NaN where it is not known."""
    return np.asarray(np.interp(times, known_times, values, left=np.nan, right=np.nan))


def _agreement(own: np.ndarray, other: np.ndarray, clean: np.ndarray | None = None) -> dict[str, float]:
    """Numbers of a line of the table; curves (time,) without gaps."""
    difference, peak = own - other, float(np.abs(own).max())
    found = {
        "frames": own.size,
        "r": round(float(np.corrcoef(own, other)[0, 1]), 4),
        "mean_difference": round(float(difference.mean()), 2) + 0.0,  # no minus before a zero
        "rms_of_rest": round(float(difference.std()), 2),
        "peak": round(peak, 1),
        "peak_difference_percent": round(100.0 * (peak / float(np.abs(other).max()) - 1.0), 1) + 0.0,
    }
    if clean is not None:
        errors = {"rms_error": own - clean, "rms_error_of_opensim": other - clean}
        found |= {name: round(float(np.sqrt((error**2).mean())), 2) for name, error in errors.items()}
    return found


def main() -> None:
    """Write and print the table."""
    if importlib.util.find_spec("opensim") is None:
        sys.exit("the package opensim is not installed (extra bench): nothing is compared")
    opensim = importlib.import_module("opensim")
    opensim.Logger.setLevelString("Off")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        opensim.Logger.removeFileSink()
        cases = [*virtual_cases(folder / "study"), *(recorded_cases() if DATA.is_dir() else ())]
        table = pd.DataFrame([row for case in cases for row in compare(case, opensim, folder)])
    version = str(opensim.GetVersion())
    write_dated(TABLE, f"OpenSim {version}", table, index=False)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
