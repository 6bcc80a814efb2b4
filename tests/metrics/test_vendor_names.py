"""Names of a vendor's metrics: every column exists for the task, and the vendor's dictionary is answered."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from legsci.metrics.registry import METRICS
from legsci.metrics.vendor_names import NAMES, NAMES_OF_TEST, TESTS, answer
from legsci.tasks import TASKS

#: Part of the metrics of a test that must have a column.
LEAST = {
    "CMJ Rebound": 0.95,
    "Multi Rebound": 0.95,
    "Countermovement Jump": 0.95,
    "Squat Jump": 0.95,
    "Drop Jump": 0.95,
    "Isometric Test": 0.95,
    "Drop Landing": 0.95,
}


def test_every_column_is_in_the_registry_and_every_test_is_a_task() -> None:
    named = [*NAMES.values(), *(column for names in NAMES_OF_TEST.values() for column in names.values())]
    absent = {column for column in named if column not in METRICS}
    # of a phase that has no such quantity
    assert absent == {"unweighting_rate_of_force_development_n_per_s"}
    assert set(TESTS.values()) <= set(TASKS)


def test_answers_by_hand() -> None:
    assert answer("Countermovement Jump", "Left Avg. Braking Force").column == "braking_mean_force_n"
    assert answer("Countermovement Jump", "Left Avg. Braking Force").side == "left"
    assert answer("Drop Jump", "L|R Peak Landing Force").column == "asymmetry_landing_peak_force_percent"
    assert answer("Drop Jump", "RSI").column == "flight_contact_ratio"
    assert answer("Isometric Test", "RFD 0-150 ms").column == "rate_of_force_development_to_150_ms_n_per_s"
    assert "threshold" in answer("Isometric Test", "Initiation Threshold").reason
    best = answer("Multi Rebound", "Top 5 Jumps Avg. RSI")
    assert (best.column, best.hop_set) == ("flight_contact_ratio", ("best_5", "mean"))
    total = answer("Multi Rebound", "Total Contact Time")
    assert (total.column, total.hop_set) == ("contact_time_s", ("all", "total"))
    assert answer("CMJ Rebound", "Left CMJ Avg. Braking Force").column == "braking_mean_force_n"
    assert answer("CMJ Rebound", "Rebound Modified RSI").column == "rsi_m_per_s"
    assert answer("CMJ Rebound", "CMJ RSI").column == "flight_to_takeoff_time_ratio"
    assert answer("CMJ Rebound", "L|R Avg. Landing Force").column == "asymmetry_landing_mean_force_percent"
    with pytest.raises(KeyError):
        answer("Squat Jump", "Peak Braking Force")
    with pytest.raises(KeyError):
        answer("Countermovement Jump", "No such metric")


def test_the_dictionary_of_the_vendor_is_answered(shared_data: Path) -> None:
    with (shared_data / "vendor-metrics" / "hawkin.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    answers = [(row["test"], answer(row["test"], row["metric"])) for row in rows]
    assert all(bool(found.column) != bool(found.reason) for _, found in answers)
    named, total = Counter(test for test, found in answers if found.column), Counter(test for test, _ in answers)
    assert {test: named[test] / total[test] >= least for test, least in LEAST.items()} == dict.fromkeys(LEAST, True)
