"""Sensors without errors."""

from __future__ import annotations

import numpy as np

from legsci.simulate.sensors.imu import ImuSettings
from legsci.simulate.sensors.markers import MarkerSettings
from legsci.simulate.sensors.plates import PlateSettings

IDEAL_PLATES = PlateSettings(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, np.inf, np.inf, None)
IDEAL_MARKERS = MarkerSettings(noise_m=0.0, soft_tissue_scale=0.0, gaps_per_s=0.0)
IDEAL_IMUS = ImuSettings(
    misalignment_deg=0.0,
    accelerometer_bias=0.0,
    gyroscope_bias=0.0,
    accelerometer_noise=0.0,
    gyroscope_noise=0.0,
    accelerometer_range=np.inf,
    gyroscope_range=np.inf,
    clock_offset_s=0.0,
    clock_drift=0.0,
)
