"""The cohort of the virtual athlete shows the effects that its parameters name."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import yaml
from numpy.typing import NDArray
from scipy.stats import gamma

from legsci.ingest.tables import read_table, typed_table
from legsci.simulate.athlete.motion import simulate_motion
from legsci.simulate.athlete.squats import shortest_concentric_s
from legsci.simulate.cohort.injury import ANSWER_POINTS, P90_LESS_P10_SD
from legsci.simulate.cohort.process import Cohort, simulate_cohort
from legsci.simulate.cohort.recording_plan import BRAKING_PER_S, STEADY_BRAKING_M_PER_S, plan_recordings
from legsci.simulate.cohort.tables import metrics_table, simulate_tables, weeks_observed
from legsci.simulate.cohort.truth import FOLDER, truth_tables, write_truth
from legsci.vocabulary import OSTRC_QUESTIONS, STANDARD_GRAVITY

Config = dict[str, Any]
#: A cohort that is large enough for the Monte Carlo errors below, and the standard errors that a test allows.
MANY, ERRORS = 1500, 4.0


@pytest.fixture(scope="module")
def defaults(repository: Path) -> Config:
    return yaml.safe_load((repository / "workflow" / "config.yaml").read_text(encoding="utf-8"))["virtual"]


def changed(config: Config, **values: object) -> Config:
    """The configuration with some keys changed; `group__key` is a key of a group, `group__key__part` of a variation."""
    config = copy.deepcopy(config)
    for path, value in values.items():
        *groups, key = path.split("__")
        target = config
        for group in groups:
            target = target[group]
        assert key in target, path
        target[key] = value
    return config


def least_squares(y: NDArray, columns: list[NDArray], clusters: NDArray) -> tuple[NDArray, NDArray]:
    """Coefficients of an intercept and the columns, and their errors robust to clusters."""
    design = sm.add_constant(np.column_stack([np.ravel(column) for column in columns]))
    fitted = sm.OLS(np.ravel(y), design).fit(cov_type="cluster", cov_kwds={"groups": np.ravel(clusters)})
    return fitted.params, fitted.bse


def recovers(estimate: float, error: float, truth: float, *, other: float = 0.0) -> None:
    """The estimate is within its error of the truth, and far from another value."""
    assert abs(estimate - truth) < ERRORS * error
    assert abs(estimate - other) > ERRORS * error


def within(values: NDArray) -> NDArray:
    """Departure from the athlete's mean, first axis athletes."""
    return values - values.reshape(len(values), -1).mean(axis=1).reshape(-1, *[1] * (values.ndim - 1))


def task_reps(cohort: Cohort, task: str) -> NDArray:
    return np.array([rep.task == task for rep in cohort.performance.reps])


def log_height(cohort: Cohort) -> NDArray:
    """100 log of the mean true jump height of each session (athlete, visit)."""
    height = cohort.performance.both["jump_height_impulse_m"][:, :, task_reps(cohort, "countermovement_jump")]
    return 100.0 * np.log(height).mean(axis=-1)


def athlete_of(values: NDArray) -> NDArray:
    return np.indices(values.shape)[0]


# Same seed, same cohort


def test_same_seed_same_tables_another_seed_others(defaults: Config) -> None:
    first, again, other = (simulate_tables(defaults, seed=seed) for seed in (1, 1, 2))
    for name, table in first.items():
        pd.testing.assert_frame_equal(table, again[name])
        assert not table.equals(other[name]), name


def test_a_larger_cohort_has_the_same_first_athletes(defaults: Config) -> None:
    small, large = (simulate_tables(changed(defaults, athletes=athletes), seed=5) for athletes in (10, 40))
    for name, table in small.items():
        first = large[name][large[name]["participant_id"].astype(str).isin(small["participants"]["participant_id"])]
        left, right = (part.reset_index(drop=True).astype({"participant_id": str}) for part in (table, first))
        pd.testing.assert_frame_equal(left, right, obj=name)


# Tables


def test_tables_pass_the_schemas_of_a_study(defaults: Config, tmp_path: Path) -> None:
    tables = simulate_tables(changed(defaults, athletes=300), seed=3)
    people = set(tables["participants"]["participant_id"])
    for name in ("participants", "sessions", "exposure", "health", "injuries"):
        path = tmp_path / f"{name}.tsv"
        tables[name].to_csv(path, sep="\t", index=False, na_rep="n/a")
        frame, faults = read_table(path)
        assert faults == []
        typed, faults = typed_table(name, frame)
        assert faults == [], name
        assert len(typed) == len(tables[name]) > 0
        assert set(typed["participant_id"]) <= people


