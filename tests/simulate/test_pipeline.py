"""A small cohort through the whole pipeline: what was put in comes out, within bounds that are stated here."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from legsci.ingest.session import build_session
from legsci.ingest.study import read_study
from legsci.mechanics.force.profiles import load_profiles
from legsci.metrics.tables import study_tables
from legsci.models.parameter_recovery import parameter_recovery, truth_pairs
from legsci.simulate.cohort.recording_plan import plan_recordings
from legsci.simulate.recordings.session_files import (
    record_session,
    session_rows,
    write_session_tables,
    write_study_settings,
)
from tests.mechanics.trials import cut_session

ROOT = Path(__file__).resolve().parent.parent.parent
#: (task, metric) -> largest bias and largest single difference allowed, in the metric's unit. Force is straight to
#: within 0.2 ms of zero in the simulated push-off, so that times of contact err by a part of a sample of 1 ms.
BOUNDS = {
    ("standing", "body_weight_n"): (3.0, 5.0),
    ("countermovement_jump", "body_weight_n"): (2.0, 5.0),
    ("countermovement_jump", "jump_height_impulse_m"): (0.003, 0.010),
    ("countermovement_jump", "jump_height_flight_time_m"): (0.020, 0.025),
    ("countermovement_jump", "flight_time_s"): (0.0005, 0.001),
    ("countermovement_jump", "time_to_takeoff_s"): (0.030, 0.040),
    ("countermovement_jump", "braking_time_s"): (0.003, 0.006),
    ("countermovement_jump", "propulsion_time_s"): (0.001, 0.003),
    ("countermovement_jump", "countermovement_depth_m"): (0.004, 0.008),
    ("squat_jump", "jump_height_impulse_m"): (0.003, 0.010),
    ("drop_jump", "jump_height_impulse_m"): (0.012, 0.025),
    ("drop_jump", "contact_time_s"): (0.0005, 0.001),
    ("drop_jump", "fall_height_m"): (0.010, 0.020),
}


def options(**changes: Any) -> dict[str, Any]:
    """The options that come with legsci, for few athletes and one session."""
    config = yaml.safe_load((ROOT / "workflow" / "config.yaml").read_text(encoding="utf-8"))["virtual"]
    return config | {"athletes": 3, "visits": 1} | changes


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of each file of a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def write_study(folder: Path, config: dict[str, Any]) -> pd.DataFrame:
    """Write the study folder of a cohort; return the truth of its trials."""
    planned = plan_recordings(config, seed=config["seed"])
    for name, table in planned.tables.items():
        folder.mkdir(exist_ok=True)
        table.to_csv(folder / f"{name}.tsv", sep="\t", index=False, na_rep="n/a", lineterminator="\n")
    write_study_settings(folder)
    write_session_tables(folder, [session_rows(session) for session in planned.sessions])
    return pd.DataFrame([row for session in planned.sessions for row in record_session(folder, session).truth])


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Metrics of three athletes, and the truth."""
    folder = tmp_path_factory.mktemp("cohort") / "virtual"
    truth = write_study(folder, options())
    study = read_study(folder)
    sessions = study.trials[["participant_id", "session_id"]].drop_duplicates().itertuples(index=False)
    reps = (
        cut_session(build_session(study, person, visit), profiles=list(load_profiles()), curation=study.curation)
        for person, visit in sessions
    )
    return study_tables(reps)["metrics"], truth


def test_the_truth_is_recovered_within_stated_bounds(measured: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    table = parameter_recovery(truth_pairs(*measured)).set_index(["task", "metric"])
    beyond = {
        key: table.loc[[key], ["n", "bias", "largest"]].to_dict("records")
        for key, (bias, largest) in BOUNDS.items()
        if not (abs(table.loc[key, "bias"]) <= bias and table.loc[key, "largest"] <= largest)
    }
    assert beyond == {}


def test_no_trial_is_lost_between_the_plan_and_the_tables(measured: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    metrics, truth = measured
    key = ["participant_id", "session_id", "trial_id"]
    assert set(metrics[key].itertuples(index=False)) == set(truth[key].itertuples(index=False))


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    jump = dict.fromkeys(options()["trials"], 0) | {"countermovement_jump": 1}
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        write_study(tmp_path / name, options(athletes=1, trials=jump, seed=seed))
    first, again, other = (digests(tmp_path / name) for name in "abc")
    assert first == again
    assert first.keys() == other.keys()
    recordings = [path for path in first if path.endswith(".c3d")]
    assert recordings
    assert all(first[path] != other[path] for path in recordings)
    assert first["participants.tsv"] != other["participants.tsv"]
