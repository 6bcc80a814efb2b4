"""Plates and markers of a virtual session from raw files to metrics: processor time of each step, after imports."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import ezc3d
import yaml

from benchmarks.timing import Measurement
from legsci.ingest.session import build_session, open_session, write_session
from legsci.ingest.study import Study, read_study
from legsci.mechanics.kinetics.motion_file import open_motion, write_motion
from legsci.mechanics.kinetics.session_motion import session_motion
from legsci.mechanics.reps.files import open_repetitions, write_repetitions
from legsci.mechanics.reps.session import session_repetitions
from legsci.mechanics.reps.signals import with_signals
from legsci.metrics.tables import study_tables
from legsci.simulate.cohort.recording_plan import plan_recordings
from legsci.simulate.recordings import session_files as files

CONFIG = Path(__file__).parents[1] / "workflow" / "config.yaml"
#: The first run compiles or loads the kernels, which is part of the imports here.
ROUNDS = 31
LIMIT_MS = 1000.0
#: Steps that only keep what the jobs of the workflow hand on.
FILES_BETWEEN = ("write session", "open session", "write motion", "open motion", "write reps", "open reps")
#: Beside the steps: ezc3d reads the same files and nothing else is done, which tells how fast the machine is just then.
DECODING = "ezc3d alone"
#: The whole way is to take no more than this many times as long.
TIMES_DECODING = 3.0


def measure() -> list[Measurement]:
    """Return processor time of the whole way beside its limit, and print that of the steps."""
    options = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        study = virtual_study(Path(folder), options["virtual"])
        runs = [_steps_s(study, Path(folder), options) for _ in range(1 + ROUNDS)][1:]
    steps = {name: 1000.0 * statistics.median(run[name] for run in runs) for name in runs[0]}
    print("; ".join(f"{name} {milliseconds:.0f} ms" for name, milliseconds in steps.items()))
    decoding = steps.pop(DECODING)
    whole = [1000.0 * sum(run[name] for name in steps) for run in runs]
    needed = [1000.0 * sum(run[name] for name in steps if name not in FILES_BETWEEN) for run in runs]
    low, middle, high = statistics.quantiles(needed)
    print(f"raw files to metrics, {ROUNDS} rounds: median {middle:.0f} ms, quartiles {low:.0f} and {high:.0f} ms")
    job = f"a virtual session of {len(study.trials)} trials, raw files to metrics, processor time"
    return [
        Measurement(job, "limit of 1 s", middle, LIMIT_MS, 1.0),
        Measurement(job, "ezc3d reading the same files", middle, decoding, 1.0 / TIMES_DECODING),
        Measurement(f"{job}, with the files between jobs", "limit of 1 s", statistics.median(whole), LIMIT_MS, 1.0),
        Measurement(
            f"{job}, with the files between jobs",
            "ezc3d reading the same files",
            statistics.median(whole),
            decoding,
            1.0 / TIMES_DECODING,
        ),
    ]


def virtual_study(folder: Path, options: dict[str, Any]) -> Study:
    """Simulate plates and markers of the first session of the first virtual athlete, and read its study."""
    planned = plan_recordings(options, seed=options["seed"])
    plain = {"emg": False, "wearables": False, "plates_apart": False}
    trials = tuple(replace(trial, **plain) for trial in planned.sessions[0].trials)
    first = replace(planned.sessions[0], trials=trials)
    files.write_study_settings(folder)
    for name, table in planned.tables.items():
        table.to_csv(folder / f"{name}.tsv", sep="\t", index=False, na_rep="n/a", lineterminator="\n")
    files.write_session_tables(folder, [files.session_rows(first)])
    files.record_session(folder, first)
    return read_study(folder, require_recordings=False, checked=True)


def _steps_s(study: Study, folder: Path, options: dict[str, Any]) -> dict[str, float]:
    """Processor time of each step as the jobs of the workflow take it, files between them included [s]."""
    taken: dict[str, float] = {}

    def timed(name: str, step: Callable[[], Any]) -> Any:
        start = time.process_time()
        answer = step()
        taken[name] = taken.get(name, 0.0) + time.process_time() - start
        return answer

    session_file, motion_file, reps_file = (folder / f"{name}.nc" for name in ("session", "motion", "reps"))
    keys = study.trials.iloc[0]
    built = timed("read raw files", lambda: build_session(study, keys["participant_id"], keys["session_id"]))
    timed("write session", lambda: write_session(built, session_file))
    session = timed("open session", lambda: open_session(session_file))
    computed = timed("compute motion", lambda: session_motion(session))
    timed("write motion", lambda: write_motion(computed, motion_file))
    motion = timed("open motion", lambda: open_motion(motion_file))
    scored = {"default": options["profile"], "profiles": options["profiles"], "curation": study.curation}
    reps, flags = timed("cut and score", lambda: session_repetitions(motion, **scored))
    timed("write reps", lambda: write_repetitions(reps, flags, reps_file))
    kept, flags = timed("open reps", lambda: open_repetitions(reps_file))
    # The job that measures opens the motion once more.
    again = timed("open motion", lambda: open_motion(motion_file))
    timed("measure", lambda: study_tables([(with_signals(kept, again), flags)]))
    files_read = [study.folder / str(path) for path in study.recordings["path"]]
    timed(DECODING, lambda: [ezc3d.c3d(str(path)) for path in files_read])
    return taken
