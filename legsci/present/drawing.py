"""Any figure of a study by its name: of the study, of an athlete, of a session, of one trial or repetition."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from inspect import signature
from typing import TYPE_CHECKING, Any

import pandas as pd
import xarray as xr

from legsci.ingest.tables import suggestion
from legsci.mechanics.reps.repetition import STORED_EVENTS
from legsci.present.figures.registry import figure_lists
from legsci.present.results import Results
from legsci.present.selection import ResultsError, check_names

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Figures of rules of their own -> what they are of.
FURTHER = {"athlete_report": "athlete", "parameter_recovery": "study"}
REPORT = "legsci.present.report.athlete_report"
#: What a figure is of -> the arguments that it needs.
NEEDED = {"session": ("participant", "session"), "athlete": ("participant",), "study": (), "models": ()}


class Selected(Results):
    """A study of which one trial, or one repetition of it, is shown."""

    def __init__(self, study: Results, trial: str, rep: int | None) -> None:
        super().__init__(study.study_folder, run=study.run)
        self.only_trial, self.only_rep = trial, rep

    def session(self, participant_id: str, session_id: str) -> xr.DataTree:
        """The session with the chosen trial alone."""
        whole = super().session(participant_id, session_id)
        check_names(f"trial in {participant_id} {session_id}", [self.only_trial], whole.children)
        return xr.DataTree(
            whole.to_dataset(), children={self.only_trial: whole.children[self.only_trial]}, name=whole.name
        )

    def reps(self, participant_id: str, session_id: str) -> xr.Dataset | None:
        """Repetitions of the chosen trial, or the chosen one; None where there is none."""
        reps = super().reps(participant_id, session_id)
        if reps is None:
            return None
        of_trial = reps.isel(rep=reps["trial_id"].to_numpy() == self.only_trial)
        if self.only_rep is None:
            return of_trial if of_trial.sizes["rep"] else None
        numbers = of_trial["number"].to_numpy()
        check_names(f"repetition of {self.only_trial}", [str(self.only_rep)], map(str, numbers))
        return of_trial.isel(rep=numbers == self.only_rep)

    def quality_flags(self, participant_id: str, session_id: str) -> pd.DataFrame:
        """Quality flags of the chosen trial and of the chosen repetition."""
        flags = super().quality_flags(participant_id, session_id)
        kept = flags["trial_id"] == self.only_trial
        return flags[kept & flags["rep"].isin([0, self.only_rep])] if self.only_rep is not None else flags[kept]


def draw(
    study: Results,
    figure: str,
    participant: str | None = None,
    session: str | None = None,
    *,
    trial: str | None = None,
    rep: int | None = None,
    align: str | None = None,
) -> Figure:
    """Draw a figure of a study.

    Parameters
    ----------
    study : a finished study, opened.
    figure : its name: one of `figure_lists`, athlete_report or parameter_recovery.
    participant, session : of a figure of one session; of athlete_report the participant alone; not given for figures of
        the whole study.
    trial, rep : of a figure of one session: only this trial, only its repetition of this number. None: all.
    align : event that is 0 of the time axis (force_time): "takeoff", "landing", ... None: time of the trial.

    Raises
    ------
    ResultsError : there is no such figure, participant, session, trial, repetition or event.
    TypeError : an argument that the figure needs is missing, or one is given that it does not have.
    """
    figures = figure_lists() | FURTHER
    if figure not in figures:
        raise ResultsError(f"there is no figure {figure}{suggestion(figure, figures)}; there are {', '.join(figures)}")
    given = {"participant": participant, "session": session, "trial": trial, "rep": rep, "align": align}
    function = _function(figure)
    _check_arguments(study, figure, given, NEEDED[figures[figure]], aligned="align" in signature(function).parameters)
    key = [str(given[name]) for name in NEEDED[figures[figure]]]
    shown = study if trial is None else Selected(study, trial, rep)
    drawn: Figure = function(shown, *key, **({} if align is None else {"align": align}))
    return drawn


def _function(figure: str) -> Callable[..., Figure]:
    """Find the function that draws a figure; modules are imported by name, so that one figure does not need all."""
    if figure == "athlete_report":
        return _draw_athlete_report
    function: Callable[..., Figure] = import_module(f"legsci.present.figures.{figure}").draw
    return function


def _draw_athlete_report(study: Results, participant: str) -> Figure:
    """Draw the page of an athlete."""
    page: Figure = import_module(REPORT).athlete_report(athlete_evidence(study), participant)
    return page


def athlete_evidence(study: Results) -> Any:
    """Tables of a study that the reports on its athletes need, see `legsci.present.report.athlete_report`."""
    return import_module(REPORT).AthleteEvidence(
        longitudinal=study.model_table("longitudinal"),
        reliability=study.model_table("reliability"),
        athletes=study.model_table("athletes"),
        ledger=study.model_table("claims"),
        scores=study.model_table("reference_scores"),
        simulated=study.simulated,
    )


def _check_arguments(
    study: Results, figure: str, given: Mapping[str, object], needed: tuple[str, ...], *, aligned: bool
) -> None:
    """Raise TypeError with what is missing or too much, and an example; ResultsError on an event that there is not."""
    missing = [name for name in needed if given[name] is None]
    if missing:
        listed = "; study.sessions() lists them"
        wanted = f"{figure} needs {' and '.join(needed)}; missing: {', '.join(missing)}"
        raise TypeError(f"{wanted}: {_example(study, figure, needed)}{listed}")
    allowed = {*needed, *(("trial", "rep") if "session" in needed else ()), *(("align",) if aligned else ())}
    further = [name for name, value in given.items() if value is not None and name not in allowed]
    if further:
        raise TypeError(f"{figure} has no {' or '.join(further)}: {_example(study, figure, needed)}")
    if given["rep"] is not None and given["trial"] is None:
        raise TypeError(f"a repetition is one of a trial; missing: trial (rep={given['rep']}, trial=...)")
    check_names("event", [str(given["align"])] if given["align"] is not None else [], STORED_EVENTS)


def _example(study: Results, figure: str, needed: tuple[str, ...]) -> str:
    """A call that works; only an error reads the tables for it, since figures of sessions are drawn before them."""
    first = dict(zip(("participant", "session"), next(iter(study.sessions()), ("P01", "01")), strict=True))
    return ", ".join([f'draw(study, "{figure}"', *(f'"{first[name]}"' for name in needed)]) + ")"
