"""The answer to a claim: its effect, or a sentence for each thing that is missing or prevents an estimate."""

from __future__ import annotations

from dataclasses import replace

from legsci.metrics.registry import METRICS
from legsci.models.claims.checks import METHODS
from legsci.models.claims.estimates import ESTIMATORS
from legsci.models.claims.evidence import Evidence, unregistered_words, variables_of
from legsci.models.claims.registry import Claim
from legsci.models.result import ModelRefusal
from legsci.models.statistics.effects import Effect
from legsci.models.tables.analysis import LOADS, Variable


def answer(claim: Claim, evidence: Evidence, method: str | None = None) -> Effect | list[str]:
    """Return the effect of a claim, or the reasons why it cannot be tested.

    Parameters
    ----------
    claim, evidence : what is tested on which data.
    method : one of METHODS of checks, instead of the estimator of the claim's kind of model.
    """
    missing = missing_data(claim, evidence)
    if missing:
        return missing
    try:
        effect = (METHODS[method] if method else ESTIMATORS[claim.model["kind"]])(claim, evidence)
        return replace(effect, notes=(*effect.notes, *unregistered_words(claim, evidence)))
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
    if parts & set(LOADS) or model["kind"] == "rate_ratio":
        missing += evidence.week_mismatch
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
