"""Joint angles over the movement, compared between first and last session and between legs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from legsci.models.claims.verdicts import adjusted_p_values
from legsci.models.result import REFUSAL_COLUMNS, Array, Refusals, attempt
from legsci.models.statistics.curves import (
    ANGLES,
    LEG_COMPARISON,
    SESSION_COMPARISON,
    CurveComparison,
    athlete_mean_curves,
    compare_curves,
)
from legsci.models.tables.summaries import SESSION, usable

CurvePair = tuple[pd.DataFrame, pd.DataFrame]

COMPARISON_KEYS = ["comparison", "task", "angle", "athletes"]
CURVE_COLUMNS = [*COMPARISON_KEYS, "percent", "difference", "low", "high"]
CLUSTER_COLUMNS = [*COMPARISON_KEYS, "start_percent", "end_percent", "mean_difference", "mass", "p_value", "adjusted_p"]


def curve_results(
    curves: xr.Dataset,
    metrics: pd.DataFrame,
    longitudinal: pd.DataFrame,
    *,
    resamples: int = 2000,
    seed: int = 0,
) -> dict[str, pd.DataFrame]:
    """Compare curves of joint angles within athletes.

    Parameters
    ----------
    curves : curves.nc of a study: angle (rep, joint_angle, point) [deg].
    metrics : rows of metrics.csv, with the status of the repetitions.
    longitudinal : rows of longitudinal.csv, with the week of each session.
    resamples : largest number of rearrangements of athletes, see `compare_curves`.
    seed : of the random ones.

    Returns
    -------
    curve_differences : per comparison (SESSION_COMPARISON or LEG_COMPARISON), task, angle and percent of the movement:
        mean difference with its simultaneous 95 % limits [deg], by the permutation distribution of the largest |t|;
        missing where there are too few athletes.
    curve_clusters : per cluster: start and end [% of the movement], mean difference in it [deg], mass, p value, and the
        least p value of the comparison adjusted over all comparisons (Benjamini & Hochberg). A comparison without
        cluster has one empty row.
    curve_refusals : model, sentence: the reasons why curves cannot be compared.
    """
    refusals: Refusals = []
    differences, clusters = [], []
    for (comparison, task, angle), (first, second) in _pairs(_usable_curves(curves, metrics), longitudinal):
        name = f"curves of {angle}, {task}: {comparison}"
        found = attempt(name, refusals, compare_curves, first, second, paired=True, resamples=resamples, seed=seed)
        if found is None:
            continue
        keys: dict[str, Any] = dict(zip(COMPARISON_KEYS, (comparison, task, angle, found.athletes[0]), strict=True))
        differences.append(_difference(first, second, found).assign(**keys))
        clusters.append(_clusters(found, first.columns.to_numpy(float)).assign(**keys))
    if not differences and not refusals:
        sentence = "no athlete has joint angles of one task in two weeks, or of both legs"
        refusals.append(("curves", sentence))
    least = pd.Series([rows["p_value"].fillna(1.0).min() for rows in clusters], dtype=float)
    adjusted = adjusted_p_values(least, method="benjamini_hochberg")
    adjusted_clusters = [rows.assign(adjusted_p=p_value) for rows, p_value in zip(clusters, adjusted, strict=True)]
    return {
        "curve_differences": _concatenate(differences, CURVE_COLUMNS),
        "curve_clusters": _concatenate(adjusted_clusters, CLUSTER_COLUMNS),
        "curve_refusals": pd.DataFrame(refusals, columns=REFUSAL_COLUMNS),
    }


def _concatenate(tables: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    """Return the rows of all tables; an empty table has the columns too."""
    return pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)


def _usable_curves(curves: xr.Dataset, metrics: pd.DataFrame) -> xr.Dataset:
    """Return the curves of repetitions that were not rejected."""
    if "angle" not in curves:
        return curves
    names = ["participant_id", "session_id", "trial_id"]
    used = usable(metrics)
    kept = pd.MultiIndex.from_arrays([*(used[name].astype(str) for name in names), used["rep"].astype(int)])
    own = pd.MultiIndex.from_arrays(
        [*(curves[name].to_numpy().astype(str) for name in names), curves["number"].to_numpy().astype(int)]
    )
    return curves.isel(rep=np.flatnonzero(own.isin(kept)))


def _pairs(curves: xr.Dataset, longitudinal: pd.DataFrame) -> Iterator[tuple[tuple[str, str, str], CurvePair]]:
    """Yield (comparison, task, angle) and the mean curves of athletes in both of its conditions."""
    if "angle" not in curves or not curves.sizes["rep"]:
        return
    weeks = longitudinal.drop_duplicates(SESSION).set_index(SESSION)["week"]
    keys = pd.DataFrame({name: curves[name].to_numpy().astype(str) for name in (*SESSION, "task", "leg")})
    keys["week"] = weeks.reindex(pd.MultiIndex.from_frame(keys[SESSION])).to_numpy(float)
    for task, rows in keys[keys["task"] != "standing"].groupby("task", sort=True):
        own = curves.isel(rep=rows.index.to_numpy())
        week = rows["week"].groupby(rows["participant_id"])
        conditions = rows["week"] == week.transform("max"), rows["week"] == week.transform("min")
        several = week.transform("nunique") > 1
        for angle, labels in ANGLES.items():
            legs = [own["angle"].sel(joint_angle=label).transpose("rep", "point").to_numpy() for label in labels]
            # Mean of the working legs; missing where one of them is missing.
            working = np.array([[leg in ("both", label.partition("_")[0]) for leg in rows["leg"]] for label in labels])
            working |= len(labels) == 1
            mean = np.where(working[:, :, None], legs, 0.0).sum(axis=0) / working.sum(axis=0)[:, None]
            last, first = (_athlete_means(mean, rows["participant_id"], chosen & several) for chosen in conditions)
            if len(last):
                yield (SESSION_COMPARISON, str(task), angle), (last, first)
            if len(labels) == 2 and (rows["leg"] == "both").any():
                left, right = (_athlete_means(leg, rows["participant_id"], rows["leg"] == "both") for leg in legs)
                if len(left):
                    yield (LEG_COMPARISON, str(task), angle), (right, left)


def _athlete_means(values: Array, participants: pd.Series, chosen: pd.Series) -> pd.DataFrame:
    """Return the athletes' mean curves over the complete ones of the selected repetitions."""
    kept = chosen.to_numpy(bool) & np.isfinite(values).all(axis=1)
    if not kept.any():
        return pd.DataFrame()
    return athlete_mean_curves(values[kept].astype(float), participants[kept].tolist())


def _difference(first: pd.DataFrame, second: pd.DataFrame, found: CurveComparison) -> pd.DataFrame:
    common = first.index.intersection(second.index)
    apart = first.loc[common].to_numpy(float) - second.loc[common].to_numpy(float)
    half = found.critical_statistic * apart.std(axis=0, ddof=1) / np.sqrt(len(common))
    half = np.where(np.isfinite(half), half, np.nan)
    return pd.DataFrame(
        {
            "percent": first.columns.to_numpy(float),
            "difference": found.difference,
            "low": found.difference - half,
            "high": found.difference + half,
        }
    )


def _clusters(found: CurveComparison, percent: Array) -> pd.DataFrame:
    """Return the clusters with the mean difference in each; one empty row where there is none."""
    rows = found.clusters
    if rows.empty:
        return pd.DataFrame({name: [np.nan] for name in CLUSTER_COLUMNS[len(COMPARISON_KEYS) : -1]})
    ends = zip(rows["start_percent"].to_numpy(float), rows["end_percent"].to_numpy(float), strict=True)
    means = [found.difference[(percent >= start) & (percent <= end)].mean() for start, end in ends]
    return rows.assign(mean_difference=means)
