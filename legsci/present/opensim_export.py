"""Export of a session to OpenSim: markers (.trc), ground reaction (.mot) and external loads (.xml) of each trial."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from legsci.ingest.faults import shown
from legsci.ingest.streams import stream
from legsci.kernels.filters import butterworth_lowpass
from legsci.mechanics.force.plates import LEAST_LOAD_N
from legsci.mechanics.force.session_reference import TrialReference, session_reference, with_known_zero
from legsci.mechanics.kinetics.anthropometry import Person
from legsci.mechanics.kinetics.contradictions import WRONG_KINETICS
from legsci.mechanics.kinetics.ground_contacts import ground_loads
from legsci.mechanics.kinetics.inertia import body_segments
from legsci.mechanics.kinetics.movement import person_of, trial_kinematics
from legsci.mechanics.kinetics.session_motion import SessionMotion, TrialMotion, with_exchanged_plates
from legsci.mechanics.motion.checked_skeleton import checked_skeleton, without_labels
from legsci.mechanics.motion.kinematics import Array, Booleans, Kinematics
from legsci.mechanics.motion.markers import Markers, fill_gaps, smooth_markers, smoothable, stretches
from legsci.mechanics.motion.options import DEFAULT_OPTIONS, MotionOptions
from legsci.mechanics.motion.static_trial import StaticTrial, session_static_trial, static_trial
from legsci.present.opensim_files import THRESHOLD_N, external_loads_text, ground_reaction_text, markers_text
from legsci.present.results import Results
from legsci.storage import atomic_write
from legsci.vocabulary import AXES, LEGS, MARKERS

#: Bodies of OpenSim's full-body and gait models (Rajagopal et al. 2016, gait2392) on which the ground acts.
FOOT_BODIES = {"right": "calcn_r", "left": "calcn_l"}
#: Quality flags of a trial whose markers, or whose forces, are known to be wrong or to be out of time.
WRONG_MARKERS = ("stamps_contradicted",)
WRONG_FORCES = (
    *WRONG_KINETICS,
    *WRONG_MARKERS,
    "pressure_off_plate",
    "corners_turned",
    "plates_against_facing",
    "feet_of_plates_exchanged",
    "plate_saturated",
    "plate_constant",
    "implausible_force",
)
COLUMNS = ("trial_id", "files", "left_out")
_UP = list(AXES).index("y")

_Texts = dict[str, str]


class _How(NamedTuple):
    """What the kinematics of a trial rest on beside its markers."""

    static: StaticTrial | None
    person: Person
    options: MotionOptions


class _Loads(NamedTuple):
    """Loads of the feet at the samples of the plates.

    Parameters
    ----------
    time : (sample,) on the trial's clock [s].
    rate : [Hz].
    wrench : side -> (sample, 6) force [N] and moment about the laboratory's origin [N m]; NaN where it is not known.
    known : (sample,) whether no force acts that belongs to no foot.
    height : of the plates' surface [m].
    """

    time: Array
    rate: float
    wrench: dict[str, Array]
    known: Booleans
    height: float


def export_opensim(
    study: Results,
    participant_id: str,
    session_id: str,
    folder: str | Path,
    *,
    bodies: Mapping[str, str] = FOOT_BODIES,
    filtered: bool = False,
) -> pd.DataFrame:
    """Write the trials of a session as OpenSim reads them: <trial>.trc, <trial>_grf.mot, <trial>_external_loads.xml.

    Parameters
    ----------
    study : a finished study, opened.
    participant_id, session_id : of the session.
    folder : to write to; new or empty, so that no recording is overwritten and no older export is mixed in.
    bodies : side -> body of the model on which the ground acts.
    filtered : False: forces as recorded. True: with the low-pass of the task, as before inverse dynamics in legsci,
        since OpenSim filters coordinates and leaves forces as they are.

    Returns
    -------
    One row per trial, columns `COLUMNS`: files that were written, and in sentences what was not, and why.

    Raises
    ------
    ResultsError : the study has no such session, or no recordings at all.
    TypeError : arguments of another type, all of them named.
    ValueError : the folder is not empty, or `bodies` does not name one body for each foot.

    Notes
    -----
    See `write_opensim`. Sides that curation.tsv exchanges are exchanged.
    """
    stated: dict[str, tuple[object, type | tuple[type, ...]]] = {
        "study: what legsci.open_study returns": (study, Results),
        "participant_id: a text": (participant_id, str),
        "session_id: a text": (session_id, str),
        "folder: a path": (folder, (str, Path)),
        "bodies: body of the model by side": (bodies, Mapping),
        "filtered: True or False": (filtered, bool),
    }
    wrong = [f"{said}, not {shown(value)}" for said, (value, kind) in stated.items() if not isinstance(value, kind)]
    if wrong:
        raise TypeError(f"export_opensim: expected {'; '.join(wrong)}")
    flags = study.quality_flags(participant_id, session_id)
    # Of a trial as a whole, the only decision that has an effect is to exchange its sides.
    swapped = flags.loc[(flags["code"] == "curated") & (flags["rep"] == 0), "trial_id"].astype(str)
    session, motion = study.session(participant_id, session_id), study.motion(participant_id, session_id)
    return write_opensim(session, motion, Path(folder), swapped=set(swapped), bodies=bodies, filtered=filtered)


def write_opensim(
    session: xr.DataTree,
    motion: SessionMotion,
    folder: Path,
    *,
    swapped: Collection[str] = (),
    bodies: Mapping[str, str] = FOOT_BODIES,
    filtered: bool = False,
) -> pd.DataFrame:
    """Write the trials of an opened session; parameters, answer and errors as `export_opensim`.

    Parameters
    ----------
    session : a session file, opened.
    motion : of the session: its quality flags decide what is withheld.
    swapped : trials whose plates are exchanged between left and right, as for `session_motion`.

    Notes
    -----
    Axes are those of OpenSim: x forward, y up, z right. Times are on the clock of the trial in all files.

    Markers: as recorded, under standard labels, in mm; gaps are "nan". Markers that cannot be what their labels say are
    left out, since OpenSim's inverse kinematics would follow them.

    Forces: at the rate of the plates, less the zero of each plate, one foot each (1 right, 2 left):
    ground_force_1_vx, ... [N] on the body, ground_force_1_px, ... centre of pressure [m], ground_torque_1_x, ... [N m],
    of which only y, the free moment, is not zero. All are zero while the foot bears less than `THRESHOLD_N`. Contacts
    belong to feet as in `ground_contacts.ground_loads`; without markers of the feet, as the study states it. OpenSim
    interpolates over missing forces without a word, so that a file holds only the longest time in which the load of
    each foot is known.
    """
    if set(bodies) != set(FOOT_BODIES) or len(set(bodies.values())) != len(FOOT_BODIES) or not all(bodies.values()):
        raise ValueError(f"bodies: expected one body for each of {', '.join(FOOT_BODIES)}, found {dict(bodies)}")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"{folder} is not an empty folder: name a new one for the export")
    _, static = session_static_trial(session)
    references, person = session_reference(session).trials, person_of(session)
    rows = []
    for name, recorded in session.children.items():
        try:
            zeroed = with_known_zero(recorded, references.get(name, TrialReference()))
            trial = with_exchanged_plates(zeroed) if name in swapped else zeroed
            options = motion.options.get(str(trial.attrs["task"]), DEFAULT_OPTIONS)
            how = _How(static, person, options)
            marker_texts, reasons = _marker_file(name, trial, motion.trials[name], how)
            loads, unknown = _loads(recorded, trial, motion.trials[name], how, filtered=filtered)
            force_texts, without = _force_files(name, loads, bodies)
            texts, left_out = marker_texts | force_texts, [*reasons, *unknown, *without]
        except Exception as error:  # one trial that fails does not keep the others from being exported
            logging.getLogger(__name__).error("trial %s", name, exc_info=error)
            texts, left_out = {}, [f"The export failed: {type(error).__name__}: {error}."]
        for file, text in texts.items():
            with atomic_write(folder / file) as unfinished:
                unfinished.write_text(text, encoding="utf-8", newline="\n")
        rows.append((name, ", ".join(texts), " ".join(left_out)))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _reasons(motion: TrialMotion, codes: Collection[str]) -> list[str]:
    """Sentences of the quality flags of a trial that have one of these codes."""
    reaction = [] if motion.reaction is None else motion.reaction.flags
    return [flag.sentence for flag in (*motion.flags, *motion.force_flags, *reaction) if flag.code in codes]


def _marker_file(name: str, trial: xr.DataTree, motion: TrialMotion, how: _How) -> tuple[_Texts, list[str]]:
    """Text of the .trc of a trial, and what is left out."""
    faults = json.loads(str(trial.attrs.get("faults", "[]")))
    if faults:
        return {}, [f"The trial could not be read: {sentence}" for _, sentence in faults]
    markers = stream(trial, "markers")
    if markers is None:
        return {}, ["No markers were recorded."]
    wrong = _reasons(motion, WRONG_MARKERS)
    if wrong:
        return {}, ["Markers are left out.", *wrong]
    labels = markers.get_index("marker").astype(str).tolist()
    refused = _refused(markers, how)
    # A prefix that is left names a person, of whom several were recorded; the study did not map these markers.
    others = {label for label in labels if ":" in label}
    kept = [row for row, label in enumerate(labels) if label not in refused | others]
    position = markers.variables["position"].transpose("time", "marker", "axis").data[:, kept].astype(float)
    order = [markers.get_index("axis").tolist().index(axis) for axis in AXES]
    clean = ["_".join(labels[row].split()) for row in kept]
    times, rate = markers.get_index("time").to_numpy(), float(markers.attrs["sampling_rate_hz"])
    sentences = [f"{len(others)} markers of several persons are left out."] if others else []
    if refused:
        named = ", ".join(sorted(refused))
        sentences.append(f"Markers that cannot be what their labels say are left out (see quality.csv): {named}.")
    return {f"{name}.trc": markers_text(name, clean, position[:, :, order], times, rate)}, sentences


def _refused(signal: xr.Dataset, how: _How) -> set[str]:
    """Labels of markers that legsci's own kinematics do not use, since they cannot be what their labels say."""
    if set(MARKERS).isdisjoint(signal.get_index("marker")):
        return set()
    recorded = Markers.recorded(signal)
    seen, _ = without_labels(recorded.never_seen(), recorded, np.zeros(recorded.position.shape[:2]))
    whole, filling_m, _ = fill_gaps(seen, options=how.options)
    markers = smooth_markers(whole, cutoff_hz=how.options.cutoff_hz)
    standing = how.static or static_trial(markers)
    used = checked_skeleton(
        markers,
        filling_m,
        standing,
        options=how.options,
        measures_m=how.person.measures_m,
        sex=how.person.sex,
    ).markers
    return set(seen.labels) - set(used.labels)


