"""A finished study: a jump, a trial without a flight and one that could not be read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import legsci
from legsci.ingest.session import write_session
from legsci.mechanics.kinetics.motion_file import write_motion
from legsci.mechanics.kinetics.session_motion import session_motion
from legsci.mechanics.reps.files import write_repetitions
from legsci.mechanics.reps.session import session_repetitions
from legsci.mechanics.reps.signals import with_signals
from legsci.metrics.tables import study_tables
from legsci.present.results import Results
from legsci.vocabulary import STANDARD_GRAVITY

RATE_HZ = 1000.0
MASS_KG = 70.0
TAKEOFF_VELOCITY = 2.5
NO_DECISIONS = pd.DataFrame(
    columns=["participant_id", "session_id", "trial_id", "rep", "what", "event", "value", "reason", "initials"]
)


def jump_force() -> np.ndarray:
    """Vertical force [N]: standing, 0.3 s down, up to TAKEOFF_VELOCITY, flight, landing, standing."""
    flight_s = 2.0 * TAKEOFF_VELOCITY / STANDARD_GRAVITY
    pieces = [(2.0, 0.0), (0.3, -4.0), (0.4, (TAKEOFF_VELOCITY + 1.2) / 0.4), (flight_s, -STANDARD_GRAVITY)]
    pieces += [(0.2, TAKEOFF_VELOCITY / 0.2), (2.0, 0.0)]
    acceleration = np.concatenate([np.full(round(seconds * RATE_HZ), value) for seconds, value in pieces])
    noise = np.random.default_rng(1).normal(0.0, 0.5, acceleration.size)
    return MASS_KG * (STANDARD_GRAVITY + acceleration) + noise


#: Attributes of a signal as the reader leaves them.
CLOCK = {
    "clock_offset_s": 0.0,
    "clock_offset_uncertainty_s": 0.0,
    "clock_drift": 0.0,
    "clock_drift_uncertainty": 0.0,
}
ORIGIN = {"kind": "force", "device": "plates", "reader": "delimited", "source": "jump.txt", "sha256": "0" * 64}
READING = ORIGIN | {
    "sampling_rate_hz": RATE_HZ,
    "clock_method": "clock of the recorder",
    **CLOCK,
    "assumptions": json.dumps(["Rate as the study says.", "Unit N."]),
}


def trial(force: np.ndarray | None, **attrs: str) -> xr.DataTree:
    """A trial of a session file: half of the force under each foot, or no signals at all."""
    tree = xr.DataTree()
    if force is not None:
        signal = xr.DataArray(
            np.stack([0.5 * force, 0.5 * force])[:, :, None],
            dims=("plate", "time", "axis"),
            coords={"plate": ["1", "2"], "time": np.arange(force.size) / RATE_HZ, "axis": ["y"]},
        )
        dataset = signal.to_dataset(name="force").assign_coords(foot=("plate", ["left", "right"]))
        tree = xr.DataTree(children={"force": xr.DataTree(dataset.assign_attrs(**READING))})
    tree.attrs = {"task": "countermovement_jump", **attrs}
    return tree


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of a simulated study of one session, as the workflow leaves them."""
    folder = tmp_path_factory.mktemp("results") / "made"
    sentence = json.dumps([["unreadable", "the file ends in the middle of a sample"]])
    standing = MASS_KG * STANDARD_GRAVITY + np.random.default_rng(3).normal(0.0, 0.5, 3000)
    trials = {"jump": trial(jump_force()), "stood": trial(standing), "broken": trial(None, faults=sentence)}
    session = xr.DataTree(children=trials)
    session.attrs = {"study": "made", "participant_id": "P01", "session_id": "01", "simulated": 1}
    write_session(session, folder / "sessions" / "P01" / "01.nc")
    profiles = ["owen_mcmahon", "harry", "vald", "s3d"]
    motion = session_motion(session)
    write_motion(motion, folder / "motion" / "P01" / "01.nc")
    reps, flags = session_repetitions(motion, default="owen_mcmahon", profiles=profiles, curation=NO_DECISIONS)
    assert reps is not None
    (folder / "reps").mkdir()
    write_repetitions(reps, flags, folder / "reps" / "P01" / "01.nc")
    for name, table in study_tables([(with_signals(reps, motion), flags)]).items():
        table.to_csv(folder / f"{name}.csv", index=False)
        table.to_parquet(folder / f"{name}.parquet", index=False)
    (folder / "about.yaml").write_text("simulated: true\n", encoding="utf-8")
    return folder


@pytest.fixture
def study(folder: Path) -> Results:
    return legsci.open_study(folder)
