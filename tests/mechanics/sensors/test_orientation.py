"""Orientation of sensors against optical reference, and by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from legsci.ingest.devices import Channel, Device
from legsci.ingest.readers import hdf5
from legsci.mechanics.sensors.orientation import orientation, upward
from legsci.vocabulary import STANDARD_GRAVITY

BROAD = Path(__file__).resolve().parents[4] / "shared" / "data" / "broad-imu"
UNITS = {"imu_acc": ("acceleration", "m/s^2"), "imu_gyr": ("angular_velocity", "rad/s"),
         "imu_mag": ("magnetic_field", "uT")}  # fmt: skip
CHANNELS = {
    f"{array}.{axis}": Channel("imu", segment="pelvis", quantity=quantity, axis=axis, unit=unit)
    for array, (quantity, unit) in UNITS.items()
    for axis in "xyz"
}


def errors_deg(found: np.ndarray, optical: np.ndarray, moving: np.ndarray, *, heading: bool) -> np.ndarray:
    """Total, heading and inclination RMSE [deg] in movement (Laidig et al. 2021, Data 6:72)."""
    w, x, y, z = found.T
    a, b, c, d = (optical * [1.0, -1.0, -1.0, -1.0]).T
    turn = np.column_stack(
        [
            w * a - x * b - y * c - z * d,
            w * b + x * a + y * d - z * c,
            w * c - x * d + y * a + z * b,
            w * d + x * c - y * b + z * a,
        ]
    )[moving & np.isfinite(optical).all(axis=1)]
    angle = 2.0 * np.arctan2(turn[:, 3], turn[:, 0])
    if not heading:
        angle = angle - angle[0]
    angle = (angle + np.pi) % (2.0 * np.pi) - np.pi
    tilt = 2.0 * np.arccos(np.clip(np.hypot(turn[:, 0], turn[:, 3]), 0.0, 1.0))
    total = 2.0 * np.arccos(np.clip(np.abs(np.cos(angle / 2.0)) * np.cos(tilt / 2.0), 0.0, 1.0))
    return np.array([np.degrees(np.sqrt((each**2).mean())) for each in (total, angle, tilt)])


@pytest.mark.parametrize(
    ("magnetometer", "causal", "published"), [(True, False, 1.75), (True, True, 1.8), (False, False, 2.1)]
)
def test_broad_as_published(magnetometer: bool, causal: bool, published: float) -> None:
    files = sorted(BROAD.glob("*undisturbed*.hdf5"))
    if not files:
        pytest.skip("the recordings of BROAD are not here")
    import h5py

    for path in files:
        signal = hdf5.read(path, device=Device("d", "hdf5", channels=CHANNELS)).signals["imu"]
        values = signal["value"].transpose("time", "channel").to_numpy()
        with h5py.File(path) as file:
            optical, moving = file["opt_quat"][()], file["movement"][()].astype(bool)
        found = orientation(
            values[:, :3],
            values[:, 3:6],
            rate_hz=float(signal.attrs["sampling_rate_hz"]),
            magnetic_field=values[:, 6:] if magnetometer else None,
            causal=causal,
        )
        total, _, tilt = errors_deg(found.quaternion, optical, moving, heading=magnetometer)
        assert total <= published
        assert tilt <= 1.05


def rolled(count: int = 400, rate_hz: float = 100.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Angle [rad], specific force and angular velocity of a sensor that rolls about its x at rest in space."""
    time = np.arange(count) / rate_hz
    angle = np.radians(20.0) * np.sin(2.0 * np.pi * 0.25 * time)
    force = STANDARD_GRAVITY * np.column_stack([np.zeros(count), np.sin(angle), np.cos(angle)])
    return angle, force, np.column_stack([np.gradient(angle, time), np.zeros(count), np.zeros(count)])


def test_upward_of_a_rolling_sensor_by_hand() -> None:
    angle, force, spin = rolled()
    found = upward(orientation(force, spin, rate_hz=100.0))
    by_hand = np.column_stack([np.zeros(400), np.sin(angle), np.cos(angle)])
    assert np.degrees(np.arccos(np.clip((found * by_hand).sum(axis=1), -1.0, 1.0))).max() < 0.5


def test_short_gaps_are_bridged_and_long_ones_stay_unknown() -> None:
    angle, force, spin = rolled()
    force[100:105], spin[100:105] = np.nan, np.nan
    force[200:240] = np.nan
    found = orientation(force, spin, rate_hz=100.0)
    unknown = np.isnan(found.quaternion).any(axis=1)
    assert list(np.flatnonzero(unknown)) == list(range(200, 240))
    leaning = np.degrees(np.arctan2(upward(found)[:, 1], upward(found)[:, 2]))
    assert abs(leaning[105:200] - np.degrees(angle[105:200])).max() < 1.0


def test_bias_of_the_gyroscope_is_read_at_rest() -> None:
    rng, bias = np.random.default_rng(1), np.array([0.01, -0.02, 0.005])
    force = np.array([0.0, 0.0, STANDARD_GRAVITY]) + rng.normal(scale=0.02, size=(1000, 3))
    found = orientation(force, bias + rng.normal(scale=0.002, size=(1000, 3)), rate_hz=100.0)
    assert found.rest[300:].all()
    np.testing.assert_allclose(found.bias[-1], bias, atol=5e-4)


def test_every_fault_of_the_arguments_is_listed() -> None:
    with pytest.raises(ValueError, match=r"(?s)acceleration.*expected \(time, 3\).*rate_hz"):
        orientation(np.zeros((5, 2)), np.zeros((5, 3)), rate_hz=0.0)
    with pytest.raises(ValueError, match="angular_velocity: no sample is known"):
        orientation(np.ones((5, 3)), np.full((5, 3), np.nan), rate_hz=100.0)
