"""TASKS: what a task states is what the pipeline does; nothing about it is inferred from elsewhere."""

from __future__ import annotations

from dataclasses import replace

import pytest

from legsci.mechanics.reps.cutting import CUTTING
from legsci.metrics.families.force import braking_is_defined
from legsci.metrics.measure import prepare
from legsci.tasks import TASKS
from legsci.vocabulary import STREAMS
from tests.analytic_jump import countermovement_jump
from tests.mechanics.trials import force_trial, outcome


def test_every_task_can_be_cut_by_streams_that_exist() -> None:
    for name, task in TASKS.items():
        assert task.cut in (*CUTTING, "reference"), name
        assert task.cut_by, name
        assert set(task.cut_by) <= set(STREAMS), name
    assert {task.cut for task in TASKS.values()} == {*CUTTING, "reference"}


def test_body_weight_is_taken_before_movements_from_rest_only() -> None:
    moving = {name for name, task in TASKS.items() if not task.starts_still}
    falling = {"drop_jump", "landing", "single_leg_drop_jump", "rebound_jump", "hop_and_stick"}
    assert moving == falling | {"sprint", "repeated_hops"}


@pytest.mark.parametrize(
    ("start", "braking"), [("standing", True), ("held_squat", False)], ids=["hop", "hop from a held squat"]
)
def test_start_of_a_new_task_decides_whether_it_has_a_braking_phase(
    start: str, braking: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    hop = replace(TASKS["countermovement_jump"], meaning="Hop on one leg.", start=start, legs="one")
    monkeypatch.setitem(TASKS, "single_leg_hop", hop)
    found = outcome(force_trial(countermovement_jump().force, task="single_leg_hop", leg="left"))
    assert found.reps is not None
    assert braking_is_defined(prepare(found.reps)).data.all() == braking
    assert ("countermovement_in_squat_jump" in found.codes()) is not braking
