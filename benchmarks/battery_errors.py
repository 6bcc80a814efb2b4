"""Errors and coverage of the metrics of phases, of stiffness, of hops and of isometric pulls, with known truth.

`python -m benchmarks.battery_errors` draws analytic countermovement jumps, and jumps, hops and pulls of virtual
athletes (tests/mechanics/force/known_trials.py), and writes battery_errors.csv beside this file. An analytic landing
comes to rest without a rise, so that the end of its phase is not defined: its rows say nothing about the uncertainty.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pandas as pd

from benchmarks.dated import write_dated
from benchmarks.force_errors import CONTACT_EVENTS, coverage, errors_of, judged
from tests.mechanics.force.known_trials import analytic_phases, virtual_session

TABLE = Path(__file__).with_name("battery_errors.csv")
SESSIONS = {"analytic jumps": 40, "virtual athletes": 20}
FIRST_SEED = 52_000
TASKS = ("standing", "countermovement_jump", "repeated_hops", "isometric_pull")
#: Onset of a pull within this [ms]; the event is listed as movement_start_ms.
ONSET_MS = 10.0


def session_errors(population: str, seed: int) -> pd.DataFrame:
    """Draw a session of a population, measure it, and return its errors and the stated uncertainties."""
    if population == "analytic jumps":
        return errors_of({"jump": analytic_phases(seed)})
    session = virtual_session(seed, tasks=TASKS, zeros="none", phases=True)
    return errors_of(session, events=(*CONTACT_EVENTS, "movement_start"))


def all_errors(sessions: dict[str, int] | None = None) -> pd.DataFrame:
    """Return the errors of all populations, with columns population and seed."""
    jobs = [
        (population, seed)
        for population, count in (sessions or SESSIONS).items()
        for seed in range(FIRST_SEED, FIRST_SEED + count)
    ]
    with ProcessPoolExecutor(2) as pool:
        tables = list(pool.map(session_errors, *zip(*jobs, strict=True), chunksize=4))
    return pd.concat(
        [table.assign(population=job[0], seed=job[1]) for job, table in zip(jobs, tables, strict=True)],
        ignore_index=True,
    )


def main() -> None:
    """Write the table, a row per population, trial and metric, and print it."""
    errors = all_errors()
    table = errors.groupby(["population", "trial", "metric"]).apply(coverage, include_groups=False)
    table = table.astype({"n": int, "missing": int}).assign(judged=table.apply(judged, axis="columns"))
    sessions = ", ".join(f"{count} sessions of {population}" for population, count in SESSIONS.items())
    words = f"{sessions}, seeds from {FIRST_SEED}; units of the metrics; columns as in force_errors.csv"
    write_dated(TABLE, words, table, float_format="%.4g")
    print(table.to_string())
    onset = errors[(errors["trial"] == "isometric_pull") & (errors["metric"] == "movement_start_ms")]["error"].abs()
    print(f"onsets of pulls within {ONSET_MS:g} ms: {100.0 * (onset <= ONSET_MS).mean():.1f} % of {len(onset)}")


if __name__ == "__main__":
    main()