def test_answers_are_points_of_the_questionnaire(defaults: Config) -> None:
    cohort = simulate_cohort(changed(defaults, athletes=MANY), seed=4)
    answered = np.isfinite(cohort.answers)
    assert (answered.all(axis=-1) | ~answered.any(axis=-1)).all()
    assert answered.mean() == pytest.approx(defaults["attendance"]["answer_share"], abs=0.01)
    assert set(np.unique(cohort.answers[answered])) == set(ANSWER_POINTS)
    asked = answered[..., 0]
    assert (cohort.answers[asked & ~cohort.follow_up.problem] == 0.0).all()
    with_problem = cohort.answers[asked & cohort.follow_up.problem]
    assert (with_problem[:, [OSTRC_QUESTIONS.index("participation"), OSTRC_QUESTIONS.index("symptoms")]] > 0.0).all()
    assert (cohort.answers[asked & cohort.follow_up.absent] == ANSWER_POINTS[-1]).all()
    assert (cohort.answers[asked & ~cohort.follow_up.absent][:, 0] < ANSWER_POINTS[-1]).all()


def test_weekly_prevalence_is_near_what_was_published(defaults: Config) -> None:
    """Clarsen et al. 2013: 39 % of athletes with overuse problems and 13 % with substantial ones in an average week."""
    answers = simulate_cohort(changed(defaults, athletes=MANY), seed=5).answers
    participation, modified, performance, _ = np.moveaxis(answers[np.isfinite(answers[..., 0])], -1, 0)
    assert np.mean(participation > 0.0) == pytest.approx(0.39, abs=0.05)
    assert np.mean((participation == 25.0) | (modified >= 17.0) | (performance >= 17.0)) == pytest.approx(
        0.13, abs=0.03
    )


def test_weeks_lost_to_injury_are_not_at_risk(defaults: Config) -> None:
    cohort = simulate_cohort(changed(defaults, athletes=MANY), seed=6)
    follow_up, lost = cohort.follow_up, cohort.follow_up.lost_days == 7
    assert lost.sum() > 100
    assert (follow_up.hours[lost] == 0.0).all()
    assert not (follow_up.at_risk_overuse | follow_up.overuse_onset | follow_up.acute_onset)[lost].any()
    assert not (follow_up.overuse_onset & ~follow_up.at_risk_overuse).any()
    part = (follow_up.lost_days > 0) & ~lost
    assert np.allclose(follow_up.hours[part], (cohort.training.hours * (1 - follow_up.lost_days / 7))[part])


def test_register_agrees_with_the_weeks(defaults: Config) -> None:
    cohort = simulate_cohort(changed(defaults, athletes=400), seed=7)
    tables = simulate_tables(changed(defaults, athletes=400), seed=7)
    injuries, observed = tables["injuries"], weeks_observed(cohort)
    ended = injuries.dropna(subset=["return_day"])
    assert 0 < len(ended) < len(injuries)
    week = ended["onset_day"] // 7
    assert (ended["return_day"] - 7 * (week + 1) == ended["time_loss_days"]).all()
    assert len(injuries) == ((cohort.follow_up.acute_onset + 1 * (cohort.follow_up.overuse_days > 0)) * observed).sum()
    lost = (cohort.follow_up.lost_days * observed).sum()
    hours = tables["exposure"].groupby("participant_id", observed=True)["training_hours"].sum().sum()
    assert hours == pytest.approx((cohort.follow_up.hours * observed).sum(), rel=1e-3)
    assert 0 < lost <= 7 * observed.sum()
    overuse = cohort.follow_up.overuse_onset & observed
    share = (injuries["mode"] == "overuse").sum() / overuse.sum()
    expected = defaults["overuse"]["time_loss_share"]
    error = np.sqrt(expected * (1.0 - expected) / overuse.sum())
    assert share == pytest.approx(expected, abs=ERRORS * error)


def test_metrics_hold_one_row_per_rep_and_side(defaults: Config) -> None:
    cohort = simulate_cohort(defaults, seed=8)
    metrics = metrics_table(cohort)
    assert not metrics.duplicated(["participant_id", "session_id", "trial_id", "rep", "side"]).any()
    rows = pd.crosstab(metrics["task"].astype(str), metrics["side"].astype(str))
    assert list(rows.loc["squat"]) == [rows.loc["squat", "both"]] * 3
    assert rows.loc["lateral_jump", "both"] == 0
    third = metrics[(metrics["task"] == "countermovement_jump") & (metrics["side"] == "left")].iloc[2]
    number = [rep.trial_id for rep in cohort.performance.reps].index(third["trial_id"])
    assert third["trial_id"] == "countermovement_jump_3"
    assert third["knee_abduction_peak_deg"] == cohort.measured_sided["knee_abduction_peak_deg"][0, 0, number, 0]
    assert np.isnan(third["jump_height_impulse_m"])


# Reliability


