"""The repetitions of a session summarised: a row per session, task, side and metric.

Keys are numbers while the tables are made, and one metric is summarised at a time: a large study has millions of
values, whose names as text would take most of the time and memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from legsci.metrics.registry import KEYS
from legsci.tasks import TASKS

REP = ["participant_id", "session_id", "task", "trial_id", "rep"]
SERIES = ["task", "side", "metric"]
SESSION = ["participant_id", "session_id"]
SUMMARY_COLUMNS = [*SESSION, *SERIES, "repetitions", "median", "mean", "replicate_variance"]
#: Column -> what it is of the values of a session.
STATISTICS = {"repetitions": "count", "median": "median", "mean": "mean", "replicate_variance": "var"}
#: Variance between sessions without a true change, and its standard error.
VARIANCE_COLUMNS = ["session_variance", "session_variance_error"]
_BOTH = "both"
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Summaries:
    """Summaries of sessions with numbered keys.

    Parameters
    ----------
    rows : SUMMARY_COLUMNS, sorted by their keys, which are numbers of `labels`.
    labels : column -> its texts in alphabetical order.
    """

    rows: pd.DataFrame
    labels: Mapping[str, pd.Index]

    def named(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return rows of `rows`, with further columns or fewer, with keys as text."""
        texts = {
            name: self.labels[name].take(rows[name].to_numpy(np.int64)) for name in (*SESSION, *SERIES) if name in rows
        }
        return rows.assign(**texts)


