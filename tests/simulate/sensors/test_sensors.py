"""Sensors of the virtual athlete against hand answers and the laws that they obey."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from legsci.kernels.plates import centre_of_pressure, plate_force_and_moment
from legsci.simulate.sensors.markers import SKIN_MOTION, MarkerSettings, every_nth, record_markers, segment_of
from legsci.simulate.sensors.plates import Plate, PlateSettings, plates_under, record_plates
from legsci.vocabulary import MARKERS, SEGMENTS
from tests.simulate.hand_motion import hand_motion, swing
from tests.simulate.ideal_sensors import IDEAL_MARKERS, IDEAL_PLATES


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


# Force plates


def test_plates_lie_side_by_side_with_the_left_foot_on_the_first() -> None:
    left, right = plates_under(hand_motion())
    assert left.centre == pytest.approx((0.1, 0.0, -0.2025))
    assert right.centre == pytest.approx((0.1, 0.0, 0.2025))
    # Quadrant +x +y of a plate whose x points left (-z of ISB) and whose y points forward (x of ISB).
    assert left.corners[0] == pytest.approx([0.4, 0.0, -0.4025])


def test_contacts_apart_get_a_plate_each_and_a_box_gets_none() -> None:
    motion = hand_motion(task="sprint")
    pressure = motion.centre_of_pressure.copy()
    pressure[0, :2000, 1] = 0.4  # the left foot begins on a box
    pressure[1, 2300:, 0] += 1.7
    plates = plates_under(replace(motion, centre_of_pressure=pressure))
    assert [plate.centre[0] for plate in plates] == pytest.approx([0.05, 0.1, 1.75], abs=0.051)
    _, truth = record_plates(replace(motion, centre_of_pressure=pressure), plates, IDEAL_PLATES, rng())
    assert truth["left_unrecorded_impulse_n_s"] == pytest.approx(motion.force[0, :2000, 1].sum() / 1000.0)
    assert truth["right_unrecorded_impulse_n_s"] == 0.0


def test_plates_refuse_a_motion_in_the_air() -> None:
    motion = hand_motion()
    floating = replace(motion, centre_of_pressure=np.full_like(motion.centre_of_pressure, np.nan))
    with pytest.raises(ValueError, match="no foot touches the floor"):
        plates_under(floating)


def test_channels_of_a_plate_by_hand() -> None:
    """100 N straight up, 0.1 m ahead of the centre and 0.05 m to its right, with 3 N m about the upward axis."""
    motion = hand_motion(seconds=0.1)
    force, pressure = np.zeros_like(motion.force), np.full_like(motion.centre_of_pressure, np.nan)
    force[0, :, 1], pressure[0] = 100.0, [0.1, 0.0, 0.05]
    torque = np.zeros_like(motion.free_moment)
    torque[0] = 3.0
    motion = replace(motion, force=force, centre_of_pressure=pressure, free_moment=torque)
    (channels,), _ = record_plates(motion, [Plate((0.0, 0.0, 0.0))], IDEAL_PLATES, rng())
    # Plate axes: x left, y forward, z down; so the point is (-0.05, 0.1) and the reaction (0, 0, -100).
    assert channels[:, 0] == pytest.approx([0.0, 0.0, -100.0, -10.0, -5.0, -3.0])


@pytest.mark.parametrize("plate_type", [2, 3])
def test_clean_channels_give_force_and_centre_of_pressure_back(plate_type: int) -> None:
    motion = hand_motion()
    plates = plates_under(motion, plate_type=plate_type)
    channels, _ = record_plates(motion, plates, IDEAL_PLATES, rng())
    for foot, (plate, signal) in enumerate(zip(plates, channels, strict=True)):
        force, moment = plate_force_and_moment(signal, plate_type, plate.corners, plate.origin, np.empty((0, 0)))
        point, torque = centre_of_pressure(force, moment, 0.0, 1, 20.0)
        np.testing.assert_allclose(force, motion.force[foot], atol=1e-9)
        np.testing.assert_allclose(point, motion.centre_of_pressure[foot], atol=1e-9)
        np.testing.assert_allclose(
            torque, np.where(motion.force[foot, :, 1] > 0, motion.free_moment[foot], np.nan), atol=1e-9
        )


def test_errors_of_plates_have_the_size_that_is_set() -> None:
    motion = hand_motion()
    plates = plates_under(motion)
    clean, _ = record_plates(motion, plates, IDEAL_PLATES, rng())
    settings = PlateSettings(noise_n=2.0, drift_n_per_s=0.5, bits=None)
    noisy, truth = record_plates(motion, plates, settings, rng())
    error = noisy[0][2] - clean[0][2]
    slope, offset = np.polynomial.polynomial.polyfit(motion.time, error, 1)[::-1]
    assert error.std() > 1.9
    assert offset == pytest.approx(truth["plate_offset"][0][2], abs=0.2)
    assert slope == pytest.approx(truth["plate_drift_per_s"][0][2], abs=0.1)


def test_converter_has_steps_and_ends() -> None:
    motion = hand_motion()
    settings = replace(IDEAL_PLATES, range_n=400.0, range_n_m=400.0, bits=8)
    (channels, _), _ = record_plates(motion, plates_under(motion), settings, rng())
    steps = channels / (2 * 400.0 / 2**8)
    np.testing.assert_allclose(steps, np.round(steps), atol=1e-9)
    assert channels[2].min() == -400.0  # 440 N press on it


# Markers


def test_every_standard_marker_has_a_segment() -> None:
    assert {segment_of(label) for label in MARKERS} == set(SEGMENTS)
    assert segment_of("left_thigh_3") == "left_thigh"
    assert segment_of("right_first_metatarsal") == "right_foot"
    assert segment_of("c7") == "trunk"
    assert segment_of("elbow") is None


def marker_positions(motion, count: int) -> np.ndarray:
    """Markers on the pelvis at the cameras' usual rate."""
    levers = np.random.default_rng(5).uniform(-0.1, 0.1, size=(count, 3))
    step = every_nth(motion.rate_hz, MarkerSettings().rate_hz)
    return motion.position[0, ::step, None] + (motion.rotation[0, ::step, None] @ levers[..., None])[..., 0]


