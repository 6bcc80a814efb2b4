"""Result of a model: a table of estimates with sample sizes and warnings, or a refusal with all reasons."""

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
    "se_method",
)

#: Level of an effect: within athletes, between athletes, or neither of the two alone.
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
    """Return the result of a model, or None and append its reasons to `refusals`.

    Parameters
    ----------
    model : its name in the table of refusals.
    refusals : the reasons are appended.
    fit, arguments, settings : the function that fits the model, and its arguments.
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
    outcome : column of the response.
    formula : the model in one line.
    estimates : one row per term (index `term`) with ESTIMATE_COLUMNS; the interval is the 95 % interval; `kind` is one
        of KINDS; `se_method` is the method of the standard error; unit of estimate: [outcome per unit of the term].
    log_likelihood : at the estimates; None for an estimator without likelihood.
    variance_components : name -> variance [unit of outcome, squared] or correlation [1].
    n : sample sizes: rows, participants, events, exposure, ...
    warnings : (code, sentence) on limits of the estimates.
    notes : sentences on the estimation.
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
        """Check the columns of the table."""
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
    se_method: Iterable[str],
    level: float = 0.95,
) -> pd.DataFrame:
    """Return the estimates with t statistics, two-sided p values against zero and intervals.

    Parameters
    ----------
    terms : (term,) names.
    estimate, standard_error : (term,) [unit of outcome per unit of the term].
    df : (term,) degrees of freedom of Student's t; infinity means the normal distribution.
    kind, se_method : (term,) see ModelResult.
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
        list(se_method),
    )
    return pd.DataFrame(dict(zip(ESTIMATE_COLUMNS, columns, strict=True)), index=pd.Index(list(terms), name="term"))