def usable(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of repetitions that were not rejected; without a column of status, of all repetitions."""
    return metrics[_is_usable(metrics)]


def _is_usable(metrics: pd.DataFrame) -> NDArray[np.bool_]:
    kept = metrics["rep"] > 0
    return (kept & (metrics["status"] != "rejected") if "status" in metrics else kept).to_numpy(bool).copy()


def metric_names(metrics: pd.DataFrame) -> list[str]:
    """Return the columns of metrics.csv that hold a metric: numbers that are no uncertainty, key or setting."""
    numbers = metrics.select_dtypes("number").columns
    return [str(name) for name in numbers if name not in KEYS and not str(name).startswith("u_")]


def session_summaries(metrics: pd.DataFrame) -> pd.DataFrame:
    """Summarise the repetitions of each session; rejected ones and trials without repetition are excluded.

    Side `both` of a metric that exists by leg only is the mean of the repetition's legs, where all of them have a
    value; in a task on one leg it is that of the leg that has one.

    Parameters
    ----------
    metrics : rows of metrics.csv.

    Returns
    -------
    SUMMARY_COLUMNS: repetitions [count], median, mean [unit of the metric] and replicate variance (n - 1) [its square],
    missing where there is one repetition. Divided by the repetitions it is the error variance of the mean.
    """
    found = summarise(metrics)
    return found.named(found.rows)


def summarise(metrics: pd.DataFrame) -> Summaries:
    """Return what `session_summaries` does, with numbered keys.

    Parameters
    ----------
    metrics : rows of metrics.csv.
    """
    kept = _is_usable(metrics)
    keys, labels = _numbered(metrics.loc[kept, [*REP, "side"]])
    named = (keys >= 0).all(axis=1).to_numpy()
    kept[kept], keys = named, keys[named]
    names = sorted(metric_names(metrics))
    repetition, session = (
        np.asarray(keys.groupby(columns).ngroup(), np.int64) for columns in (REP, [*SESSION, "task"])
    )
    sides, whole = len(labels["side"]), int(labels["side"].get_indexer(pd.Index([_BOTH]))[0])
    places = _Places(repetition, session, keys["side"].to_numpy(), sides, whole)
    on_one_leg = labels["task"].isin([name for name, task in TASKS.items() if task.legs == "one"])
    places.legs[repetition[on_one_leg[keys["task"].to_numpy(np.int64)]]] = 1
    parts = [
        places.statistics(metrics[name].to_numpy(float, na_value=np.nan)[kept]).assign(metric=number)
        for number, name in enumerate(names)
    ]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["series", *STATISTICS, "metric"])
    table = table.iloc[np.lexsort((table["metric"], table["series"]))].reset_index(drop=True)
    first = keys[[*SESSION, "task"]].groupby(session).first()
    of_session = first.reindex(table["series"].to_numpy(np.int64) // sides).reset_index(drop=True)
    rows = table.assign(side=table["series"] % sides, **of_session)[SUMMARY_COLUMNS]
    return Summaries(rows, labels | {"metric": pd.Index(names, dtype="str")})


class _Places:
    """Where each row belongs: to which repetition, which task of a session, which side."""

    def __init__(self, repetition: Numbers, session: Numbers, side: Numbers, sides: int, whole: int) -> None:
        self.repetition, self.by_leg = repetition, side != whole
        self.series = session * sides + side
        # Of each repetition: the series of side both of its session, and how many legs are to have a value.
        self.both = np.empty(repetition.max(initial=-1) + 1, np.int64)
        self.both[repetition] = session * sides + whole
        legs = pd.Series(side[self.by_leg]).groupby(repetition[self.by_leg]).nunique()
        self.legs = legs.reindex(range(len(self.both)), fill_value=0).to_numpy(copy=True)

    def statistics(self, values: NDArray[np.float64]) -> pd.DataFrame:
        """Return series, the number of session, task and side, with STATISTICS of the values (row,) of a metric."""
        known = ~np.isnan(values)
        own = known & self.by_leg
        means = pd.Series(values[own]).groupby(self.repetition[own]).agg(["mean", "count"])
        stated = np.zeros(len(self.both), bool)
        stated[self.repetition[known & ~self.by_leg]] = True
        made = means["mean"][(means["count"].to_numpy() == self.legs[means.index]) & ~stated[means.index]]
        series = np.concatenate([self.series[known], self.both[made.index]])
        grouped = pd.Series(np.concatenate([values[known], made.to_numpy()])).groupby(series)
        found = grouped.agg(list(STATISTICS.values())).set_axis(list(STATISTICS), axis=1)
        return found.rename_axis("series").reset_index()


def _numbered(keys: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, pd.Index]]:
    """Return keys of repetitions as numbers, -1 where missing, and the texts that they stand for; sides have `both`."""
    labels, numbers = {}, {"rep": keys["rep"].to_numpy()}
    for name in (*REP[:-1], "side"):
        # Texts are few: they are found first, and only they are sorted.
        codes, texts = pd.factorize(keys[name])
        labels[name] = pd.Index(sorted({*map(str, texts), *([_BOTH] if name == "side" else [])}), dtype="str")
        place = labels[name].get_indexer(pd.Index([str(text) for text in texts], dtype="str"))
        numbers[name] = np.where(codes < 0, -1, place[codes]) if len(texts) else codes
    return pd.DataFrame(numbers), labels


def session_variances(retests: pd.DataFrame) -> pd.DataFrame:
    """Variance between sessions of the same person without a true change: of marker placement, and of the day.

    The variance of session means within persons, less the part that their repetitions explain; 0 where they explain it
    all.

    Parameters
    ----------
    retests : rows of a test-retest study in the layout of metrics.csv; may be empty.

    Returns
    -------
    By task, side and metric, of series that two sessions of a person have: session_variance, and
    session_variance_error, its standard error, that of a mean square of so many degrees of freedom [squared unit of
    the metric].
    """
    if retests.empty:
        index = pd.MultiIndex.from_arrays([[], [], []], names=SERIES)
        return pd.DataFrame(columns=VARIANCE_COLUMNS, dtype=float, index=index)
    sessions = session_summaries(retests)
    own = sessions.groupby(["participant_id", *SERIES])["mean"].transform("mean")
    sessions["square"] = (sessions["mean"] - own) ** 2
    sessions["of_repetitions"] = (sessions["replicate_variance"] / sessions["repetitions"]).fillna(0.0)
    series = sessions.groupby(SERIES)
    freedom = series.size() - series["participant_id"].nunique()
    mean_square = series["square"].sum() / freedom.where(freedom > 0)
    variance = (mean_square - series["of_repetitions"].mean()).clip(lower=0.0)
    error = mean_square * np.sqrt(2.0 / freedom.where(freedom > 0))
    return pd.DataFrame(dict(zip(VARIANCE_COLUMNS, (variance, error), strict=True))).dropna()
