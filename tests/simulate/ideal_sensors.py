"""Sensors without errors."""

from __future__ import annotations

import numpy as np

from legsci.simulate.sensors.clock import ClockSettings
from legsci.simulate.sensors.emg import EmgSettings
from legsci.simulate.sensors.imu import ImuSettings
from legsci.simulate.sensors.markers import MarkerSettings
from legsci.simulate.sensors.plates import PlateSettings

IDEAL_PLATES = PlateSettings(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, np.inf, np.inf, None)
IDEAL_MARKERS = MarkerSettings(noise_m=0.0, soft_tissue_scale=0.0, gaps_per_s=0.0)
IDEAL_IMUS = ImuSettings(
    misalignment_deg=0.0,
    skin_scale=0.0,
    accelerometer_bias=0.0,
    gyroscope_bias=0.0,
    accelerometer_noise=0.0,
    gyroscope_noise=0.0,
    accelerometer_ranges=(np.inf,),
    gyroscope_ranges=(np.inf,),
    lost_share=(0.0, 0.0),
)
#: One in step with the trial, and started with it.
IDEAL_CLOCK = ClockSettings(drift_ppm=0.0, early_s=(0.0, 0.0), late_s=(0.0, 0.0))
#: Electrodes and muscles of which only the signal is left.
IDEAL_EMG = EmgSettings(
    amplitude_sd_log=0.0,
    snr_db=(200.0, 200.0),
    tonic_share=(0.0, 0.0),
    crosstalk_share=(0.0, 0.0),
    rise_sd_log=0.0,
    artefact_share=(0.0, 0.0),
    onset_sd_s=0.0,
    session_sd_s=0.0,
    fault_share=0.0,
    bits=None,
)