def _loads(
    recorded: xr.DataTree,
    trial: xr.DataTree,
    motion: TrialMotion,
    how: _How,
    *,
    filtered: bool,
) -> tuple[_Loads | None, list[str]]:
    """Loads of the feet of a trial, and why they are not known; `recorded` has the zeros that `trial` has not."""
    force, before = stream(trial, "force"), stream(recorded, "force")
    if force is None or before is None:
        return None, [] if json.loads(str(trial.attrs.get("faults", "[]"))) else ["No plates were recorded."]
    wrong = _reasons(motion, WRONG_FORCES)
    if wrong:
        return None, ["Forces are left out.", *wrong]
    if "moment" not in before or set(before.get_index("axis")) != set(AXES):
        return None, [
            "The plates recorded no moments, or not all axes: without a centre of pressure no force is applied."
        ]
    if "moment" not in force:
        return None, ["The zero of each plate is not known: without it no force is exported."]
    static, person, options = how
    cutoff_hz = options.cutoff_hz if filtered else None
    stated, sentences = _stated_loads(force, cutoff_hz)
    moved = trial_kinematics(trial, static, person=person, options=options)
    if moved is None or not moved.lengths or not person.sex or not np.isfinite(person.body_mass_kg):
        return stated, sentences
    sole = body_segments(moved, body_mass_kg=person.body_mass_kg, sex=person.sex).sole
    feet = _at_plates(moved, stated.time, stated.rate)
    found = ground_loads(feet, force, sole, threshold_n=THRESHOLD_N, cutoff_hz=cutoff_hz)
    wrench = dict(zip(LEGS, np.concatenate([found.force, found.moment], axis=2), strict=True))
    seen = {side: values for side, values in wrench.items() if f"{side}_foot" in moved.rotation}
    if not seen:
        return stated, sentences
    known: Booleans = np.asarray(np.isfinite(found.total).all(axis=1))
    loads = stated._replace(wrench={**stated.wrench, **seen}, known=known)
    return loads, [flag.sentence for flag in found.flags]