def test_alignment_is_about_as_reliable_as_published(defaults: Config) -> None:
    """The mean of a session's jumps: 0.77 for an athlete's own change, above 0.7 for telling athletes apart."""
    cohort = simulate_cohort(changed(defaults, athletes=MANY), seed=9)
    jumps = task_reps(cohort, "countermovement_jump")
    measured = cohort.measured_sided["knee_abduction_peak_deg"][:, :, jumps, 0].mean(axis=-1)
    true = cohort.follow_up.alignment[:, cohort.performance.visit_weeks]
    own = np.cov(within(measured).ravel(), within(true).ravel())
    assert own[0, 1] / own[0, 0] == pytest.approx(0.77, abs=0.05)
    later = measured[:, 2:]
    between, residual = later.mean(axis=1).var(ddof=1), later.var(axis=1, ddof=1).mean()
    assert (between - residual / later.shape[1]) / (between - residual / later.shape[1] + residual) > 0.7


def test_error_of_alignment_attenuates_its_effect(defaults: Config) -> None:
    config = changed(defaults, athletes=MANY, jump__percent_per_abduction_deg_within=-1.0)
    cohort = simulate_cohort(config, seed=10)
    jumps = task_reps(cohort, "countermovement_jump")
    measured = cohort.measured_sided["knee_abduction_peak_deg"][:, :, jumps].mean(axis=(2, 3))
    week = np.broadcast_to(cohort.performance.visit_weeks, measured.shape)
    load = cohort.follow_up.load_before[:, cohort.performance.visit_weeks]
    slopes = [
        least_squares(within(log_height(cohort)), [within(x), within(week), within(load)], athlete_of(x))[0][1]
        for x in (cohort.follow_up.alignment[:, cohort.performance.visit_weeks], measured)
    ]
    assert 0.6 < slopes[1] / slopes[0] < 0.95


# Each effect is found again


def test_c1_alignment_within_athletes_moves_jump_height(defaults: Config) -> None:
    cohort = simulate_cohort(changed(defaults, athletes=MANY, jump__percent_per_abduction_deg_within=-1.0), seed=11)
    weeks = cohort.performance.visit_weeks
    alignment, load = cohort.follow_up.alignment[:, weeks], cohort.follow_up.load_before[:, weeks]
    columns = [within(alignment), within(load), within(np.broadcast_to(weeks, load.shape))]
    slopes, errors = least_squares(within(log_height(cohort)), columns, athlete_of(load))
    recovers(slopes[1], errors[1], -1.0, other=defaults["jump"]["percent_per_abduction_deg_within"])
    recovers(slopes[2] * 1000.0, errors[2] * 1000.0, defaults["jump"]["percent_per_1000_load"])


def test_c1_alignment_between_athletes_moves_jump_height(defaults: Config) -> None:
    cohort = simulate_cohort(changed(defaults, athletes=MANY, jump__percent_per_abduction_deg_between=-1.5), seed=12)
    people = cohort.athletes
    columns = [cohort.learning.typical, people.female, people.proficiency]
    slopes, errors = least_squares(log_height(cohort).mean(axis=1), columns, np.arange(MANY))
    recovers(slopes[1], errors[1], -1.5)
    recovers(slopes[3], errors[3], defaults["jump"]["elite_percent"])


@pytest.mark.parametrize("quantity", ["onset_ms", "peak_percent"])
@pytest.mark.parametrize("part", ["within", "between"])
def test_c2_gluteus_medius_moves_lateral_jumps(defaults: Config, quantity: str, part: str) -> None:
    steady = {f"lateral_jump__gluteus_medius_{name}__rep_sd": 0.0 for name in ("onset_s", "peak_percent")}
    config = changed(defaults, athletes=MANY, **steady, **{f"lateral_jump__percent_per_{quantity}_{part}": -0.3})
    cohort = simulate_cohort(config, seed=13)
    metric, unit = {"onset_ms": ("gluteus_medius_onset_s", 1e3), "peak_percent": ("gluteus_medius_peak_percent", 1.0)}[
        quantity
    ]
    lateral = task_reps(cohort, "lateral_jump")
    velocity, activity = (
        cohort.performance.both[name][:, :, lateral].mean(axis=-1) for name in ("takeoff_velocity_m_per_s", metric)
    )
    y, x = 100.0 * np.log(velocity), unit * activity
    if part == "within":
        slopes, errors = least_squares(within(y), [within(x)], athlete_of(y))
    else:
        slopes, errors = least_squares(y.mean(axis=1), [x.mean(axis=1)], np.arange(MANY))
    # Between athletes, the mean of a few sessions stands for the person and carries the sessions' own variation.
    truth = -0.3 if part == "within" else -0.3 * _reliability_of_mean(defaults, metric)
    recovers(slopes[1], errors[1], truth)


