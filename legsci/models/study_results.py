"""Results of a study other than its claims: alignment and jump height, reliability, agreement, injury rates.

The reasons why a model cannot be estimated are listed in `refusals`; the other models are fitted.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from legsci.metrics.registry import METRICS
from legsci.models.claims.evidence import Evidence
from legsci.models.claims.registry import Registry
from legsci.models.force_velocity_results import force_velocity_profiles
from legsci.models.injury_results import injury_results
from legsci.models.result import REFUSAL_COLUMNS, ModelRefusal, Refusals, attempt
from legsci.models.statistics.agreement import agreement, pair_icc
from legsci.models.statistics.athlete_slopes import athlete_coefficients
from legsci.models.statistics.confirmation import CONFIRMED, is_confirmed
from legsci.models.statistics.design import split_within_between, to_log_percent
from legsci.models.statistics.mixed import MixedFit, MixedModel, fit_mixed_model
from legsci.models.statistics.reliability import reliability
from legsci.models.statistics.resampling import Bootstrap
from legsci.models.tables.analysis import complete_rows, session_table
from legsci.models.tables.battery import battery_table, hop_sets
from legsci.models.tables.inputs import check_longitudinal, check_tables
from legsci.models.tables.longitudinal import LONGITUDINAL_COLUMNS
from legsci.models.tables.summaries import SERIES, usable

RELIABILITY_COLUMNS = [
    *SERIES,
    "form",
    *(f"{name}{limit}" for name in ("icc", "sem", "mdc95", "cv_percent") for limit in ("", "_low", "_high")),
    "mean",
    "participants",
    "sessions",
]
ALIGNMENT_COLUMNS = [
    "model",
    "term",
    "estimate",
    "standard_error",
    "df",
    "p_value",
    "ci_low",
    "ci_high",
    "kind",
    "se_method",
]
ATHLETE_COLUMNS = [
    "participant_id",
    "term",
    "expected",
    "deviation",
    "coefficient",
    "standard_error",
    "ci_low",
    "ci_high",
]
POINT_COLUMNS = ["participant_id", "abduction_within", "abduction_between", "height_within", "height_between"]
MODERATOR_COLUMNS = ["moderator", "unit", *ALIGNMENT_COLUMNS[2:8]]
AGREEMENT_COLUMNS = [
    "task",
    "first",
    "second",
    *(f"{name}{limit}" for name in ("bias", "lower_limit", "upper_limit", "icc") for limit in ("", "_low", "_high")),
    "standard_deviation",
    "pairs",
    "participants",
]
#: Consistency between visits: a gain common to all athletes is training, not error. Individual gains remain in the
#: error, so that the minimal detectable change is conservative.
ICC_FORM = "ICC(C,1)"
#: Moderators of athletes' slopes: covariate -> meaning of one unit.
MODERATORS = {
    "left_dominant": "left-footed minus right-footed",
    "beighton_score": "point of the Beighton score",
    "previously_injured": "previously injured minus never injured",
}
#: Methods for the same quantity; the first is the reference.
JUMP_HEIGHTS = ("jump_height_impulse_m", "jump_height_flight_time_m", "jump_height_pelvis_m")
#: Metric of inertial sensors -> the same of plates or cameras.
TWO_SYSTEMS = {name: other for name in METRICS if (other := name.removeprefix("sensor_")) != name and other in METRICS}
ALIGNMENT_TERMS = ("time", "abduction_within", "abduction_between", "load", "female")


def study_results(
    tables: Mapping[str, pd.DataFrame],
    longitudinal: pd.DataFrame,
    registry: Registry,
    *,
    resamples: int = 500,
    seed: int = 0,
    confirm: str = CONFIRMED[0],
) -> dict[str, pd.DataFrame]:
    """Fit the models of a study.

    Parameters
    ----------
    tables : tables of the study folder by name.
    longitudinal : rows of longitudinal.csv.
    registry : for the names of variables.
    resamples, seed : of every cluster bootstrap.
    confirm : which mixed models MixedLM confirms, one of CONFIRMED; the fits here only with `all`.

    Returns
    -------
    alignment : coefficients of 100 ln jump height on alignment within and between athletes.
    slope_moderators : interactions of the slope on alignment with limb dominance, laxity and previous injury, a
        model each [100 ln per degree and unit of the moderator].
    points : partial residuals: per session, alignment and jump height adjusted for time, load and sex, in their parts
        within and between athletes [deg, 100 ln].
    athletes : each athlete's random intercept and slopes, with intervals.
    reliability : per task, side both, metric: ICC, SEM, MDC95, CV with 95 % intervals [unit of the metric]; no CV where
        values are at or below 0.
    agreement : per task and pair of jump heights, or of a metric of inertial sensors and that of plates or cameras:
        bias, 95 % limits of agreement and ICC(A,1) of single repetitions, with intervals [unit of the metric; ICC: 1].
    test_battery, hop_sets, force_velocity : quantities of a test day, see `legsci.models.tables.battery` and
        `legsci.models.force_velocity_results`.
    incidence : per definition of a problem: onsets, hours at risk, rate per 1000 h with exact and cluster interval,
        prevalence [share of answered weeks].
    weeks_left_out : number of weeks not at risk of any problem, by reason.
    burden : severity of problems [points] and days lost to injuries per 1000 h, with cluster-robust interval.
    injury_models : rate ratio of each claim on a rate from each injury model, with area under the curve and
        calibration.
    refusals : model, sentence: the reasons why a model cannot be estimated.
    """
    check_tables(tables)
    check_longitudinal(longitudinal, LONGITUDINAL_COLUMNS)
    refusals: Refusals = []
    bootstrap = Bootstrap(resamples, seed)
    evidence = Evidence(tables, longitudinal, registry, bootstrap)
    confirmed = is_confirmed(confirm, verdict=False)
    refusals += [("weeks of sessions", sentence) for sentence in evidence.week_mismatch]
    fit = attempt("alignment", refusals, alignment_model, longitudinal, registry, confirm=confirmed)
    answers = {
        "alignment": _coefficients(fit) if fit else pd.DataFrame(columns=ALIGNMENT_COLUMNS),
        "slope_moderators": slope_moderators(longitudinal, registry, refusals, confirm=confirmed),
        "points": _points(fit) if fit else pd.DataFrame(columns=POINT_COLUMNS),
        "athletes": athlete_coefficients(fit).reset_index() if fit else pd.DataFrame(columns=ATHLETE_COLUMNS),
        "reliability": reliabilities(longitudinal, refusals, bootstrap),
        "agreement": agreements(tables["metrics"], refusals, bootstrap),
        "test_battery": battery_table(longitudinal),
        "hop_sets": hop_sets(tables["metrics"], refusals),
        "force_velocity": force_velocity_profiles(tables["metrics"], tables.get("trials", pd.DataFrame()), refusals),
        **injury_results(tables, evidence, refusals),
    }
    return answers | {"refusals": pd.DataFrame(refusals, columns=REFUSAL_COLUMNS)}


def alignment_model(
    longitudinal: pd.DataFrame, registry: Registry, moderator: str | None = None, *, confirm: bool = True
) -> MixedFit:
    """Fit 100 ln(jump height) on knee abduction within and between athletes, weeks, load and sex.

    Intercept and the slopes on time and on alignment within athletes are random. Coefficients are not corrected
    for measurement error; the ledger's are.

    Parameters
    ----------
    longitudinal : rows of longitudinal.csv.
    registry : for the names of variables.
    moderator : one of MODERATORS, by which level and slope may differ.
    confirm : see `fit_mixed_model`.

    Raises
    ------
    ModelRefusal
        Alignment or jump height is missing, or the model cannot be estimated.
    """
    names = ("jump_height", "abduction")
    absent = [name for name in names if name not in registry.variables]
    if absent:
        raise ModelRefusal("alignment and jump height", [f"claims.yaml has no variable {name}" for name in absent])
    table = session_table(longitudinal, {name: registry.variables[name] for name in names})
    parts = [part.rpartition("_")[0] if part.startswith("abduction") else part for part in ALIGNMENT_TERMS]
    own = [moderator] if moderator else []
    complete = complete_rows(table, ["jump_height", *parts, *own], "alignment and jump height")
    split = split_within_between(complete, ["abduction"])
    split["jump_height"] = to_log_percent(split["jump_height"])
    terms = [*ALIGNMENT_TERMS, *own, *(f"abduction_within:{name}" for name in own)]
    model = MixedModel("jump_height", terms, random=["time", "abduction_within"])
    return fit_mixed_model(split, model, confirm=confirm)


def slope_moderators(
    longitudinal: pd.DataFrame, registry: Registry, refusals: Refusals, *, confirm: bool = True
) -> pd.DataFrame:
    """Return the interaction of each of MODERATORS with the slope; reasons of failures are appended to `refusals`."""
    rows = []
    for name, unit in MODERATORS.items():
        fit = attempt(f"slopes by {name}", refusals, alignment_model, longitudinal, registry, name, confirm=confirm)
        if fit:
            row = fit.result.estimates.loc[f"abduction_within:{name}"].to_dict()
            rows.append({"moderator": name, "unit": unit} | row)
    return pd.DataFrame(rows, columns=MODERATOR_COLUMNS)


def _points(fit: MixedFit) -> pd.DataFrame:
    """Return the partial residuals of jump height: all terms but those of alignment are subtracted."""
    design, others = fit.design, ("time", "load", "female")
    slopes = fit.result.estimates.loc[list(others), "estimate"].to_numpy(float)
    rest = pd.Series(design.outcome - design.columns(others) @ slopes)
    athlete = pd.Series(design.participants[design.participant])
    own = rest.groupby(athlete).transform("mean")
    centre = own.groupby(athlete).first().mean()
    parts = dict(zip(POINT_COLUMNS[1:3], design.columns(POINT_COLUMNS[1:3]).T, strict=True))
    return pd.DataFrame(
        {"participant_id": athlete, **parts, "height_within": rest - own, "height_between": own - centre}
    )


def _coefficients(fit: MixedFit) -> pd.DataFrame:
    return fit.result.estimates.reset_index().assign(model="alignment")[ALIGNMENT_COLUMNS]


def reliabilities(longitudinal: pd.DataFrame, refusals: Refusals, bootstrap: Bootstrap) -> pd.DataFrame:
    """Return the reliability between visits of each metric of side both; append reasons of failures to `refusals`."""
    rows = []
    columns = ["participant_id", "session_id", "week", *SERIES, "mean"]
    both = longitudinal.loc[longitudinal["side"] == "both", columns].sort_values(
        ["participant_id", "week", "session_id"]
    )
    # Numbers instead of names: they are compared in every series.
    both["participant_id"] = both["participant_id"].astype("category")
    for (task, side, metric), series in both.groupby(SERIES, sort=True):
        # Visits are numbered by athlete, since session names may differ between athletes.
        visits = series.assign(visit=series.groupby("participant_id").cumcount() + 1)
        visits = visits.rename(columns={"mean": str(metric)})
        settings = {"value": metric, "occasion": "visit", "form": ICC_FORM, "bootstrap": bootstrap}
        found = attempt(f"reliability of {metric}, {task}", refusals, reliability, visits, **settings)
        if found:
            row = {"task": task, "side": side, "metric": metric, "form": found.form, "mean": found.mean}
            for part in ("icc", "sem", "mdc95", "cv_percent"):
                number = getattr(found, part)
                if number is not None:
                    row |= {part: number.value, f"{part}_low": number.ci_low, f"{part}_high": number.ci_high}
            rows.append(row | {"participants": found.n["participants"], "sessions": found.n["rows"]})
    return pd.DataFrame(rows, columns=RELIABILITY_COLUMNS)


def agreements(metrics: pd.DataFrame, refusals: Refusals, bootstrap: Bootstrap) -> pd.DataFrame:
    """Compare what two methods measure in the same repetitions; reasons of failures are appended to `refusals`.

    Jump heights with that by impulse, and each metric of inertial sensors with that of plates or cameras.
    """
    rows = []
    used = usable(metrics)
    compared = {**dict.fromkeys(JUMP_HEIGHTS[1:], JUMP_HEIGHTS[0]), **TWO_SYSTEMS}
    for task, own in used.groupby("task", sort=True):
        for first, second in compared.items():
            pairs = own.dropna(subset=[first, second]) if {first, second} <= set(own) else own[:0]
            if pairs.empty:
                continue
            settings = {"first": first, "second": second, "bootstrap": bootstrap}
            found = attempt(f"agreement of {first} and {second}, {task}", refusals, agreement, pairs, **settings)
            if found:
                row = {"task": task, "first": first, "second": second, "standard_deviation": found.standard_deviation}
                parts = {name: getattr(found, name) for name in ("bias", "lower_limit", "upper_limit")}
                parts |= {"icc": attempt(f"ICC of {first} and {second}, {task}", refusals, pair_icc, pairs, **settings)}
                for part, number in parts.items():
                    if number:
                        row |= {part: number.value, f"{part}_low": number.ci_low, f"{part}_high": number.ci_high}
                rows.append(row | {"pairs": found.n["pairs"], "participants": found.n["participants"]})
    return pd.DataFrame(rows, columns=AGREEMENT_COLUMNS)
