"""Streams of a trial: the signals of its recordings, any number of each kind."""

from __future__ import annotations

from collections.abc import Sequence

import xarray as xr

#: Kinds whose streams are laid side by side, as one recorder would give them: dimension that names their parts.
PARTS = {"force": "plate", "markers": "marker", "segments": "segment", "angles": "joint_angle"}


def streams(trial: xr.DataTree, kind: str) -> dict[str, xr.Dataset]:
    """Streams of one kind of a trial, by name.

    Parameters
    ----------
    trial : group of a session file.
    kind : one of STREAMS of the vocabulary.
    """
    return {
        str(name): group.to_dataset(inherit=False)
        for name, group in trial.children.items()
        if str(group.attrs.get("kind", name)) == kind
    }


def stream(trial: xr.DataTree, kind: str) -> xr.Dataset | None:
    """Signals of one kind of a trial: all plates, all markers, whether one file holds them or several.

    Parameters
    ----------
    trial : group of a session file.
    kind : key of PARTS.

    Returns
    -------
    The Dataset of ARCHITECTURE.md, None where the trial has none. Of several streams the samples that all have, with
    the variables and axes that all have.
    """
    found = list(streams(trial, kind).values())
    if len(found) < 2:
        return found[0] if found else None
    return side_by_side(found, PARTS[kind])


def kinds_of(trial: xr.DataTree) -> tuple[str, ...]:
    """Kinds of signal of a trial, by the alphabet."""
    return tuple(sorted({str(group.attrs.get("kind", name)) for name, group in trial.children.items()}))


def channel_labels(signal: xr.Dataset) -> list[str]:
    """What each channel of a stream of channels measures: left_gluteus_medius, left_shank_acceleration_x.

    Parameters
    ----------
    signal : a stream with the dimension `channel`; channels of other analog inputs keep the name of the file.
    """
    words = [
        signal[of].to_numpy().astype(str).tolist()
        for of in ("side", "muscle", "segment", "quantity", "axis")
        if of in signal.coords
    ]
    names = signal["channel"].to_numpy().astype(str).tolist()
    return ["_".join(filter(None, each[:-1])) or each[-1] for each in zip(*words, names, strict=True)]


def side_by_side(found: Sequence[xr.Dataset], part: str) -> xr.Dataset:
    """Lay streams of one rate and clock side by side along `part`."""
    length = min(each.sizes["time"] for each in found)
    shared = set.intersection(*({str(name) for name in each.variables} for each in found))
    cut = [each.isel(time=slice(length))[sorted(shared)] for each in found]
    if "axis" in shared:
        axes = [axis for axis in cut[0].get_index("axis") if all(axis in each.get_index("axis") for each in cut)]
        cut = [each.sel(axis=axes) for each in cut]
    # The clocks agree to a sample, or the trial would have been refused.
    aligned = [each.assign_coords(time=cut[0].coords["time"]) for each in cut]
    return xr.concat(
        aligned, dim=part, data_vars="minimal", coords="minimal", compat="override", combine_attrs="override"
    )
