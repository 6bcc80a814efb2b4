"""Two runs of a study with different options: which numbers moved, and which quality flags differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from legsci.metrics.registry import KEYS

TRIAL_KEYS = ["participant_id", "session_id", "trial_id", "task"]
#: The profile is an option of a run and does not tell rows apart; status and reason follow from the quality flags.
ROW_KEYS = [*TRIAL_KEYS, "rep", "side"]
#: A sentence holds numbers that may differ where the flag does not.
FLAG_KEYS = [*TRIAL_KEYS, "rep", "code", "severity", "signal"]


class RunComparison(NamedTuple):
    """What differs between two runs of a study; <first> and <second> are the names of the runs.

    Parameters
    ----------
    options : options that differ: option, value_<first>, value_<second>.
    metrics : one row per repetition, side and metric that at least one run has: ROW_KEYS, metric, value_<first>,
        value_<second>, difference (second less first) [unit of the metric; NaN where only one run has a value].
    repetitions : trials cut into different numbers of repetitions: TRIAL_KEYS, repetitions_<first>,
        repetitions_<second>. They are not in `metrics`, since equal numbers need not be the same repetition.
    flags : quality flags that only one of the runs has: FLAG_KEYS, value, limit, sentence, run.
    """

    options: pd.DataFrame
    metrics: pd.DataFrame
    repetitions: pd.DataFrame
    flags: pd.DataFrame


class RunTables(NamedTuple):
    """What of a run is compared: its options by dotted name, metrics.csv and quality.csv."""

    options: Mapping[str, object]
    metrics: pd.DataFrame
    quality: pd.DataFrame


def compare_runs(runs: Mapping[str, RunTables]) -> RunComparison:
    """Compare the metrics and quality flags of two runs of a study, repetition by repetition.

    Repetitions are joined by participant, session, trial and number.

    Parameters
    ----------
    runs : name of a run -> its tables, of two runs.
    """
    names = tuple(runs)
    counts = {name: _repetitions(run.metrics) for name, run in runs.items()}
    repetitions = _joined(counts, TRIAL_KEYS, "repetitions").fillna(0)
    columns = [f"repetitions_{name}" for name in names]
    repetitions[columns] = repetitions[columns].astype(int)
    repetitions = repetitions[repetitions[columns[0]] != repetitions[columns[1]]]
    metrics = _joined({name: _values(run.metrics) for name, run in runs.items()}, [*ROW_KEYS, "metric"], "value")
    metrics["difference"] = metrics[f"value_{names[1]}"] - metrics[f"value_{names[0]}"]
    unequal = metrics.set_index(TRIAL_KEYS).index.isin(repetitions.set_index(TRIAL_KEYS).index)
    return RunComparison(
        options=option_differences({name: run.options for name, run in runs.items()}),
        metrics=metrics[~unequal].reset_index(drop=True),
        repetitions=repetitions.reset_index(drop=True),
        flags=_flags_of_one(runs),
    )


def option_differences(options: Mapping[str, Mapping[str, object]]) -> pd.DataFrame:
    """Options in which two runs differ, given by the name of the run: columns option, value_<first>, value_<second>."""
    first, second = options.values()
    pairs = [(name, first.get(name), second.get(name)) for name in sorted(first.keys() | second.keys())]
    columns = ["option", *(f"value_{name}" for name in options)]
    return pd.DataFrame([pair for pair in pairs if pair[1] != pair[2]], columns=columns, dtype=object)


def _repetitions(metrics: pd.DataFrame) -> pd.DataFrame:
    """Number of repetitions of each trial; a trial without repetitions has a row with the number 0."""
    counts = metrics.groupby(TRIAL_KEYS)["rep"].agg(lambda rep: rep[rep > 0].nunique())
    return counts.rename("repetitions").reset_index()


def _values(metrics: pd.DataFrame) -> pd.DataFrame:
    """One row per repetition, side and metric with a value."""
    names = [name for name in metrics if name not in KEYS]
    return metrics.melt(ROW_KEYS, names, "metric", "value").dropna(subset="value")


def _joined(tables: Mapping[str, pd.DataFrame], keys: list[str], column: str) -> pd.DataFrame:
    """Join a column of two tables by keys, rows of both; the column takes the name of its run."""
    first, second = (table.rename(columns={column: f"{column}_{name}"}) for name, table in tables.items())
    return first.merge(second, how="outer", on=keys)


def _flags_of_one(runs: Mapping[str, RunTables]) -> pd.DataFrame:
    """Rows of quality.csv of one run without a counterpart in the other; equal flags of a trial are counted."""
    flags = [
        run.quality.assign(run=name, count=run.quality.groupby(FLAG_KEYS, dropna=False).cumcount())
        for name, run in runs.items()
    ]
    both = pd.concat(flags, ignore_index=True)
    alone = both[~both.duplicated([*FLAG_KEYS, "count"], keep=False)]
    columns = [*FLAG_KEYS, "value", "limit", "sentence", "run"]
    return alone.sort_values([*FLAG_KEYS, "run"], kind="stable", ignore_index=True)[columns]


def dotted(options: dict[str, object], prefix: str = "") -> dict[str, object]:
    """Options by dotted name, those of a block after its name."""
    named: dict[str, object] = {}
    for key, value in options.items():
        named |= dotted(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return named
