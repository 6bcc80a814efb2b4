"""Two runs of a study with different options: which numbers moved, and which quality flags differ."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from legsci.metrics.registry import KEYS
from legsci.present.results import Results, ResultsError, option_differences

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


def compare_runs(first: Results, second: Results) -> RunComparison:
    """Compare the metrics and quality flags of two runs of a study, repetition by repetition.

    Each run is taken under its own default profile. Repetitions are joined by participant, session, trial and number.

    Raises
    ------
    ResultsError : not two runs of one study, or a run has not recorded its options.
    """
    if first.study_folder != second.study_folder or first.run == second.run:
        raise ResultsError(f"two runs of one study are compared, not {first.label} and {second.label}")
    names = first.run_name, second.run_name
    options = option_differences(first, second)
    counts = [_repetitions(study.metrics) for study in (first, second)]
    repetitions = _joined(counts, TRIAL_KEYS, "repetitions", names).fillna(0)
    columns = [f"repetitions_{name}" for name in names]
    repetitions[columns] = repetitions[columns].astype(int)
    repetitions = repetitions[repetitions[columns[0]] != repetitions[columns[1]]]
    metrics = _joined([_values(study.metrics) for study in (first, second)], [*ROW_KEYS, "metric"], "value", names)
    metrics["difference"] = metrics[f"value_{names[1]}"] - metrics[f"value_{names[0]}"]
    unequal = metrics.set_index(TRIAL_KEYS).index.isin(repetitions.set_index(TRIAL_KEYS).index)
    return RunComparison(
        options=options,
        metrics=metrics[~unequal].reset_index(drop=True),
        repetitions=repetitions.reset_index(drop=True),
        flags=_flags_of_one(first, second),
    )


def _repetitions(metrics: pd.DataFrame) -> pd.DataFrame:
    """Number of repetitions of each trial; a trial without repetitions has a row with the number 0."""
    counts = metrics.groupby(TRIAL_KEYS)["rep"].agg(lambda rep: rep[rep > 0].nunique())
    return counts.rename("repetitions").reset_index()


def _values(metrics: pd.DataFrame) -> pd.DataFrame:
    """One row per repetition, side and metric with a value."""
    names = [name for name in metrics if name not in KEYS]
    return metrics.melt(ROW_KEYS, names, "metric", "value").dropna(subset="value")


def _joined(tables: list[pd.DataFrame], keys: list[str], column: str, names: tuple[str, str]) -> pd.DataFrame:
    """Join a column of two tables by keys, rows of both; the column takes the name of its run."""
    first, second = (
        table.rename(columns={column: f"{column}_{name}"}) for table, name in zip(tables, names, strict=True)
    )
    return first.merge(second, how="outer", on=keys)


def _flags_of_one(first: Results, second: Results) -> pd.DataFrame:
    """Rows of quality.csv of one run without a counterpart in the other; equal flags of a trial are counted."""
    flags = [
        study.quality.assign(run=study.run_name, count=study.quality.groupby(FLAG_KEYS, dropna=False).cumcount())
        for study in (first, second)
    ]
    both = pd.concat(flags, ignore_index=True)
    alone = both[~both.duplicated([*FLAG_KEYS, "count"], keep=False)]
    columns = [*FLAG_KEYS, "value", "limit", "sentence", "run"]
    return alone.sort_values([*FLAG_KEYS, "run"], kind="stable", ignore_index=True)[columns]
