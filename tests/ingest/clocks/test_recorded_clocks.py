"""Recordings of one clock, in which force and markers have no lag; the same with one moved."""

from __future__ import annotations

from pathlib import Path

import pytest

from legsci.ingest.clocks.declared import Clock
from legsci.ingest.clocks.measured import lags_of_trial
from tests.mechanics.recordings import read_signal

ACCELERATION = Clock(("cameras",), "acceleration")


@pytest.mark.parametrize("later_s", [0.0, 0.25])
def test_the_recorded_jump_has_one_clock(shared_data: Path, later_s: float) -> None:
    file = shared_data / "biomdp-cmj-dj" / "vicon_CMJ_kinem_kinet_emg.c3d"
    markers, force = (read_signal(file, "c3d", kind, up="z", forward="y") for kind in ("markers", "force"))
    started = markers.isel(time=slice(round(later_s * 200.0), None))
    started = started.assign_coords(time=started["time"] - started["time"][0])
    lags, refused = lags_of_trial({"force": force}, {"markers": started}, ACCELERATION)
    assert not refused
    lag = lags[0][1]
    assert abs(lag.lag_s - later_s) <= 2.0 * lag.uncertainty_s <= 0.004
    assert lag.correlation > 0.98


@pytest.mark.parametrize("file", ["sprint-ja1/JA1Gait35.c3d", "gait-biomechzoo/HC030A01.c3d"])
def test_steps_that_repeat_or_miss_the_plates_are_refused(shared_data: Path, file: str) -> None:
    markers, force = (
        read_signal(shared_data / file, "c3d", kind, up="z", forward="y") for kind in ("markers", "force")
    )
    lags, refused = lags_of_trial({"force": force}, {"markers": markers}, ACCELERATION)
    assert not lags
    assert refused
