"""Ramps and paths: closed forms agree with numerical integrals, and targets are met."""

from __future__ import annotations

import numpy as np
import pytest

from legsci.simulate.athlete.curves import Change, Path, Target, find_path, move_changes, ramp, rest_at, smooth_step

TIME = np.linspace(-0.2, 1.6, 180_001)


def integral(values: np.ndarray) -> np.ndarray:
    steps = 0.5 * (values[1:] + values[:-1]) * np.diff(TIME)
    return np.concatenate([[0.0], np.cumsum(steps)])


@pytest.mark.parametrize("order", [1, 2, 3])
def test_integrals_of_the_step(order: int) -> None:
    numerical = integral(smooth_step(TIME, integrals=order - 1))
    np.testing.assert_allclose(smooth_step(TIME, integrals=order), numerical, atol=1e-9)


def test_the_step_rises_from_0_to_1_and_is_symmetric() -> None:
    np.testing.assert_allclose(smooth_step(np.array([-1.0, 0.0, 0.5, 1.0, 2.0])), [0.0, 0.0, 0.5, 1.0, 1.0], atol=1e-14)
    share = np.linspace(0.0, 1.0, 21)
    np.testing.assert_allclose(smooth_step(share) + smooth_step(1.0 - share), 1.0, atol=1e-12)


@pytest.mark.parametrize("rounding", [None, 0.1, 0.004])
def test_ramp_and_its_integrals(rounding: float | None) -> None:
    value = ramp(TIME, 0.3, 0.8, rounding)
    assert value[0] == 0.0
    assert value[-1] == pytest.approx(1.0, abs=1e-12)
    assert np.diff(value).min() > -1e-12
    np.testing.assert_allclose(ramp(TIME, 0.3, 0.8, rounding, integrals=1), integral(value), atol=1e-8)
    np.testing.assert_allclose(ramp(TIME, 0.3, 0.8, rounding, integrals=2), integral(integral(value)), atol=1e-8)


def test_the_middle_of_a_rounded_ramp_is_straight() -> None:
    inside = (TIME > 0.41) & (TIME < 0.99)
    slope = np.gradient(ramp(TIME, 0.3, 0.8, 0.1), TIME)[inside]
    np.testing.assert_allclose(slope, 1.0 / (0.8 - 0.1), rtol=1e-9)


def test_a_path_meets_its_targets_and_its_parts_agree() -> None:
    path = Path(0.0, 1.0, 0.0, 0.0, (*move_changes(0.1, 0.5), Change(0.7, 0.2), Change(0.9, 0.3, None, 0.01)))
    found = find_path(path, [rest_at(0.6, 0.7), Target(1.3, velocity=2.0, acceleration=-9.81)])
    position, velocity, acceleration = found.at(TIME)
    np.testing.assert_allclose([float(v[0]) for v in found.at(np.array([0.6]))], [0.7, 0.0, 0.0], atol=1e-12)
    np.testing.assert_allclose([float(v[0]) for v in found.at(np.array([1.3]))[1:]], [2.0, -9.81], atol=1e-10)
    np.testing.assert_allclose(velocity, integral(acceleration), atol=1e-6)
    np.testing.assert_allclose(position, 1.0 + integral(velocity), atol=1e-6)


def test_targets_must_match_the_unknowns() -> None:
    with pytest.raises(ValueError, match="1 unknown amounts but 3 targets"):
        find_path(Path(0.0, 0.0, 0.0, 0.0, (Change(0.0, 1.0),)), [rest_at(1.0, 0.0)])
