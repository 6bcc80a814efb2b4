"""Status and reason of a row of metrics.csv, and the quality flags that jump heights give."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from legsci.metrics.registry import METRICS
from legsci.quality import CODES, QualityFlag

#: Jump heights of one repetition disagree where they differ by more than this many standard uncertainties.
AGREEMENT_FACTOR = 2.0
#: A height by impulse whose standard uncertainty exceeds this is flagged [m].
UNCERTAIN_HEIGHT_M = 0.010
#: Severities that a status can have, the worst first; without any of them a row is accepted.
SEVERITIES = ("rejected", "incomplete", "flagged")


def height_flags(values: Mapping[Hashable, Any]) -> list[QualityFlag]:
    """Quality flags of one repetition whose jump heights disagree, or whose height by impulse is uncertain.

    Two heights disagree where they differ by more than `AGREEMENT_FACTOR` standard uncertainties of their difference.

    Parameters
    ----------
    values : rep, jump heights and their standard uncertainties [m], by column of metrics.csv.
    """
    names = [name for name in METRICS if name.startswith("jump_height_") and np.isfinite(values[name])]
    flags = []
    for index, first in enumerate(names):
        for second in names[index + 1 :]:
            difference = abs(values[first] - values[second])
            limit = AGREEMENT_FACTOR * float(np.hypot(values[f"u_{first}"], values[f"u_{second}"]))
            if difference > limit:
                words = " and ".join(METRICS[name].label.partition("(")[2].rstrip(")") for name in (first, second))
                flags.append(
                    QualityFlag(
                        "heights_disagree", "jump height", difference, limit, f"by {words}", rep=int(values["rep"])
                    )
                )
    height = values["u_jump_height_impulse_m"]
    if height > UNCERTAIN_HEIGHT_M:
        flags.append(QualityFlag("uncertain_height", "jump height", height, UNCERTAIN_HEIGHT_M, rep=int(values["rep"])))
    return flags


def row_status(metrics: pd.DataFrame, quality: pd.DataFrame) -> list[tuple[str, str]]:
    """Status and reason of each row of metrics, from the flags of its repetition and of its whole trial.

    Parameters
    ----------
    metrics : columns trial_id, rep, profile.
    quality : flags of the session, columns trial_id, rep (0: the whole trial), profile (empty: every profile), code.

    Returns
    -------
    (worst severity, codes of all flags that are not only noted) of each row.
    """
    codes: dict[tuple[str, int, str], set[str]] = {}
    flags = quality[["trial_id", "rep", "profile", "code"]]
    for trial_id, rep, profile, code in flags.itertuples(index=False, name=None):
        codes.setdefault((str(trial_id), int(rep), str(profile)), set()).add(str(code))
    statuses = []
    rows = metrics[["trial_id", "rep", "profile"]]
    for trial_id, rep, profile in rows.itertuples(index=False, name=None):
        about = [(str(trial_id), number, name) for number in (0, int(rep)) for name in ("", str(profile))]
        found = set().union(*(codes.get(key, set()) for key in about))
        severities = {CODES[code].severity for code in found} - ({"rejected"} if "kept" in found else set())
        worst = next((severity for severity in SEVERITIES if severity in severities), "accepted")
        reasons = [code for code in CODES if code in found and CODES[code].severity != "noted"]
        statuses.append((worst, " ".join(reasons)))
    return statuses
