"""The ledger of claims: each is estimated, adjusted for multiple testing, and given one verdict with its reason."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from legsci.metrics.registry import METRICS
from legsci.models.claims.estimates import ESTIMATORS
from legsci.models.claims.evidence import Evidence, variables_of
from legsci.models.claims.registry import Claim, Registry
from legsci.models.claims.verdicts import INCONCLUSIVE, UNTESTABLE, adjusted_p_values, claim_verdict
from legsci.models.result import ModelRefusal
from legsci.models.statistics.confirmation import CONFIRMED, is_confirmed
from legsci.models.statistics.effects import Effect
from legsci.models.statistics.resampling import Bootstrap
from legsci.models.tables.analysis import LOADS, Variable
from legsci.models.tables.longitudinal import longitudinal_table

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
PRIMARY = "primary"
SENSITIVITY_COLUMNS = [
    "id",
    "analysis",
    "estimate",
    "low",
    "high",
    "unit",
    "p_value",
    "difference",
    "participants",
    "rows",
    "events",
    "refusal",
]
#: Resamples of the cluster bootstraps of alternative analyses, which give no verdict.
ALTERNATIVE_RESAMPLES = 200


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
    """Test each registered claim on the data of a study, by its primary and its alternative analyses.

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
    sensitivity : one row per claim and analysis with SENSITIVITY_COLUMNS, the primary one first; `refusal` is why an
        analysis has no estimate.
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
    rows = longitudinal_table(tables) if longitudinal is None else longitudinal
    return Evidence(tables, rows, registry, bootstrap, is_confirmed(confirm, verdict=True))


