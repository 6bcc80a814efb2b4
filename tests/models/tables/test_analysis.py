"""Rows that models are fitted to."""

from __future__ import annotations

import numpy as np
import pandas as pd

from legsci.models.tables.analysis import person_covariates


def test_who_was_injured_before() -> None:
    words = pd.Series(["knee", "none", "None", None], dtype="str")
    people = pd.DataFrame(
        {
            "participant_id": ["P1", "P2", "P3", "P4"],
            "previous_injury": words,
            "sex": ["female", "male", "female", None],
            "dominant_leg": ["left", "right", None, "right"],
            "beighton_score": pd.array([1, 2, None, 4], dtype="Int64"),
            "body_mass_kg": [60.0, 70.0, 80.0, np.nan],
            "mean_weekly_hours": [5.0, 5.0, 5.0, 0.0],
        }
    )
    found = person_covariates(people, {})
    np.testing.assert_array_equal(found["previously_injured"], [1.0, 0.0, 0.0, np.nan])
    np.testing.assert_array_equal(found["female"], [1.0, 0.0, 1.0, np.nan])
    np.testing.assert_array_equal(found["left_dominant"], [1.0, 0.0, np.nan, 0.0])
    np.testing.assert_array_equal(found["log_hours"], [0.0, 0.0, 0.0, np.nan])
