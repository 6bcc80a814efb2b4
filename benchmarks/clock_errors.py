"""Errors of the relation of two clocks, and how often the stated uncertainty covers them.

`python -m benchmarks.clock_errors` records sessions of virtual athletes and bodies of the rigid-body engine with
sensors on yielding skin and with cameras, each on a clock of its own (tests/ingest/clocks/known_clocks.py), and writes
clock_errors.csv beside this file; its first line bears the date and the seeds.
"""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.dated import write_dated
from legsci.ingest.clocks.declared import Clock
from legsci.ingest.clocks.measured import as_measured, lags_of_trial
from legsci.ingest.clocks.relation import fit_relation
from legsci.simulate.athlete.body import Athlete
from legsci.vocabulary import STANDARD_GRAVITY
from tests.independent.bodies import draw_body
from tests.independent.dynamics import perform
from tests.independent.engine import Figure
from tests.ingest.clocks.known_clocks import (
    FINE_HZ,
    LARGEST_DRIFT,
    OFFSET_S,
    Moved,
    cameras,
    draw_worn,
    plates,
    sensor,
    virtual_movement,
)

TABLE = Path(__file__).with_name("clock_errors.csv")
SESSIONS, BODIES = 16, 16
#: The method was developed on seeds from 0 to 200.
FIRST_SEED, FIRST_BODY = 21_000, 300
#: Trials of a session of ten minutes, whose recorders were not stopped.
TRIALS = ("countermovement_jump", "squat_jump", "drop_jump", "squat", "countermovement_jump", "squat_jump", "drop_jump")
SESSION_S = 600.0
ENGINE_TASKS = ("countermovement_jump", "drop_jump", "squat")
#: Place of the sensor in the axes of the pelvis [m].
SACRUM = np.array([-0.10, 0.02, 0.0])
ACCELERATION = Clock(("other",), "acceleration")


def virtual_session(seed: int) -> list[dict[str, object]]:
    """Record a session of a virtual athlete; a row per trial and per session and recorder."""
    rng = np.random.default_rng([20, seed])
    athlete = Athlete(height_m=float(rng.uniform(1.6, 1.9)), mass_kg=float(rng.uniform(50.0, 95.0)))
    return session_rows("virtual", [virtual_movement(task, athlete, rng) for task in TRIALS], rng)


def engine_session(seed: int) -> list[dict[str, object]]:
    """Record a session of a body of the rigid-body engine, without cameras; empty of one that falls."""
    figure, moved = Figure.of(draw_body(seed)), []
    for task in ENGINE_TASKS:
        try:
            trial = perform(figure, seed, task)
        except RuntimeError:
            continue
        place = trial.position["pelvis"] + trial.rotation["pelvis"] @ SACRUM
        felt = np.gradient(np.gradient(place, 1.0 / FINE_HZ, axis=0), 1.0 / FINE_HZ, axis=0)
        felt += np.array([0.0, STANDARD_GRAVITY, 0.0])
        force = sum(trial.force.values())[:, 1]
        moved.append(Moved(task, force, {"pelvis": (trial.rotation["pelvis"], felt, trial.spin["pelvis"])}))
    return session_rows("engine", moved, np.random.default_rng([21, seed]))


def session_rows(population: str, moved: list[Moved], rng: np.random.Generator) -> list[dict[str, object]]:
    """Record movements one after the other and relate the clocks of sensor and cameras to that of the plates.

    Returns
    -------
    Rows of population, recorder, what ("countermovement_jump", ..., "session offset", "session drift"), error and u
    [ms], of drifts [ppm]; NaN where the lag was refused.
    """
    worn, rows = draw_worn(rng), []
    starts = np.linspace(0.0, SESSION_S, len(moved))
    for recorder in ("sensor", "cameras") if moved and moved[0].heights is not None else ("sensor",):
        drift, epoch = float(rng.uniform(-LARGEST_DRIFT, LARGEST_DRIFT)), float(rng.uniform(-1e3, 1e3))
        measured = []
        for start, each in zip(starts, moved, strict=True):
            offset = float(rng.uniform(*OFFSET_S))
            if offset > 0.3 and recorder == "sensor":
                offset = -offset  # the sensors are started first, or little later
            if recorder == "cameras":
                offset = 0.3 * offset
                stream, first = cameras(each, offset, drift, rng), offset
            else:
                stream, first = sensor(each, worn, offset, drift, rng)
            lags, _ = lags_of_trial({"force": plates(each, rng)}, {recorder: stream}, ACCELERATION)
            row = {"population": population, "recorder": recorder, "what": each.task, "error": np.nan, "u": np.nan}
            for at, lag in lags:
                row |= {"error": 1000.0 * (lag.lag_s - first - drift * at), "u": 1000.0 * lag.uncertainty_s}
            rows.append(row)
            # The recorder was not stopped: its clock shows (true time + epoch) / (1 + drift).
            own_start = (start + first + epoch) / (1.0 + drift)
            measured += as_measured(lags, reference_start_s=start, start_s=own_start)
        if len(measured) < 2:
            continue
        found = fit_relation(measured)
        true = drift * found.middle_s - epoch
        for what, error, u in (
            ("session offset", 1e3 * (found.offset_s - true), 1e3 * found.offset_uncertainty_s),
            ("session drift", 1e6 * (found.drift - drift), 1e6 * found.drift_uncertainty),
        ):
            rows.append({"population": population, "recorder": recorder, "what": what, "error": error, "u": u})
    return rows


def summary(rows: list[dict[str, object]]) -> pd.DataFrame:
    """Errors by population, recorder and what was measured [ms], of drifts [ppm]."""

    def of(group: pd.DataFrame) -> pd.Series:
        known = group.dropna()
        size = known["error"].abs()
        columns = {
            "n": len(group),
            "refused": len(group) - len(known),
            "bias": known["error"].mean(),
            "sd": known["error"].std(),
            "error_95": size.quantile(0.95),
            "median_u": known["u"].median(),
            "within_2u": (size <= 2.0 * known["u"]).mean(),
        }
        return pd.Series(columns)

    table = pd.DataFrame(rows)
    jumps = table[table["what"].str.endswith("jump")].assign(what="all jumps")
    keys = ["population", "recorder", "what"]
    return pd.concat([table, jumps]).groupby(keys, sort=False).apply(of, include_groups=False).reset_index()


def main() -> None:
    """Write and print the table."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        sessions = [
            *pool.map(virtual_session, range(FIRST_SEED, FIRST_SEED + SESSIONS)),
            *pool.map(engine_session, range(FIRST_BODY, FIRST_BODY + BODIES)),
        ]
    print(write([row for session in sessions for row in session]).to_string(index=False, float_format="%.3g"))


def write(rows: list[dict[str, object]]) -> pd.DataFrame:
    """Write the table of errors."""
    table = summary(rows)
    said = (
        f"{SESSIONS} virtual sessions, seeds from {FIRST_SEED}; {BODIES} bodies of the engine, from {FIRST_BODY}; "
        "lags, offsets in ms, drifts in ppm; a drop jump of the engine starts from a box that no plate carries"
    )
    write_dated(TABLE, said, table, index=False, float_format="%.3g")
    return table


if __name__ == "__main__":
    main()
