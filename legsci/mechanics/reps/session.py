"""A session: its trials cut, scored under every profile and laid side by side in one Dataset."""

from __future__ import annotations

import json
import logging

import numpy as np
import pandas as pd
import xarray as xr

from legsci.mechanics.force.profiles import Profile, load_profiles, variants
from legsci.mechanics.kinetics.session_motion import SessionMotion
from legsci.mechanics.reps.curation import choice_of, chosen_events
from legsci.mechanics.reps.files import FLAG_COLUMNS
from legsci.mechanics.reps.muscle_onsets import muscle_onsets
from legsci.mechanics.reps.repetition import CLOCK, UNPERTURBED, Repetition, Scoring, lay_out
from legsci.mechanics.reps.sensor_reps import sensor_events
from legsci.mechanics.reps.trial import trial_repetitions
from legsci.quality import QualityFlag


def session_repetitions(
    motion: SessionMotion,
    *,
    default: str,
    profiles: list[str],
    curation: pd.DataFrame,
    session: xr.DataTree | None = None,
) -> tuple[xr.Dataset | None, pd.DataFrame]:
    """Cut and score every trial of a session.

    Parameters
    ----------
    motion : of the session: a motion file, opened, or the answer of `session_motion`.
    default : the profile whose numbers go into metrics.csv and whose uncertainties are found.
    profiles : all profiles to score under.
    curation : rows of curation.tsv about this session.
    session : session file, opened, for onsets of muscles; None: these are left out.

    Returns
    -------
    repetitions : Dataset with dims rep, profile, perturbation, side (ARCHITECTURE.md); None where no trial holds one.
        `legsci.mechanics.reps.signals.with_signals` puts the signals of the motion file beside it.
    quality : one row per flag, columns FLAG_COLUMNS.
    """
    published = load_profiles()
    names = [default, *(name for name in profiles if name != default)]
    moved = variants(published[default])
    scorings: dict[Scoring, Profile] = {(name, UNPERTURBED): published[name] for name in names}
    if any(trial.movement is not None and trial.movement.clock_uncertainty_s > 0.0 for trial in motion.trials.values()):
        moved[CLOCK] = published[default]
    moved |= {choice_of(event): published[default] for event in chosen_events(curation)}
    scorings |= {(default, source): profile for source, profile in moved.items()}
    mass_kg = float(motion.attrs.get("body_mass_kg", np.nan))
    repetitions: list[Repetition] = []
    rows = []
    who = {name: str(motion.attrs[name]) for name in ("participant_id", "session_id")}
    for trial_id, trial in motion.trials.items():
        load = float(trial.attrs.get("load_kg", np.nan))
        decided = curation if curation.empty else curation[curation["trial_id"] == trial_id]
        found: list[Repetition] = []
        flags = list(trial.flags)
        if not any(flag.code == "not_computed" for flag in flags):
            try:
                found, cut_flags = trial_repetitions(
                    trial,
                    trial_id=trial_id,
                    scorings=scorings,
                    mass_kg=mass_kg + (0.0 if np.isnan(load) else load),
                    curation=decided,
                )
                flags = [*cut_flags, *flags]
            except Exception as error:  # one trial that fails does not keep the others from being scored
                logging.getLogger(__name__).exception("trial %s", trial_id)
                flags = [QualityFlag("not_computed", signal="trial", detail=f"{type(error).__name__}: {error}")]
        repetitions += found
        task = str(trial.attrs["task"])
        rows += [{**who, "trial_id": trial_id, "task": task, **_columns(flag)} for flag in flags]
    if not repetitions:
        return None, pd.DataFrame(rows, columns=list(FLAG_COLUMNS))
    dataset = lay_out(repetitions, names, [UNPERTURBED, *moved])
    dataset = dataset.merge(sensor_events(dataset, motion))
    if session is not None:
        onsets, no_onset = muscle_onsets(dataset, motion, session)
        dataset = dataset.merge(onsets)
        for rep, flags in no_onset.items():
            about = {name: str(dataset[name].to_numpy()[rep]) for name in ("trial_id", "task")}
            rows += [{**who, **about, **_columns(flag)} for flag in flags]
    dataset.attrs = {**who, "default_profile": default, "profiles": json.dumps([default, *profiles])}
    return dataset, pd.DataFrame(rows, columns=list(FLAG_COLUMNS))


def trials_with_swapped_sides(curation: pd.DataFrame) -> set[str]:
    """Trials whose plates people found exchanged between left and right, from the rows of curation.tsv."""
    if curation.empty:
        return set()
    return set(curation.loc[curation["what"] == "swap_sides", "trial_id"].astype(str))


def _columns(flag: QualityFlag) -> dict[str, object]:
    """Lay a flag out in columns of the quality table."""
    return {name: getattr(flag, name) for name in FLAG_COLUMNS if hasattr(flag, name)}