def _reliability_of_mean(defaults: Config, metric: str) -> float:
    settings = defaults["lateral_jump"][metric]
    session = settings["session_sd"] ** 2 / defaults["visits"]
    return settings["between_sd"] ** 2 / (settings["between_sd"] ** 2 + session)


def test_c2_pelvic_drop_delays_gluteus_medius(defaults: Config) -> None:
    cohort = simulate_cohort(changed(defaults, athletes=MANY, lateral_jump__onset_s_per_pelvic_drop_deg=0.004), seed=14)
    number = next(i for i, rep in enumerate(cohort.performance.reps) if rep.trial_id == "lateral_jump_right_1")
    onset = cohort.performance.both["gluteus_medius_onset_s"][:, :, number]
    drop = cohort.performance.sided["pelvic_drop_max_deg"][:, :, number, 1]
    slopes, errors = least_squares(onset, [drop], athlete_of(onset))
    recovers(slopes[1], errors[1], 0.004)


@pytest.mark.parametrize("neutral_only", [False, True])
def test_c3_squat_depth_moves_jump_height(defaults: Config, neutral_only: bool) -> None:
    effects = {"percent_per_depth_cm": 0.0, "neutral_spine_percent_per_depth_cm": 0.0}
    effects["neutral_spine_percent_per_depth_cm" if neutral_only else "percent_per_depth_cm"] = 1.2
    steady = {f"squat__{name}__rep_sd": 0.0 for name in ("depth_m", "lumbar_flexion_deg")}
    config = changed(defaults, athletes=MANY, **steady, **{f"jump__{name}": value for name, value in effects.items()})
    cohort = simulate_cohort(config, seed=15)
    squat = task_reps(cohort, "squat")
    depth, flexion = (
        cohort.performance.both[name][:, :, squat].mean(axis=-1) for name in ("squat_depth_m", "lumbar_flexion_max_deg")
    )
    neutral, deeper = flexion < defaults["jump"]["neutral_spine_limit_deg"], 100.0 * within(depth)
    slopes, errors = least_squares(within(log_height(cohort)), [deeper * neutral, deeper * ~neutral], athlete_of(depth))
    recovers(slopes[1], errors[1], 1.2)
    if neutral_only:
        # Subtracting the athlete's mean over all sessions carries some of the effect into the others.
        assert abs(slopes[2]) < ERRORS * errors[2] + 0.25
    else:
        recovers(slopes[2], errors[2], 1.2)


def test_nobody_makes_a_habit_of_squats_deeper_than_joints_allow(defaults: Config) -> None:
    steady = {"squat__depth_m__session_sd": 0.0, "squat__depth_m__rep_sd": 0.0}
    cohort = simulate_cohort(changed(defaults, athletes=MANY, **steady), seed=16)
    depth = cohort.performance.both["squat_depth_m"][:, 0, task_reps(cohort, "squat")][:, 0]
    share = depth / cohort.athletes.height_m
    assert share.max() == pytest.approx(0.31)
    assert 0.01 < (share > 0.3099).mean() < 0.2


def gains(cohort: Cohort) -> NDArray:
    """Slope of each athlete's jump height on weeks [%/week]."""
    week = cohort.performance.visit_weeks - cohort.performance.visit_weeks.mean()
    return log_height(cohort) @ week / (week @ week)


def test_c4_lowering_time_moves_the_gain(defaults: Config) -> None:
    settings = {"jump__gain_share_per_log_eccentric_time": 1.2, "jump__percent_per_abduction_deg_within": 0.0}
    cohort = simulate_cohort(changed(defaults, athletes=MANY, **settings), seed=16)
    eccentric = np.log(cohort.performance.both["eccentric_time_s"][:, :, task_reps(cohort, "squat")]).mean(axis=(1, 2))
    slopes, errors = least_squares(gains(cohort), [eccentric], np.arange(MANY))
    recovers(slopes[1], errors[1], 1.2 * defaults["jump"]["gain_percent_per_week"])


