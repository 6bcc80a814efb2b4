"""Inertial sensors of the virtual athlete against hand answers and the laws that they obey."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from legsci.simulate.athlete.body import Athlete
from legsci.simulate.athlete.motion import simulate_motion
from legsci.simulate.athlete.plan import Motion, default_technique
from legsci.simulate.sensors.clock import RecorderClock
from legsci.simulate.sensors.imu import CARRIERS, Imu, ImuRecording, ImuSettings, record_imu, worn_imus
from legsci.simulate.sensors.imu_on_skin import RINGING_HZ, Skin, ringing
from legsci.vocabulary import SEGMENTS, STANDARD_GRAVITY
from tests.simulate.hand_motion import hand_motion, swing
from tests.simulate.ideal_sensors import IDEAL_IMUS

IN_STEP = RecorderClock()


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def on(segment: str, settings: ImuSettings, seed: int = 1) -> Imu:
    """The sensor on a segment, as it is put on."""
    return worn_imus(settings, rng(seed))[CARRIERS.index(segment)]


@pytest.fixture(scope="module")
def squat() -> Motion:
    return simulate_motion("squat", Athlete(), replace(default_technique("squat"), depth_scale_per_rep=(1.0,)))


@pytest.fixture(scope="module")
def jump() -> Motion:
    return simulate_motion("countermovement_jump", Athlete(), default_technique("countermovement_jump"))


def test_accelerometer_at_rest_reads_g_upward() -> None:
    motion = hand_motion()
    still = replace(
        motion,
        rotation=np.tile(np.eye(3), (*motion.rotation.shape[:2], 1, 1)),
        angular_velocity=np.zeros_like(motion.position),
        angular_acceleration=np.zeros_like(motion.position),
    )
    for imu in worn_imus(replace(IDEAL_IMUS, misalignment_deg=5.0), rng()):
        recording, truth = record_imu(still, imu, IN_STEP, IDEAL_IMUS, rng())
        upward = np.array(truth["sensor_to_segment"]).T @ [0.0, STANDARD_GRAVITY, 0.0]
        np.testing.assert_allclose(recording.acceleration, np.tile(upward, (400 - 1, 1)), atol=1e-9)
        np.testing.assert_allclose(recording.angular_velocity, 0.0, atol=1e-12)


def test_accelerometer_of_a_swinging_sensor_by_hand() -> None:
    """A sensor 0.2 m below a pivot feels w^2 r toward the pivot, w' r along its path, and g."""
    motion = hand_motion()
    imu = replace(on("right_thigh", IDEAL_IMUS), place=np.array([0.0, -0.2, 0.0]), mounting=np.eye(3))
    recording, _ = record_imu(motion, imu, IN_STEP, replace(IDEAL_IMUS, rate_hz=1000.0), rng())
    middle = motion.time[:-1] + 0.0005
    angle, velocity, acceleration = swing(middle)
    expected = np.stack(
        [
            0.2 * acceleration + STANDARD_GRAVITY * np.sin(angle),
            0.2 * velocity**2 + STANDARD_GRAVITY * np.cos(angle),
            np.zeros_like(angle),
        ],
        axis=1,
    )
    np.testing.assert_allclose(recording.acceleration, expected, atol=2e-5)


@pytest.mark.parametrize("offset", [-1.3, 0.25])
def test_clock_of_the_recorder_starts_at_its_time_and_runs_at_its_own_rate(offset: float) -> None:
    motion, clock = hand_motion(), RecorderClock(offset, 0.01)
    imu = on("pelvis", IDEAL_IMUS)
    recording, _ = record_imu(motion, imu, clock, IDEAL_IMUS, rng(3))
    ends = offset + 1.01 * np.arange(len(recording.angular_velocity) + 1) / 100.0
    assert ends[-1] <= motion.time[-1] < ends[-1] + 0.011
    turned = np.diff(swing(np.maximum(ends, 0.0))[0]) / np.diff(ends)
    # The pelvis sensor's x points up, z back: the lab's z is its y, seen from the other side.
    axis = imu.mounting.T @ [0.0, 0.0, 1.0]
    np.testing.assert_allclose(recording.angular_velocity, turned[:, None] * axis, atol=1e-5)


def test_a_sensor_that_starts_after_the_motion_is_refused() -> None:
    with pytest.raises(ValueError, match="over before the sensor starts"):
        record_imu(hand_motion(), on("pelvis", IDEAL_IMUS), RecorderClock(5.0), IDEAL_IMUS, rng())


def test_errors_of_inertial_sensors_have_the_size_that_is_set() -> None:
    motion = hand_motion()
    clean, _ = record_imu(motion, on("left_thigh", IDEAL_IMUS), IN_STEP, IDEAL_IMUS, rng())
    settings = replace(IDEAL_IMUS, gyroscope_bias=0.2, gyroscope_noise=0.05, accelerometer_ranges=(5.0,))
    noisy, truth = record_imu(motion, on("left_thigh", settings), IN_STEP, settings, rng())
    error = noisy.angular_velocity - clean.angular_velocity
    assert error.mean(axis=0) == pytest.approx(truth["gyroscope_bias"], abs=0.015)
    assert error.std() > 0.04
    beyond = (np.abs(clean.acceleration) > 5.0).any(axis=1)
    assert np.abs(noisy.acceleration).max() == 5.0
    assert truth["saturated_packets"] == beyond.sum() > 0


def turned_by(recording: ImuRecording) -> Rotation:
    """Rotation that the readings of a gyroscope add up to."""
    turned = Rotation.identity()
    for reading in recording.angular_velocity:
        turned = turned * Rotation.from_rotvec(reading / recording.rate_hz)
    return turned


