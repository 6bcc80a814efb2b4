"""Agreement of sensors with plates and cameras: limits and ICC of the same repetitions, and their figure."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from legsci.metrics.registry import METRICS
from legsci.models.result import ModelRefusal, Refusals
from legsci.models.statistics.agreement import pair_icc
from legsci.models.statistics.resampling import Bootstrap
from legsci.models.study_results import TWO_SYSTEMS, agreements
from legsci.present.figures.system_agreement import system_agreement_figure

FEW = Bootstrap(50, (1,))


def measured(bias: float, sd: float) -> pd.DataFrame:
    """Rows of metrics.csv: eccentric times and knee flexion of six athletes by sensors and cameras."""
    rng = np.random.default_rng(1)
    rows = [
        {"participant_id": f"p{athlete}", "rep": rep, "side": side, "task": "squat", "status": "accepted"}
        for athlete in range(6)
        for rep in range(1, 6)
        for side in ("both", "left", "right")
    ]
    table = pd.DataFrame(rows)
    both = (table["side"] == "both").to_numpy()
    time = np.where(both, 1.0 + 0.1 * np.arange(len(table)) / len(table), np.nan)
    knee = np.where(both, np.nan, 100.0 + rng.normal(scale=10.0, size=len(table)))
    return table.assign(
        eccentric_time_s=time,
        sensor_eccentric_time_s=time,
        knee_flexion_max_deg=knee,
        sensor_knee_flexion_max_deg=knee + bias + rng.normal(scale=sd, size=len(table)),
    )


def test_each_pair_measures_the_same_in_the_same_unit() -> None:
    assert {"sensor_knee_flexion_max_deg", "sensor_eccentric_time_s", "sensor_flight_time_s"} <= set(TWO_SYSTEMS)
    for name, other in TWO_SYSTEMS.items():
        assert METRICS[name].unit == METRICS[other].unit
        assert set(METRICS[name].tasks) & set(METRICS[other].tasks)


def test_bias_limits_and_icc_of_two_systems() -> None:
    refusals: Refusals = []
    found = agreements(measured(3.0, 2.0), refusals, FEW).set_index("first")
    knee = found.loc["sensor_knee_flexion_max_deg"]
    assert knee["pairs"] == 60, "both legs of thirty repetitions"
    assert knee["bias"] == pytest.approx(3.0, abs=0.6)
    assert knee["upper_limit"] - knee["lower_limit"] == pytest.approx(2.0 * 1.96 * 2.0, rel=0.2)
    # Variance between repetitions over that, the variance of the bias and that of the error of one system.
    assert knee["icc"] == pytest.approx(100.0 / (100.0 + 3.0**2 / 2.0 + 2.0), abs=0.03)
    assert knee["icc_low"] < knee["icc"] < knee["icc_high"]


def test_icc_falls_with_bias_and_needs_pairs() -> None:
    alike = measured(0.0, 1.0)
    names = {"first": "sensor_knee_flexion_max_deg", "second": "knee_flexion_max_deg", "bootstrap": FEW}
    assert pair_icc(alike, **names).value > 0.98
    assert pair_icc(measured(20.0, 1.0), **names).value < 0.5
    with pytest.raises(ModelRefusal, match="at least 3"):
        pair_icc(alike[alike["rep"] == 0], **names)


def test_figure_has_a_panel_for_each_pair() -> None:
    columns = dict.fromkeys([*measured(0.0, 1.0), *TWO_SYSTEMS, *TWO_SYSTEMS.values()])  # as metrics.csv has
    table = measured(3.0, 2.0).reindex(columns=list(columns))
    titles = [
        axes.get_title("left") for axes in system_agreement_figure(table, simulated=True).axes if axes.get_title("left")
    ]
    assert len(titles) == 2
    assert any("n = 60" in title for title in titles)
    table[["knee_flexion_max_deg", "eccentric_time_s"]] = np.nan
    assert not [
        axes.get_title("left") for axes in system_agreement_figure(table, simulated=True).axes if axes.get_title("left")
    ]
