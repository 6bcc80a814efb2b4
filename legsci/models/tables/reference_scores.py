"""Scores of sessions against norms: z with its standard uncertainty, and percentiles where they can be given."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from legsci.ingest.exports.units import conversion
from legsci.metrics.reference import BOTH, EVERYBODY, GROUP_COLUMNS, group_words
from legsci.models.tables.longitudinal import SERIES, SESSION
from legsci.models.tables.summaries import session_summaries, usable
from legsci.vocabulary import UNCERTAINTY

SCORE_COLUMNS = [
    *SESSION,
    "task",
    "metric",
    "side",
    "unit",
    "value",
    "u_value",
    "u_sources",
    "group",
    "norm_mean",
    "norm_sd",
    "norm_n",
    "source",
    "z",
    "u_z",
    "percentile",
    "reason",
]
#: A quantity without negative values whose mean is less than this many SD has a skewed distribution (Altman & Bland
#: 1996, BMJ 313:1200).
LEAST_MEAN_PER_SD = 2.0
#: Units of quantities of which that of both legs together is the sum of the legs', and not their mean.
ADDITIVE = ("N", "N s", "N/s", "W", "J")
_ONE_LEG = "leg only; the norm is of both legs together, or of their mean: norms of a leg have it in the column side"
_NOT_TOGETHER = "measured leg by leg; the norm is of both legs together: norms of a leg have it in the column side"


def reference_scores(
    metrics: pd.DataFrame,
    longitudinal: pd.DataFrame,
    norms: pd.DataFrame,
    reliability: pd.DataFrame,
) -> pd.DataFrame:
    """Compare the mean of each session with the norm of the person's group.

    z = (x - m) / s with the session's mean x, and mean m, standard deviation s and number n of the norm. To first
    order, and for normally distributed persons,

        u(z)^2 = u(x)^2 / s^2 + 1 / n + z^2 / (2 (n - 1))

    u(x)^2 is the sum of what is known of: the variance of the mean of the repetitions and the variance between sessions
    of reliability.tsv, or, of a session with one repetition, the squared standard error of measurement between visits
    (SEM) of this study; and the squared mean u_<metric> of the repetitions, whose errors are taken as common to them,
    an upper bound.

    The percentile is the expected percentage of the norm's population below x: the t distribution with n - 1 degrees of
    freedom at z / sqrt(1 + 1 / n) (Crawford & Howell 1998, Clin Neuropsychol 12:482). It assumes that the norm is
    normally distributed, which its mean and SD alone cannot show. It is not given where the distribution must be skewed
    (a mean below 2 SD of a quantity without negative values) or where fewer than one of the n persons is expected
    beyond x.

    Parameters
    ----------
    metrics : rows of metrics.csv.
    longitudinal : rows of longitudinal.csv.
    norms : as `legsci.metrics.reference.reference_norms` returns them; a norm applies to sessions' means of its side,
        to a person who has all words of its group among sex, level and group, and of several norms the one with the
        most words. Side both is of both legs together; where only the legs were measured, it is their mean, which is
        not compared where legs add up (units ADDITIVE).
    reliability : rows of models/reliability.csv, for the SEM.

    Returns
    -------
    SCORE_COLUMNS, one row per session, task, metric and side that has a norm: unit; value and its standard uncertainty
    u_value [unit], and u_sources, the sources of error in it; group, norm_mean, norm_sd [unit], norm_n and
    source of the norm; z and u_z [1]; percentile [%]; reason, why z, u_z or percentile is missing.
    """
    own = longitudinal.merge(norms[[*SERIES, "unit"]].drop_duplicates(), on=SERIES).rename(columns={"mean": "value"})
    summed = _not_together(own, metrics)
    scored = _with_uncertainty(own[~summed].reset_index(drop=True), metrics, reliability)
    scored = scored.drop(columns="group").join(_norms_of(scored, norms))
    x, m, s, n = (scored[name].astype(float) for name in ("value", "norm_mean", "norm_sd", "norm_n"))
    z = (x - m) / s
    u_z = np.sqrt((scored["u_value"] / s) ** 2 + 1.0 / n + z**2 / (2.0 * (n - 1.0)))
    below = pd.Series(100.0 * stats.t.cdf(z / np.sqrt(1.0 + 1.0 / n), n - 1.0), index=z.index)
    refused = _percentile_refusals(scored, z)
    unknown = "the error of the value is not known: one repetition, no u_<metric>, no SEM of this study"
    no_error = scored["u_value"].isna().map({True: unknown, False: ""})
    scored = scored.assign(
        z=z,
        u_z=u_z,
        percentile=below.where(refused == ""),
        # Without a norm nothing else needs a reason.
        reason=scored["reason"].where(z.isna(), (no_error + "; " + refused).str.strip("; ")),
    )
    apart = own.loc[summed, [*SESSION, *SERIES, "unit"]].assign(reason=_NOT_TOGETHER)
    rows = [frame for frame in (scored, apart, _of_one_leg(longitudinal, norms)) if len(frame)]
    table = pd.concat(rows, ignore_index=True) if rows else scored
    return table.reindex(columns=SCORE_COLUMNS).sort_values([*SESSION, "task", "metric", "side"], ignore_index=True)


def _not_together(rows: pd.DataFrame, metrics: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether a mean of side both is of quantities that add up over legs, and not measured of both together, (row,)."""
    asked = (rows["side"] == BOTH) & rows["unit"].map(
        lambda unit: any(conversion(unit, other) is not None for other in ADDITIVE)
    ).astype(bool)
    together, key = usable(metrics)[lambda of: of["side"] == BOTH], [*SESSION, "task"]
    answer = np.zeros(len(rows), bool)
    for name in rows.loc[asked, "metric"].unique():
        chosen = (asked & (rows["metric"] == name)).to_numpy()
        stated = together.groupby(key)[name].count()
        known = stated.reindex(pd.MultiIndex.from_frame(rows.loc[chosen, key])).fillna(0).to_numpy()
        answer[chosen] = known < rows.loc[chosen, "repetitions"].to_numpy()
    return answer


