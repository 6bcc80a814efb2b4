"""One repetition measured without decisions and with them, as rows that a person reads."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from legsci.metrics.registry import COLUMNS, KEYS
from legsci.present.decisions import MeasuredTrials
from legsci.quality import CODES
from legsci.vocabulary import SIDES

#: A standard uncertainty is stated with so many digits, and the value to the same decimal (JCGM 100:2008, 7.2.6).
DIGITS = 2
#: Digits of a value without uncertainty.
VALUE_DIGITS = 4
#: Text of a value that there is not.
NOTHING = "-"
#: Metrics that are shown whether they change or not.
ALWAYS = ("jump_height_impulse_m", "contact_time_s", "squat_depth_m", "peak_force_n")


def compare_repetition(
    before: MeasuredTrials, after: MeasuredTrials, *, trial_id: str, rep: int
) -> dict[str, list[dict[str, object]]]:
    """Compare a repetition measured twice.

    Returns
    -------
    `metrics` : rows of metric, side, unit, before, after (value and its standard uncertainty as text) and changed;
    those that change, and a few that do not. `status` : a row with before and after. `flags` : sentence, severity,
    and where it applies: "both", "before" or "after".
    """
    tables = [_side_rows(measured.metrics, trial_id, rep) for measured in (before, after)]
    metrics = []
    for side in SIDES:
        metrics += _changes(side, *(dict(table.loc[side]) if side in table.index else {} for table in tables))
    statuses = [", ".join(table["status"].unique()) if len(table) else "no repetition" for table in tables]
    flags = [_sentences(measured.flags, trial_id, rep) for measured in (before, after)]
    named = dict.fromkeys([*flags[1], *flags[0]])
    where = {sentence: "both" if all(sentence in of for of in flags) else "after" for sentence in flags[1]}
    return {
        "metrics": metrics,
        "status": [{"before": statuses[0], "after": statuses[1]}],
        "flags": [
            {
                "sentence": sentence,
                "severity": (flags[1] | flags[0])[sentence],
                "where": where.get(sentence, "before"),
            }
            for sentence in named
        ],
    }


def stated(value: float, uncertainty: float) -> str:
    """Value and standard uncertainty with sensible digits; a dash where there is no value."""
    if not math.isfinite(value):
        return NOTHING
    if not (math.isfinite(uncertainty) and uncertainty > 0.0):
        return f"{value:.{VALUE_DIGITS}g}" if abs(value) < 10.0**VALUE_DIGITS else f"{value:.0f}"
    decimals = max(DIGITS - 1 - math.floor(math.log10(uncertainty)), 0)
    return f"{value:.{decimals}f} ± {uncertainty:.{decimals}f}"


def _side_rows(metrics: pd.DataFrame, trial_id: str, rep: int) -> pd.DataFrame:
    """Rows of a repetition by side."""
    return metrics[(metrics["trial_id"] == trial_id) & (metrics["rep"] == rep)].set_index("side")


def _changes(side: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, object]]:
    """Rows of one side; empty mappings where the repetition has no such row."""
    rows: list[dict[str, object]] = []
    for column in after or before:
        if column in KEYS or column not in COLUMNS or column.startswith("u_"):
            continue
        texts = {"before": _text(before, column), "after": _text(after, column)}
        changed = texts["before"] != texts["after"]
        if changed or (column in ALWAYS and texts["after"] != NOTHING):
            about = {"column": column, "metric": COLUMNS[column]["label"], "unit": COLUMNS[column]["unit"]}
            rows.append({**about, "side": side, **texts, "changed": changed})
    return rows


def _text(row: Mapping[str, Any], column: str) -> str:
    """Value of a column with its uncertainty as text."""
    return stated(float(row.get(column, math.nan)), float(row.get(f"u_{column}", math.nan)))


def _sentences(flags: pd.DataFrame, trial_id: str, rep: int) -> dict[str, str]:
    """Quality flags of a repetition and of its trial: sentence -> severity; notes are left out."""
    about = flags[(flags["trial_id"] == trial_id) & flags["rep"].isin([0, rep])]
    severities = {str(row.sentence): CODES[str(row.code)].severity for row in about.itertuples(index=False)}
    return {sentence: severity for sentence, severity in severities.items() if severity != "noted"}