@pytest.mark.parametrize("kind", ["overuse", "acute"])
@pytest.mark.parametrize(
    ("parameter", "ratio"),
    [
        ("rate_ratio_poor_against_good_alignment", 4.0),
        ("rate_ratio_per_abduction_deg_within", 1.25),
        ("rate_ratio_previous_injury", 2.5),
        ("rate_ratio_per_beighton", 1.3),
        ("rate_ratio_per_1000_load", 1.6),
    ],
)
def test_c5_rate_ratios_of_injuries(defaults: Config, kind: str, parameter: str, ratio: float) -> None:
    ratios = {f"{kind}__{name}": 1.0 for name in defaults[kind] if name.startswith("rate_ratio")}
    config = changed(
        defaults, athletes=MANY, overuse__frailty_variance=0.0, **(ratios | {f"{kind}__{parameter}": ratio})
    )
    cohort = simulate_cohort(config, seed=17)
    follow_up, typical = cohort.follow_up, cohort.learning.typical[:, None]
    poor_less_good = P90_LESS_P10_SD * defaults["alignment"]["knee_abduction_between_sd_deg"]
    x = {
        "rate_ratio_poor_against_good_alignment": typical / poor_less_good,
        "rate_ratio_per_abduction_deg_within": follow_up.alignment - typical,
        "rate_ratio_previous_injury": cohort.athletes.previous_injury[:, None].astype(float),
        "rate_ratio_per_beighton": cohort.athletes.beighton[:, None].astype(float),
        "rate_ratio_per_1000_load": follow_up.load_before / 1000.0,
    }[parameter]
    onset = follow_up.overuse_onset if kind == "overuse" else follow_up.acute_onset
    at_risk = follow_up.at_risk_overuse if kind == "overuse" else follow_up.hours > 0.0
    fitted = sm.GLM(
        onset[at_risk].astype(float),
        sm.add_constant(np.broadcast_to(x, onset.shape)[at_risk]),
        family=sm.families.Binomial(sm.families.links.CLogLog()),
        offset=np.log(follow_up.hours[at_risk] / 1000.0),
    ).fit()
    recovers(fitted.params[1], fitted.bse[1], np.log(ratio))


def count_moments(hours: NDArray, rate: float, variance: float) -> tuple[NDArray, NDArray]:
    """Mean and variance of each athlete's count of weeks with an onset, under gamma frailty, by its quantiles.

    Given frailty f, a week has an onset with probability p = 1 - exp(-rate f hours), so that the variance of the count
    is E[sum p (1 - p)] + Var[sum p].
    """
    middles = (np.arange(400) + 0.5) / 400
    frailty = gamma.ppf(middles, 1.0 / variance, scale=variance) if variance else np.ones(1)
    chance = -np.expm1(-rate * frailty[:, None, None] * hours)
    count = chance.sum(axis=-1)
    return count.mean(axis=0), (chance * (1.0 - chance)).sum(axis=-1).mean(axis=0) + count.var(axis=0)


def test_frailty_makes_counts_more_variable_than_chance_does(defaults: Config) -> None:
    ratios = {f"acute__{name}": 1.0 for name in defaults["acute"] if name.startswith("rate_ratio")}
    # Many injuries of a day: counts that say much, and hours that hardly depend on them.
    often = {"acute__rate_per_1000_hours": 10.0, "acute__time_loss_median_days": 0.5, "acute__time_loss_sd_log": 0.0}
    ratios |= often | {"overuse__time_loss_share": 0.0}
    config = changed(defaults, athletes=MANY, overuse__frailty_variance=0.8, **ratios)
    follow_up = simulate_cohort(config, seed=18).follow_up
    count = follow_up.acute_onset.sum(axis=1)
    for variance, agrees in ((0.8, True), (0.0, False)):
        mean, expected = count_moments(follow_up.hours, 10.0 / 1000.0, variance)
        excess = (count - mean) ** 2 / expected
        error = excess.std() / np.sqrt(MANY)
        assert (abs(excess.mean() - 1.0) < ERRORS * error) == agrees, variance
    assert count.mean() == pytest.approx(count_moments(follow_up.hours, 0.01, 0.8)[0].mean(), rel=0.1)


@pytest.mark.parametrize("phase", ["concentric", "eccentric"])
def test_c6_elite_athletes_take_longer_in_the_last_reps(defaults: Config, phase: str) -> None:
    cohort = simulate_cohort(
        changed(defaults, athletes=MANY, **{f"squat__elite_last_{phase}_time_ratio": 1.3}), seed=19
    )
    time = np.log(cohort.performance.both[f"{phase}_time_s"][:, :, task_reps(cohort, "squat")])
    slower = time[:, :, -2:].mean(axis=(1, 2)) - time[:, :, :-2].mean(axis=(1, 2))
    slopes, errors = least_squares(slower, [cohort.athletes.proficiency], np.arange(MANY))
    recovers(slopes[1], errors[1], np.log(1.3))


def test_c6_velocity_loss_is_the_same_at_every_level(defaults: Config) -> None:
    cohort = simulate_cohort(changed(defaults, athletes=MANY), seed=20)
    time = np.log(cohort.performance.both["concentric_time_s"][:, :, task_reps(cohort, "squat")]).mean(axis=1)
    slower = time[:, -1] - time[:, 0]
    slopes, errors = least_squares(slower, [cohort.athletes.proficiency - 0.5], np.arange(MANY))
    recovers(slopes[0], errors[0], -np.log(1.0 - defaults["squat"]["velocity_loss_share"]))
    assert abs(slopes[1]) < ERRORS * errors[1]