def test_gyroscopes_add_up_to_the_rotation_of_the_segment() -> None:
    motion = hand_motion(seconds=1.5)
    for imu in worn_imus(replace(IDEAL_IMUS, misalignment_deg=5.0), rng()):
        recording, _ = record_imu(motion, imu, IN_STEP, IDEAL_IMUS, rng())
        number = SEGMENTS.index(imu.segment)
        last = len(recording.angular_velocity) * 10
        wanted = imu.mounting.T @ motion.rotation[number, 0].T @ motion.rotation[number, last] @ imu.mounting
        error = turned_by(recording).inv() * Rotation.from_matrix(wanted)
        assert np.degrees(error.magnitude()) < 0.01


def test_skin_of_the_thigh_turns_by_five_degrees_and_more_in_phase_with_flexion(squat: Motion) -> None:
    """The rotation of the sensor against the bone, added up from its gyroscope, is in proportion to flexion."""
    fine = replace(IDEAL_IMUS, skin_scale=1.0, rate_hz=1000.0)
    for seed in range(5):
        imu = on("right_thigh", fine, seed)
        imu = replace(imu, skin=replace(imu.skin, ringing_share=0.0))
        recording, truth = record_imu(squat, imu, IN_STEP, fine, rng())
        rotation, turned, apart = squat.rotation[SEGMENTS.index("right_thigh")], Rotation.identity(), [0.0]
        for number, reading in enumerate(recording.angular_velocity, start=1):
            turned = turned * Rotation.from_rotvec(reading / 1000.0)
            bone = imu.mounting.T @ rotation[0].T @ rotation[number] @ imu.mounting
            apart.append(float(np.degrees((Rotation.from_matrix(bone).inv() * turned).magnitude())))
        flexion = squat.angles["right_knee_flexion"] - squat.angles["right_knee_flexion"][0]
        assert max(apart) >= 5.0
        assert max(apart) == pytest.approx(truth["skin_turn_max_deg"], abs=0.1)
        assert np.corrcoef(apart, np.abs(flexion[: len(apart)]))[0, 1] > 0.999


def test_sensor_on_skin_rings_damped_at_its_own_frequency_after_an_impact() -> None:
    """After a kick x'' is a decaying cosine: its zero crossings give the frequency, its peaks the damping."""
    skin = Skin(0.0, np.array([0.0, 1.0, 0.0]), 0.4, 14.0, 0.1, np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0]))
    kick = np.zeros(2000)
    kick[500:505] = 100.0
    relative, _ = ringing(kick, 1000.0, skin)
    after = relative[510:]
    crossings = np.flatnonzero(np.diff(np.signbit(after)))[:8]
    damped = 14.0 * np.sqrt(1.0 - 0.1**2)
    assert 500.0 / np.diff(crossings).mean() == pytest.approx(damped, rel=0.02)
    peaks = [np.abs(after[first:last]).max() for first, last in pairwise(crossings)]
    half_period = np.exp(-0.1 * np.pi / np.sqrt(1.0 - 0.1**2))
    assert np.array(peaks[1:]) / peaks[:-1] == pytest.approx(half_period, rel=0.03)
    assert not relative[:500].any()


def test_landing_rings_between_10_and_20_hz_and_quiet_standing_does_not(jump: Motion) -> None:
    fine = replace(IDEAL_IMUS, skin_scale=1.0, rate_hz=1000.0)
    for seed in range(4):
        imu = on("left_thigh", fine, seed)
        assert RINGING_HZ[0] <= imu.skin.ringing_hz <= RINGING_HZ[1]
        imu = replace(imu, skin=replace(imu.skin, turn_deg=0.0))
        bone = replace(imu, skin=replace(imu.skin, ringing_share=0.0))
        felt, clean = (record_imu(jump, each, IN_STEP, fine, rng())[0].acceleration for each in (imu, bone))
        apart = np.linalg.norm(felt - clean, axis=1)
        landing = round(jump.events["landing"][0] * 1000.0)
        assert apart[landing : landing + 200].max() > 2.0
        assert apart[:1000].max() < 0.05
        # The largest component of the spectrum after the blow.
        ring = (felt - clean)[landing + 60 : landing + 560] @ imu.mounting.T @ imu.skin.along
        spectrum = np.abs(np.fft.rfft(ring * np.hanning(ring.size), 8192))
        spectrum[np.fft.rfftfreq(8192, 0.001) < 7.0] = 0.0  # the movement itself
        assert np.fft.rfftfreq(8192, 0.001)[spectrum.argmax()] == pytest.approx(imu.skin.ringing_hz, rel=0.25)


def test_sensors_are_put_on_once_and_differ_between_sessions() -> None:
    first, again, other = (worn_imus(ImuSettings(), rng(seed)) for seed in (1, 1, 2))
    for one, same, new in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(one.mounting, same.mounting)
        assert not np.allclose(one.mounting, new.mounting, atol=1e-4)


def test_lost_packets_are_those_that_the_truth_lists() -> None:
    motion, settings = hand_motion(seconds=20.0), replace(IDEAL_IMUS, lost_share=(0.1, 0.1))
    imu = on("pelvis", settings)
    whole, _ = record_imu(motion, replace(imu, lost_share=0.0), IN_STEP, settings, rng())
    recording, truth = record_imu(motion, imu, IN_STEP, settings, rng())
    lost = np.concatenate([np.arange(first, stop) for first, stop in truth["lost_packets"]])
    assert truth["packets"] == len(whole.packet)
    assert 0.03 < lost.size / len(whole.packet) < 0.25
    assert max(stop - first for first, stop in truth["lost_packets"]) > 1
    np.testing.assert_array_equal(recording.packet, np.setdiff1d(whole.packet, lost))
    np.testing.assert_array_equal(recording.acceleration, whole.acceleration[recording.packet])
    assert recording.packet[0] == 0
