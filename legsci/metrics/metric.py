"""Metric: everything that is said of a column of metrics.csv, beside the function that computes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import Any, Literal

from legsci.metrics.signals import Reps


@dataclass(frozen=True)
class Metric:
    """A metric of a repetition; its name, the key in METRICS, ends in its unit.

    Parameters
    ----------
    measure : answer of `prepare` (measure.py) -> (rep, scoring) or (rep, scoring, side) in `unit`; where uncertainty is
        "stated" or "both", the pair of value and standard uncertainty.
    label : short name for axes and tables.
    unit : as written on axes; "1" of a ratio.
    sign : what a positive value means; "≥ 0" of a quantity without direction.
    meaning : one or two sentences.
    equation : in the symbols of docs/metrics.md.
    source : of the definition.
    tasks : the TASKS to whose repetitions it applies.
    streams : signals that it is computed from, all of them needed; " or " stands between those of which one serves. A
        repetition also needs those that cut its task (`Task.cut_by`).
    uncertainty : how the standard uncertainty u_<name> is found. "rescored": the repetition is scored again with each
        source of uncertainty moved (uncertainty.py); "stated": `measure` returns it; "both": both, in quadrature; None:
        none is reported, for the reason that `no_uncertainty` gives.
    asymmetry : name of the metric that compares the sides, None where they are not compared.
    """

    measure: Callable[[Reps], Any]
    _: KW_ONLY
    label: str
    unit: str
    sign: str
    meaning: str
    equation: str
    source: str
    tasks: tuple[str, ...]
    streams: tuple[str, ...]
    uncertainty: Literal["rescored", "stated", "both"] | None = None
    no_uncertainty: str = ""
    asymmetry: str | None = None


#: Streams that many metrics are computed from.
FORCE: tuple[str, ...] = ("force",)
MOTION: tuple[str, ...] = ("markers or segments",)
FORCE_AND_MOTION = (*FORCE, *MOTION)

#: Sign of quantities without direction.
NOT_SIGNED = "≥ 0"

#: Sources of several metrics.
OWN_DEFINITION = "defined here"
FLANAGAN = "Flanagan & Comyns 2008, Strength Cond J 30(5):32"
LINTHORNE = "Linthorne 2001, Am J Phys 69:1198"
MCMAHON = "McMahon et al. 2018, Strength Cond J 40(4):96"
GROOD = "Grood & Suntay 1983, J Biomech Eng 105:136; Wu et al. 2002, J Biomech 35:543"