def test_c7_foot_strike_angle_sets_braking(defaults: Config) -> None:
    cohort = simulate_cohort(
        changed(defaults, athletes=MANY, sprint__braking_m_per_s_per_foot_strike_deg=0.01), seed=21
    )
    angle, braking = (
        cohort.performance.both[name][:, :, task_reps(cohort, "sprint")][:, :, 0]
        for name in ("foot_strike_angle_deg", "horizontal_braking_impulse_n_s")
    )
    per_mass = braking / cohort.athletes.body_mass_kg[:, None]
    slopes, errors = least_squares(per_mass, [angle], athlete_of(angle))
    recovers(slopes[1], errors[1], 0.01, other=defaults["sprint"]["braking_m_per_s_per_foot_strike_deg"])


def test_c8_feedback_raises_jumps_and_lifting_speed_and_can_speed_learning(defaults: Config) -> None:
    settings = {"jump__percent_per_abduction_deg_within": 0.0, "learning__feedback_half_time_ratio": 0.5}
    cohort = simulate_cohort(changed(defaults, athletes=MANY, **settings), seed=22)
    group = cohort.athletes.feedback.astype(float)
    assert group.mean() == 0.5
    height = log_height(cohort)
    lifting = np.log(cohort.performance.both["concentric_time_s"][:, :, task_reps(cohort, "squat")]).mean(axis=(1, 2))
    gain = defaults["jump"]["feedback_effect_size"] * defaults["jump"]["between_sd_percent"]
    faster = 1.0 + defaults["squat"]["feedback_velocity_percent"] / 100.0
    for y, truth in (
        (height[:, -1] - height[:, 0], gain),
        (lifting, -np.log(faster)),
        (np.log(cohort.learning.half_time), np.log(0.5)),
    ):
        slopes, errors = least_squares(y, [group], np.arange(MANY))
        recovers(slopes[1], errors[1], truth)


def test_c9_slopes_differ_by_laxity_injury_and_person(defaults: Config) -> None:
    settings = {
        "abduction_slope_sd_percent_per_deg": 0.5,
        "abduction_slope_percent_per_deg_per_beighton": -0.2,
        "abduction_slope_percent_per_deg_previous_injury": -0.4,
    }
    config = changed(defaults, athletes=MANY, **{f"jump__{name}": value for name, value in settings.items()})
    cohort = simulate_cohort(config, seed=23)
    weeks = cohort.performance.visit_weeks
    alignment = within(cohort.follow_up.alignment[:, weeks])
    load = within(cohort.follow_up.load_before[:, weeks])
    week = within(np.broadcast_to(weeks, load.shape))
    people = cohort.athletes
    columns = [alignment, alignment * people.beighton[:, None], alignment * people.previous_injury[:, None], load, week]
    slopes, errors = least_squares(within(log_height(cohort)), columns, athlete_of(load))
    recovers(slopes[2], errors[2], -0.2)
    recovers(slopes[3], errors[3], -0.4)
    own = cohort.performance.athlete["abduction_slope_percent_per_deg"]
    explained = -0.2 * people.beighton - 0.4 * people.previous_injury
    assert (own - explained).std() == pytest.approx(0.5, rel=ERRORS / np.sqrt(2 * MANY))
    assert own.mean() == pytest.approx(defaults["jump"]["percent_per_abduction_deg_within"], abs=0.08)


def test_c10_flawed_alignment_undermines_what_volume_gains(defaults: Config) -> None:
    name = "jump__gain_percent_per_week_per_log_hours_per_abduction_deg"
    cohort = simulate_cohort(
        changed(defaults, athletes=MANY, jump__percent_per_abduction_deg_within=0.0, **{name: -0.05}), seed=24
    )
    volume = np.log(cohort.training.usual_hours) - np.log(cohort.training.usual_hours).mean()
    flaw = cohort.learning.typical - cohort.learning.typical.mean()
    slopes, errors = least_squares(gains(cohort), [volume, flaw, volume * flaw], np.arange(MANY))
    recovers(slopes[3], errors[3], -0.05)


def test_c11_technique_approaches_its_plateau_by_halves(defaults: Config) -> None:
    settings = {"learning__half_time_sd_log": 0.0, "learning__half_time_weeks": 6.0}
    cohort = simulate_cohort(changed(defaults, athletes=MANY, **settings), seed=25)
    alignment = cohort.follow_up.alignment[:, cohort.performance.visit_weeks]
    left = 2.0 ** (-cohort.performance.visit_weeks / 6.0)
    slopes, errors = least_squares(
        within(alignment), [within(np.broadcast_to(left, alignment.shape))], athlete_of(alignment)
    )
    recovers(slopes[1], errors[1], defaults["learning"]["start_excess_deg"])
    excess = cohort.learning.expected - cohort.learning.plateau[:, None]
    assert np.allclose(excess[:, 6], excess[:, 0] / 2.0)


