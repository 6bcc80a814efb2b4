"""Design matrix of a model from a long table: terms, their level, and all reasons why they are not estimable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from legsci.models.result import Array, ModelRefusal

INTERCEPT = "intercept"
#: A variance below this share of the mean square, or of the variance it is compared with, is rounding.
ROUNDING_SHARE = 1e-12
#: A column is collinear with others where less than this share of its norm remains.
SMALLEST_REMAINDER = 1e-8
#: Fewest athletes from whom a variance between athletes is estimated.
FEWEST_PARTICIPANTS = 3
#: Below this many athletes, sandwich standard errors tend to be too small and intervals too narrow.
FEW_PARTICIPANTS = 20


@dataclass(frozen=True)
class Design:
    """Design matrix of a model.

    Parameters
    ----------
    outcome : (row,) [unit of the outcome].
    fixed : (row, term) with the intercept first.
    terms : (term,) names.
    kinds : (term,) `within` where a term varies within athletes, else `between`.
    moderators : (term,) how many factors of a product are constant within athletes.
    participant : (row,) number of the athlete.
    participants : (athlete,) names, in the order of the numbers.
    left_out : rows of the table with missing values.
    """

    outcome: Array
    fixed: Array
    terms: tuple[str, ...]
    kinds: tuple[str, ...]
    moderators: tuple[int, ...]
    participant: NDArray[np.int64]
    participants: pd.Index
    left_out: int

    def columns(self, terms: Sequence[str]) -> Array:
        """Return the columns of some terms, (row, term)."""
        return self.fixed[:, [self.terms.index(term) for term in terms]]


def split_within_between(
    table: pd.DataFrame, columns: Sequence[str], *, participant: str = "participant_id"
) -> pd.DataFrame:
    """Split variables into athletes' means and the deviations from them (Mundlak 1978, Econometrica 46:69-85).

    Parameters
    ----------
    table : long table, one row per occasion.
    columns : variables to split, numbers.
    participant : column that names the athlete.

    Returns
    -------
    A copy of the table with `<column>_within` (value - athlete's mean) and `<column>_between` (athlete's mean - mean of
    the athletes' means) [unit of the column]; NaN where the value, or all values of the athlete, are missing.
    """
    means = table.groupby(participant, observed=True)[list(columns)].mean()
    split = table.copy()
    for column in columns:
        own = table[participant].map(means[column])
        split[f"{column}_within"] = table[column] - own
        split[f"{column}_between"] = own - means[column].mean()
    return split


def to_log_percent(values: pd.Series) -> pd.Series:
    """Transform a positive outcome to 100 ln(y), where a difference of 1 is about one percent.

    Parameters
    ----------
    values : any unit; missing stays missing.

    Raises
    ------
    ModelRefusal
        Some value is not positive.
    """
    wrong = values[values <= 0]
    if len(wrong):
        raise ModelRefusal(
            f"100 ln({values.name})",
            [f"{len(wrong)} of {len(values)} values are not above 0, the least is {wrong.min():g}"],
        )
    return 100.0 * np.log(values)


def percent_change(coefficient: Array | float, difference: float = 1.0) -> Array | float:
    """Percent by which the outcome differs per difference of a predictor: 100 (exp(b d / 100) - 1).

    Parameters
    ----------
    coefficient : b, from a model of `to_log_percent` [100 ln per unit of the predictor].
    difference : d [unit of the predictor].

    Returns
    -------
    [%].
    """
    return 100.0 * np.expm1(np.asarray(coefficient) * difference / 100.0)


def build_design(
    table: pd.DataFrame,
    *,
    outcome: str,
    fixed: Sequence[str],
    random: Sequence[str],
    participant: str,
    subject: str = "the mixed model",
) -> Design:
    """Build the design matrix of a mixed model and check that it is estimable.

    Parameters
    ----------
    table : long table, one row per occasion.
    outcome : column of the response.
    fixed : terms: a column, or a product of columns `a:b`. A categorical column becomes one indicator
        `column=level` for each level but the first in alphabetical order.
    random : terms with a random slope by athlete, from those of `fixed`; the intercept is always random.
    participant : column that names the athlete.
    subject : what cannot be estimated, for the message.

    Raises
    ------
    ModelRefusal
        With all reasons: missing columns, fewer than 3 athletes, one occasion each, constant or collinear terms, ...
    """
    used = list(dict.fromkeys([outcome, participant, *(part for term in fixed for part in term.split(":"))]))
    faults = [f"there is no column {column}" for column in used if column not in table]
    if not faults:
        faults = column_faults(table, outcome, [column for column in used if column != participant])
    if faults:
        raise ModelRefusal(subject, faults)
    complete = table[used].dropna()
    codes, participants = pd.factorize(complete[participant], sort=True)
    if len(participants) < FEWEST_PARTICIPANTS:
        faults.append(
            f"athletes with complete rows: {len(participants)}; at least {FEWEST_PARTICIPANTS} are needed to "
            "separate variance between and within athletes"
        )
    elif np.bincount(codes).max() < 2:
        faults.append("no athlete has more than one occasion: change within athletes cannot be estimated")
    if faults:
        raise ModelRefusal(subject, faults)
    expanded = {INTERCEPT: (np.ones(len(complete)), 0)}
    for term in fixed:
        expanded |= _expand(complete, term, codes)
    terms, matrix = tuple(expanded), np.column_stack([values for values, _ in expanded.values()])
    kinds = tuple("within" if _varies_within(column, codes) else "between" for column in matrix.T)
    faults = [*_collinear_terms(terms, matrix), *_unusable_random(dict(zip(terms, kinds, strict=True)), random, codes)]
    if faults:
        raise ModelRefusal(subject, faults)
    return Design(
        outcome=complete[outcome].to_numpy(float),
        fixed=matrix,
        terms=terms,
        kinds=kinds,
        moderators=tuple(moderators for _, moderators in expanded.values()),
        participant=codes.astype(np.int64),
        participants=pd.Index(participants, name=participant),
        left_out=len(table) - len(complete),
    )


def column_faults(table: pd.DataFrame, outcome: str, columns: Sequence[str]) -> list[str]:
    """Return a sentence for each column that is there twice, or holds no usable values.

    Parameters
    ----------
    table : with the columns.
    outcome : the one that must be numeric.
    columns : the outcome among them.
    """
    names = list(table.columns)
    faults = [f"{names.count(column)} columns are named {column}" for column in columns if names.count(column) > 1]
    for column in [] if faults else columns:
        values = table[column]
        if not values.notna().any():
            faults.append(f"{column} is missing in every row")
        elif pd.api.types.is_numeric_dtype(values):
            infinite = int(np.isinf(values.dropna().to_numpy(float)).sum())
            faults += [f"{column} is infinite in {infinite} rows"] if infinite else []
        elif column == outcome:
            faults.append(f"{outcome} is not numeric")
    if not faults and np.ptp(table[outcome].dropna().to_numpy(float)) == 0:
        faults.append(f"{outcome} has the same value in every row")
    return faults


def _expand(table: pd.DataFrame, term: str, codes: NDArray[np.int64]) -> dict[str, tuple[Array, int]]:
    """Return name -> (column, number of factors that are constant within athletes); categories become indicators."""
    products: dict[str, tuple[Array, int]] = {"": (np.ones(len(table)), 0)}
    for column in term.split(":"):
        if pd.api.types.is_numeric_dtype(table[column]):
            factors = {column: table[column].to_numpy(float)}
        else:
            words = sorted(table[column].astype(str).unique())
            # A single category stays as a term, which is then refused as constant.
            kept = words[1:] or words
            factors = {f"{column}={word}": (table[column].astype(str) == word).to_numpy(float) for word in kept}
        products = {
            f"{name}:{factor}".lstrip(":"): (values * other, moderators + (not _varies_within(other, codes)))
            for name, (values, moderators) in products.items()
            for factor, other in factors.items()
        }
    return products


def _varies_within(column: Array, codes: NDArray[np.int64]) -> bool:
    means = np.bincount(codes, weights=column) / np.bincount(codes)
    return bool(np.sum((column - means[codes]) ** 2) > ROUNDING_SHARE * np.sum(column**2))


def _collinear_terms(terms: Sequence[str], matrix: Array) -> list[str]:
    """Return a sentence for each term that is constant or a linear combination of those before it."""
    faults: list[str] = []
    kept: list[int] = []
    # R of the QR decomposition has the norms and linear dependences of the columns, and is small.
    triangle: Array = np.asarray(np.linalg.qr(matrix, mode="r"))
    for index, term in enumerate(terms):
        column, size = triangle[:, index], np.linalg.norm(triangle[:, index])
        if index and np.ptp(matrix[:, index]) <= SMALLEST_REMAINDER * np.abs(matrix[:, index]).max():
            faults.append(f"{term} is {matrix[0, index]:g} in every row: its effect cannot be estimated")
            continue
        coefficients = np.linalg.lstsq(triangle[:, kept], column, rcond=None)[0] if kept else np.empty(0)
        if np.linalg.norm(column - triangle[:, kept] @ coefficients) > SMALLEST_REMAINDER * size:
            kept.append(index)
            continue
        shares = np.abs(coefficients) * np.linalg.norm(triangle[:, kept], axis=0)
        others = [terms[k] for k, share in zip(kept, shares, strict=True) if share > SMALLEST_REMAINDER * size]
        faults.append(f"{term} is a linear combination of {' and '.join(others)}: omit one of them")
    if not faults and len(matrix) <= len(terms) + 1:
        faults.append(f"{len(matrix)} complete rows are too few for {len(terms)} terms")
    return faults


def _unusable_random(kinds: dict[str, str], random: Sequence[str], codes: NDArray[np.int64]) -> list[str]:
    """Return a sentence for each random term that cannot be estimated."""
    faults = []
    for term in random:
        if term not in kinds:
            faults.append(f"{term} has a random slope, but is not among the terms {', '.join(kinds)}")
        elif kinds[term] == "between":
            faults.append(f"{term} does not vary within athletes: a random slope cannot be estimated")
    if not faults and len(codes) <= (len(random) + 1) * (codes.max() + 1):
        faults.append(
            f"{len(codes)} complete rows are too few for {len(random) + 1} random effects of {codes.max() + 1} athletes"
        )
    return faults
