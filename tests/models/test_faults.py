"""Studies that cannot carry a model: claims, results, figures and reports say so, and the rest goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml

from legsci.models.claims.ledger import claims_tables
from legsci.models.claims.registry import Registry, load_claims
from legsci.models.claims.verdicts import UNTESTABLE
from legsci.models.curve_results import curve_results
from legsci.models.study_results import study_results
from legsci.models.tables.longitudinal import longitudinal_table, study_flow
from legsci.models.tables.onset_monitor import onset_monitor
from legsci.models.tables.reference_scores import SCORE_COLUMNS
from legsci.present.drawing import draw
from legsci.present.figures.registry import figure_lists
from legsci.present.report.athlete_report import AthleteEvidence, athlete_report
from legsci.present.results import Results
from legsci.simulate.cohort.truth import simulate_tables_with_parameters

Tables = dict[str, pd.DataFrame]


class Simulated(Results):
    """Results whose sessions are not asked."""

    simulated = True


@pytest.fixture(scope="module")
def registry(repository: Path) -> Registry:
    return load_claims(repository / "workflow/claims.yaml")


@pytest.fixture(scope="module")
def cohort(repository: Path) -> Tables:
    config = yaml.safe_load((repository / "workflow/config.yaml").read_text(encoding="utf-8"))["virtual"]
    return simulate_tables_with_parameters(config | {"athletes": 16}, 11)


def change(name: str, **columns: Callable[[pd.DataFrame], object] | object) -> Callable[[Tables], Tables]:
    return lambda tables: tables | {name: tables[name].assign(**columns)}


def keep(name: str, which: Callable[[pd.DataFrame], object]) -> Callable[[Tables], Tables]:
    return lambda tables: tables | {name: tables[name][which(tables[name])]}


def one_athlete(tables: Tables) -> Tables:
    return {
        name: table[table["participant_id"] == "V0001"] if "participant_id" in table else table
        for name, table in tables.items()
    }


def one_session(tables: Tables) -> Tables:
    first = {name: tables[name][tables[name]["session_id"] == "S01"] for name in ("sessions", "metrics")}
    return tables | first


def of_people(table: pd.DataFrame, values: pd.Series) -> np.ndarray:
    return table["participant_id"].map(values).to_numpy(float)


def alignment_like_injury(tables: Tables) -> Tables:
    """Each athlete's alignment follows from previous injury, so that the two cannot be told apart."""
    injured = tables["participants"].set_index("participant_id")["previous_injury"].ne("none").astype(float)
    return change("metrics", knee_abduction_peak_deg=lambda table: 2.0 + 5.0 * of_people(table, injured))(tables)


def events_of_the_injured(tables: Tables) -> Tables:
    people = tables["participants"].set_index("participant_id")["previous_injury"].ne("none")
    injured = tables["health"]["participant_id"].map(people).to_numpy(bool)
    points = ["participation", "modified_training", "performance", "symptoms"]
    health = tables["health"].copy()
    health.loc[~injured, points] = health.loc[~injured, points].where(health.loc[~injured, points].isna(), 0.0)
    return tables | {"health": health}


def idle_and_hurt(tables: Tables) -> Tables:
    """An athlete who never trained, and reports a problem from the third week on."""
    own = tables["health"]["participant_id"] == "V0003"
    health = tables["health"].astype(
        dict.fromkeys(["participation", "modified_training", "performance", "symptoms"], float)
    )
    late = own & (health["week"] > 2)
    health.loc[own, ["participation", "modified_training", "performance", "symptoms"]] = 0.0
    health.loc[late, ["participation", "modified_training", "performance", "symptoms"]] = 17.0
    exposure = tables["exposure"].copy()
    exposure.loc[exposure["participant_id"] == "V0003", ["training_hours", "load"]] = 0.0
    return tables | {"health": health, "exposure": exposure}


