"""A study folder of recordings of bodies, as a laboratory hands it over, and what legsci makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from legsci.ingest.session import build_session
from legsci.ingest.study import read_study
from legsci.mechanics.kinetics.session_motion import SessionMotion, session_motion
from legsci.mechanics.motion.options import MotionOptions
from legsci.mechanics.reps.session import session_repetitions
from legsci.mechanics.reps.signals import with_signals
from legsci.metrics.tables import study_tables
from tests.independent.anatomy import Anatomy, Errors, draw_anatomy
from tests.independent.dynamics import Trial
from tests.independent.recording import Laboratory, channels, draw_laboratory, markers, write_trial

NAME, SESSION, PROFILE = "independent", "1", "owen_mcmahon"


@dataclass(frozen=True)
class Recorded:
    """A body that was recorded: its trials by task, its anatomy and the laboratory."""

    trials: dict[str, Trial]
    anatomy: Anatomy
    laboratory: Laboratory


def record(folder: Path, trials: dict[str, Trial], seed: int, errors: Errors) -> Recorded:
    """Write the study folder of one body: a C3D file for each trial, and the tables.

    Parameters
    ----------
    folder : that does not exist yet.
    trials : by task; one of them is standing.
    seed : of the body.
    errors : of the laboratory.
    """
    folder.mkdir(parents=True)
    rng = np.random.default_rng([seed, 3])
    body, standing = trials["standing"].body, trials["standing"]
    anatomy, laboratory = draw_anatomy(body, errors, standing, rng), draw_laboratory(errors, rng)
    for number, (task, trial) in enumerate(trials.items()):
        paths = markers(trial, anatomy, errors, standing, (seed, 4, number))
        loads = channels(trial, errors, laboratory, np.random.default_rng([seed, 5, number]))
        write_trial(folder / f"{task}.c3d", paths, loads, laboratory)
    labels = [label for worn in anatomy.worn.values() for label in worn]
    settings = {
        "name": NAME,
        "simulated": True,
        "lab": {"up": laboratory.up, "forward": laboratory.forward},
        "devices": {
            "lab": {
                "reader": "c3d",
                "plates": {"1": {"foot": "right"}, "2": {"foot": "left"}},
                "markers": {label: label for label in labels},
            }
        },
    }
    (folder / "study.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    who = {"participant_id": f"b{seed}", "session_id": SESSION}
    tables = {
        "participants": [
            {"participant_id": who["participant_id"], "sex": body.sex, "body_mass_kg": round(body.mass_kg, 2)}
        ],
        "sessions": [who | {"date": "2026-01-01"}],
        "trials": [
            who | {"trial_id": task, "task": task, "leg": trial.technique.leg or "both"}
            for task, trial in trials.items()
        ],
        "recordings": [who | {"trial_id": task, "device": "lab", "path": f"{task}.c3d"} for task in trials],
    }
    for name, rows in tables.items():
        pd.DataFrame(rows).to_csv(folder / f"{name}.tsv", sep="\t", index=False)
    return Recorded(trials, anatomy, laboratory)


@dataclass(frozen=True)
class Measured:
    """What legsci makes of a study folder: motion of its session, and its tables by name (metrics, reps, quality)."""

    motion: SessionMotion
    tables: dict[str, pd.DataFrame]


def measure(folder: Path, options: Mapping[str, MotionOptions] | None = None) -> Measured:
    """Run legsci on a study folder of one session, by the functions that its workflow calls."""
    study = read_study(folder)
    participant = str(study.participants["participant_id"].iloc[0])
    motion = session_motion(build_session(study, participant, SESSION), options=options)
    reps, quality = session_repetitions(motion, default=PROFILE, profiles=[PROFILE], curation=study.curation)
    signals = None if reps is None else with_signals(reps, motion)
    return Measured(motion, study_tables([(signals, quality)]))
