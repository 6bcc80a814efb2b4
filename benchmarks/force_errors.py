"""Errors of force metrics, and how often the stated uncertainty covers them, on trials whose every metric is known.

`python -m benchmarks.force_errors` draws analytic jumps and sessions of virtual athletes (tests/mechanics/force/
known_trials.py) and writes force_errors.csv beside this file; its first line bears the date and the seeds.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from benchmarks.dated import write_dated
from tests.mechanics.force.known_trials import Known, analytic_jump, virtual_session
from tests.mechanics.trials import outcome

TABLE = Path(__file__).with_name("force_errors.csv")
SESSIONS = {"analytic": 400, "virtual": 160}
#: The uncertainties were developed on seeds from 9000 to 9460 and from 47000 on, and checked before on seeds from 5000,
#: 13000, 17000, 27000 and 37000.
FIRST_SEED = 57_000
#: Part of errors that twice a standard uncertainty may cover, and quantile of the interval of a coverage.
ALLOWED, QUANTILE = (0.90, 0.98), 1.96
#: Events of contact, whose errors are listed too [ms], and those by which repetitions are told apart.
CONTACT_EVENTS = ("touchdown", "takeoff", "landing")
MARKS = (("takeoff", "takeoff"), ("bottom", "bottom_end"))
COLUMNS = ["trial", "metric", "error", "u"]


def session_errors(population: str, seed: int) -> pd.DataFrame:
    """Draw a session of a population, measure it, and return `errors_of` it."""
    return errors_of({"jump": analytic_jump(seed)} if population == "analytic" else virtual_session(seed))


def errors_of(session: dict[str, Known], *, events: tuple[str, ...] = CONTACT_EVENTS) -> pd.DataFrame:
    """Measure a session under the default profile.

    Parameters
    ----------
    session : its trials.
    events : those whose errors are listed too.

    Returns
    -------
    A row per trial, repetition that was found, and metric: COLUMNS, error and its stated standard uncertainty u in the
    unit of the metric. Error is NaN where the metric is missing; u of events, called <event>_ms, is NaN.
    """
    found = outcome({name: known.tree for name, known in session.items()}, profiles=[])
    rows: list[tuple[str, str, float, float]] = []
    for name, known in session.items():
        numbers = range(1) if found.reps is None else np.flatnonzero(found.reps["trial_id"].to_numpy() == name)
        measured = found.rows(name)
        for place in numbers:
            rep = None if found.reps is None else found.reps.isel(rep=int(place), scoring=0)
            number = 0 if rep is None else int(rep["number"])
            which = 0 if rep is None else _which(rep, known)
            row = measured[measured["rep"] == number]
            for metric, truth in known.truth.items():
                if np.isfinite(truth[which]):
                    value, stated = (row[column].to_numpy() for column in (metric, f"u_{metric}"))
                    error = value[0] - truth[which] if len(row) else np.nan
                    rows.append((name, metric, error, stated[0] if len(row) else np.nan))
            if rep is not None:
                rows += [
                    (name, f"{event}_ms", 1000.0 * (float(rep[event]) - known.events[event][which]), np.nan)
                    for event in events
                    if event in known.events and which < len(known.events[event])
                ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _which(rep: xr.Dataset, known: Known) -> int:
    """Which of the known repetitions a repetition is, by its take-off or lowest point."""
    for event, mark in MARKS:
        if mark in known.events and np.isfinite(float(rep[event])):
            return int(np.argmin(np.abs(np.array(known.events[mark]) - float(rep[event]))))
    return 0


def coverage(errors: pd.DataFrame) -> pd.Series:
    """Sum up the errors of a metric: bias, SD, stated uncertainty, and the part of errors within twice that.

    `low` and `high` are the 95 % interval of that part (Wilson 1927, J Am Stat Assoc 22:209), from as many independent
    errors as have the variance of the part that sessions (column seed) show: errors of a session are alike.
    """
    size, stated = errors["error"], errors["u"]
    both = size.notna() & stated.notna()
    within = (size[both].abs() <= 2.0 * stated[both]).astype(float)
    low, high = _interval(within, errors.loc[both, "seed"]) if both.any() else (np.nan, np.nan)
    return pd.Series(
        {
            "n": int(size.notna().sum()),
            "missing": int(size.isna().sum()),
            "bias": size.mean(),
            "sd": size.std(),
            "median_u": stated.median(),
            "within_2u": within.mean(),
            "low": low,
            "high": high,
        }
    )


def _interval(within: pd.Series, seed: pd.Series) -> tuple[float, float]:
    """Wilson interval of a part, with the number of errors divided by the design effect of their sessions."""
    count, part = len(within), float(within.mean())
    clustered = float((within - part).groupby(seed).sum().pow(2).sum()) / count**2
    alone = part * (1.0 - part) / count
    effective = count / max(clustered / alone, 1.0) if alone > 0.0 else float(seed.nunique())
    shrunk = QUANTILE**2 / effective
    middle = (part + 0.5 * shrunk) / (1.0 + shrunk)
    half = np.sqrt(shrunk * part * (1.0 - part) + 0.25 * shrunk**2) / (1.0 + shrunk)
    return middle - half, middle + half


def judged(row: pd.Series) -> str:
    """Whether a coverage is within `ALLOWED`, and if not, whether its interval leaves that too."""
    if not np.isfinite(row["within_2u"]):
        return ""
    if ALLOWED[0] <= row["within_2u"] <= ALLOWED[1]:
        return "within"
    return "undecided" if row["low"] <= ALLOWED[1] and row["high"] >= ALLOWED[0] else "outside"


def all_errors(sessions: dict[str, int] | None = None) -> pd.DataFrame:
    """Return the errors of all populations, `errors_of` with columns population and seed."""
    counts = SESSIONS if sessions is None else sessions
    with ProcessPoolExecutor() as pool:
        parts = [
            table.assign(population=population, seed=seed)
            for population, count in counts.items()
            for seed, table in zip(
                range(FIRST_SEED, FIRST_SEED + count),
                pool.map(session_errors, [population] * count, range(FIRST_SEED, FIRST_SEED + count), chunksize=4),
                strict=True,
            )
        ]
    return pd.concat(parts, ignore_index=True)


def main() -> None:
    """Write the table, a row per population and metric, and print it with the tasks apart."""
    errors = all_errors()
    table = errors.groupby(["population", "metric"]).apply(coverage, include_groups=False)
    table = table.astype({"n": int, "missing": int}).assign(judged=table.apply(judged, axis="columns"))
    sessions = ", ".join(f"{count} {population} sessions" for population, count in SESSIONS.items())
    seeds = f"seeds from {FIRST_SEED}, on none of which the uncertainties were developed"
    words = (
        f"{sessions}, {seeds}; units of the metrics; low, high: 95 % interval of within_2u; judged: whether "
        f"within_2u is in {ALLOWED[0]:.2f} to {ALLOWED[1]:.2f}, undecided where it is not but its interval is in part"
    )
    write_dated(TABLE, words, table, float_format="%.4g")
    print(errors.groupby(["population", "metric", "trial"]).apply(coverage, include_groups=False).to_string())
    print(table.to_string())


if __name__ == "__main__":
    main()
