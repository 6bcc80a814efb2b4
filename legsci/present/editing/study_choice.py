"""The choice of a study and a run in a notebook."""

from __future__ import annotations

import os
import re
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets

from legsci.present.opening import RUN_VARIABLE, STUDY_VARIABLE, finished_studies, open_study, results_folder
from legsci.present.results import Results
from legsci.present.selection import ResultsError


class StudyChoice(ipywidgets.Dropdown):
    """A list of finished studies and runs, shown by JupyterLab; cells that follow read the chosen one.

    Parameters
    ----------
    studies : label -> folder of results and name of the run, None for the default run.
    label : the one that is chosen at first.
    """

    def __init__(self, studies: dict[str, tuple[Path, str | None]], *, label: str) -> None:
        super().__init__(options=list(studies), value=label, description="study")
        self._studies = studies

    @property
    def study(self) -> Results:
        """The chosen study, opened.

        Raises
        ------
        ResultsError : its results are not complete any more.
        """
        folder, run = self._studies[str(self.value)]
        return open_study(folder, run=run)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """Show the list in JupyterLab, and the name of the study in a page without a kernel."""
        return with_page(super()._repr_mimebundle_(**kwargs), f"Study <b>{escape(str(self.value))}</b>")


def choose_study(first: str = "results/open") -> StudyChoice:
    """Offer the finished studies of the checkout, and their runs.

    Parameters
    ----------
    first : folder of results that is chosen until another is, where it is finished. A notebook that the workflow
        executes has the study and run of its job instead.

    Raises
    ------
    ResultsError : no study is finished.
    """
    named = os.environ.get(STUDY_VARIABLE)
    folder = results_folder(Path(named or first))
    found = finished_studies(folder.parent)
    if not found:
        raise ResultsError(f"there are no finished results in {folder.parent}: run `make study`, or `make first`")
    asked = (folder.name, os.environ.get(RUN_VARIABLE) or None if named else None)
    opened = next((study for study in found if (study.name, study.run) == asked), None)
    if opened is None and named:
        opened = open_study(folder, run=asked[1])  # says what is missing
    opened = opened or found[0]
    studies = {_label(study.name, study.run): (study.study_folder, study.run) for study in found}
    return StudyChoice(studies, label=_label(opened.name, opened.run))


def with_page(bundle: Any, html: str) -> Any:
    """Add to what a widget shows what a page without a kernel shows in its place."""
    data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
    return {**(data or {}), "text/plain": re.sub("<[^>]*>", "", html), "text/html": html}, metadata


def _label(name: str, run: str | None) -> str:
    """Name of a study in the list."""
    return f"{name}, run {run}" if run else name
