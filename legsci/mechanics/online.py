"""Feedback during a session: envelope, onsets of muscles, contacts and squats, piece by piece as samples arrive.

What these find is what the analysis after the session finds, less certain and without an interval: a one-pass filter
delays, and a threshold is crossed late. Each event is dated without the known delay of its filter, and bears the time
at which it was known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from legsci.kernels.online import filter_piece, spans_above, turns
from legsci.mechanics.muscles.conditioning import ENVELOPE_HZ, ENVELOPE_ORDER, band_sections
from legsci.mechanics.muscles.onsets import HODGES_BUI_SD, LOW_PASS_HZ, SUSTAINED_S
from legsci.mechanics.reps.squats import LEAST_DEPTH_M

Array = NDArray[np.float64]
#: A burst has ended when EMG is below its limit for so long [s]; our choice.
ENDED_S = 0.05
#: Plates are loaded above this force [N], that of the profile `harry`, for so long [s]; noise is not. Our choice.
CONTACT_N, CONTACT_S = 20.0, 0.01
#: The lowest point of a squat is sure so far above it [m]: several standard deviations of what the low-pass leaves of
#: 0.5 mm of noise. Cut-off of the height [Hz]: as high as that allows, since it delays.
SURE_M, HEIGHT_HZ = 0.001, 15.0


@dataclass(frozen=True)
class OnlineEvent:
    """An event during a recording.

    Parameters
    ----------
    kind : onset, touchdown, takeoff, bottom or squat_end.
    time_s : when it was, after the first sample [s].
    known_s : when it was known [s].
    channel : of the recording.
    """

    kind: str
    time_s: float
    known_s: float
    channel: int = 0


class OnlineFilter:
    """Butterworth low-pass of one pass, over pieces of a recording.

    Parameters
    ----------
    cutoff_hz, rate_hz : cut-off and samples per second [Hz].
    order : of the filter.

    Attributes
    ----------
    delay_s : by which slow signals are delayed [s].
    """

    def __init__(self, cutoff_hz: float, rate_hz: float, order: int = ENVELOPE_ORDER) -> None:
        self._sections = signal.butter(order, cutoff_hz, fs=rate_hz, output="sos")[:, [0, 1, 2, 4, 5]]
        self._state: Array | None = None
        # Slope of the phase of the poles at frequency 0: the sum of their damping.
        dampings = sum(math.sin(math.pi * (2 * k + 1) / (2 * order)) for k in range(order))
        self.delay_s = dampings / (2.0 * math.pi * cutoff_hz)

    def push(self, piece: Array) -> Array:
        """Filter the next piece (channel, time); the first sample is taken to have lasted."""
        if self._state is None:
            steady = signal.sosfilt_zi(np.insert(self._sections, 3, 1.0, axis=1))
            self._state = np.ascontiguousarray(piece[:, :1, None] * steady)
        return np.asarray(filter_piece(np.ascontiguousarray(piece, dtype=float), self._sections, self._state))


class OnlineEnvelope:
    """Linear envelope of surface EMG in its band: rectified and low-passed in one pass.

    Parameters
    ----------
    rate_hz : samples per second [Hz].
    channels : number of channels.
    cutoff_hz : of the envelope [Hz].

    Attributes
    ----------
    delay_s : by which the envelope is delayed [s].
    """

    def __init__(self, rate_hz: float, channels: int = 1, *, cutoff_hz: float = ENVELOPE_HZ) -> None:
        self._band = band_sections(rate_hz)
        self._state = np.zeros((channels, len(self._band), 2))
        self._smooth = OnlineFilter(cutoff_hz, rate_hz)
        self.delay_s = self._smooth.delay_s

    def push(self, emg: Array) -> Array:
        """Return the envelope of the next piece of EMG (channel, time), same unit."""
        piece = np.ascontiguousarray(emg, dtype=float)
        return np.maximum(self._smooth.push(np.abs(filter_piece(piece, self._band, self._state))), 0.0)


class OnlineOnsets:
    """Onsets of muscles by the threshold of Hodges & Bui (1996, Electroencephalogr Clin Neurophysiol 101:511).

    Parameters
    ----------
    rest : (channel, time) EMG at rest, of which the limit is made, as recorded before the session.
    rate_hz : samples per second [Hz].
    """

    def __init__(self, rest: Array, rate_hz: float) -> None:
        self._rate_hz, channels = rate_hz, rest.shape[0]
        self._envelope = OnlineEnvelope(rate_hz, channels, cutoff_hz=LOW_PASS_HZ)
        settled = self._envelope.push(rest)[:, rest.shape[1] // 5 :]
        self._limits = settled.mean(axis=1) + HODGES_BUI_SD * settled.std(axis=1)
        self._states = np.zeros((channels, 3), dtype=np.int64)

    def push(self, emg: Array) -> list[OnlineEvent]:
        """Return the onsets that the next piece of EMG (channel, time) makes sure, by channel and time."""
        lengths = round(SUSTAINED_S * self._rate_hz), round(ENDED_S * self._rate_hz)
        found = []
        for channel, smooth in enumerate(self._envelope.push(emg)):
            spans = spans_above(smooth, self._limits[channel], *lengths, self._states[channel])
            for _, first, known in spans[spans[:, 0] == 1.0]:
                time_s = first / self._rate_hz - self._envelope.delay_s
                found.append(OnlineEvent("onset", time_s, known / self._rate_hz, channel))
        return found


class OnlineContacts:
    """Touchdowns and take-offs from the vertical force of all plates, which must be zeroed.

    Parameters
    ----------
    rate_hz : samples per second [Hz].
    """

    def __init__(self, rate_hz: float) -> None:
        self._rate_hz, self._state = rate_hz, np.zeros(3, dtype=np.int64)

    def push(self, force_n: Array) -> list[OnlineEvent]:
        """Return the events that the next piece (time,) of the vertical force [N] makes sure."""
        length = max(round(CONTACT_S * self._rate_hz), 1)
        spans = spans_above(np.asarray(force_n, dtype=float), CONTACT_N, length, length, self._state)
        return [
            OnlineEvent("touchdown" if begins else "takeoff", first / self._rate_hz, known / self._rate_hz)
            for begins, first, known in spans
        ]


class OnlineSquats:
    """Lowest points and ends of squats from the height of the pelvis.

    Parameters
    ----------
    rate_hz : samples per second [Hz].
    """

    def __init__(self, rate_hz: float) -> None:
        self._rate_hz, self._smooth, self._state = rate_hz, OnlineFilter(HEIGHT_HZ, rate_hz), np.zeros(5)

    def push(self, height_m: Array) -> list[OnlineEvent]:
        """Return the events that the next piece (time,) of the height [m] makes sure."""
        smooth = self._smooth.push(np.asarray(height_m, dtype=float)[None])[0]
        return [
            OnlineEvent(
                "squat_end" if ends else "bottom", at / self._rate_hz - self._smooth.delay_s, known / self._rate_hz
            )
            for ends, at, known in turns(smooth, LEAST_DEPTH_M, SURE_M, self._state)
        ]