# Attendance


def test_drop_out_depends_on_what_was_observed_only(defaults: Config) -> None:
    cohort = simulate_cohort(changed(defaults, athletes=4 * MANY, attendance__drop_out_share=0.05), seed=26)
    attendance, weeks = cohort.attendance, cohort.performance.visit_weeks
    height = cohort.measured_both["jump_height_impulse_m"][:, :, task_reps(cohort, "countermovement_jump")].mean(
        axis=-1
    )
    # Second visit to third, of those who came to the second: what was follow_up last is then the second visit.
    came = attendance.attended[:, 1]
    score = pd.DataFrame(cohort.answers.sum(axis=-1)).ffill(axis=1).fillna(0.0).to_numpy()[:, weeks[2] - 1]
    decline = 100.0 * np.log(height[:, 0] / height[:, 1])
    unseen = log_height(cohort)[:, 2] - log_height(cohort)[:, 1]
    design = sm.add_constant(np.column_stack([score / 10.0, decline, unseen])[came])
    fitted = sm.Logit((~attendance.stayed[:, 2])[came].astype(float), design).fit(disp=False)
    settings = defaults["attendance"]
    recovers(fitted.params[1], fitted.bse[1], np.log(settings["drop_out_odds_ratio_per_10_severity"]))
    recovers(fitted.params[2], fitted.bse[2], np.log(settings["drop_out_odds_ratio_per_percent_decline"]))
    assert abs(fitted.params[3]) < ERRORS * fitted.bse[3]


def test_attendance_is_whole(defaults: Config) -> None:
    cohort = simulate_cohort(changed(defaults, athletes=MANY), seed=27)
    attendance = cohort.attendance
    assert attendance.attended[:, 0].all()
    assert not (attendance.attended & ~attendance.stayed).any()
    assert (np.diff(attendance.stayed.astype(int), axis=1) <= 0).all()
    assert 0.6 < attendance.attended.mean() < 0.95
    absent = (attendance.stayed & ~attendance.attended)[:, 1:]
    hurt = cohort.follow_up.lost_days[:, cohort.performance.visit_weeks[1:]] > 0
    stayed = attendance.stayed[:, 1:]
    assert absent[stayed & hurt].mean() > 2.0 * absent[stayed & ~hurt].mean()
    assert absent[stayed & ~hurt].mean() == pytest.approx(defaults["attendance"]["missed_share"], abs=0.015)


# Two depths, one process; truth


def test_plan_records_the_athletes_of_the_tables(defaults: Config) -> None:
    planned, tables = plan_recordings(defaults, seed=28), simulate_tables(defaults, seed=28)
    for name, table in planned.tables.items():
        pd.testing.assert_frame_equal(table, tables[name])
    keys = [(session.participant_id, session.session_id) for session in planned.sessions]
    rows = tables["sessions"][["participant_id", "session_id"]]
    assert keys == list(rows.itertuples(index=False, name=None))
    assert len({session.seed for session in planned.sessions}) == len(keys)
    first = planned.sessions[0]
    truth = truth_tables(planned.cohort)["reps"].set_index(["participant_id", "session_id", "trial_id", "rep", "side"])
    for trial in first.trials:
        if trial.task == "standing":
            continue
        left, right = (
            truth.loc[(first.participant_id, first.session_id, trial.trial_id, 1, side)] for side in ("left", "right")
        )
        if trial.task != "squat":
            angles = (left["knee_abduction_peak_deg"], right["knee_abduction_peak_deg"])
            assert trial.technique.knee_abduction_peak_deg == pytest.approx(angles)
        if "jump" in trial.task:
            assert trial.technique.takeoff_velocity_m_per_s == left["takeoff_velocity_m_per_s"]
        if trial.task == "squat":
            assert trial.technique.depth_m == left["squat_depth_m"]
            assert len(trial.technique.depth_scale_per_rep) == defaults["squat"]["repetitions"]
    assert {trial.technique.leg for trial in first.trials if trial.task == "lateral_jump"} == {"left", "right"}


def test_each_athlete_wears_sensors_in_one_session_and_some_are_filmed_by_another_recorder(defaults: Config) -> None:
    planned = plan_recordings(defaults, seed=28)
    worn: dict[str, list[str]] = {}
    for session in planned.sessions:
        with_sensors = {trial.task for trial in session.trials if trial.wearables}
        if with_sensors:
            worn.setdefault(session.participant_id, []).append(session.session_id)
            assert with_sensors == {trial.task for trial in session.trials} - {"sprint"}
        recorded = {trial.task for trial in session.trials if trial.emg}
        assert recorded == (with_sensors or {"lateral_jump"})
    assert sorted(worn) == sorted({session.participant_id for session in planned.sessions})
    assert {len(sessions) for sessions in worn.values()} == {1}
    assert len({visit for (visit,) in worn.values()}) > 1
    apart = [session for session in planned.sessions if any(trial.plates_apart for trial in session.trials)]
    assert 3 <= len(apart) <= 6
    larger = plan_recordings(changed(defaults, athletes=30), seed=28).sessions
    first = {(session.participant_id, session.session_id): session for session in larger}
    assert all(first[session.participant_id, session.session_id] == session for session in planned.sessions)


