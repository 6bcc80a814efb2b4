"""What every model answers: a table of estimates with what they rest on, or a refusal that says all that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]
Answer = TypeVar("Answer")
#: (model, sentence) for each reason why a model could not be estimated.
Refusals = list[tuple[str, str]]
REFUSAL_COLUMNS = ["model", "sentence"]
#: Significance level of every test.
ALPHA = 0.05

ESTIMATE_COLUMNS = (
    "estimate",
    "standard_error",
    "df",
    "statistic",
    "p_value",
    "ci_low",
    "ci_high",
    "kind",
    "se_kind",
)

#: What an effect compares: occasions of one athlete, athletes with each other, or neither of the two alone.
KINDS = ("within", "between", "other")


class ModelRefusal(ValueError):
    """A table from which the model cannot be estimated; `sentences` holds all reasons, in the order of the check."""

    def __init__(self, subject: str, sentences: Iterable[str]) -> None:
        self.subject = subject
        self.sentences = tuple(dict.fromkeys(sentences))
        count = len(self.sentences)
        noun = "reason" if count == 1 else "reasons"
        super().__init__(
            "\n".join([f"{subject} cannot be estimated, {count} {noun}", *(f"  {line}" for line in self.sentences)])
        )


def attempt(
    model: str, refusals: Refusals, fit: Callable[..., Answer], *arguments: Any, **settings: Any
) -> Answer | None:
    """Return what a model answers, or None and its reasons in `refusals`.

    Parameters
    ----------
    model : its name among the refusals.
    refusals : joined by the reasons.
    fit, arguments, settings : the model and what it is called with.
    """
    try:
        return fit(*arguments, **settings)
    except ModelRefusal as refusal:
        refusals += [(model, sentence) for sentence in refusal.sentences]
        return None


@dataclass(frozen=True)
class ModelResult:
    """Estimates of one model.

    Parameters
    ----------
    outcome : column that is explained.
    formula : the model in one line, for people.
    estimates : one row per term (index `term`) with ESTIMATE_COLUMNS; the interval is the 95 % interval; `kind` is one
        of KINDS; `se_kind` says how the standard error was found; unit of estimate: [outcome per unit of the term].
    log_likelihood : at the estimates; None for an estimator without likelihood.
    variance_components : name -> variance [unit of outcome, squared] or correlation [1].
    n : what was counted: rows, participants, events, exposure, ...
    warnings : (code, sentence) for what a reader must know before the numbers are used.
    notes : sentences on how the numbers came about.
    """

    outcome: str
    formula: str
    estimates: pd.DataFrame
    log_likelihood: float | None
    variance_components: Mapping[str, float]
    n: Mapping[str, float]
    warnings: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        """Hold the table to its columns."""
        if tuple(self.estimates.columns) != ESTIMATE_COLUMNS or self.estimates.index.name != "term":
            raise ValueError(f"estimates: expected index term and columns {', '.join(ESTIMATE_COLUMNS)}")
        unknown = sorted(set(self.estimates["kind"]) - set(KINDS))
        if unknown:
            raise ValueError(f"estimates: kind is one of {', '.join(KINDS)}; found {', '.join(unknown)}")


def estimate_table(
    terms: Iterable[str],
    estimate: np.ndarray,
    standard_error: np.ndarray,
    df: np.ndarray,
    *,
    kind: Iterable[str],
    se_kind: Iterable[str],
    level: float = 0.95,
) -> pd.DataFrame:
    """Return the estimates with t statistics, two-sided p values against zero and intervals.

    Parameters
    ----------
    terms : (term,) names.
    estimate, standard_error : (term,) [unit of outcome per unit of the term].
    df : (term,) degrees of freedom of Student's t; infinity means the normal distribution.
    kind, se_kind : (term,) see ModelResult.
    level : coverage of the interval.

    Returns
    -------
    DataFrame with index `term` and ESTIMATE_COLUMNS: interval = estimate -+ t(df) x standard_error.
    """
    statistic = np.asarray(estimate, float) / standard_error
    half_width = stats.t.ppf(0.5 + level / 2.0, df) * standard_error
    columns = (
        np.asarray(estimate, float),
        standard_error,
        df,
        statistic,
        2.0 * stats.t.sf(np.abs(statistic), df),
        estimate - half_width,
        estimate + half_width,
        list(kind),
        list(se_kind),
    )
    return pd.DataFrame(dict(zip(ESTIMATE_COLUMNS, columns, strict=True)), index=pd.Index(list(terms), name="term"))