def _tested(evidence: Evidence, simulated: bool, *, every_analysis: bool) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return ledger and sensitivity; alternatives of every claim, or of those whose verdict they could overturn."""
    registry = evidence.registry
    answers = {claim.id: _answer(claim, evidence) for claim in registry.claims}
    adjusted = _adjusted(registry, answers)
    rows, analyses = [], []
    for claim in registry.claims:
        answer = answers[claim.id]
        if isinstance(answer, Effect):
            p_value = float(adjusted[claim.id])
            decided = claim_verdict(claim, answer, p_value)[0] != INCONCLUSIVE
            others = _alternatives(claim, evidence) if every_analysis or decided else {}
            intervals = {name: other.interval for name, other in others.items() if isinstance(other, Effect)}
            rows.append(_row(claim, *claim_verdict(claim, answer, p_value, intervals)) | _found(answer, p_value))
            analyses += [_analysis(claim, name, one) for name, one in ({PRIMARY: answer} | others).items()]
        else:
            rows.append(_row(claim, UNTESTABLE, f"untestable here: {'; '.join(answer)}"))
            analyses.append(_analysis(claim, PRIMARY, answer))
    ledger = pd.DataFrame(rows).assign(
        registered=(registry.registered or {}).get("date"),
        registry=registry.state,
        registry_checksum=registry.checksum,
        simulated=simulated,
    )
    ledger = ledger.reindex(columns=LEDGER_COLUMNS)
    return ledger, pd.DataFrame(analyses).reindex(columns=SENSITIVITY_COLUMNS)


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


def _alternatives(claim: Claim, evidence: Evidence) -> dict[str, Effect | list[str]]:
    """Return the effect of each alternative analysis, or the reasons why it has none."""
    few = replace(evidence.bootstrap, resamples=min(evidence.bootstrap.resamples, ALTERNATIVE_RESAMPLES))
    quick = Evidence(evidence.tables, evidence.longitudinal, evidence.registry, few, confirm=False)
    # The sessions are those of the primary analysis.
    quick.__dict__["every_session"] = evidence.every_session
    return {name: _answer(replace(claim, model=model), quick) for name, model in claim.alternatives.items()}


def _analysis(claim: Claim, name: str, answer: Effect | list[str]) -> dict[str, object]:
    row: dict[str, object] = {"id": claim.id, "analysis": name, "unit": claim.unit}
    if not isinstance(answer, Effect):
        return row | {"refusal": "; ".join(answer)}
    found = _found(answer, float("nan"))
    return row | {name: found[name] for name in SENSITIVITY_COLUMNS if name in found}


def _answer(claim: Claim, evidence: Evidence) -> Effect | list[str]:
    """Return the effect of a claim, or the reasons why it cannot be tested."""
    missing = missing_data(claim, evidence)
    if missing:
        return missing
    try:
        return ESTIMATORS[claim.model["kind"]](claim, evidence)
    except ModelRefusal as refusal:
        return [f"{refusal.subject}: {sentence}" for sentence in refusal.sentences]
    except (KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
        # An invalid entry of the registry must not prevent the verdicts on the others.
        fault = f"{type(error).__name__} {error}"
        return [f"the entry of {claim.id} in the registry of claims does not define a model: {fault}"]


def missing_data(claim: Claim, evidence: Evidence) -> list[str]:
    """Return a sentence for each thing that a claim needs and the study lacks."""
    if claim.model["kind"] == "none":
        return [f"this version reads no {need}" for need in claim.needs]
    known = set(evidence.series[["task", "metric", "side"]].itertuples(index=False, name=None))
    missing = []
    for name in variables_of(claim, evidence.registry):
        variable = evidence.registry.variables[name]
        if (variable.task, variable.metric, variable.side) not in known:
            others = [side for side in ("left", "right") if (variable.task, variable.metric, side) in known]
            missing.append(_missing_metric(variable, others))
    return [*missing, *_missing_of_people(claim, evidence)]


def _missing_metric(variable: Variable, others: list[str]) -> str:
    """Return the sentence on a missing metric, or on the only sides that have it."""
    name = f"{variable.metric} of {variable.task}"
    if variable.metric not in METRICS:
        return f"this version of legsci does not measure {name}"
    if not others:
        return f"metrics.csv has no {name} that was not rejected"
    if variable.side != "both":
        return (
            f"metrics.csv has {name} of the {' and '.join(others)} leg only; that of the {variable.side} leg is needed"
        )
    if len(others) > 1:
        return f"no session of metrics.csv has {name} of both legs, whose mean is needed"
    return f"metrics.csv has {name} of the {others[0]} leg only; the mean of both legs is needed"


def _missing_of_people(claim: Claim, evidence: Evidence) -> list[str]:
    """Return a sentence for each thing that is missing about training, health, persons or sets."""
    model, rows = claim.model, evidence.longitudinal
    parts = {part for term in model.get("terms", []) for part in term.split(":")}
    missing = []
    if (parts & {*LOADS, "log_hours"} or model["kind"] == "rate_ratio") and not len(
        evidence.tables.get("exposure", ())
    ):
        missing.append("exposure.tsv, with weekly training, is missing")
    if model["kind"] == "rate_ratio" and not len(evidence.tables.get("health", ())):
        missing.append("health.tsv, with weekly questionnaires, is missing")
    columns = {"female": "sex", "previously_injured": "previous_injury"}
    columns |= {name: code.column for name, code in evidence.registry.codes.items()}
    for name in sorted(parts & {"female", "previously_injured", "beighton_score", "body_mass_kg", *columns}):
        column = columns.get(name, name)
        if rows[column].isna().all():
            missing.append(f"participants.tsv has no {column}")
    if model["kind"] == "repetitions":
        present = evidence.tables["metrics"]
        outcome = model["outcome"]
        if outcome not in present or present.loc[present["task"] == model["set_task"], outcome].isna().all():
            missing.append(f"metrics.csv has no {outcome} of {model['set_task']}")
    return missing


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


def _found(effect: Effect, adjusted_p: float) -> dict[str, object]:
    return {
        "estimate": effect.estimate,
        "low": effect.interval[0],
        "high": effect.interval[1],
        "p_value": effect.p_value,
        "adjusted_p": adjusted_p,
        "difference": effect.difference,
        "participants": effect.participants,
        "rows": effect.rows,
        "events": effect.events,
        "notes": "; ".join(effect.notes),
    }
