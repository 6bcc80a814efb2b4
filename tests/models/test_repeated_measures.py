"""Published repeated measures through the same functions; docs/repeated_measures.md reads them, and is held to it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

import legsci
from legsci.ingest.study import read_study
from legsci.metrics.measurements import measured_rows
from legsci.models.statistics.athlete_slopes import slope_heterogeneity
from legsci.models.statistics.design import percent_change, split_within_between, to_log_percent
from legsci.models.statistics.mixed import MixedFit, MixedModel, fit_mixed_model
from legsci.models.statistics.reliability import reliability
from legsci.models.statistics.resampling import Bootstrap
from legsci.models.tables.analysis import Variable, session_table
from legsci.models.tables.longitudinal import longitudinal_table, tables_of

OCCASIONS = ["Pre", "Post", "Det1", "Det2", "Det3"]


@pytest.fixture(scope="module")
def reading(repository: Path) -> str:
    return " ".join((repository / "docs/repeated_measures.md").read_text(encoding="utf-8").split())


@pytest.fixture(scope="module")
def squat_jumps(shared_data: Path) -> pd.DataFrame:
    """60 athletes before and after training, and on three occasions of detraining (Jimenez-Reyes et al. 2019)."""
    wide = pd.read_csv(shared_data / "jimenez-reyes-fv" / "jimenez-reyes-clean.csv", encoding="utf-8-sig")
    rows = [
        pd.DataFrame(
            {
                "participant_id": wide["Subject"],
                "occasion": name,
                "height_m": wide[f"{name}.SJ"],
                "imbalance": wide[f"{name}.FVimb"],
                "trained": float(place > 0),
                "steps_off": max(place - 1.0, 0.0),
            }
        )
        for place, name in enumerate(OCCASIONS)
    ]
    table = pd.concat(rows, ignore_index=True)
    return split_within_between(table.assign(height=to_log_percent(table["height_m"])), ["imbalance"])


@pytest.fixture(scope="module")
def cyclists(shared_data: Path) -> pd.DataFrame:
    """20 cyclists, four blocks of tests, four jumps missing (Sylta et al. 2016)."""
    pytest.importorskip("openpyxl", reason="openpyxl, which reads the published table, is not installed")
    table = pd.read_excel(shared_data / "exscidata" / "cyclingStudy.xlsx")[["subject", "timepoint", "cmj.max"]]
    table = table.set_axis(["participant_id", "occasion", "height_cm"], axis=1)
    blocks = {name: (table["occasion"] == name).astype(float) for name in ("meso1", "meso2", "meso3")}
    return table.assign(height=to_log_percent(table["height_cm"]), **blocks)


def told(fit: MixedFit, term: str, difference: float = 1.0) -> str:
    """An effect in percent as the reading writes it."""
    row = fit.result.estimates.loc[term, ["estimate", "ci_low", "ci_high"]]
    middle, *ends = (float(percent_change(value, difference)) for value in row)
    return f"{middle:.1f} % ({min(ends):.1f} to {max(ends):.1f})"


def test_occasions_of_a_complete_table_are_its_means(squat_jumps: pd.DataFrame) -> None:
    for name in OCCASIONS[1:]:
        squat_jumps[name] = (squat_jumps["occasion"] == name).astype(float)
    fit = fit_mixed_model(squat_jumps, MixedModel(outcome="height_m", fixed=OCCASIONS[1:]))
    table = fit.result.estimates
    np.testing.assert_allclose(table["estimate"], [0.32242, 0.03648, 0.03747, 0.03487, 0.03308], atol=6e-6)
    wide = squat_jumps.pivot_table(index="participant_id", columns="occasion", values="height_m")
    change = wide["Post"] - wide["Pre"]
    # Each deviation from the mean change, freed of its own part in it, is 60 / 59 times as large.
    assert table["standard_error"]["Post"] == pytest.approx(change.std() / np.sqrt(59), rel=1e-6)
    assert table["df"]["Post"] == 59.0


def test_athletes_gain_differently_and_lose_little(squat_jumps: pd.DataFrame, reading: str) -> None:
    fit = fit_mixed_model(squat_jumps, MixedModel(outcome="height", fixed=["trained", "steps_off"], random=["trained"]))
    assert any("MixedLM agrees" in note for note in fit.result.notes)
    assert f"training added {told(fit, 'trained')}" in reading
    assert f"a step of detraining took {told(fit, 'steps_off')}" in reading
    spread = slope_heterogeneity(fit, "trained")
    assert spread.p_value < 1e-50
    low, high = (percent_change(limit) for limit in (spread.prediction_low, spread.prediction_high))
    assert f"95 % of athletes like these gain {low:.0f} to {high:.0f} %" in reading


def test_technique_within_athletes_is_another_question_than_between_them(
    squat_jumps: pd.DataFrame, reading: str
) -> None:
    fit = fit_mixed_model(
        squat_jumps,
        MixedModel(outcome="height", fixed=["imbalance_within", "imbalance_between"], random=["imbalance_within"]),
    )
    within, between = (told(fit, f"imbalance_{part}", -10.0) for part in ("within", "between"))
    assert f"within athletes {within}, between athletes {between}" in reading
    adjusted = fit_mixed_model(
        squat_jumps,
        MixedModel(
            outcome="height",
            fixed=["trained", "steps_off", "imbalance_within", "imbalance_between"],
            random=["imbalance_within"],
        ),
    )
    assert f"with training in the model, {told(adjusted, 'imbalance_within', -10.0)} remain" in reading


def test_a_change_counts_beyond_the_detectable_one(squat_jumps: pd.DataFrame, reading: str) -> None:
    after = squat_jumps[squat_jumps["occasion"] != "Pre"]
    found = reliability(after, value="height_m", occasion="occasion", form="ICC(C,1)", bootstrap=Bootstrap(200))
    wide = squat_jumps.pivot_table(index="participant_id", columns="occasion", values="height_m")
    changed = (wide["Post"] - wide["Pre"]).abs() > found.mdc95.value
    cv = found.cv_percent
    assert cv is not None
    assert f"ICC(C,1) {found.icc.value:.3f}, CV {cv.value:.1f} %, MDC95 {1000.0 * found.mdc95.value:.1f} mm" in reading
    assert f"{changed.sum()} of 60 athletes" in reading


def test_jumps_of_cyclists_do_not_change(cyclists: pd.DataFrame, reading: str) -> None:
    fit = fit_mixed_model(cyclists, MixedModel(outcome="height", fixed=["meso1", "meso2", "meso3"]))
    assert fit.result.n == {"rows": 76, "participants": 20}
    assert dict(fit.result.warnings)["rows_left_out"].startswith("4 rows")
    assert f"after the last block {told(fit, 'meso3')}" in reading
    found = reliability(cyclists, value="height_cm", occasion="occasion", form="ICC(C,1)", bootstrap=Bootstrap(500))
    cv = found.cv_percent
    assert cv is not None
    assert f"ICC(C,1) {found.icc.value:.2f}, CV {cv.value:.1f} %, MDC95 {found.mdc95.value:.1f} cm" in reading
    seen = cyclists.dropna(subset=["height_cm"]).groupby("participant_id", sort=False)["height_cm"]
    changed = (seen.last() - seen.first()).abs() > found.mdc95.value
    assert f"{changed.sum()} of 20 cyclists" in reading


def test_three_sets_gain_more_than_one_in_the_other_leg(shared_data: Path, reading: str) -> None:
    """Each athlete trained one leg with one set and the other with three (Hammarstrom et al. 2020)."""
    pytest.importorskip("openpyxl", reason="openpyxl, which reads the published table, is not installed")
    folder = shared_data / "exscidata"
    tests = pd.read_excel(folder / "strengthTests.xlsx", sheet_name="oneRM")
    legs = pd.read_csv(folder / "oneThreeSetLeg.csv", sep=";")
    table = tests[(tests["exercise"] == "legext") & tests["timepoint"].isin(["pre", "post"])].merge(legs, on="subject")
    table = table[table["include"] == "incl"].assign(
        strength=lambda rows: to_log_percent(rows["load"]),
        trained=lambda rows: (rows["timepoint"] == "post").astype(float),
        three_sets=lambda rows: (rows["leg"] == rows["multiple"]).astype(float),
    )
    fit = fit_mixed_model(
        table,
        MixedModel(
            outcome="strength",
            fixed=["trained", "three_sets", "trained:three_sets"],
            random=["trained"],
            participant="subject",
        ),
    )
    assert f"one set added {told(fit, 'trained')}, three sets {told(fit, 'trained:three_sets')} more" in reading
    assert f"{fit.result.n['participants']} athletes" in reading


def test_lean_mass_with_missed_scans(shared_data: Path) -> None:
    table = pd.read_csv(shared_data / "exscidata" / "dxa_data.csv", sep=";", decimal=",")
    table["post"] = (table["timepoint"] == "post").astype(float)
    fit = fit_mixed_model(table, MixedModel(outcome="lean.legs", fixed=["post"], participant="subject"))
    wide = table.pivot_table(index="subject", columns="timepoint", values="lean.legs")
    change = (wide["post"] - wide["pre"]).dropna()
    assert fit.result.n == {"rows": 81, "participants": 42}
    assert len(change) == 39
    # Three athletes without a second scan hardly move the mean paired change.
    assert fit.result.estimates["estimate"]["post"] == pytest.approx(change.mean(), rel=0.01)
    assert fit.result.estimates["ci_low"]["post"] > 0.0


#: A study of the published tables as the guide describes it.
CYCLISTS = {
    "name": "cyclists",
    "tables": {
        "measurements": {
            "file": "cyclingStudy.xlsx",
            "columns": {
                "subject": "participant_id",
                "timepoint": "session_id",
                "cmj.max": {"name": "jump_height_flight_time_m", "unit": "cm"},
            },
            "fixed": {"task": "countermovement_jump"},
            "days": {"pre": 0, "meso1": 28, "meso2": 56, "meso3": 84},
            "leave_out": "others",
        }
    },
}
JUMPERS = {
    "name": "jumpers",
    "tables": {
        "measurements": {
            "file": "jimenez-reyes-clean.csv",
            "columns": {
                "Subject": "participant_id",
                **{f"{name}.SJ": {"name": "jump_height_flight_time_m", "session_id": name} for name in OCCASIONS},
                **{f"{name}.FVimb": {"name": "imbalance_percent", "session_id": name} for name in OCCASIONS},
            },
            "fixed": {"task": "squat_jump"},
            "days": {name: 60 * place for place, name in enumerate(OCCASIONS)},
            "leave_out": "others",
            "metrics": {"imbalance_percent": {"label": "imbalance of the force-velocity profile", "unit": "%"}},
        }
    },
}
IMBALANCE = {
    "variables": {
        "height": {"task": "squat_jump", "metric": "jump_height_flight_time_m"},
        "imbalance": {"task": "squat_jump", "metric": "imbalance_percent"},
    },
    "codes": {},
    "claims": [
        {
            "id": "C1",
            "sentence": "A smaller imbalance goes with a higher jump.",
            "status": "confirmatory",
            "estimand": "Change of jump height for 10 points less of imbalance within an athlete.",
            "needs": ["jump height", "imbalance"],
            "assumes": "Nothing but training changes both.",
            "model": {
                "kind": "mixed",
                "outcome": "height",
                "log": True,
                "terms": ["imbalance_within", "imbalance_between"],
                "random": ["imbalance_within"],
            },
            "contrast": {"term": "imbalance_within", "difference": -10, "unit": "%"},
            "unit": "% of jump height",
            "scale": "percent",
            "equivalence": [-1, 1],
            "claimed": {"direction": 1},
            "literature": [{"finding": "none", "citation": "none"}],
        }
    ],
}


def study_of_tables(folder: Path, settings: dict[str, object], shared: Path) -> Path:
    """Write a study folder around a published table."""
    folder.mkdir()
    (folder / "study.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    shutil.copy(shared, folder)
    return folder


def test_study_of_tables_finds_the_reliability_of_cyclists(
    tmp_path: Path, shared_data: Path, repository: Path, reading: str
) -> None:
    folder = study_of_tables(tmp_path / "s", CYCLISTS, shared_data / "exscidata" / "cyclingStudy.xlsx")
    found = legsci.analyse_measurements(folder, claims=repository / "workflow/claims.yaml")
    row = found["reliability"].iloc[0]
    assert (row["participants"], row["sessions"]) == (20, 76)
    words = f"ICC(C,1) {row['icc']:.2f}, CV {row['cv_percent']:.1f} %, MDC95 {100.0 * row['mdc95']:.1f} cm"
    assert words in reading
    assert set(found["claims"]["verdict"]) == {"untestable"}


def test_study_of_tables_tests_its_own_claims(
    tmp_path: Path, shared_data: Path, repository: Path, reading: str
) -> None:
    table = shared_data / "jimenez-reyes-fv" / "jimenez-reyes-clean.csv"
    folder = study_of_tables(tmp_path / "s", JUMPERS, table)
    (folder / "claims.yaml").write_text(yaml.safe_dump(IMBALANCE), encoding="utf-8")
    ledger = legsci.analyse_measurements(folder, claims=repository / "workflow/claims.yaml")["claims"]
    row = ledger.set_index("id").loc["C1"]
    assert f"within athletes {row['estimate']:.1f} % ({row['low']:.1f} to {row['high']:.1f})" in reading


def test_retests_give_the_variance_between_sessions(tmp_path: Path) -> None:
    """Known variances: 0.02 m between sessions (placement), 0.01 m between repetitions; three repetitions a session."""
    draw = np.random.default_rng(7)
    rows = ["participant_id\tday\ttask\tjump_height_impulse_m"]
    for person in range(400):
        own = 0.35 + draw.normal(0.0, 0.05)
        for day in (0, 1):
            placed = own + draw.normal(0.0, 0.02)
            rows += [f"R{person}\t{day}\tsquat_jump\t{placed + draw.normal(0.0, 0.01):.6f}" for _ in range(3)]
    (tmp_path / "study.yaml").write_text("name: retest\n", encoding="utf-8")
    (tmp_path / "reliability.tsv").write_text("\n".join([*rows, ""]), encoding="utf-8")
    (tmp_path / "measurements.tsv").write_text("\n".join([*rows[:7], ""]), encoding="utf-8")
    study = read_study(tmp_path)
    table = longitudinal_table(tables_of(study, measured_rows(study)[0]))
    # The estimate of a variance from 400 pairs has a relative standard error of sqrt(2 / 400), 7 %.
    assert table["session_variance"].to_numpy() == pytest.approx(0.02**2, rel=0.2)
    row = session_table(table, {"height": Variable("squat_jump", "jump_height_impulse_m")}).iloc[0]
    replicate = table["replicate_variance"].iloc[0] / 3.0
    assert row["height_error_variance"] == pytest.approx(replicate + table["session_variance"].iloc[0])
