"""MODELS: every model by name, with the function that fits it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from legsci.models.injury_counts import fit_injury_rate, fit_shared_gamma
from legsci.models.injury_times import fit_recurrent_injuries
from legsci.models.learning import half_time
from legsci.models.measurement_error import fit_calibrated_model
from legsci.models.mixed import fit_mixed_model
from legsci.models.reliability import reliability

MODELS: dict[str, Callable[..., Any]] = {
    "mixed": fit_mixed_model,
    "calibrated": fit_calibrated_model,
    "injury_gee": fit_injury_rate,
    "injury_shared_gamma": fit_shared_gamma,
    "injury_andersen_gill": fit_recurrent_injuries,
    "half_time": half_time,
    "reliability": reliability,
}
