"""Cohorts as tables, with what was put into them beside: for checks of models over many cohorts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from legsci.simulate.cohort.study import simulate_tables
from legsci.simulate.cohort.truth import parameters_table


def simulate_known(config: Mapping[str, Any], seed: int) -> dict[str, pd.DataFrame]:
    """Simulate a cohort's tables.

    Parameters
    ----------
    config : the block `virtual` of workflow/config.yaml.
    seed : of the cohort.

    Returns
    -------
    The tables of `simulate_tables`, and `parameters` (see `parameters_table`).
    """
    return simulate_tables(config, seed=seed) | {"parameters": parameters_table(config)}
