"""What several test modules need: the checkout itself, and the recordings that may stand beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real recordings beside the checkout; elsewhere the tests that need them are skipped."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real recordings of ../shared/data are not beside this checkout")
    return folder


#: Test modules that last longest: a run on several workers begins with them, and the others fill the rest of the time.
LONGEST = ("test_workflow.py", "test_virtual_workflow.py")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the longest modules first where xdist shares the modules among workers."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: item.path.name not in LONGEST)