def _at_plates(moved: Kinematics, times: Array, rate: float) -> Kinematics:
    """Feet at the times of the plates' samples (sample,) [s]; NaN before the first and after the last frame."""

    def path(values: Array) -> Array:
        """Interpolate values (frame, ...) to the samples of the plates (sample, ...)."""
        columns = values.reshape(len(values), -1).T
        laid = [np.interp(times, moved.time, column, left=np.nan, right=np.nan) for column in columns]
        return np.array(laid).T.reshape(-1, *values.shape[1:])

    feet = [f"{side}_foot" for side in LEGS if f"{side}_foot" in moved.rotation]
    rotation = {foot: path(moved.rotation[foot]) for foot in feet}
    return Kinematics(times, rate, rotation, {foot: path(moved.position[foot]) for foot in feet}, {}, {})


def _stated_loads(force: xr.Dataset, cutoff_hz: float | None) -> tuple[_Loads, list[str]]:
    """Loads of the feet by what the study states of the plates, and the plates of which it states no single foot."""
    order = [force.get_index("axis").tolist().index(axis) for axis in AXES]
    parts = [force.variables[name].transpose("plate", "time", "axis").data[..., order] for name in ("force", "moment")]
    loads = np.concatenate(parts, axis=2).astype(float)
    feet, names = force.variables["foot"].data.astype(str), force.get_index("plate").astype(str).tolist()
    others: Booleans = ~np.isin(feet, LEGS)
    # The box stays on its plate when the person has left; and a missing force may be a load.
    limits = np.where(feet == "box", np.nanpercentile(loads[..., _UP], 5.0, axis=1) + LEAST_LOAD_N, THRESHOLD_N)
    loaded: Booleans = ~(loads[..., _UP] < limits[:, None])
    loads = np.where(loaded[..., None], loads, 0.0)
    rate = float(force.attrs["sampling_rate_hz"])
    wrench = {side: _lowpass(loads[feet == side].sum(axis=0), rate, cutoff_hz) for side in LEGS if side in feet}
    sentences = [
        f"Plate {names[row]} bears {'a box' if feet[row] == 'box' else 'an unknown foot'} for "
        f"{loaded[row].sum() / rate:.2f} s: the load of each foot is not known then."
        for row in np.flatnonzero(others & loaded.any(axis=1)).tolist()
    ]
    height = float(np.median(force.variables["surface_height"].data))
    times = force.get_index("time").to_numpy()
    known: Booleans = np.asarray(~loaded[others].any(axis=0))
    return _Loads(times, rate, wrench, known, height), sentences


