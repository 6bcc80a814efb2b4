"""What a reader hands over: the signals of one file, before they enter a trial."""

from __future__ import annotations

from dataclasses import dataclass, field

import xarray as xr


@dataclass(frozen=True)
class Recording:
    """The signals of one file in the file's own axes, SI units.

    Parameters
    ----------
    signals : kind ("force", "markers", "segments", "angles") -> Dataset with the variables of ARCHITECTURE.md and the
        attr `sampling_rate_hz`. `axis` is a subset of x, y, z as the file means them, or the single axis "up".
        `plate`, `marker` and `segment` carry the file's own names. Forces are reactions on the body, whatever the
        file's sign.
    assumptions : sentences, each one thing that the reader took for granted because the file does not say it.
    start_time_s : time of the first sample on the recorder's own clock [s] (C3D: first frame / rate).
    """

    signals: dict[str, xr.Dataset]
    assumptions: tuple[str, ...] = ()
    start_time_s: float = 0.0
    notes: dict[str, str] = field(default_factory=dict)
