"""A session: its trials cut, scored under every profile and laid side by side in one Dataset."""

from __future__ import annotations

import json
import logging

import numpy as np
import pandas as pd
import xarray as xr

from legsci.mechanics.force.profiles import load_profiles, variants
from legsci.mechanics.force.session_reference import TrialReference, session_reference, with_known_zero
from legsci.mechanics.kinetics.movement import Movement, person_of, trial_movement
from legsci.mechanics.motion.options import DEFAULT_OPTIONS, MotionOptions
from legsci.mechanics.motion.static_trial import session_static_trial
from legsci.mechanics.reps.files import FLAG_COLUMNS
from legsci.mechanics.reps.repetition import Repetition, lay_out
from legsci.mechanics.reps.trial import trial_repetitions
from legsci.quality import QualityFlag


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
    reference = session_reference(session)
    repetitions: list[Repetition] = []
    movements: dict[str, Movement | None] = {}
    standing, static = session_static_trial(session)
    rows = []
    who = {name: str(session.attrs[name]) for name in ("participant_id", "session_id")}
    for trial_id, recorded in session.children.items():
        load = float(recorded.attrs.get("load_kg", np.nan))
        decided = curation if curation.empty else curation[curation["trial_id"] == trial_id]
        try:
            trial = with_known_zero(recorded, reference.trials.get(trial_id, TrialReference()))
            movements[trial_id], notes = trial_movement(trial, static, person=person, options=options)
            found, flags = trial_repetitions(
                trial,
                trial_id=trial_id,
                scorings=scorings,
                mass_kg=person.body_mass_kg + (0.0 if np.isnan(load) else load),
                curation=decided,
                movement=movements[trial_id],
                reference=reference.trials.get(trial_id, TrialReference()),
            )
        except Exception as error:  # one trial that fails does not keep the others from being scored
            logging.getLogger(__name__).exception("trial %s", trial_id)
            failed = QualityFlag("not_computed", signal="trial", detail=f"{type(error).__name__}: {error}")
            movements[trial_id], found, flags, notes = None, [], [failed], []
        flags += notes
        repetitions += found
        task = str(recorded.attrs["task"])
        rows += [{**who, "trial_id": trial_id, "task": task, **_columns(flag)} for flag in flags]
    quality = pd.DataFrame(rows, columns=list(FLAG_COLUMNS))
    if not repetitions:
        return None, quality
    dataset = lay_out(repetitions, list(scorings), movements, standing)
    dataset.attrs = {**who, "default_scoring": default, "profiles": json.dumps([default, *profiles])}
    return dataset, quality


def _columns(flag: QualityFlag) -> dict[str, object]:
    """Lay a flag out in columns of the quality table."""
    return {name: getattr(flag, name) for name in FLAG_COLUMNS if hasattr(flag, name)}
