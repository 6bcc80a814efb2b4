"""The editor of events without a browser: what it tells the page, and what it writes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import legsci
from legsci.ingest.faults import StudyError
from legsci.present.editing.comparison import stated
from legsci.present.editing.curation_file import FILE, read_decisions, write_decisions
from legsci.present.editing.event_editor import NO_FOLDER, EventEditor
from legsci.present.editing.study_choice import choose_study
from legsci.present.opening import RUN_VARIABLE, STUDY_VARIABLE
from legsci.present.selection import ResultsError
from tests.present.conftest import RATE_HZ

REASON = {"reason": "toe drags", "initials": "AB"}
COLUMNS = "participant_id\tsession_id\ttrial_id\trep\twhat\tevent\tvalue\treason\tinitials"
DECISION = {
    "participant_id": "P01", "session_id": "01", "trial_id": "jump", "rep": 1, "what": "move_event",
    "event": "takeoff", "value": 2.75, "reason": "toe drags", "initials": "AB",
}  # fmt: skip


@pytest.fixture
def study_folder(folder: Path) -> Path:
    """Study folder of the finished study, without decisions; about.yaml names it."""
    made = folder.parents[1] / "data" / "raw" / "made"
    made.mkdir(parents=True, exist_ok=True)
    (made / "study.yaml").write_text("name: made\nsimulated: true\n", encoding="utf-8")
    (made / FILE).unlink(missing_ok=True)
    (folder / "about.yaml").write_text("simulated: true\nstudy_folder: data/raw/made\n", encoding="utf-8")
    return made


@pytest.fixture
def editor(folder: Path, study_folder: Path) -> EventEditor:
    return legsci.edit_events(legsci.open_study(folder))


def row(editor: EventEditor, column: str) -> dict[str, object]:
    """Row of the comparison about a metric of both legs."""
    return next(row for row in editor.answer["metrics"] if (row["column"], row["side"]) == (column, "both"))


def move(editor: EventEditor, event: str, by_s: float) -> float:
    """Drag an event as the page does; returns where it is now [s]."""
    seconds = round(editor.curve["events"][event] + by_s, 3)
    editor.decision = {"what": "move_event", "moved": {event: seconds}}
    return seconds


def test_the_page_gets_the_force_and_the_events_of_a_trial(editor: EventEditor) -> None:
    assert editor.sessions == {"P01": {"01": ["jump"]}}
    assert editor.chosen == ["P01", "01", "jump", 1]
    assert "SIMULATED" in editor.title
    force = np.frombuffer(editor.force, dtype="<f4").reshape(3, -1)
    recorded = editor._study.motion("P01", "01").trials["jump"].reaction
    np.testing.assert_allclose(force, recorded.force, rtol=1e-6)
    assert editor.curve["rate"] == RATE_HZ
    assert editor.curve["recorded"] == ["both", "left", "right"]
    assert list(editor.curve["events"]) == [
        "movement_start", "minimum_force", "peak_negative_velocity", "bottom", "propulsion_start", "takeoff", "landing"
    ]  # fmt: skip
    json.dumps([editor.curve, editor.answer], allow_nan=False)


def test_a_dragged_event_changes_metrics_uncertainty_and_flags(editor: EventEditor) -> None:
    before = row(editor, "jump_height_impulse_m")
    assert before["before"] == before["after"]
    assert not before["changed"]
    move(editor, "takeoff", -0.02)
    flight = row(editor, "flight_time_s")
    times = [float(str(flight[key]).split(" ± ")[0]) for key in ("before", "after")]
    assert times[1] - times[0] == pytest.approx(0.02, abs=0.0005)
    assert str(flight["after"]).endswith("± 0.0058"), "the choice of a person, 10 ms / 3^0.5"
    assert row(editor, "jump_height_impulse_m")["changed"]
    said = {flag["sentence"]: flag["where"] for flag in editor.answer["flags"]}
    assert any("takeoff moved to" in sentence and where == "after" for sentence, where in said.items())


def test_an_event_out_of_order_is_refused_in_words(editor: EventEditor) -> None:
    move(editor, "takeoff", 5.0)
    assert any("has no effect" in flag["sentence"] for flag in editor.answer["flags"])
    assert not any(row["changed"] for row in editor.answer["metrics"])


@pytest.mark.parametrize(("what", "status"), [("exclude", "rejected"), ("keep", "accepted")])
def test_other_decisions_are_tried_too(editor: EventEditor, what: str, status: str) -> None:
    editor.decision = {"what": what, "moved": {}}
    assert editor.answer["status"][0]["after"] == status


def test_swapped_sides_are_written_for_the_whole_trial_and_shown_by_the_next_run(
    editor: EventEditor, study_folder: Path
) -> None:
    editor.decision = {"what": "swap_sides", "moved": {}}
    assert "when the workflow runs again" in editor.answer["message"]
    editor._on_message(None, REASON, [])
    assert (study_folder / FILE).read_text().splitlines()[
        1
    ] == "P01\t01\tjump\tn/a\tswap_sides\tn/a\tn/a\ttoe drags\tAB"


def test_a_decision_is_written_with_reason_and_initials_alone(editor: EventEditor, study_folder: Path) -> None:
    editor._on_message(None, REASON, [])
    assert "nothing to write" in editor.answer["message"]
    seconds = move(editor, "takeoff", -0.02)
    editor._on_message(None, {"reason": " ", "initials": ""}, [])
    assert editor.answer["message"] == "Give a reason and initials."
    assert not (study_folder / FILE).exists()
    editor._on_message(None, REASON, [])
    written = (study_folder / FILE).read_text()
    assert written == f"{COLUMNS}\nP01\t01\tjump\t1\tmove_event\ttakeoff\t{seconds}\ttoe drags\tAB\n"
    assert editor.decision == {"what": "", "moved": {}}
    assert editor.curve["events"]["takeoff"] == seconds, "the decision is in force"
    later = move(editor, "takeoff", -0.005)
    editor._on_message(None, REASON, [])
    assert read_decisions(study_folder)["value"].tolist() == [later], (
        "the later decision takes the place of the earlier"
    )
    anew = legsci.edit_events(editor._study)
    assert anew.curve["events"]["takeoff"] == later


def test_what_was_written_is_undone_step_by_step(editor: EventEditor, study_folder: Path) -> None:
    path = study_folder / FILE
    texts = []
    for by_s in (0.02, 0.03):
        move(editor, "landing", by_s)
        editor._on_message(editor, REASON, [])
        texts.append(path.read_bytes())
    first = editor.curve["events"]["landing"]
    editor._on_message(editor, {"undo": True}, [])
    assert path.read_bytes() == texts[0]
    assert editor.answer["message"].startswith("Undone")
    assert editor.curve["events"]["landing"] < first, "the curve follows the table"
    editor._on_message(editor, {"undo": True}, [])
    assert not path.exists()
    editor._on_message(editor, {"undo": True}, [])
    assert editor.answer["message"] == "There is nothing to undo."


def test_a_table_that_was_edited_since_is_not_undone(editor: EventEditor, study_folder: Path) -> None:
    move(editor, "landing", 0.02)
    editor._on_message(editor, REASON, [])
    edited = (study_folder / FILE).read_text(encoding="utf-8").replace("toe drags", "toe drags, video")
    (study_folder / FILE).write_text(edited, encoding="utf-8")
    editor._on_message(editor, {"undo": True}, [])
    assert editor.answer["message"].startswith("Not undone")
    assert (study_folder / FILE).read_text(encoding="utf-8") == edited


def test_without_a_study_folder_decisions_are_tried_and_not_written(folder: Path, study_folder: Path) -> None:
    (folder / "about.yaml").write_text("simulated: true\nstudy_folder: null\n", encoding="utf-8")
    editor = legsci.edit_events(legsci.open_study(folder))
    assert editor.answer["message"] == NO_FOLDER
    move(editor, "takeoff", -0.02)
    assert row(editor, "flight_time_s")["changed"]
    editor._on_message(None, REASON, [])
    assert editor.answer["message"] == NO_FOLDER
    assert not (study_folder / FILE).exists()


def test_faults_of_the_table_are_shown_and_it_stays_as_it_is(editor: EventEditor, study_folder: Path) -> None:
    broken = f"{COLUMNS}\nP01\t01\tjump\t1\tremove\tn/a\tn/a\tfell\tAB\n"
    (study_folder / FILE).write_text(broken)
    editor.decision = {"what": "exclude", "moved": {}}
    assert "row 2, what" in editor.answer["message"]
    editor._on_message(None, REASON, [])
    assert "row 2, what" in editor.answer["message"]
    assert (study_folder / FILE).read_text() == broken


def test_decisions_are_written_beside_those_that_are_there(study_folder: Path) -> None:
    there = "participant_id\tsession_id\ttrial_id\twhat\treason\tinitials\tnote\nP01\t01\tstood\tkeep\tfine\tCD\tx y\n"
    (study_folder / FILE).write_text(there)
    write_decisions(study_folder, pd.DataFrame([DECISION | {"reason": 'the "toe"\tdrags\nlate'}]))
    lines = [line.split("\t") for line in (study_folder / FILE).read_text().splitlines()]
    assert lines[0][:7] == there.splitlines()[0].split("\t")
    assert lines[1][:7] == there.splitlines()[1].split("\t")
    assert 'the "toe" drags late' in lines[2], "one line, one cell"
    assert read_decisions(study_folder)["reason"].tolist() == ["fine", 'the "toe" drags late']
    before = (study_folder / FILE).read_text()
    with pytest.raises(StudyError) as refused:
        write_decisions(study_folder, pd.DataFrame([DECISION | {"event": "takoff", "initials": None}]))
    assert len(refused.value.faults) == 2
    assert (study_folder / FILE).read_text() == before


def test_an_exported_table_of_decisions_is_not_written(study_folder: Path) -> None:
    (study_folder / "study.yaml").write_text("name: made\ntables: {curation: {file: decisions.csv}}\n")
    with pytest.raises(StudyError, match="another system exports"):
        write_decisions(study_folder, pd.DataFrame([DECISION]))


@pytest.mark.parametrize(
    ("value", "uncertainty", "text"),
    [
        (0.52027, 0.00153, "0.5203 ± 0.0015"),
        (2015.46, 6.5, "2015.5 ± 6.5"),
        (12345.6, 123.0, "12346 ± 123"),
        (0.2626, np.nan, "0.2626"),
        (20123.4, 0.0, "20123"),
        (np.nan, 0.1, "-"),
    ],
)
def test_values_have_the_digits_that_their_uncertainty_allows(value: float, uncertainty: float, text: str) -> None:
    assert stated(value, uncertainty) == text


def test_a_page_without_a_kernel_says_where_the_widgets_work(editor: EventEditor) -> None:
    data, _ = editor._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert "make lab" in data["text/html"]
    assert "<" not in data["text/plain"]


def test_a_study_is_chosen_from_those_that_are_finished(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parents[1])
    (folder.parent / "begun").mkdir(exist_ok=True)
    choice = choose_study(f"{folder.parent.name}/absent")
    assert choice.options == ("made",)
    assert choice.study.study_folder == folder.resolve()
    assert "made" in choice._repr_mimebundle_()[0]["text/html"]
    monkeypatch.setenv(STUDY_VARIABLE, str(folder))
    monkeypatch.setenv(RUN_VARIABLE, "")
    assert choose_study("results/other").study.name == "made"
    monkeypatch.setenv(STUDY_VARIABLE, str(folder.parent / "begun"))
    with pytest.raises(ResultsError, match="not complete"):
        choose_study()
    monkeypatch.delenv(STUDY_VARIABLE)
    (folder.parents[1] / "empty" / "results").mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(folder.parents[1] / "empty")
    with pytest.raises(ResultsError, match="no finished results"):
        choose_study()
