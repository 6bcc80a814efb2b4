"""Figures of the results of models; each states the reason where a model could not be estimated."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
from matplotlib.figure import Figure

from legsci.present.figures import (
    alignment_within_between,
    claims_ledger,
    curve_differences,
    incidence,
    reliability,
    study_flow,
    style,
)
from legsci.present.results import Results


def _study_flow(study: Results) -> Figure:
    """Draw the flow of the study: used and excluded."""
    return study_flow.study_flow_figure(study.table("study_flow"), simulated=study.simulated)


def _alignment_within_between(study: Results) -> Figure:
    """Draw alignment against jump height."""
    points = study.table("models/points")
    if points.empty:
        return _refused(study, "alignment", "Alignment and jump height")
    return alignment_within_between.alignment_within_between_figure(
        points, study.table("models/alignment"), simulated=study.simulated
    )


def _incidence(study: Results) -> Figure:
    """Draw rates of overuse problems."""
    rates = study.table("models/incidence")
    if rates.empty:
        return _refused(study, "incidence", "Incidence of overuse problems")
    return incidence.incidence_figure(
        rates, study.table("models/burden"), study.table("models/weeks_left_out"), simulated=study.simulated
    )


def _reliability(study: Results) -> Figure:
    """Draw reliability between sessions."""
    rows = study.table("models/reliability")
    if rows.empty:
        return _refused(study, "reliability", "Reliability between sessions")
    return reliability.reliability_figure(rows, simulated=study.simulated)


def _curve_differences(study: Results) -> Figure:
    """Draw differences of joint angles between sessions and between legs."""
    rows = study.table("models/curve_differences")
    if rows.empty:
        return _refused(study, "curves", "Joint angles within athletes", table="models/curve_refusals")
    return curve_differences.curve_differences_figure(
        rows, study.table("models/curve_clusters"), simulated=study.simulated
    )


def _claims_ledger(study: Results) -> Figure:
    """Draw the ledger of claims."""
    return claims_ledger.claims_ledger_figure(study.table("claims"), simulated=study.simulated)


def _refused(study: Results, model: str, words: str, *, table: str = "models/refusals") -> Figure:
    """A figure that states why a model could not be estimated."""
    refusals: pd.DataFrame = study.table(table)
    reasons = refusals.loc[refusals["model"].str.startswith(model), "sentence"].drop_duplicates().to_list()
    return style.words_only(f"{words}: cannot be estimated here. {'; '.join(reasons[:2])}", simulated=study.simulated)


#: Figures of the results of models, one file per study: name -> (study) -> Figure.
MODEL_FIGURES: dict[str, Callable[[Results], Figure]] = {
    "study_flow": _study_flow,
    "alignment_within_between": _alignment_within_between,
    "incidence": _incidence,
    "reliability": _reliability,
    "curve_differences": _curve_differences,
    "claims_ledger": _claims_ledger,
}