def test_nobody_lifts_a_squat_off_the_ground(defaults: Config) -> None:
    """Of squats that are planned faster than gravity slows a body, the feet stay on the plates."""
    fast = changed(defaults, athletes=6, visits=1, squat__concentric_time_s__median=0.5)
    for session in plan_recordings(fast, seed=32).sessions:
        for technique in (trial.technique for trial in session.trials if trial.task == "squat"):
            assert technique.concentric_s >= shortest_concentric_s(technique.depth_m)
            motion = simulate_motion("squat", session.athlete, technique, rate_hz=200.0)
            weight = (session.athlete.mass_kg + technique.barbell_kg) * STANDARD_GRAVITY
            assert motion.force[..., 1].sum(axis=0).min() > 0.03 * weight


def test_recorded_steps_brake_as_planned(defaults: Config) -> None:
    """Each step by itself, and more the higher its toes at contact; steps on the forefoot as far as legs reach."""
    planned = plan_recordings(defaults | {"athletes": 12, "visits": 2}, seed=31)
    rows = []
    for session in planned.sessions:
        for technique in (trial.technique for trial in session.trials if trial.task == "sprint"):
            motion = simulate_motion("sprint", session.athlete, technique, rate_hz=1000.0)
            wanted = STEADY_BRAKING_M_PER_S["heel"] + BRAKING_PER_S * technique.touchdown_distance_m
            shown = np.mean(motion.truth["horizontal_braking_impulse_n_s"][1:3]) / session.athlete.mass_kg
            if technique.foot_strike_angle_deg > 0.0:
                rows.append((technique.foot_strike_angle_deg, wanted, shown))
    angle, wanted, shown = np.array(rows).T
    assert len(rows) > 15
    assert np.abs(shown - wanted).max() < 0.03
    slope = np.polyfit(angle, shown, 1)[0]
    assert slope == pytest.approx(np.polyfit(angle, wanted, 1)[0], abs=0.001)


def test_truth_is_written_beside_the_study(defaults: Config, tmp_path: Path) -> None:
    cohort = simulate_cohort(defaults, seed=29)
    paths = write_truth(tmp_path, cohort)
    assert {path.parent for path in paths} == {tmp_path / FOLDER}
    tables = {path.stem: pd.read_csv(path, sep="\t", na_values=["n/a"]) for path in paths}
    assert set(tables) == {"parameters", "athletes", "weeks", "reps"}
    parameters = tables["parameters"].set_index("parameter")["value"]
    assert parameters["jump.percent_per_abduction_deg_within"] == -0.23
    assert parameters["squat.depth_m.between_sd"] == defaults["squat"]["depth_m"]["between_sd"]
    assert len(tables["athletes"]) == defaults["athletes"]
    assert np.allclose(tables["athletes"]["frailty"], cohort.athletes.frailty)
    before = {path: path.read_bytes() for path in paths}
    assert {path: path.read_bytes() for path in write_truth(tmp_path, cohort)} == before


def test_every_number_of_the_configuration_has_unit_bounds_and_meaning(repository: Path, defaults: Config) -> None:
    text = (repository / "workflow" / "schemas" / "config.schema.yaml").read_text(encoding="utf-8")
    schema = yaml.safe_load(text)
    rules = dict(_numbers(schema["properties"]["virtual"], schema["$defs"]))
    assert set(rules) == set(truth_tables(simulate_cohort(defaults, seed=1))["parameters"]["parameter"])
    for name, rule in rules.items():
        assert {"minimum", "exclusiveMinimum"} & set(rule), name
        assert {"maximum", "exclusiveMaximum"} & set(rule), name
        assert "[" in rule["description"] or "no unit" in rule["description"] or "unit of" in rule["description"], name


def _numbers(rule: Config, shared: Config, prefix: str = "") -> list[tuple[str, Config]]:
    """Each number that a schema allows, by its dotted name, references put in."""
    rule = shared.get(rule.get("$ref", "").rpartition("/")[2], {}) | rule
    if rule["type"] != "object":
        return [(prefix, rule)]
    return [
        found
        for name, inner in rule["properties"].items()
        for found in _numbers(inner, shared, f"{prefix}.{name}" if prefix else name)
    ]
