"""A simulated cohort as a study of tables: measurements of each repetition instead of recordings, and the truth."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

import pandas as pd

from legsci.simulate.cohort.process import Cohort
from legsci.simulate.cohort.tables import metrics_table, study_folder_tables
from legsci.simulate.cohort.truth import FOLDER, athletes_table, parameters_table

#: Digits of a measured value; its measurement error is far larger.
_DIGITS = "%.6g"


def write_study_of_tables(folder: str | Path, cohort: Cohort, truths: Mapping[str, str]) -> None:
    """Write a cohort as the folder of a study of tables.

    Parameters
    ----------
    folder : of the study: study.yaml, participants, sessions, exposure, health, injuries and measurements (.tsv); in
        its folder truth the parameters, what was drawn for each athlete, and the truth of each claim.
    cohort : the cohort.
    truths : claim -> what was drawn as its truth, in a word.
    """
    target = Path(folder)
    (target / FOLDER).mkdir(parents=True, exist_ok=True)
    text = files("legsci.simulate.cohort").joinpath("study_of_tables.yaml").read_text(encoding="utf-8")
    (target / "study.yaml").write_text(text, encoding="utf-8")
    for name, table in study_folder_tables(cohort).items():
        _write(table, target / f"{name}.tsv")
    _write(metrics_table(cohort), target / "measurements.tsv", float_format=_DIGITS)
    _write(parameters_table(cohort.config), target / FOLDER / "parameters.tsv")
    _write(athletes_table(cohort), target / FOLDER / "athletes.tsv")
    _write(pd.DataFrame(list(truths.items()), columns=["id", "truth"]), target / FOLDER / "claims.tsv")


def _write(table: pd.DataFrame, path: Path, float_format: str | None = None) -> None:
    """Write a table as tab-separated text with n/a for missing values."""
    table.to_csv(path, sep="\t", index=False, na_rep="n/a", lineterminator="\n", float_format=float_format)
