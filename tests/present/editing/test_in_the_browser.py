"""A person moves an event in JupyterLab; the next run of the workflow follows the decision."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from legsci.present.editing.curation_file import read_decisions
from tests.checkout import copy_checkout, snakemake
from tests.lab import CHROMIUM, jupyter_lab, notebook_page
from tests.test_workflow import write_study

pytest.importorskip("playwright", reason="playwright, which drives the browser, is not installed")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (Debian: apt-get install chromium)")

WAIT_MS = 60_000
KEY = ["participant_id", "session_id", "trial_id", "rep", "side"]


def measure(checkout: Path) -> dict[str, pd.DataFrame]:
    """Run the workflow as far as the tables of the small study."""
    answer = snakemake(checkout, "results/tiny/metrics.csv", "--config", "study=data/raw/tiny")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return {name: pd.read_csv(checkout / "results" / "tiny" / f"{name}.csv") for name in ("metrics", "reps", "quality")}


def drag(page: Any, event: str, *, pixels: int) -> None:
    """Drag the line of an event with the mouse."""
    page.locator(f"[data-event={event}]").scroll_into_view_if_needed()
    line = page.locator(f"[data-event={event}] line.mark").bounding_box()
    across, along = line["x"] + line["width"] / 2, line["y"] + 0.8 * line["height"]
    page.mouse.move(across, along)
    page.mouse.down()
    page.mouse.move(across + pixels, along, steps=5)
    page.mouse.up()


def test_an_event_is_dragged_written_and_followed_by_the_next_run(tmp_path: Path) -> None:
    copy_checkout(tmp_path)
    folder = tmp_path / "data" / "raw" / "tiny"
    write_study(folder)
    before = measure(tmp_path)
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
    with (
        jupyter_lab(tmp_path, PYTHONPATH=path) as address,
        notebook_page(address, "notebooks/05_edit_events.ipynb") as page,
    ):
        editor = page.locator(".legsci-editor")
        assert editor.inner_text().startswith("SIMULATED. Study tiny")
        editor.get_by_label("session", exact=True).select_option("B")
        page.wait_for_selector(".legsci-editor:not(.waiting)", timeout=WAIT_MS)
        drag(page, "landing", pixels=60)
        page.wait_for_selector("tr.changed[data-column=flight_time_s]", timeout=WAIT_MS)
        page.locator("button.undo").click()
        page.wait_for_selector(".legsci-editor:not(.waiting)", timeout=WAIT_MS)
        assert page.locator("tr.changed").count() == 0, "the change is taken back"
        drag(page, "landing", pixels=30)
        page.wait_for_selector("tr.changed[data-column=flight_time_s]", timeout=WAIT_MS)
        assert "with decisions: corrected" in page.locator(".flags").inner_text()
        assert not (folder / "curation.tsv").exists(), "nothing is written before the button is pressed"
        editor.get_by_label("reason", exact=True).fill("heel touches later")
        editor.get_by_label("initials", exact=True).fill("AB")
        page.locator("button.write").click()
        page.get_by_text("Written into").wait_for(timeout=WAIT_MS)
        page.locator("button.undo").click()
        page.get_by_text("Undone").wait_for(timeout=WAIT_MS)
        assert not (folder / "curation.tsv").exists(), "what was written last is taken back"
        drag(page, "landing", pixels=30)
        page.wait_for_selector("tr.changed[data-column=flight_time_s]", timeout=WAIT_MS)
        page.locator("button.write").click()
        page.get_by_text("Written into").wait_for(timeout=WAIT_MS)

    decided = read_decisions(folder)
    assert decided[["participant_id", "session_id", "trial_id", "rep"]].to_numpy().tolist() == [
        ["P01", "B", "jump_1", 1]
    ]
    assert decided[["what", "event", "reason", "initials"]].to_numpy().tolist() == [
        ["move_event", "landing", "heel touches later", "AB"]
    ]
    after = measure(tmp_path)
    landings = [
        tables["reps"].query("session_id == 'B' and profile == 'owen_mcmahon'")["landing_s"].item()
        for tables in (before, after)
    ]
    assert landings[1] == pytest.approx(decided["value"].item(), abs=1e-9)
    assert landings[1] > landings[0] + 0.005
    rows = [tables["metrics"].set_index(KEY).loc[("P01", "B", "jump_1", 1, "both")] for tables in (before, after)]
    assert rows[1]["flight_time_s"] - rows[0]["flight_time_s"] == pytest.approx(landings[1] - landings[0], abs=1e-6)
    assert rows[1]["u_flight_time_s"] == pytest.approx(0.01 / 3.0**0.5, abs=1e-4), "the choice of a person"
    assert "heel touches later (AB)" in after["quality"].query("code == 'curated'")["sentence"].item()
    pd.testing.assert_frame_equal(*(tables["reps"].query("session_id == 'A'") for tables in (before, after)))
