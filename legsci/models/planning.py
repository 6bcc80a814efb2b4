"""Study planning by simulation: power by sample size, with bias and coverage of the models.

The simulator is an argument: a function that returns the tables of a cohort.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from legsci.models.claims.against_truth import true_effects
from legsci.models.claims.evidence import variables_of
from legsci.models.claims.ledger import claims_ledger
from legsci.models.claims.registry import Registry
from legsci.models.claims.verdicts import SUPPORTED, UNTESTABLE
from legsci.models.plans import with_changes
from legsci.models.result import ALPHA

#: From the options and a seed to a cohort's tables, `parameters` (dotted name, value) among them.
Simulate = Callable[[Mapping[str, Any], int], dict[str, pd.DataFrame]]

#: Name of the row on all claims of a scenario together.
ANY = "any"
#: Cohorts between two messages of progress.
LOG_INTERVAL = 25
COHORT_COLUMNS = ["seed", "id", "scale", "verdict", "estimate", "low", "high", "p_value", "true_effect", "participants"]


def simulate_ledgers(
    simulate: Simulate,
    config: Mapping[str, Any],
    registry: Registry,
    *,
    claims: Iterable[str],
    seeds: Iterable[int],
    resamples: int,
) -> pd.DataFrame:
    """Test claims on many simulated cohorts.

    Parameters
    ----------
    simulate : makes a cohort's tables.
    config : options of the cohorts.
    registry : the claims.
    claims : ids of those that are tested.
    seeds : of the cohorts.
    resamples : of the cluster bootstraps in each.

    Returns
    -------
    One row per cohort and claim with COHORT_COLUMNS; without estimate where the claim could not be tested.
    """
    wanted = set(claims)
    # Alignment of simulated tables has no placement error, so that none is assumed.
    variables = {name: replace(variable, placement_sd=(0.0, 0.0)) for name, variable in registry.variables.items()}
    claims_wanted = tuple(claim for claim in registry.claims if claim.id in wanted)
    small = replace(registry, claims=claims_wanted, variables=variables)
    tasks = {registry.variables[name].task for claim in small.claims for name in variables_of(claim, registry)}
    tasks |= {claim.model["set_task"] for claim in small.claims if "set_task" in claim.model}
    scales = {claim.id: claim.scale for claim in small.claims}
    rows = []
    for done, seed in enumerate(seeds):
        if done % LOG_INTERVAL == 0:
            logging.info("%s cohorts analysed for %s", done, ", ".join(scales))
        tables = simulate(config, seed)
        # Repetitions of other tasks would be summarised without use.
        tables["metrics"] = tables["metrics"][tables["metrics"]["task"].isin(tasks)]
        ledger = claims_ledger(tables, small, simulated=True, resamples=resamples, seed=seed)
        differences = ledger.set_index("id")["difference"].reindex([claim.id for claim in registry.claims])
        truth = true_effects(tables["parameters"], differences, tables)
        ids = ledger["id"]
        ledger = ledger.assign(seed=seed, true_effect=ids.map(truth), scale=ids.map(scales))
        rows.append(ledger[COHORT_COLUMNS])
    return pd.concat(rows, ignore_index=True)


def performance_measures(cohorts: pd.DataFrame) -> pd.DataFrame:
    """Return bias, coverage and power over cohorts, each with its Monte Carlo standard error (Morris et al. 2019).

    Parameters
    ----------
    cohorts : rows of `simulate_ledgers`, one scenario.

    Returns
    -------
    One row per claim: cohorts; tested, number with an estimate; true_effect and mean_estimate [unit of the claim];
    bias_percent of the true effect with its error, missing where that is none (ratios on the log scale); coverage of
    the 95 % interval with its error; supported, share of all cohorts with that verdict, with its error; power, share of
    p values below 0.05, with its error. Of several claims, a row ANY: supported, share of cohorts in which one is.
    """
    rows: list[dict[str, object]] = []
    for name, group in cohorts.groupby("id", sort=False):
        tested = group[group["verdict"] != UNTESTABLE].astype({"estimate": float})
        known = tested.dropna(subset=["true_effect"])
        inside = (known["low"] <= known["true_effect"]) & (known["true_effect"] <= known["high"])
        supported = float((group["verdict"] == SUPPORTED).mean())
        rows.append(
            {
                "id": name,
                "cohorts": len(group),
                "tested": len(tested),
                **_bias(known),
                **_share("coverage", float(inside.mean()) if len(known) else np.nan, len(known)),
                **_share("supported", supported, len(group)),
                **_share("power", float((tested["p_value"] < ALPHA).mean()) if len(tested) else np.nan, len(tested)),
            }
        )
    if len(rows) > 1:
        anywhere = (cohorts["verdict"] == SUPPORTED).groupby(cohorts["seed"]).any()
        share = _share("supported", float(anywhere.mean()), len(anywhere))
        rows.append({"id": ANY, "cohorts": len(anywhere), **share})
    return pd.DataFrame(rows)


def _bias(known: pd.DataFrame) -> dict[str, float]:
    """Return true and estimated effect, and the mean difference in percent of the true one."""
    finite = known[np.isfinite(known["estimate"])]
    means = {"true_effect": finite["true_effect"].mean(), "mean_estimate": finite["estimate"].mean()}
    truth, estimate = (finite[name].to_numpy(float) for name in ("true_effect", "estimate"))
    if len(finite) and (finite["scale"] == "ratio").all():
        truth, estimate = np.log(truth), np.log(estimate)
    size = abs(truth.mean()) if len(finite) > 1 else 0.0
    if size == 0.0:
        return means | {"bias_percent": np.nan, "bias_error": np.nan}
    away = 100.0 * (estimate - truth) / size
    return means | {"bias_percent": float(away.mean()), "bias_error": float(away.std(ddof=1) / np.sqrt(len(away)))}


def _share(name: str, share: float, count: int) -> dict[str, float]:
    error = float(np.sqrt(share * (1.0 - share) / count)) if count else np.nan
    return {name: share, f"{name}_error": error}


def power_curve(
    simulate: Simulate,
    config: Mapping[str, Any],
    registry: Registry,
    *,
    claim: str,
    athletes: Iterable[int],
    seeds: Sequence[int],
    resamples: int = 100,
) -> pd.DataFrame:
    """Estimate the power to detect a claim's effect by the number of athletes.

    Parameters
    ----------
    simulate, registry : see `simulate_ledgers`.
    config : options of the cohorts: effect, measurement error, visits, drop-out.
    claim : id.
    athletes : sample sizes.
    seeds : of the cohorts of each number of athletes.
    resamples : of the cluster bootstraps.

    Returns
    -------
    One row per number of athletes: athletes; finished, mean number of athletes in the model; and the columns of
    `performance_measures`; half_width, median half width of the 95 % interval [unit of the claim].
    """
    rows = []
    for number in athletes:
        tried = simulate_ledgers(
            simulate,
            with_changes(config, {"athletes": number}),
            registry,
            claims=[claim],
            seeds=seeds,
            resamples=resamples,
        )
        width = 0.5 * (tried["high"].astype(float) - tried["low"].astype(float)).median()
        summary = performance_measures(tried).iloc[0].to_dict()
        finished = tried["participants"].astype(float).mean()
        rows.append({"athletes": number, "finished": finished, "half_width": width} | summary)
    return pd.DataFrame(rows)


def athletes_needed(curve: pd.DataFrame, *, power: float = 0.8) -> float | None:
    """Return the sample size for a power, linear in its square root; None where no size reaches it.

    Parameters
    ----------
    curve : rows of `power_curve`.
    power : required [share].
    """
    rows = curve.sort_values("athletes")
    reached = np.flatnonzero(rows["power"].to_numpy(float) >= power)
    if not len(reached):
        return None
    last = int(reached[0])
    if last == 0:
        return float(rows["athletes"].iloc[0])
    ends = rows.iloc[[last - 1, last]]
    # Power is nearly linear in the square root of the number of athletes.
    roots = np.interp(power, ends["power"].to_numpy(float), np.sqrt(ends["athletes"].to_numpy(float)))
    return float(np.ceil(roots**2))
