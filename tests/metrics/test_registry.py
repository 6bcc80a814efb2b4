"""The registry of metrics: every entry is complete, and what it says agrees with names, tasks, streams and tables."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from legsci.mechanics.reps.repetition import STORED_EVENTS
from legsci.metrics.families.phases import PHASES
from legsci.metrics.registry import COLUMNS, FAMILIES, METRICS, UNCERTAINTIES, dictionary
from legsci.tasks import TASKS
from legsci.vocabulary import MUSCLES, STREAMS
from tests.analytic_jump import countermovement_jump
from tests.mechanics.trials import force_trial, outcome

SOURCES = "".join(
    path.read_text(encoding="utf-8") for path in (Path(__file__).parents[2] / "legsci/metrics").rglob("*.py")
)
#: Ends of names without a unit.
RATIOS = ("_ratio", "_ratio_min", "_r2")


@pytest.mark.parametrize("name", METRICS)
def test_entry_is_complete(name: str) -> None:
    metric = METRICS[name]
    for field in ("label", "unit", "sign", "meaning", "equation", "source"):
        assert getattr(metric, field).strip(), field
    assert metric.meaning.endswith(".")
    assert metric.tasks
    assert set(metric.tasks) <= set(TASKS)
    assert metric.streams
    assert {stream for streams in metric.streams for stream in streams.split(" or ")} <= set(STREAMS)
    assert metric.uncertainty in (None, *UNCERTAINTIES)
    assert metric.asymmetry is None or metric.asymmetry in METRICS


@pytest.mark.parametrize("name", METRICS)
def test_name_ends_in_the_unit(name: str) -> None:
    unit = METRICS[name].unit
    if unit == "1":
        assert name.endswith(RATIOS)
    else:
        words = unit.lower().replace("%", "percent").replace("^(2/3)", " to two thirds").replace("/", " per ").split()
        assert re.search(rf"_{'_'.join(words)}$", name)
        # the unit is the whole of it: n_m_per_kg is not a metre per kilogram
        longer = {other.unit for other in METRICS.values() if other.unit.endswith(f" {unit}")}
        assert not any(name.endswith("_" + other.lower().replace(" ", "_").replace("/", "_per_")) for other in longer)


@pytest.mark.parametrize("name", METRICS)
def test_name_is_found_by_a_text_search(name: str) -> None:
    """Metrics that each muscle, phase or time after an onset has are written once, with that as a variable."""
    written = {re.sub(r"_\d+_ms_", "_{ms}_ms_", name)}
    for kind, members in (("muscle", MUSCLES), ("phase", PHASES)):
        written |= {re.sub(rf"(^|_){member}_", rf"\1{{{kind}}}_", name, count=1) for member in members}
    assert any(f'"{each}"' in SOURCES for each in written)


@pytest.mark.parametrize("name", METRICS)
def test_equation_names_events_of_the_reps_table(name: str) -> None:
    named = set(re.findall(r"\bt_(\w+)", METRICS[name].equation))
    assert named <= {*STORED_EVENTS, "braking_start", "peak"}


def test_labels_tell_metrics_apart() -> None:
    labels = [metric.label for metric in METRICS.values()]
    assert len(set(labels)) == len(labels)


def test_no_metric_is_in_two_families() -> None:
    assert sum(len(family) for family in FAMILIES.values()) == len(METRICS)


@pytest.mark.parametrize("task", [name for name, task in TASKS.items() if task.cut != "reference"])
def test_every_task_with_repetitions_has_a_metric(task: str) -> None:
    assert any(task in metric.tasks for metric in METRICS.values())


def test_jumps_differ_in_their_metrics_as_they_differ_in_their_start() -> None:
    has = {task: {name for name, metric in METRICS.items() if task in metric.tasks} for task in TASKS}
    of_countermovement = {name for name in METRICS if re.search(r"^(asymmetry_)?(unweighting|braking)_", name)}
    both = {name for name in METRICS if "force_at_lowest_point" in name}
    both |= {"countermovement_depth_m", "hip_knee_ankle_angle_deg", "propulsion_to_braking_impulse_ratio"}
    assert has["countermovement_jump"] - has["squat_jump"] == of_countermovement | both
    assert has["squat_jump"] < has["countermovement_jump"]


def test_dictionary_defines_every_column_of_the_metrics_table_in_order() -> None:
    metrics = outcome(force_trial(countermovement_jump().force)).metrics
    table = dictionary()
    assert list(table.index) == list(metrics.columns) == list(COLUMNS)
    assert table.index.name == "column"
    assert not table.isna().any(axis=None)
    assert (table["meaning"].str.len() > 10).all()
    uncertain = {f"u_{name}" for name, metric in METRICS.items() if metric.uncertainty is not None}
    assert {column for column in table.index if column.startswith("u_")} == uncertain


def test_dictionary_of_an_uncertainty_and_of_an_asymmetry() -> None:
    table = dictionary()
    height = table.loc["u_jump_height_impulse_m"]
    assert height["label"] == "standard uncertainty of jump height (impulse)"
    assert height["unit"] == "m"
    assert height["source"] == "JCGM 100:2008, 5.1.3"
    asymmetry = table.loc["asymmetry_peak_force_percent"]
    assert asymmetry["equation"] == "100 (R - L) / (R + L) of peak_force_n"
    assert asymmetry["tasks"] == table.loc["peak_force_n", "tasks"]
    assert asymmetry["unit"] == "%"
    assert asymmetry["uncertainty"] == ""


def test_values_are_given_for_the_tasks_of_the_entry_only() -> None:
    force = countermovement_jump().force
    found = outcome(
        {task: force_trial(force, task=task) for task in ("countermovement_jump", "squat_jump", "standing")}
    )
    for name, metric in METRICS.items():
        for task in ("countermovement_jump", "squat_jump", "standing"):
            if task not in metric.tasks:
                assert np.isnan(found.row(task)[name]), (name, task)
    assert found.row("countermovement_jump")["countermovement_depth_m"] > 0.0


def test_every_metric_has_an_uncertainty_or_says_why_not() -> None:
    for name, metric in METRICS.items():
        assert (metric.uncertainty is None) == bool(metric.no_uncertainty), name
