"""The editor of events: a trial's force-time curve in JupyterLab, its events moved with the mouse."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import pandas as pd
import traitlets
import xarray as xr
import yaml

from legsci.ingest.faults import StudyError
from legsci.ingest.tables import load_schema, typed_table
from legsci.mechanics.kinetics.session_motion import SessionMotion
from legsci.mechanics.reps.curation import EVENT_ORDER
from legsci.present.decisions import MeasuredTrials, measure_trials
from legsci.present.editing.comparison import compare_repetition
from legsci.present.editing.curation_file import FILE, read_decisions, write_decisions
from legsci.present.editing.study_choice import with_page
from legsci.present.results import ABOUT, Results
from legsci.present.selection import ResultsError
from legsci.storage import atomic_write
from legsci.vocabulary import SIDES

#: What a page without a kernel shows in place of the editor.
PAGE = "The editor of events works in JupyterLab: <code>make lab</code>, then this notebook."
NO_FOLDER = (
    "Decisions can be tried here but not written: the workflow makes this study itself, or its results are from an "
    "earlier version (run the workflow again)."
)
#: Decisions about a trial as a whole.
OF_TRIAL = "swap_sides"


class EventEditor(anywidget.AnyWidget):
    """Force-time curve of a trial with events that can be dragged, and decisions that can be written.

    The traits are what Python and the page in `event_editor.js` exchange.

    Parameters
    ----------
    study : with recordings.

    Attributes
    ----------
    sessions : participant -> session -> trials with repetitions.
    chosen : participant, session, trial and number of the repetition that are shown.
    force : (side, sample) of the trial [N], float32, one side after the other.
    curve : rate [Hz], sides, numbers of the repetitions, body weight [N] of the one that is shown and its events with
        the decisions that curation.tsv holds (name -> time [s]).
    decision : what the person tries: `what`, and `moved`, event -> time [s].
    answer : what the decisions change (`legsci.present.editing.comparison`), and a `message`.
    target : the file of decisions; empty where there is none to write into.

    Raises
    ------
    ResultsError : the study has no repetition that was cut from a recording.
    """

    _esm = files("legsci.present.editing").joinpath("event_editor.js").read_text(encoding="utf-8")
    _css = files("legsci.present.editing").joinpath("event_editor.css").read_text(encoding="utf-8")
    title = traitlets.Unicode().tag(sync=True)
    sessions = traitlets.Dict().tag(sync=True)
    chosen: traitlets.List[Any] = traitlets.List().tag(sync=True)
    force = traitlets.Bytes().tag(sync=True)
    curve = traitlets.Dict().tag(sync=True)
    decision = traitlets.Dict().tag(sync=True)
    answer = traitlets.Dict().tag(sync=True)
    target = traitlets.Unicode().tag(sync=True)

    def __init__(self, study: Results) -> None:
        sessions = _trials(study)
        if not sessions:
            raise ResultsError(f"study {study.name} has no repetition that was cut from a recording")
        self._study, self._folder = study, decided_folder(study)
        self._session: tuple[xr.Dataset, SessionMotion] | None = None
        self._before: MeasuredTrials | None = None
        self._written: list[tuple[bytes | None, bytes]] = []  # curation.tsv before and after each decision written here
        super().__init__(
            title=f"{'SIMULATED. ' * study.simulated}Study {study.label}",
            sessions=sessions,
            target=str(self._folder / FILE) if self._folder else "",
        )
        self.observe(self._on_chosen, names="chosen")
        self.observe(self._on_decision, names="decision")
        self.on_msg(self._on_message)
        who, visits = next(iter(sessions.items()))
        visit, trials = next(iter(visits.items()))
        self.chosen = [who, visit, trials[0], 1]

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """Show the editor in JupyterLab, and a sentence in a page without a kernel."""
        return with_page(super()._repr_mimebundle_(**kwargs), PAGE)

    def _on_chosen(self, change: dict[str, Any]) -> None:
        """Read a session, measure a trial without decisions, and show a repetition of it."""
        before, now = (list(of or ["", "", "", 0]) for of in (change["old"], change["new"]))
        who, visit, trial_id, _ = now
        if before[:2] != now[:2] or self._session is None:
            reps = self._study.reps(who, visit)
            self._session = None if reps is None else (reps, self._study.motion(who, visit))
        if self._session is None:
            raise ResultsError(f"{who} {visit} has no repetition")
        reaction = self._session[1].trials[trial_id].reaction
        if before[:3] != now[:3] or self._before is None:
            self._before = self._measured(_no_rows())
            self.force = b"" if reaction is None else reaction.force.astype("<f4").tobytes()
        self._show_curve()
        self._start_over()

    def _on_decision(self, _: dict[str, Any]) -> None:
        """Measure the trial with the decision that is tried."""
        self._answer()

    def _on_message(self, _: object, content: dict[str, Any], __: object) -> None:
        """Write the decision that is tried, with the reason and initials that the page sends, or undo the last one."""
        if content.get("undo"):
            self._undo()
            return
        reason, initials = (str(content.get(name, "")).strip() for name in ("reason", "initials"))
        rows, missing = (
            self._tried(reason, initials),
            [word for word, text in (("a reason", reason), ("initials", initials)) if not text],
        )
        if self._folder is None:
            self._answer(message=NO_FOLDER)
        elif rows.empty:
            self._answer(message="There is nothing to write: move an event, or choose a decision.")
        elif missing:
            self._answer(message=f"Give {' and '.join(missing)}.")
        else:
            self._write(self._folder, rows)

    def _write(self, folder: Path, rows: pd.DataFrame) -> None:
        """Write rows into curation.tsv and show what the next run will follow."""
        path = folder / FILE
        try:
            before = path.read_bytes() if path.is_file() else None
            write_decisions(folder, rows)
            self._written.append((before, path.read_bytes()))
        except (StudyError, OSError) as error:
            self._answer(message=f"Not written. {error}")
            return
        self._show_curve()
        self._start_over(f"Written into {path}. The tables and figures follow it when the workflow runs again.")

    def _undo(self) -> None:
        """Restore curation.tsv as it was before the decision that was written here last."""
        if self._folder is None or not self._written:
            self._answer(message="There is nothing to undo.")
            return
        path = self._folder / FILE
        before, after = self._written[-1]
        try:
            if not path.is_file() or path.read_bytes() != after:
                self._answer(message=f"Not undone: {path} has been changed since. Edit the table itself.")
                return
            if before is None:
                path.unlink()
            else:
                with atomic_write(path) as unfinished:
                    unfinished.write_bytes(before)
        except OSError as error:
            self._answer(message=f"Not undone. {error}")
            return
        self._written.pop()
        self._show_curve()
        self._start_over(f"Undone: the decision written last is no longer in {path}.")

    def _start_over(self, message: str = "") -> None:
        """Try nothing any more, and state what the decisions in force change."""
        self.unobserve(self._on_decision, names="decision")
        self.decision = {"what": "", "moved": {}}
        self.observe(self._on_decision, names="decision")
        self._answer(message)

    def _measured(self, rows: pd.DataFrame) -> MeasuredTrials:
        """The trial that is shown, measured with decisions."""
        assert self._session is not None
        return measure_trials(*self._session, rows[rows["what"] != OF_TRIAL], trials=[self.chosen[2]])

    def _in_force(self) -> pd.DataFrame:
        """Decisions that curation.tsv holds about the trial that is shown; raises StudyError."""
        rows = _no_rows() if self._folder is None else read_decisions(self._folder)
        keys = ("participant_id", "session_id", "trial_id")
        about = [rows[key] == value for key, value in zip(keys, self.chosen[:3], strict=True)]
        return rows[np.logical_and.reduce(about)]

    def _tried(self, reason: str, initials: str) -> pd.DataFrame:
        """Rows of the decision that is tried."""
        who, visit, trial_id, rep = self.chosen
        what = self.decision.get("what", "")
        moved = {None: None} if what != "move_event" else self.decision.get("moved", {})
        rows = [
            (who, visit, trial_id, None if what == OF_TRIAL else rep, what, event, value, reason, initials)
            for event, value in moved.items()
            if what
        ]
        return pd.DataFrame(rows, columns=_columns()).astype(_no_rows().dtypes)

    def _show_curve(self) -> None:
        """Show the events of the repetition, as the decisions in force leave them."""
        assert self._session is not None
        try:
            in_force = self._in_force()
        except StudyError as error:
            in_force = _no_rows()
            self._say({"message": str(error)})
        *_, trial_id, number = self.chosen
        reps = self._measured(in_force).repetitions
        reaction = self._session[1].trials[trial_id].reaction
        if reps is None or reaction is None:
            self.curve = {}
            return
        rep = reps.isel(rep=reps["number"].to_numpy() == number).isel(rep=0, profile=0, perturbation=0)
        times = {event: float(rep[event]) for event in EVENT_ORDER}
        known = {side: bool(np.isfinite(row).any()) for side, row in zip(SIDES, reaction.force, strict=True)}
        self.curve = {
            "rate": reaction.rate,
            "sides": list(SIDES),
            "recorded": [side for side, recorded in known.items() if recorded],
            "reps": reps["number"].to_numpy().tolist(),
            "weight": _finite(float(rep["body_weight"].sel(side="both"))),
            "window": [float(rep["window_start"]), float(rep["window_stop"])],
            "events": {event: seconds for event, seconds in times.items() if np.isfinite(seconds)},
        }

    def _answer(self, message: str = "") -> None:
        """State what the decisions in force and the one that is tried change."""
        assert self._before is not None
        try:
            rows = pd.concat([self._in_force(), self._tried("not written yet", "-")])
            rows = rows[~rows[load_schema("curation")["key"]].duplicated(keep="last")]
            after = self._measured(rows)
        except (StudyError, ResultsError) as error:
            self._say({"message": str(error)})
            return
        if self.decision.get("what") == OF_TRIAL and not message:
            message = "The motion is computed anew with exchanged sides when the workflow runs again."
        *_, trial_id, rep = self.chosen
        changes = compare_repetition(self._before, after, trial_id=trial_id, rep=rep)
        self._say(changes | {"message": message or ("" if self._folder else NO_FOLDER)})

    def _say(self, answer: dict[str, Any]) -> None:
        """Send an answer; its number tells the page that there is one, even where it says the same again."""
        self.answer = answer | {"number": self.answer.get("number", 0) + 1}


def edit_events(study: Results) -> EventEditor:
    """Edit the events of a study in JupyterLab, and decide about repetitions.

    Parameters
    ----------
    study : opened with `legsci.open_study`.

    Returns
    -------
    A widget: choose a trial, drag an event or choose a decision, compare the metrics, give a reason and initials, and
    write the decision into curation.tsv of the study folder, which the next run of the workflow follows.

    Raises
    ------
    ResultsError : the study has no repetition that was cut from a recording.
    """
    return EventEditor(study)


def decided_folder(study: Results) -> Path | None:
    """Study folder whose curation.tsv the workflow follows; None where the results do not name one that is there."""
    about = yaml.safe_load((study.folder / ABOUT).read_text(encoding="utf-8"))
    named = about.get("study_folder")
    folder = study.study_folder.parents[1] / str(named)
    return folder if named and folder.is_dir() else None


def _trials(study: Results) -> dict[str, dict[str, list[str]]]:
    """Participant -> session -> trials with repetitions that were cut from recordings."""
    rows = study.events[["participant_id", "session_id", "trial_id"]].drop_duplicates()
    answer: dict[str, dict[str, list[str]]] = {}
    for who, visit, trial_id in rows.itertuples(index=False):
        answer.setdefault(str(who), {}).setdefault(str(visit), []).append(str(trial_id))
    return answer


def _columns() -> list[str]:
    """Columns of curation.tsv."""
    return list(load_schema("curation")["properties"])


def _no_rows() -> pd.DataFrame:
    """No decision, with the types of the columns."""
    nothing = pd.DataFrame(columns=_columns(), dtype="str")
    return typed_table("curation", nothing, checked=True)[0]


def _finite(value: float) -> float | None:
    """A number for the page, None where it is not known."""
    return value if np.isfinite(value) else None