def test_clean_markers_are_where_they_were_put() -> None:
    motion = hand_motion()
    position = marker_positions(motion, 3)
    seen, truth = record_markers(motion, ["right_thigh_1", "right_thigh_2", "c7"], position, IDEAL_MARKERS, rng())
    np.testing.assert_array_equal(seen, position)
    assert truth["gaps"] == []


def test_soft_tissue_goes_with_the_motion_and_has_its_size() -> None:
    motion = hand_motion()
    labels = [f"right_thigh_{number}" for number in range(1, 5)]
    position = marker_positions(motion, 4)
    settings = replace(IDEAL_MARKERS, soft_tissue_scale=1.0)
    seen, truth = record_markers(motion, labels, position, settings, rng())
    stray = np.linalg.norm(seen - position, axis=2)
    turned = swing(motion.time[::5])[0] / (np.pi / 2)
    np.testing.assert_allclose(stray, turned[:, None] * (stray[200] / turned[200]), atol=1e-12)
    tissue = SKIN_MOTION["thigh"]
    reach = np.linalg.norm(position[0] - motion.position[0, 0], axis=1).max()
    largest = tissue.shift_m + tissue.own_m + np.radians(tissue.turn_deg) * reach
    assert 0.0 < truth["right_thigh_largest_stray_m"] <= turned.max() * largest
    apart = np.linalg.norm(seen[:, 0] - seen[:, 1], axis=1)
    assert np.ptp(apart) > 1e-4  # the markers of a cluster do not stay rigid


def test_gaps_are_where_the_truth_says() -> None:
    motion = hand_motion()
    labels = ["right_thigh_1", "right_thigh_2", "c7"]
    seen, truth = record_markers(motion, labels, marker_positions(motion, 3), MarkerSettings(gaps_per_s=1.0), rng())
    lost = np.zeros(seen.shape[:2], dtype=bool)
    for label, first, last in truth["gaps"]:
        lost[first:last, labels.index(label)] = True
    assert 0 < lost.sum() < lost.size / 2
    np.testing.assert_array_equal(np.isnan(seen).all(axis=2), lost)
    np.testing.assert_array_equal(np.isnan(seen).any(axis=2), lost)


def test_markers_refuse_unknown_labels_and_rates() -> None:
    motion = hand_motion(seconds=0.1)
    position = marker_positions(motion, 1)
    with pytest.raises(ValueError, match="no segment carries these markers: elbow"):
        record_markers(motion, ["elbow"], position, IDEAL_MARKERS, rng())
    with pytest.raises(ValueError, match="does not divide"):
        record_markers(motion, ["c7"], position, replace(IDEAL_MARKERS, rate_hz=300.0), rng())


# Chance


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others() -> None:
    motion = hand_motion(rate_hz=2000.0)
    plates, position = plates_under(motion), marker_positions(motion, 1)

    def record(seed: int) -> list[np.ndarray]:
        stream = rng(seed)
        return [
            *record_plates(motion, plates, PlateSettings(), stream)[0],
            record_markers(motion, ["c7"], position, MarkerSettings(), stream)[0],
        ]

    for first, again, other in zip(record(1), record(1), record(2), strict=True):
        np.testing.assert_array_equal(first, again)
        assert first.shape != other.shape or not np.array_equal(first, other)
