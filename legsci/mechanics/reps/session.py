"""Repetitions: a session's trials cut, scored under every profile and laid side by side in one Dataset."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from legsci.mechanics.force.events import Score, score_repetition
from legsci.mechanics.force.plates import (
    GroundReaction,
    carries_load,
    centre_of_pressure,
    ground_reaction,
    standing_load,
    vertical_of_plates,
)
from legsci.mechanics.force.profiles import Profile, load_profiles, variants
from legsci.mechanics.force.windows import Window, cut
from legsci.mechanics.kinetics.ground_contacts import SWINGING_HEIGHT_M
from legsci.mechanics.kinetics.movement import Movement, person_of, trial_movement
from legsci.mechanics.motion.markers import Markers, whole_paths
from legsci.mechanics.motion.options import DEFAULT_OPTIONS, MotionOptions
from legsci.mechanics.motion.static_trial import StaticTrial, static_trial
from legsci.mechanics.reps.curation import apply_decisions, decisions_without_effect, trial_decisions
from legsci.mechanics.reps.repetition import Repetition, lay_out
from legsci.mechanics.reps.squats import score_squat, squats, unloaded_ground_reaction
from legsci.mechanics.reps.steps import score_step, steps
from legsci.quality import QualityFlag
from legsci.storage import DECIMALS, compressed, written_whole
from legsci.tasks import TASKS, Task
from legsci.vocabulary import FEET, MARKERS, PELVIS_MARKERS, SIDES

#: How the events of a repetition are found where it is not by the events of a jump.
SCORERS = {"descent": score_squat, "contact": score_step}
#: Signal kept after the last event of a repetition [s].
TAIL_S = 1.0
#: Sampling rate below which a flight or contact time is uncertain by more than the profiles differ [Hz].
LOW_RATE_HZ = 200.0
#: A foot that is higher than the other by more than this does not push off [m].
RAISED_FOOT_M = 0.05
#: Running this far from the laboratory's forward axis is not forward [deg], as it lets a tenth of the sideways force
#: in; slower than this nobody runs over ground, as on a treadmill [m/s].
MOST_ACROSS_DEG, RUNNING_M_PER_S = 6.0, 1.0
#: A recording shorter than this holds no movement and no standing [s].
SHORTEST_RECORDING_S = 0.5
QUALITY_COLUMNS = (
    "participant_id", "session_id", "trial_id", "task", "rep", "code",
    "severity", "signal", "value", "limit", "sentence",
)  # fmt: skip
#: Findings as a reps file keeps them: those of every profile, with its name where one holds under it alone.
FLAG_COLUMNS = (*QUALITY_COLUMNS, "profile")


class _Beside:
    """Signals of a trial that its repetitions keep beside vertical force, at the samples of the plates."""

    def __init__(self, trial: xr.DataTree, under: GroundReaction, task: Task) -> None:
        self.pelvis_height = _pelvis_height(trial, np.arange(under.force.shape[1]) / under.rate)
        self.forward_force = _forward_force(trial, under)
        # Sway is a matter of standing; what is not read is not computed either.
        self.centre_of_pressure = _total_centre_of_pressure(trial, under, sought=task.cut == "quiet")


def _pelvis_height(trial: xr.DataTree, times: np.ndarray) -> np.ndarray:
    """Mean height of the pelvis markers, else of the recorded pelvis, at given times [m]; NaN where one is missing."""
    if "segments" in trial.children and "pelvis" in trial.children["segments"].to_dataset(inherit=False).get_index(
        "segment"
    ):
        place = trial["segments"]["position"].sel(segment="pelvis", axis="y")
        return np.interp(times, place["time"].to_numpy(), place.to_numpy(), left=np.nan, right=np.nan)
    if "markers" not in trial.children:
        return np.full(times.size, np.nan)
    recorded = trial.children["markers"].to_dataset(inherit=False)
    paths = whole_paths(recorded, sorted(PELVIS_MARKERS))
    if not paths:
        return np.full(times.size, np.nan)
    height = np.mean([path[:, 1] for path in paths.values()], axis=0)
    return np.interp(times, recorded.get_index("time").to_numpy(), height, left=np.nan, right=np.nan)


def _total_centre_of_pressure(trial: xr.DataTree, under: GroundReaction, *, sought: bool) -> np.ndarray:
    """Centre of pressure of all plates that carry the person, forward and to the right (2, sample) [m]."""
    if not sought or not under.plates or "moment" not in trial["force"]:
        return np.full((2, under.force.shape[1]), np.nan)
    force = trial.children["force"].to_dataset(inherit=False).sel(plate=list(under.plates))
    axes = force.get_index("axis").tolist()
    position = centre_of_pressure(force).variables["centre_of_pressure"].transpose("axis", "plate", "time").data
    level = position[[axes.index("x"), axes.index("z")]]
    pressed = np.where(np.isfinite(level[0]), vertical_of_plates(force), 0.0)
    total = pressed.sum(axis=0)
    return np.asarray(np.nansum(level * pressed, axis=1) / np.where(total > 0.0, total, np.nan))


def _forward_force(trial: xr.DataTree, under: GroundReaction) -> np.ndarray:
    """Forward force of all plates that carry the person, less its mean while nobody stands on them (sample,) [N]."""
    force = trial.children["force"].to_dataset(inherit=False) if under.plates else xr.Dataset()
    axes = force.get_index("axis").tolist() if under.plates else []
    if "x" not in axes:
        return np.full(under.force.shape[1], np.nan)
    plates = force.get_index("plate").tolist()
    forward = force.variables["force"].transpose("plate", "time", "axis").data[..., axes.index("x")]
    total = forward[[plates.index(plate) for plate in under.plates]].astype(float).sum(axis=0)
    empty = [total[first + (stop - first) // 4 : stop - (stop - first) // 4] for first, stop in under.unloaded]
    return total - (float(np.mean(np.concatenate(empty))) if empty else 0.0)


def _kept_samples(window: Window, scores: dict[str, Score], rate: float, count: int) -> slice:
    """Return the samples that hold every event and resting sample of a repetition, and a tail."""
    positions = [value for score in scores.values() for value in (*score.events.values(), score.rest)]
    finite = np.array([value for value in positions if np.isfinite(value)] or [window.first, window.last])
    last = max(int(finite.max() + TAIL_S * rate), window.touchdown + int(TAIL_S * rate))
    return slice(max(int(finite.min()), 0), min(last + 1, count))


def trial_repetitions(
    trial: xr.DataTree,
    *,
    trial_id: str,
    scorings: dict[str, Profile],
    mass_kg: float,
    curation: pd.DataFrame,
    movement: Movement | None = None,
) -> tuple[list[Repetition], list[QualityFlag]]:
    """Cut one trial into repetitions and score each.

    Parameters
    ----------
    trial : group of a session file.
    trial_id : its name.
    scorings : name -> rules; the first is the default, whose flags are reported.
    mass_kg : mass of the person and of what is carried [kg]; NaN where it is not known.
    curation : rows of curation.tsv about this trial.
    movement : answer of `legsci.mechanics.kinetics.movement.trial_movement`.
    """
    faults = json.loads(str(trial.attrs.get("faults", "[]")))
    if faults:
        unreadable = [QualityFlag("recording_unreadable", detail=sentence) for _, sentence in faults]
        return [], unreadable + _idle_decisions(curation)
    task = TASKS[str(trial.attrs["task"])]
    if "force" in trial.children:
        under = ground_reaction(
            trial.children["force"].to_dataset(inherit=False), stepped_from_box=task.cut == "rebound"
        )
    elif task.cut == "descent" and movement is not None:
        under = unloaded_ground_reaction(movement)
    else:
        return [], [QualityFlag("no_force", signal="trial"), *_idle_decisions(curation)]
    sides = bool(np.isfinite(under.force[1:]).any())
    if not curation.empty and (curation["what"] == "swap_sides").any():
        under = replace(under, force=under.force[[0, 2, 1]])
    flags = [*under.flags, *_trial_flags(trial, under), *trial_decisions(curation, sides=sides)]
    running = task.cut == "contact" and movement is not None and movement.mean_speed_m_per_s > RUNNING_M_PER_S
    if running and movement is not None and movement.travel_deg > MOST_ACROSS_DEG:
        flags.append(QualityFlag("travels_across", "markers", movement.travel_deg, MOST_ACROSS_DEG))
    if any(flag.severity == "rejected" for flag in flags):
        return [], flags + decisions_without_effect(curation, repetitions=0)
    if task.cut == "descent":
        windows, missing = squats(under, movement)
    elif task.cut == "contact":
        windows, missing = steps(under)
    else:
        windows, missing = cut(under, how=task.cut)
    beside = _Beside(trial, under, task)
    repetitions = []
    for number, window in enumerate(windows, start=1):
        decisions = curation if curation.empty else curation[curation["rep"].isna() | (curation["rep"] == number)]
        repetition, found = _score_window(beside, under, window, task, scorings, mass_kg, decisions)
        repetition = replace(repetition, trial_id=trial_id, task=str(trial.attrs["task"]), number=number)
        repetition, unknown = _with_leg(repetition, str(trial.attrs.get("leg", "both")), movement)
        repetitions.append(repetition)
        flags += [replace(flag, rep=number) for flag in (*found, *unknown)]
    return repetitions, flags + missing + decisions_without_effect(curation, repetitions=len(windows))


def _idle_decisions(curation: pd.DataFrame) -> list[QualityFlag]:
    """Report every decision about a trial of which nothing was read."""
    return trial_decisions(curation, sides=False) + decisions_without_effect(curation, repetitions=0)


def _with_leg(repetition: Repetition, leg: str, movement: Movement | None) -> tuple[Repetition, list[QualityFlag]]:
    """Name the legs that work; a running step is that of the lower foot, whose force is then the plates'.

    Where one foot alone is seen, the step is its own while it is about as low as it ever gets, else the other's. A step
    of which the markers do not tell the foot belongs to no leg. A leg that the study names is taken, and what
    the feet say against it is a flag.
    """
    named = leg if leg in SIDES else "both"
    running = TASKS[repetition.task].cut == "contact"
    if movement is None or not (running or named in FEET):
        return replace(repetition, leg=named), []
    left, right = _foot_heights(repetition, movement)
    if not running:
        raised = (left - right) * (1.0 if named == "left" else -1.0)
        contradicted = raised > RAISED_FOOT_M
        return replace(repetition, leg=named), [
            QualityFlag("leg_contradicted", "markers", raised, detail=named)
        ] * contradicted
    unseen = [side for side, height in (("left", left), ("right", right)) if not np.isfinite(height)]
    if len(unseen) == 2:
        return replace(repetition, leg=""), [QualityFlag("step_of_unknown_foot")]
    leg = "left" if left < right else "right"
    if unseen:
        seen, height = ("right", right) if unseen == ["left"] else ("left", left)
        lowest = float(np.nanmin(movement.signals["foot_height"][SIDES.index(seen)]))
        leg = seen if height < lowest + SWINGING_HEIGHT_M else unseen[0]
    force = repetition.force.copy()
    force[SIDES.index(leg)] = force[SIDES.index("both")]
    return replace(repetition, leg=leg, force=force), [QualityFlag("step_by_one_foot", detail=side) for side in unseen]


def _foot_heights(repetition: Repetition, movement: Movement) -> tuple[float, float]:
    """Height of left and right foot in the middle of the push-off [m]; NaN where it is not known."""
    events = next(iter(repetition.scores.values())).events
    start = events["touchdown"] if "touchdown" in events else events.get("movement_start", np.nan)
    middle = 0.5 * (start + events.get("takeoff", np.nan)) / repetition.rate
    if not np.isfinite(middle):
        return np.nan, np.nan
    frame = int(np.argmin(np.abs(movement.time - middle)))
    heights = movement.signals["foot_height"]
    return float(heights[SIDES.index("left"), frame]), float(heights[SIDES.index("right"), frame])


def _trial_flags(trial: xr.DataTree, under: GroundReaction) -> list[QualityFlag]:
    """Find what is wrong with the trial as a whole."""
    if "force" not in trial.children:
        return []
    force = trial.children["force"].to_dataset(inherit=False)
    vertical = vertical_of_plates(force)
    flags = []
    missing = int((~np.isfinite(vertical)).any(axis=0).sum())
    if missing:
        flags.append(QualityFlag("force_missing", value=float(missing)))
    elif (length := vertical.shape[-1] / under.rate) < SHORTEST_RECORDING_S:
        flags.append(QualityFlag("too_short", value=length, limit=SHORTEST_RECORDING_S))
    elif not under.plates:
        upside_down = [plate for plate in vertical if carries_load(-plate, rate=under.rate)]
        if upside_down:
            flags.append(QualityFlag("implausible_weight", value=-standing_load(-np.sum(upside_down, axis=0))))
        elif under.box is None:
            highest = f": force is at most {vertical.max():.1f} N, of an empty plate or in a wrong unit"
            flags.append(QualityFlag("no_force", value=float(vertical.max()), detail=highest))
    flags += _side_without_load(trial, under)
    if under.rate < LOW_RATE_HZ and TASKS[str(trial.attrs["task"])].cut != "quiet":
        flags.append(QualityFlag("low_rate", value=under.rate, limit=LOW_RATE_HZ))
    return flags


def _side_without_load(trial: xr.DataTree, under: GroundReaction) -> list[QualityFlag]:
    """Report a plate for one foot that nobody steps on in a task of both legs."""
    task = TASKS[str(trial.attrs["task"])]
    if task.cut == "contact" or trial.attrs.get("leg", "both") != "both" or not under.plates:
        return []
    force = trial.children["force"].to_dataset(inherit=False)
    names, feet = force.get_index("plate").tolist(), force.variables["foot"].data.astype(str).tolist()
    empty = [foot for foot in FEET if foot in feet and np.isnan(under.force[SIDES.index(foot)]).all()]
    plates = [(name, foot) for name, foot in zip(names, feet, strict=True) if foot in empty]
    return [QualityFlag("side_without_load", f"plate {name}", detail=foot) for name, foot in plates]


def _score_window(
    beside: _Beside,
    under: GroundReaction,
    window: Window,
    task: Task,
    scorings: dict[str, Profile],
    mass_kg: float,
    decisions: pd.DataFrame,
) -> tuple[Repetition, list[QualityFlag]]:
    """Score one window under every scoring and keep its signals."""
    scores = {
        name: SCORERS.get(task.cut, score_repetition)(under, window, task=task, profile=profile, mass_kg=mass_kg)
        for name, profile in scorings.items()
    }
    flags = [replace(flag, profile=name) for name, score in scores.items() if "|" not in name for flag in score.flags]
    flags += apply_decisions(scores, decisions, window, rate=under.rate)
    kept = _kept_samples(window, scores, under.rate, under.force.shape[1])
    return (
        Repetition(
            trial_id="",
            task="",
            number=0,
            first=kept.start,
            force=under.force[:, kept],
            rate=under.rate,
            scores=scores,
            pelvis_height=beside.pelvis_height[kept],
            centre_of_pressure=beside.centre_of_pressure[:, kept],
            forward_force=beside.forward_force[kept],
        ),
        flags,
    )


def session_repetitions(
    session: xr.DataTree,
    *,
    default: str,
    profiles: list[str],
    curation: pd.DataFrame,
    options: MotionOptions = DEFAULT_OPTIONS,
) -> tuple[xr.Dataset | None, pd.DataFrame]:
    """Cut and score every trial of a session.

    Parameters
    ----------
    session : a session file, opened.
    default : the profile whose numbers go into metrics.csv and whose uncertainties are found.
    profiles : all profiles to score under.
    curation : rows of curation.tsv about this session.
    options : how motion is computed from markers.

    Returns
    -------
    repetitions : Dataset with dims rep, scoring, side, sample; None where no trial holds one.
    quality : one row per flag, columns FLAG_COLUMNS.
    """
    published = load_profiles()
    scorings = {default: published[default]}
    scorings |= {name: published[name] for name in profiles if name != default}
    scorings |= variants(published[default])
    person = person_of(session)
    repetitions: list[Repetition] = []
    movements: dict[str, Movement | None] = {}
    standing, anatomy = _standing_trial(session)
    rows = []
    who = {name: str(session.attrs[name]) for name in ("participant_id", "session_id")}
    for trial_id, trial in session.children.items():
        load = float(trial.attrs.get("load_kg", np.nan))
        decided = curation if curation.empty else curation[curation["trial_id"] == trial_id]
        try:
            movements[trial_id], notes = trial_movement(trial, anatomy, person=person, options=options)
            found, flags = trial_repetitions(
                trial,
                trial_id=trial_id,
                scorings=scorings,
                mass_kg=person.body_mass_kg + (0.0 if np.isnan(load) else load),
                curation=decided,
                movement=movements[trial_id],
            )
        except Exception as error:  # whatever is wrong with one trial, the others are scored
            logging.getLogger(__name__).exception("trial %s", trial_id)
            failed = QualityFlag("not_computed", signal="trial", detail=f"{type(error).__name__}: {error}")
            movements[trial_id], found, flags, notes = None, [], [failed], []
        flags += notes
        repetitions += found
        task = str(trial.attrs["task"])
        rows += [{**who, "trial_id": trial_id, "task": task, **_row(flag)} for flag in flags]
    quality = pd.DataFrame(rows, columns=list(FLAG_COLUMNS))
    if not repetitions:
        return None, quality
    dataset = lay_out(repetitions, list(scorings), movements, standing)
    dataset.attrs = {**who, "default_scoring": default, "profiles": json.dumps([default, *profiles])}
    return dataset, quality


def _standing_trial(session: xr.DataTree) -> tuple[str | None, StaticTrial | None]:
    """Standing trial that shows most markers under standard labels, the first of equals, and its posture.

    Without such markers, the first standing trial of recorded segments, which have no posture.
    """
    standing = {name: trial for name, trial in session.children.items() if trial.attrs["task"] == "standing"}
    best: tuple[str | None, StaticTrial | None] = (None, None)
    for name, trial in standing.items():
        if "markers" not in trial.children:
            continue
        markers = Markers.recorded(trial.children["markers"].to_dataset(inherit=False))
        if len(markers.position) < 2 or not np.isfinite(markers.rate_hz):
            continue
        posture = static_trial(markers)
        shown = len(set(MARKERS) & set(posture.points))
        if shown > (0 if best[1] is None else len(set(MARKERS) & set(best[1].points))):
            best = str(name), posture
    if best[0] is None:
        best = next((str(name) for name, trial in standing.items() if "segments" in trial.children), None), None
    return best


def write_repetitions(reps: xr.Dataset | None, quality: pd.DataFrame, path: Path) -> None:
    """Write a reps file, whole or not at all; the flags travel as JSON in the attribute `quality`."""
    dataset = (xr.Dataset() if reps is None else reps).assign_attrs(quality=quality.to_json(orient="records"))
    signals = [name for name in dataset if {"sample", "frame"} & set(dataset[name].dims)]
    encoding = {name: compressed(decimals=DECIMALS[dataset[name].attrs["units"]]) for name in signals}
    with written_whole(path) as unfinished:
        dataset.to_netcdf(unfinished, engine="netcdf4", encoding=encoding)


def reps_files(folders: Iterable[str | Path]) -> list[Path]:
    """Reps files in the folders of participants: one participant after the other, the sessions of each by name."""
    return [path for folder in folders for path in sorted(Path(folder).glob("*.nc"))]


def open_repetitions(path: Path) -> tuple[xr.Dataset | None, pd.DataFrame]:
    """Read a reps file: the repetitions, None where no trial holds one, and the flags."""
    with xr.open_dataset(path, engine="netcdf4") as dataset:
        reps = dataset.load()
    rows = json.loads(str(reps.attrs.pop("quality")))
    quality = pd.DataFrame(rows, columns=list(FLAG_COLUMNS)).astype({"value": float, "limit": float})
    return (reps if "rep" in reps.sizes else None), quality


def _row(flag: QualityFlag) -> dict[str, object]:
    """Lay a flag out in columns of the quality table."""
    return {name: getattr(flag, name) for name in FLAG_COLUMNS if hasattr(flag, name)}
