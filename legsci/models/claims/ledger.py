"""The ledger of claims: each is estimated, adjusted for multiple testing, and given one verdict with its reason."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pandas as pd

from legsci.models.claims.answers import answer
from legsci.models.claims.evidence import Evidence
from legsci.models.claims.registry import Claim, Registry
from legsci.models.claims.sensitivity import (
    PRIMARY,
    alternatives_of,
    checks_of,
    controls_of,
    found_columns,
    sensitivity_table,
)
from legsci.models.claims.verdicts import INCONCLUSIVE, UNTESTABLE, adjusted_p_values, claim_verdict
from legsci.models.statistics.confirmation import CONFIRMED, is_confirmed
from legsci.models.statistics.effects import Effect
from legsci.models.statistics.resampling import Bootstrap
from legsci.models.tables.inputs import check_longitudinal, check_tables
from legsci.models.tables.longitudinal import LONGITUDINAL_COLUMNS, longitudinal_table

#: Adjustment of p values: family-wise error rate of confirmatory claims, false discovery rate of exploratory ones.
ADJUSTMENTS = {"confirmatory": "holm", "exploratory": "benjamini_hochberg"}
LEDGER_COLUMNS = [
    "id",
    "sentence",
    "status",
    "verdict",
    "reason",
    "estimate",
    "low",
    "high",
    "unit",
    "p_value",
    "adjusted_p",
    "adjustment",
    "claimed_low",
    "claimed_high",
    "equivalence_low",
    "equivalence_high",
    "null",
    "difference",
    "difference_unit",
    "participants",
    "rows",
    "events",
    "notes",
    "estimand",
    "assumes",
    "literature",
    "registered",
    "registry",
    "registry_checksum",
    "simulated",
]


def claims_tables(
    tables: Mapping[str, pd.DataFrame],
    registry: Registry,
    *,
    simulated: bool,
    longitudinal: pd.DataFrame | None = None,
    resamples: int = 2000,
    seed: int = 0,
    confirm: str = CONFIRMED[0],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Test each registered claim on the data of a study, by its primary analysis, alternatives, checks and controls.

    Parameters
    ----------
    tables : tables of the study folder by name, and `metrics`; exposure and health may be absent or empty.
    registry : the claims.
    simulated : whether the study is simulated; its verdicts then do not apply to people.
    longitudinal : rows of longitudinal.csv; made from the tables where it is not given.
    resamples, seed : of every cluster bootstrap.
    confirm : which mixed models MixedLM confirms, one of CONFIRMED; those of claims unless it is `none`.

    Returns
    -------
    ledger : one row per claim with LEDGER_COLUMNS: estimate with its 95 % interval [unit], p value of no effect and as
        adjusted over the registered claims of the same status, verdict and reason. A claim that cannot be tested has
        the verdict `untestable`, no estimate, and the reason names what is missing. `registered` is the date of
        registration that claims.yaml states, `registry` whether its checksum is still that of the day.
    sensitivity : one row per claim and analysis with SENSITIVITY_COLUMNS (see there), primary first, controls last.
    """
    evidence = _evidence(tables, registry, longitudinal, Bootstrap(resamples, seed), confirm)
    return _tested(evidence, simulated, every_analysis=True)


def claims_ledger(
    tables: Mapping[str, pd.DataFrame],
    registry: Registry,
    *,
    simulated: bool,
    longitudinal: pd.DataFrame | None = None,
    resamples: int = 2000,
    seed: int = 0,
    confirm: str = CONFIRMED[0],
) -> pd.DataFrame:
    """Return the ledger of `claims_tables` alone, without alternative analyses that could not overturn a verdict.

    Parameters
    ----------
    tables, registry, simulated, longitudinal, resamples, seed, confirm : see `claims_tables`.
    """
    evidence = _evidence(tables, registry, longitudinal, Bootstrap(resamples, seed), confirm)
    return _tested(evidence, simulated, every_analysis=False)[0]


def _evidence(
    tables: Mapping[str, pd.DataFrame],
    registry: Registry,
    longitudinal: pd.DataFrame | None,
    bootstrap: Bootstrap,
    confirm: str,
) -> Evidence:
    check_tables(tables)
    if longitudinal is not None:
        check_longitudinal(longitudinal, LONGITUDINAL_COLUMNS)
    rows = longitudinal_table(tables) if longitudinal is None else longitudinal
    return Evidence(tables, rows, registry, bootstrap, is_confirmed(confirm, verdict=True))


def _tested(evidence: Evidence, simulated: bool, *, every_analysis: bool) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return ledger and sensitivity; alternatives of every claim, or of those whose verdict they could overturn."""
    registry = evidence.registry
    answers = {claim.id: answer(claim, evidence) for claim in registry.claims}
    adjusted = _adjusted(registry, answers)
    rows, analyses = [], []
    for claim in registry.claims:
        primary = answers[claim.id]
        analyses.append((claim, PRIMARY, PRIMARY, primary))
        if isinstance(primary, Effect):
            p_value = float(adjusted[claim.id])
            decided = claim_verdict(claim, primary, p_value)[0] != INCONCLUSIVE
            others = alternatives_of(claim, evidence) if every_analysis or decided else []
            intervals = {name: other.interval for _, _, name, other in others if isinstance(other, Effect)}
            found = found_columns(primary) | {"adjusted_p": p_value}
            rows.append(_row(claim, *claim_verdict(claim, primary, p_value, intervals)) | found)
            analyses += [*others, *(checks_of(claim, evidence) if every_analysis else [])]
        else:
            rows.append(_row(claim, UNTESTABLE, f"untestable here: {'; '.join(primary)}"))
    analyses += controls_of(evidence) if every_analysis else []
    ledger = pd.DataFrame(rows).assign(
        registered=(registry.registered or {}).get("date"),
        registry=registry.state,
        registry_checksum=registry.checksum,
        simulated=simulated,
    )
    return ledger.reindex(columns=LEDGER_COLUMNS), sensitivity_table(analyses)


def _adjusted(registry: Registry, answers: Mapping[str, Effect | list[str]]) -> pd.Series:
    """Return the p value of each tested claim, adjusted over the registered claims of its status."""
    raw = pd.Series(
        {name: answer.p_value for name, answer in answers.items() if isinstance(answer, Effect)}, dtype=float
    )
    status = pd.Series({claim.id: claim.status for claim in registry.claims})
    parts = [
        adjusted_p_values(raw[status.reindex(raw.index) == kind], method=method, family=int((status == kind).sum()))
        for kind, method in ADJUSTMENTS.items()
    ]
    return pd.concat(parts)


def _row(claim: Claim, verdict: str, reason: str) -> dict[str, object]:
    size = claim.size or (None, None)
    return {
        "id": claim.id,
        "sentence": claim.sentence,
        "status": claim.status,
        "verdict": verdict,
        "reason": reason,
        "unit": claim.unit,
        "claimed_low": size[0],
        "claimed_high": size[1],
        "equivalence_low": claim.equivalence[0],
        "equivalence_high": claim.equivalence[1],
        "null": claim.null,
        "difference_unit": claim.contrast["unit"],
        "adjustment": ADJUSTMENTS[claim.status],
        "estimand": claim.estimand,
        "assumes": claim.assumes,
        "literature": json.dumps(list(claim.literature), ensure_ascii=False),
    }
