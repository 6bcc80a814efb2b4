from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from legsci.models.result import ModelRefusal
from legsci.models.statistics.agreement import agreement
from legsci.models.statistics.reliability import ICC_FORMS, reliability
from legsci.models.statistics.resampling import Bootstrap

# Six targets rated by four judges: the worked example of Shrout & Fleiss 1979, table 2.
RATINGS = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float)
PUBLISHED = {"ICC(1,1)": 0.17, "ICC(2,1)": 0.29, "ICC(3,1)": 0.71, "ICC(1,k)": 0.44, "ICC(2,k)": 0.62, "ICC(3,k)": 0.91}
SAME = {"ICC(A,1)": "ICC(2,1)", "ICC(A,k)": "ICC(2,k)", "ICC(C,1)": "ICC(3,1)", "ICC(C,k)": "ICC(3,k)"}


def long(values):
    athlete, day = np.indices(values.shape)
    return pd.DataFrame({"participant_id": athlete.ravel(), "day": day.ravel(), "jump": values.ravel()})


def analysis_of_variance(values):
    """Variances between athletes, between occasions and left over, from mean squares."""
    athletes, occasions = values.shape
    by_athlete, by_occasion = values.mean(axis=1), values.mean(axis=0)
    rest = values - by_athlete[:, None] - by_occasion + values.mean()
    residual = np.sum(rest**2) / ((athletes - 1) * (occasions - 1))
    return by_athlete.var(ddof=1) - residual / occasions, by_occasion.var(ddof=1) - residual / athletes, residual


@pytest.mark.parametrize("form", ICC_FORMS)
def test_the_published_example_is_found_in_every_form(form):
    result = reliability(long(RATINGS), value="jump", occasion="day", form=form, bootstrap=Bootstrap(50))
    assert result.icc.value == pytest.approx(PUBLISHED[SAME.get(form, form)], abs=0.005)
    assert result.n["k"] == (4.0 if form.endswith("k)") else 1.0)


def test_sem_mdc_and_cv_follow_from_the_variances():
    athletes, occasions, residual = analysis_of_variance(RATINGS)
    result = reliability(long(RATINGS), value="jump", occasion="day", form="ICC(A,1)", bootstrap=Bootstrap(50))
    assert result.variances == pytest.approx(
        {"participant": athletes, "occasion": occasions, "residual": residual}, rel=1e-5
    )
    sem = np.sqrt(occasions + residual)
    assert result.sem.value == pytest.approx(sem, rel=1e-6)
    assert result.mdc95.value == pytest.approx(1.96 * np.sqrt(2.0) * sem, rel=1e-6)
    assert result.cv_percent.value == pytest.approx(100.0 * sem / RATINGS.mean(), rel=1e-6)
    consistent = reliability(long(RATINGS), value="jump", occasion="day", form="ICC(C,1)", bootstrap=Bootstrap(50))
    assert consistent.sem.value == pytest.approx(np.sqrt(residual), rel=1e-6)


def test_values_that_cross_zero_have_no_coefficient_of_variation():
    shifted = long(RATINGS).assign(jump=lambda table: table["jump"] - 5.0)
    result, usual = (
        reliability(table, value="jump", occasion="day", bootstrap=Bootstrap(50)) for table in (shifted, long(RATINGS))
    )
    assert result.cv_percent is None
    assert result.mdc95.value == pytest.approx(usual.mdc95.value, rel=1e-9)
    assert result.icc.value == pytest.approx(usual.icc.value, rel=1e-9)


def test_unchanged_athletes_exceed_the_detectable_change_in_five_percent():
    rng = np.random.default_rng(0)
    values = 40.0 + 5.0 * rng.normal(size=(2000, 1)) + 2.0 * rng.normal(size=(2000, 2))
    result = reliability(long(values), value="jump", occasion="day", bootstrap=Bootstrap(5))
    assert np.mean(np.abs(values[:, 1] - values[:, 0]) > result.mdc95.value) == pytest.approx(0.05, abs=0.015)


def test_intervals_hold_the_truth_and_repeat_with_the_seed():
    rng = np.random.default_rng(1)
    covered = []
    for _ in range(60):
        values = 40.0 + 4.0 * rng.normal(size=(40, 1)) + 2.0 * rng.normal(size=(40, 3))
        result = reliability(long(values), value="jump", occasion="day", form="ICC(3,1)", bootstrap=Bootstrap(200))
        covered.append(result.icc.ci_low < 0.8 < result.icc.ci_high)
    assert np.mean(covered) > 0.95 - 3.0 * np.sqrt(0.95 * 0.05 / 60)
    again = reliability(long(values), value="jump", occasion="day", form="ICC(3,1)", bootstrap=Bootstrap(200))
    assert again == result