def _with_uncertainty(rows: pd.DataFrame, metrics: pd.DataFrame, reliability: pd.DataFrame) -> pd.DataFrame:
    """Add u_value and u_sources to sessions."""
    key = pd.MultiIndex.from_frame(rows[SERIES])
    sem = reliability.set_index(SERIES)["sem"].reindex(key).to_numpy(float) ** 2
    repeated = (rows["replicate_variance"] / rows["repetitions"]).to_numpy(float)
    between = rows["session_variance"].to_numpy(float)
    single = np.isnan(repeated)
    parts: Mapping[str, np.ndarray] = {
        "repetitions": repeated,
        "SEM between visits": np.where(single, sem, np.nan),
        "reliability.tsv": np.where(single & ~np.isnan(sem), np.nan, between),
        "u_<metric>": _stated_uncertainty(rows, metrics) ** 2,
    }
    known = np.array([~np.isnan(part) for part in parts.values()])
    total = np.nansum(np.array(list(parts.values())), axis=0)
    words = [", ".join(name for name, there in zip(parts, row, strict=True) if there) for row in known.T]
    return rows.assign(u_value=np.where(known.any(axis=0), np.sqrt(total), np.nan), u_sources=words)


def _stated_uncertainty(rows: pd.DataFrame, metrics: pd.DataFrame) -> np.ndarray:
    """Return the mean standard uncertainty of the repetitions of each session [unit of the metric]; NaN without any."""
    names = [name for name in rows["metric"].unique() if f"{UNCERTAINTY}{name}" in metrics]
    stated = {f"{UNCERTAINTY}{name}": name for name in names}
    keys = [*SESSION, "task", "trial_id", "rep", "side"]
    used = usable(metrics)[[*keys, *stated]].rename(columns=stated)
    if not names or used[names].isna().all(axis=None):
        return np.full(len(rows), np.nan)
    found = session_summaries(used).set_index([*SESSION, *SERIES])["mean"]
    return found.reindex(pd.MultiIndex.from_frame(rows[[*SESSION, *SERIES]])).to_numpy(float)


