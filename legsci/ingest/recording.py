"""What a reader returns: the signals of one file."""

from __future__ import annotations

from dataclasses import dataclass, field

import xarray as xr


@dataclass(frozen=True)
class Recording:
    """The signals of one file in the file's own axes, SI units.

    Parameters
    ----------
    signals : kind (STREAMS of the vocabulary) -> Dataset with the variables of ARCHITECTURE.md and the
        attr `sampling_rate_hz`; of channels with several rates or clocks, a name for each, with the
        attr `kind`. `axis` is a subset of x, y, z of the file, or the single axis "up".
        `plate`, `marker` and `segment` have the file's own names. Forces are reactions on the body, whatever the
        file's sign.
    assumptions : sentences, one for each assumption that the reader made because the file does not state it.
    start_time_s : time of the first sample on the recorder's own clock [s] (C3D: first frame / rate).
    unmapped : name of each channel that the file holds beside and that the study does not map -> its unit.
    notes : what was left out or not applied, by the name of its place in the file.
    recorded_on : date that the file states, as YYYY-MM-DD; empty where it states none.
    """

    signals: dict[str, xr.Dataset]
    assumptions: tuple[str, ...] = ()
    start_time_s: float = 0.0
    unmapped: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    recorded_on: str = ""