def test_a_missed_occasion_costs_only_itself():
    rng = np.random.default_rng(2)
    values = 40.0 + 4.0 * rng.normal(size=(300, 1)) + np.array([0.0, 1.5, 3.0]) + 2.0 * rng.normal(size=(300, 3))
    values[::3, 1] = np.nan
    result = reliability(long(values), value="jump", occasion="day", bootstrap=Bootstrap(20))
    assert result.n["left_out"] == 100
    assert result.variances["participant"] == pytest.approx(16.0, rel=0.2)
    assert result.variances["residual"] == pytest.approx(4.0, rel=0.2)
    assert result.variances["occasion"] == pytest.approx(2.25, rel=0.3)


@pytest.mark.parametrize(
    ("spoil", "arguments", "sentence"),
    [
        (lambda t: t, {"form": "ICC(9,1)"}, "there is no form ICC"),
        (lambda t: t.drop(columns="day"), {}, "there is no column day"),
        (lambda t: t[t["participant_id"] == 0], {}, "athletes with values: 1; at least 3"),
        (lambda t: t[t["day"] == 0], {}, "no athlete was measured more than once"),
        (lambda t: t.assign(jump=3.0), {}, "jump is the same in every row"),
        (lambda t: t.assign(jump="high"), {}, "jump is not numeric"),
        (lambda t: t.assign(jump=np.inf), {}, "jump is infinite in 24 rows"),
        (lambda t: t.assign(day=0), {}, "18 rows repeat an occasion"),
        (lambda t: t.assign(jump=t["participant_id"] + 10.0 * t["day"] + 1.0), {}, "residual variance is 0"),
        (lambda t: t.assign(jump=np.nan), {}, "athletes with values: 0"),
    ],
)
def test_measurements_without_reliability_get_a_sentence(spoil, arguments, sentence):
    with pytest.raises(ModelRefusal, match=sentence):
        reliability(spoil(long(RATINGS)), value="jump", occasion="day", **arguments, bootstrap=Bootstrap(10))


def test_limits_of_agreement_with_one_pair_each_by_hand():
    table = pd.DataFrame({"participant_id": list("abcd"), "plate": [5.0, 7.0, 9.0, 8.0], "video": [4.0, 4.0, 8.0, 5.0]})
    result = agreement(table, first="plate", second="video", bootstrap=Bootstrap(50))
    # Differences 1, 3, 1, 3: mean 2, standard deviation sqrt(4 / 3).
    assert result.bias.value == 2.0
    assert result.standard_deviation == pytest.approx(np.sqrt(4.0 / 3.0))
    assert result.lower_limit.value == pytest.approx(2.0 - 1.96 * np.sqrt(4.0 / 3.0))
    assert result.upper_limit.value == pytest.approx(2.0 + 1.96 * np.sqrt(4.0 / 3.0))
    assert result.bias.ci_low < 2.0 < result.bias.ci_high


def test_repeated_pairs_are_not_taken_for_independent():
    table = pd.DataFrame({"participant_id": list("aabbcc"), "plate": [1.0, 3, 5, 7, 9, 11], "video": np.zeros(6)})
    result = agreement(table, first="plate", second="video", bootstrap=Bootstrap(50))
    # Athletes' means 2, 6, 10: mean squares 32 between and 2 within, so that between = (32 - 2) / 2.
    assert result.bias.value == 6.0
    assert result.between_variance == pytest.approx(15.0)
    assert result.within_variance == pytest.approx(2.0)
    assert result.standard_deviation == pytest.approx(np.sqrt(17.0))
    assert result.n == {"pairs": 6, "participants": 3, "left_out": 0}


def test_pairs_that_say_nothing_are_refused():
    table = pd.DataFrame({"participant_id": list("aab"), "plate": [1.0, 2.0, np.inf], "video": [1.0, 2.0, 3.0]})
    with pytest.raises(ModelRefusal, match=r"(?s)athletes with pairs: 2; at least 3.*differences are infinite"):
        agreement(table, first="plate", second="video")
    with pytest.raises(ModelRefusal, match="there is no column radar"):
        agreement(table, first="plate", second="radar")
