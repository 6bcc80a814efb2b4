"""Clocks of recorders."""

from __future__ import annotations

import numpy as np
import pytest

from legsci.simulate.sensors.clock import ClockSettings, RecorderClock, draw_clock, draw_drift, motion_at
from legsci.vocabulary import SEGMENTS
from tests.simulate.hand_motion import hand_motion, swing


def test_offsets_and_drifts_are_drawn_from_their_ranges() -> None:
    settings, rng = ClockSettings(), np.random.default_rng(1)
    drifts = [draw_drift(settings, rng) for _ in range(2000)]
    offsets = np.array([draw_clock(settings, 0.0, rng).offset_s for _ in range(2000)])
    assert max(map(abs, drifts)) <= 80e-6
    assert max(drifts) > 75e-6
    assert min(drifts) < -75e-6
    assert np.abs(offsets).min() >= 0.1
    assert offsets.min() == pytest.approx(-2.0, abs=0.02)
    assert offsets.max() == pytest.approx(1.0, abs=0.02)
    assert (offsets > 0.0).mean() == pytest.approx(0.25, abs=0.03)


def test_a_recorder_sees_the_motion_at_its_own_samples() -> None:
    motion, clock = hand_motion(), RecorderClock(0.1234, 0.002)
    seen = motion_at(motion, clock)
    assert seen.time[:2] == pytest.approx([0.1234, 0.1234 + 1.002e-3])
    assert motion.time[-1] - seen.time[-1] < 2.1e-3
    angle, _, _ = swing(seen.time)
    pelvis = seen.rotation[SEGMENTS.index("pelvis")]
    np.testing.assert_allclose(pelvis[:, 1, 0], np.sin(angle), atol=1e-6)
    np.testing.assert_allclose(pelvis[:, 0, 0], np.cos(angle), atol=1e-6)


@pytest.mark.parametrize("offset", [-0.1, 4.0])
def test_a_recorder_that_does_not_start_within_the_trial_is_refused(offset: float) -> None:
    with pytest.raises(ValueError, match="the recorder starts"):
        motion_at(hand_motion(), RecorderClock(offset))
