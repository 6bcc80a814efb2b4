"""Analyses of a claim beside its primary one: alternatives, checks and control outcomes.

Alternatives are other reasonable analyses, which may overturn a verdict. Checks rest on assumptions of their own, and
controls have an outcome whose answer is known: both are reported only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pandas as pd

from legsci.models.claims.answers import answer
from legsci.models.claims.evidence import Evidence
from legsci.models.claims.registry import Claim
from legsci.models.statistics.effects import Effect

#: `role` is primary, alternative, check, positive or negative control; `e_value` and `e_value_limit`, of primary
#: analyses, are those of the estimate and of the limit nearer to none; `refusal` is why an analysis has no estimate.
SENSITIVITY_COLUMNS = [
    "id",
    "role",
    "analysis",
    "estimate",
    "low",
    "high",
    "unit",
    "p_value",
    "e_value",
    "e_value_limit",
    "difference",
    "participants",
    "rows",
    "events",
    "notes",
    "refusal",
]
PRIMARY = "primary"
#: Resamples of the cluster bootstraps of all but primary analyses: they give no verdict.
FEW_RESAMPLES = 200
#: Claim as analysed, role, name of the analysis, and its effect or the reasons why it has none.
Analysis = tuple[Claim, str, str, Effect | list[str]]


def alternatives_of(claim: Claim, evidence: Evidence) -> list[Analysis]:
    """Return the alternative analyses of a claim."""
    quick = _quick(evidence)
    models = claim.alternatives.items()
    return [(claim, "alternative", name, answer(replace(claim, model=model), quick)) for name, model in models]


def checks_of(claim: Claim, evidence: Evidence) -> list[Analysis]:
    """Return the checks of a claim."""
    quick = _quick(evidence)
    return [
        (claim, "check", str(check["name"]), answer(replace(claim, model=check["model"]), quick, check.get("method")))
        for check in claim.checks
    ]


def controls_of(evidence: Evidence) -> list[Analysis]:
    """Return the analyses of control outcomes of the claims in the registry."""
    quick, tested = _quick(evidence), {claim.id for claim in evidence.registry.claims}
    found: list[Analysis] = []
    for control in evidence.registry.controls:
        if control.claim.id in tested:
            effect = answer(control.claim, quick)
            if isinstance(effect, Effect):
                effect = replace(effect, notes=(f"expected: {control.expected}", *effect.notes))
            found.append((control.claim, f"{control.kind} control", control.name, effect))
    return found


def _quick(evidence: Evidence) -> Evidence:
    """Return the same data with fewer resamples and without confirmation by MixedLM."""
    few = replace(evidence.bootstrap, resamples=min(evidence.bootstrap.resamples, FEW_RESAMPLES))
    quick = Evidence(evidence.tables, evidence.longitudinal, evidence.registry, few, confirm=False)
    # The sessions are those of the primary analysis.
    quick.__dict__["every_session"] = evidence.every_session
    return quick


def sensitivity_table(analyses: Iterable[Analysis]) -> pd.DataFrame:
    """Return one row per analysis with SENSITIVITY_COLUMNS.

    Parameters
    ----------
    analyses : in the order of the rows.
    """
    rows = []
    for claim, role, name, found in analyses:
        row: dict[str, object] = {"id": claim.id, "role": role, "analysis": name, "unit": claim.unit}
        if isinstance(found, Effect):
            row |= found_columns(found)
            if role == PRIMARY and found.e_values:
                row |= dict(zip(("e_value", "e_value_limit"), found.e_values, strict=True))
        else:
            row["refusal"] = "; ".join(found)
        rows.append(row)
    return pd.DataFrame(rows).reindex(columns=SENSITIVITY_COLUMNS)


def found_columns(effect: Effect) -> dict[str, object]:
    """Return the columns of a table that hold an effect."""
    return {
        "estimate": effect.estimate,
        "low": effect.interval[0],
        "high": effect.interval[1],
        "p_value": effect.p_value,
        "difference": effect.difference,
        "participants": effect.participants,
        "rows": effect.rows,
        "events": effect.events,
        "notes": "; ".join(effect.notes),
    }