def _norms_of(rows: pd.DataFrame, norms: pd.DataFrame) -> pd.DataFrame:
    """Return the norm of each row (group, norm_mean, norm_sd, norm_n, source), or the reason why there is none."""
    columns = {"mean": "norm_mean", "sd": "norm_sd", "n": "norm_n"}
    series = dict(list(norms.rename(columns=columns).groupby(SERIES)))
    chosen: dict[tuple[object, ...], dict[Hashable, object]] = {}
    answers = []
    for key in rows[[*SERIES, *GROUP_COLUMNS]].itertuples(index=False, name=None):
        if key not in chosen:
            chosen[key] = _norm_of(group_words(*key[3:]), series[key[:3]])
        answers.append(chosen[key])
    wanted = ["group", *columns.values(), "source", "signed", "reason"]
    return pd.DataFrame(answers, columns=wanted, index=rows.index)


def _norm_of(person: frozenset[str], norms: pd.DataFrame) -> dict[Hashable, object]:
    """Return the norm with the most words that all belong to a person, or the reason why there is no such norm."""
    words = [frozenset[str]() if group == EVERYBODY else group_words(group) for group in norms["group"]]
    sizes = [len(each) if each <= person else -1 for each in words]
    best = [place for place, size in enumerate(sizes) if size == max(sizes) >= 0]
    if len(best) == 1:
        return {**norms.iloc[best[0]].to_dict(), "reason": ""}
    if best:
        groups = " and ".join(norms["group"].iloc[best])
        return {"reason": f"the norms of {groups} apply alike: one of all these words is needed"}
    who = ", ".join(sorted(person)) or "a person without sex, level and group"
    return {"reason": f"no norm for {who}; there is one of {'; '.join(norms['group'])}"}


def _percentile_refusals(rows: pd.DataFrame, z: pd.Series) -> pd.Series:
    """Return the reason why a percentile is not given, "" where it is or where there is no z."""
    n = rows["norm_n"].astype(float)
    # Of n persons, n times this share is expected beyond |z|.
    beyond = stats.t.sf(z.abs() / np.sqrt(1.0 + 1.0 / n), n - 1.0) * n < 1.0
    spread = rows["norm_sd"].astype(float)
    skewed = (rows["signed"] == False) & rows["norm_mean"].astype(float).between(0.0, LEAST_MEAN_PER_SD * spread)  # noqa: E712
    words = np.select(
        [z.isna(), skewed, beyond],
        [
            "",
            "no percentile: the mean of the norm is below 2 SD, so that its distribution is skewed",
            "no percentile: fewer than one of the persons of the norm is expected beyond this value",
        ],
        "",
    )
    return pd.Series(words, index=rows.index)


def _of_one_leg(longitudinal: pd.DataFrame, norms: pd.DataFrame) -> pd.DataFrame:
    """Return a row without score for each session and norm of both legs where their mean is not known."""
    of_both = norms.loc[norms["side"] == BOTH, ["task", "metric", "unit"]].drop_duplicates()
    rows, key = longitudinal.merge(of_both, on=["task", "metric"]), [*SESSION, "task", "metric", "unit"]
    both = pd.MultiIndex.from_frame(rows.loc[rows["side"] == BOTH, key])
    single = rows[~pd.MultiIndex.from_frame(rows[key]).isin(both)].sort_values("side")
    lacking = single.groupby(key)["side"].agg(" and ".join).reset_index()
    reason = "measured on the " + lacking["side"] + " " + _ONE_LEG
    return lacking.assign(side=BOTH, reason=reason)
