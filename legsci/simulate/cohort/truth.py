"""True values of a simulated study: tables that only parameter recovery may read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from legsci.simulate.cohort.process import Cohort
from legsci.simulate.cohort.tables import simulate_tables
from legsci.vocabulary import SIDES_OF_BODY

#: Folder of the truth within the study folder.
FOLDER = "truth"


def truth_tables(cohort: Cohort) -> dict[str, pd.DataFrame]:
    """Return the true values of a cohort.

    Returns
    -------
    tables : parameters (one row per number of the configuration, by its dotted name), athletes (one row per athlete:
        what was drawn for the person), weeks (one row per athlete and week: alignment, time at risk, problems, whether
        or not the athlete was still in the study) and reps (one row per attended session, rep and side: values without
        measurement error; what is constant within a recorded trial, such as the eccentric time of a set of
        squats, is recorded as the mean of its reps).
    """
    return {
        "parameters": parameters_table(cohort.config),
        "athletes": athletes_table(cohort),
        "weeks": weeks_table(cohort),
        "reps": reps_table(cohort),
    }


def write_truth(folder: str | Path, cohort: Cohort) -> list[Path]:
    """Write the truth of a cohort into the folder `truth` of its study folder and return the files' paths.

    Tab-separated, `n/a` for missing, like the tables of the study.
    """
    target = Path(folder) / FOLDER
    target.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, table in truth_tables(cohort).items():
        paths.append(target / f"{name}.tsv")
        table.to_csv(paths[-1], sep="\t", index=False, na_rep="n/a", lineterminator="\n")
    return paths


def parameters_table(config: Mapping[str, Any]) -> pd.DataFrame:
    """Return every number of the configuration with its dotted name, as in jump.gain_percent_per_week."""
    return pd.DataFrame(list(_flat(config)), columns=["parameter", "value"])


def simulate_tables_with_parameters(config: Mapping[str, Any], seed: int) -> dict[str, pd.DataFrame]:
    """Simulate a cohort without its recordings, for checks of models over many cohorts.

    Parameters
    ----------
    config : the block `virtual` of workflow/config.yaml.
    seed : of the cohort.

    Returns
    -------
    The tables of `simulate_tables`, and `parameters` (see `parameters_table`).
    """
    return simulate_tables(config, seed=seed) | {"parameters": parameters_table(config)}


def athletes_table(cohort: Cohort) -> pd.DataFrame:
    """Return what was drawn for each person."""
    learning = cohort.learning
    return pd.DataFrame(
        {
            "participant_id": cohort.participants,
            "frailty": cohort.athletes.frailty,
            "proficiency": cohort.athletes.proficiency,
            "knee_abduction_plateau_deg": learning.plateau,
            "knee_abduction_excess_deg": learning.excess,
            "half_time_weeks": learning.half_time,
            "knee_abduction_typical_deg": learning.typical,
            "usual_hours": cohort.training.usual_hours,
            "usual_load": cohort.training.usual_load,
            **cohort.performance.athlete,
        }
    )


def weeks_table(cohort: Cohort) -> pd.DataFrame:
    """Return what was true of each week."""
    follow_up = cohort.follow_up
    athlete, week = (index.ravel() for index in np.indices(follow_up.hours.shape))
    return pd.DataFrame(
        {
            "participant_id": np.array(cohort.participants)[athlete],
            "week": week,
            "knee_abduction_deg": follow_up.alignment.ravel(),
            "lost_days": follow_up.lost_days.ravel(),
            "at_risk_overuse": follow_up.at_risk_overuse.ravel(),
            "overuse_onset": follow_up.overuse_onset.ravel(),
            "acute_onset": follow_up.acute_onset.ravel(),
            "overuse_problem": follow_up.problem.ravel(),
        }
    )


def reps_table(cohort: Cohort) -> pd.DataFrame:
    """Return the values of each rep of the attended sessions, one row per side."""
    performance = cohort.performance
    athlete, visit = np.nonzero(cohort.attendance.attended)
    moving = [number for number, rep in enumerate(performance.reps) if rep.task != "standing"]
    reps = [performance.reps[number] for number in moving]
    rows = len(reps) * len(SIDES_OF_BODY)
    keys = pd.DataFrame(
        {
            "participant_id": np.repeat(np.array(cohort.participants)[athlete], rows),
            "session_id": np.repeat(np.array(cohort.sessions)[visit], rows),
            "trial_id": np.tile(np.repeat([rep.trial_id for rep in reps], len(SIDES_OF_BODY)), len(athlete)),
            "rep": np.tile(np.repeat([rep.rep for rep in reps], len(SIDES_OF_BODY)), len(athlete)),
            "side": np.tile(SIDES_OF_BODY, len(athlete) * len(reps)),
        }
    )
    both = {
        name: np.repeat(value[athlete, visit][:, moving].ravel(), len(SIDES_OF_BODY))
        for name, value in performance.both.items()
    }
    sided = {name: value[athlete, visit][:, moving].ravel() for name, value in performance.sided.items()}
    return pd.concat([keys, pd.DataFrame(both | sided)], axis="columns")


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    """Name each number of nested settings by its path."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", float(value)
