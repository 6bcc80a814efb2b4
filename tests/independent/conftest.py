"""One body of the second simulator and its trials, for all tests."""

from __future__ import annotations

from typing import Any

import pytest

SEED = 3


@pytest.fixture(scope="session")
def trials() -> dict[str, Any]:
    """Trials of one body by task."""
    pytest.importorskip("mujoco", reason="the rigid-body engine mujoco is not installed")
    from tests.independent.bodies import draw_body
    from tests.independent.dynamics import TASKS, perform
    from tests.independent.engine import Figure

    figure = Figure.of(draw_body(SEED))
    return {task: perform(figure, SEED, task) for task in TASKS}