def _lowpass(loads: Array, rate: float, cutoff_hz: float | None) -> Array:
    """Loads (sample, 6) with the low-pass of `ground_loads`."""
    if cutoff_hz is None or not smoothable(rate, cutoff_hz):
        return loads
    columns = np.ascontiguousarray(loads.T)
    filtered = butterworth_lowpass(columns, sampling_rate_hz=rate, cutoff_hz=cutoff_hz, cutoff_after_both_passes=True)
    return np.asarray(filtered).T


def _force_files(name: str, loads: _Loads | None, bodies: Mapping[str, str]) -> tuple[_Texts, list[str]]:
    """Texts of the .mot and of the external loads of a trial, and what is left out."""
    if loads is None:
        return {}, []
    known = {side: values for side, values in loads.wrench.items() if np.isfinite(values).any()}
    sentences = [f"The load of the {side} foot is not known: it is left out." for side in LEGS if side not in known]
    whole: Booleans = np.all([loads.known, *(np.isfinite(values).all(axis=1) for values in known.values())], axis=0)
    first, stop = max(stretches(whole), key=lambda span: span[1] - span[0], default=(0, 0))
    if not known or stop - first < 2:
        return {}, ["At no time is the load of each foot known: no force is exported."]
    if stop - first < whole.size:
        begin, end = loads.time[[first, stop - 1]]
        sentences.append(f"Forces are exported from {begin:.3f} to {end:.3f} s, where the load of each foot is known.")
    within = slice(first, stop)
    wrench = {side: values[within] for side, values in known.items()}
    file = f"{name}_grf.mot"
    texts = {
        file: ground_reaction_text(name, loads.time[within], wrench, loads.height),
        f"{name}_external_loads.xml": external_loads_text(name, file, known, bodies),
    }
    return texts, sentences
