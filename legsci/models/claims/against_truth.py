"""Verdicts on a simulated study compared with the true effects."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from legsci.models.claims.registry import Registry
from legsci.models.claims.verdicts import INCONCLUSIVE, UNTESTABLE, verdict_on_truth

#: 90th minus 10th percentile of a normal distribution [SD].
INTERDECILE_RANGE_SD = float(stats.norm.ppf(0.9) - stats.norm.ppf(0.1))
#: Eccentric time at which it does not modify the simulated gain [s].
NEUTRAL_ECCENTRIC_TIME_S = 2.0
TRUTH_COLUMNS = [
    "id",
    "verdict",
    "true_verdict",
    "agreement",
    "estimate",
    "low",
    "high",
    "true_effect",
    "covered",
    "unit",
]


def claims_against_truth(
    ledger: pd.DataFrame, registry: Registry, parameters: pd.DataFrame, tables: dict[str, pd.DataFrame]
) -> pd.DataFrame:
    """Compare each verdict with the verdict on the true effect in the same athletes.

    Parameters
    ----------
    ledger : rows of claims.csv of a simulated study.
    registry : the claims.
    parameters : truth/parameters.tsv: parameter (dotted name), value.
    tables : tables of the study; metrics and participants are used.

    Returns
    -------
    One row per claim with TRUTH_COLUMNS: `agreement` is `agrees`, `differs`, `undecided` (the verdict is inconclusive)
    or `not tested`; `covered`, whether the 95 % interval includes the true effect (missing where there is none).
    """
    truth = true_effects(parameters, ledger.set_index("id")["difference"], tables)
    claims = {claim.id: claim for claim in registry.claims}
    rows = []
    for row in ledger[["id", "verdict", "estimate", "low", "high", "unit"]].to_dict("records"):
        effect = truth.get(row["id"])
        known = effect is not None and bool(np.isfinite(effect))
        true_verdict = None if effect is None or not known else verdict_on_truth(claims[row["id"]], effect)
        tested = row["verdict"] != UNTESTABLE and known
        words = "agrees" if row["verdict"] == true_verdict else "differs"
        agreement = "undecided" if row["verdict"] == INCONCLUSIVE else words
        rows.append(
            row
            | {
                "true_verdict": true_verdict,
                "agreement": agreement if tested else "not tested",
                "true_effect": effect,
                "covered": row["low"] <= effect <= row["high"] if tested else None,
            }
        )
    return pd.DataFrame(rows)[TRUTH_COLUMNS]


def true_effects(parameters: pd.DataFrame, differences: pd.Series, tables: dict[str, pd.DataFrame]) -> dict[str, float]:
    """Return the true effect of each claim on its own scale.

    Ratios of athletes with feedback are averaged on the log scale; without an excess at the start there is no
    half-time.

    Parameters
    ----------
    parameters : parameter (dotted name), value.
    differences : (claim,) of the predictor, as in the ledger; the effect of a claim that was not tested is missing
        if it depends on the difference.
    tables : metrics and participants of the study.
    """
    p = parameters.set_index("parameter")["value"].astype(float)
    jumps = tables["metrics"].query("task == 'countermovement_jump' and side == 'both'")["jump_height_impulse_m"]
    people = tables["participants"]
    spread = INTERDECILE_RANGE_SD * p["alignment.knee_abduction_between_sd_deg"]
    per_log = p["jump.gain_share_per_log_eccentric_time"]
    usual = np.log(p["squat.eccentric_time_s.median"] / NEUTRAL_ECCENTRIC_TIME_S)
    depth = p["jump.percent_per_depth_cm"] + p["jump.neutral_spine_percent_per_depth_cm"]
    volume = p["jump.gain_percent_per_week_per_log_hours_per_abduction_deg"]
    half_time = p["learning.half_time_weeks"] * p["learning.feedback_half_time_ratio"] ** p["athlete.feedback_share"]
    return {
        "C1": _percent(p["jump.percent_per_abduction_deg_within"] * differences["C1"]),
        "C2": _percent(-p["lateral_jump.percent_per_onset_ms_between"] * differences["C2"]),
        "C3": _percent(depth * differences["C3"]) * float(jumps.mean()),
        "C4": (1.0 + per_log * (usual + differences["C4"])) / (1.0 + per_log * usual),
        "C5": p["overuse.rate_ratio_poor_against_good_alignment"] ** (differences["C5"] / spread),
        "C6a": p["squat.elite_last_eccentric_time_ratio"] ** differences["C6a"],
        "C6b": p["squat.elite_last_concentric_time_ratio"] ** differences["C6b"],
        "C7": p["sprint.braking_m_per_s_per_foot_strike_deg"] * differences["C7"] * people["body_mass_kg"].mean(),
        "C9": _slope_standard_deviation(p, people) * differences["C9"],
        "C10": _percent(volume * differences["C10"]),
        "C11": half_time if p["learning.start_excess_deg"] else np.nan,
    }


def _percent(log_percent: float) -> float:
    return float(100.0 * np.expm1(log_percent / 100.0))


def _slope_standard_deviation(p: pd.Series, people: pd.DataFrame) -> float:
    """Return the standard deviation of the slopes in this population [% per degree]."""
    drawn = p["jump.abduction_slope_sd_percent_per_deg"]
    laxity = p["jump.abduction_slope_percent_per_deg_per_beighton"] * people["beighton_score"].astype(float).std()
    injured = p["athlete.previous_injury_share"]
    injury = p["jump.abduction_slope_percent_per_deg_previous_injury"] * np.sqrt(injured * (1.0 - injured))
    return float(np.sqrt(drawn**2 + laxity**2 + injury**2))