#: Name -> (spoil, claims that cannot be tested any more, words of the reason).
FAULTS: dict[str, tuple[Callable[[Tables], Tables], set[str], str]] = {
    "one athlete": (one_athlete, {"C1", "C5", "C7", "C9", "C11"}, "at least 3"),
    "one session": (one_session, {"C1", "C3", "C4", "C9", "C10", "C11"}, "occasion|sessions|every row"),
    "constant predictor": (
        change("metrics", knee_abduction_peak_deg=4.0), {"C1", "C5", "C9", "C10"}, "abduction|every row",
    ),
    "all of one level": (change("participants", level="trained"), {"C6a", "C6b"}, "proficiency"),
    "all events in one group": (events_of_the_injured, {"C5"}, "previously_injured = 0: 0 events"),
    "collinear columns": (alignment_like_injury, {"C5"}, "is a linear combination of"),
    "missing weeks": (keep("exposure", lambda table: table["week"] % 3 != 1), set(), ""),
    "no load": (change("exposure", load=np.nan), {"C1", "C3", "C5"}, "load"),
    "an athlete without exposure who is injured": (idle_and_hurt, set(), ""),
    "nobody trained": (change("exposure", training_hours=0.0, load=0.0), {"C5"}, "week"),
    "nobody answered": (
        change("health", participation=np.nan, modified_training=np.nan, performance=np.nan, symptoms=np.nan),
        {"C5"},
        "week",
    ),
    "a height of zero": (change("metrics", jump_height_impulse_m=0.0), {"C1", "C4", "C9", "C10"}, "not above 0"),
    "nothing measured": (keep("metrics", lambda table: table["rep"] < 0), {"C1", "C5", "C7"}, "metrics.csv has no"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_a_study_is_a_sentence(cohort: Tables, registry: Registry, tmp_path: Path, name: str) -> None:
    spoil, untestable, words = FAULTS[name]
    tables = spoil(cohort)
    longitudinal = longitudinal_table(tables)
    ledger, sensitivity = claims_tables(tables, registry, simulated=True, longitudinal=longitudinal, resamples=20)
    ledger = ledger.set_index("id")
    tested = ledger[ledger["verdict"] != UNTESTABLE]
    assert untestable <= set(ledger.index) - set(tested.index), ledger[["verdict", "reason"]]
    assert tested[["estimate", "low", "high", "p_value"]].notna().all(axis=None)
    assert ledger["reason"].str.len().min() > 20
    assert ledger.loc[sorted(untestable), "reason"].str.contains(words).all()
    results = study_results(tables, longitudinal, registry, resamples=20)
    numbers = [results["alignment"], results["points"], results["athletes"]]
    assert all(table.notna().all(axis=None) for table in numbers)
    assert results["refusals"]["sentence"].str.len().gt(10).all()
    results |= curve_results(xr.Dataset(), tables["metrics"], longitudinal) | {"sensitivity": sensitivity}
    written = {"longitudinal": longitudinal, "study_flow": study_flow(tables), "claims": ledger.reset_index()}
    written |= {"onset_monitor": onset_monitor(tables["metrics"])}
    _draw(tmp_path, written | {f"models/{name}": table for name, table in results.items()})


def _draw(folder: Path, written: Tables) -> None:
    """Write the tables as the workflow does, and draw every figure and the report of an athlete from them."""
    (folder / "models").mkdir()
    for path, table in written.items():
        table.to_csv(folder / f"{path}.csv", index=False)
    study = Simulated(folder)
    for figure in (name for name, config_list in figure_lists().items() if config_list == "models"):
        draw(study, figure).canvas.draw()
    evidence = AthleteEvidence(
        longitudinal=study.model_table("longitudinal"),
        reliability=study.model_table("reliability"),
        athletes=study.model_table("athletes"),
        ledger=study.model_table("claims"),
        scores=pd.DataFrame(columns=SCORE_COLUMNS),
        simulated=True,
    )
    for participant in evidence.participants()[:1]:
        athlete_report(evidence, participant).canvas.draw()
