"""Whole curves within athletes: what changed is found where it changed, rejected repetitions take no part."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from legsci.models.curve_results import (
    CLUSTER_COLUMNS,
    CURVE_COLUMNS,
    LEG_COMPARISON,
    SESSION_COMPARISON,
    curve_results,
)

LABELS = [f"{leg}_{name}" for leg in ("left", "right") for name in ("hip_flexion", "knee_flexion", "ankle_dorsiflexion",
          "knee_abduction")] + ["lumbar_flexion"]  # fmt: skip
POINT = np.linspace(0.0, 100.0, 101)
CHANGE = 10.0


def study(athletes: int = 10, *, leg: str = "both") -> tuple[xr.Dataset, pd.DataFrame, pd.DataFrame]:
    """Athletes with two sessions; knees flex 10 deg more in the last one, in the middle of the movement."""
    generator = np.random.default_rng(0)
    people = [f"P{number}" for number in range(athletes)]
    keys = pd.DataFrame(
        [(who, session, "jump_1", number) for who in people for session in ("A", "B") for number in (1, 2)],
        columns=["participant_id", "session_id", "trial_id", "rep"],
    )
    wander = np.cumsum(generator.normal(size=(len(keys), len(LABELS), 101)), axis=2) / 10.0
    angle = 30.0 + wander
    last = (keys["session_id"] == "B").to_numpy()
    knees = [LABELS.index(f"{side}_knee_flexion") for side in ("left", "right")]
    for knee in knees:
        angle[last, knee] += CHANGE * np.exp(-(((POINT - 50.0) / 10.0) ** 2))
    coords = {name: ("rep", keys[name].to_numpy().astype(str)) for name in ("participant_id", "session_id", "trial_id")}
    curves = xr.Dataset(
        {"angle": (("rep", "joint_angle", "point"), angle)},
        coords={
            **coords,
            "task": ("rep", np.full(len(keys), "squat")),
            "leg": ("rep", np.full(len(keys), leg)),
            "number": ("rep", keys["rep"].to_numpy()),
            "joint_angle": LABELS,
            "point": POINT,
        },
    )
    metrics = keys.assign(task="squat", side="both", status="accepted")
    longitudinal = keys.drop_duplicates(["participant_id", "session_id"]).assign(
        week=lambda table: (table["session_id"] == "B") * 8.0
    )
    return curves, metrics, longitudinal


def test_a_change_is_found_where_it_is() -> None:
    found = curve_results(*study())
    sure = found["curve_clusters"].query("p_value < 0.05 and adjusted_p < 0.05")
    knee = sure[(sure["comparison"] == SESSION_COMPARISON) & (sure["angle"] == "knee_flexion")].iloc[0]
    assert len(sure) == 1
    assert knee["start_percent"] < 50.0 < knee["end_percent"]
    assert knee["athletes"] == 10
    middle = found["curve_differences"].query("angle == 'knee_flexion' and percent == 50").set_index("comparison")
    assert middle.loc[SESSION_COMPARISON, "difference"] == pytest.approx(CHANGE, abs=2.0)
    assert middle.loc[SESSION_COMPARISON, "low"] > 0.0
    assert middle.loc[LEG_COMPARISON, "low"] < 0.0 < middle.loc[LEG_COMPARISON, "high"]


def test_rejected_repetitions_take_no_part() -> None:
    curves, metrics, longitudinal = study()
    spoilt = curves.copy(deep=True)
    bad = spoilt["number"].to_numpy() == 2
    spoilt["angle"][bad] = 1e6
    status = np.where(metrics["rep"] == 2, "rejected", "accepted")
    found = curve_results(spoilt, metrics.assign(status=status), longitudinal)["curve_differences"]
    assert found["difference"].abs().max() < 50.0


def test_a_task_of_one_leg_is_that_legs() -> None:
    curves, metrics, longitudinal = study(leg="left")
    others = [label for label in LABELS if label.startswith("right")]
    curves["angle"].loc[{"joint_angle": others}] = np.nan
    found = curve_results(curves, metrics, longitudinal)["curve_differences"]
    assert set(found["comparison"]) == {SESSION_COMPARISON}
    assert found["difference"].notna().all()


def test_what_cannot_be_compared_is_a_sentence() -> None:
    few = curve_results(*study(athletes=2))
    assert few["curve_refusals"]["sentence"].str.contains("2 athletes have both curves").all()
    assert few["curve_differences"].columns.tolist() == CURVE_COLUMNS
    _, metrics, longitudinal = study()
    once = curve_results(xr.Dataset(), metrics, longitudinal)
    assert once["curve_refusals"]["sentence"].str.contains("no athlete has joint angles").all()
    assert once["curve_clusters"].columns.tolist() == CLUSTER_COLUMNS
    # Four athletes have 8 rearrangements: no limits can be given, and none are.
    four = curve_results(*study(athletes=4))["curve_differences"]
    assert four["low"].isna().all()
    assert four["difference"].notna().all()
