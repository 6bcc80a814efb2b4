"""The signals that readers return: units, labelled arrays and sampling rates."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from legsci.ingest.faults import Fault, RecordingError

Floats = NDArray[np.float64]

# Units as files write them -> factor to SI, after removing blanks and the signs of a product.
_SIGNS_OF_A_PRODUCT = dict.fromkeys(map(ord, " .*-·∙\N{DOT OPERATOR}"))
LENGTH_UNITS = {"m": 1.0, "cm": 0.01, "mm": 0.001}
FORCE_UNITS = {"N": 1.0, "kN": 1000.0}
MOMENT_UNITS = {"Nm": 1.0, "Ncm": 0.01, "Nmm": 0.001, "kNm": 1000.0}
ANGLE_UNITS = {"deg": 1.0, "degrees": 1.0, "°": 1.0, "rad": 180.0 / np.pi, "radians": 180.0 / np.pi}

TIME_UNITS = {"s": 1.0, "sec": 1.0, "ms": 0.001, "us": 1e-6}

#: Vertical force above the noise of any plate, from which a plate is taken as loaded [N].
LOADED_N = 50.0

#: Longest step of the time stamps of a force plate in seconds [s]; a plate samples at 50 Hz or more.
LONGEST_STEP_S = 0.25
# Largest difference between time stamps and nominal rate over a file [samples]; beyond it they contradict each other.
LARGEST_DRIFT_SAMPLES = 0.5


def unit_factor(unit: str, units: dict[str, float]) -> float | None:
    """Return the factor from a unit to SI (degrees for angles), or None for a unit that is not in `units`."""
    return units.get(unit.translate(_SIGNS_OF_A_PRODUCT))


def declared_factor(path: Path, unit: str, units: dict[str, float]) -> float:
    """Return the factor from a unit of the study to SI; refuse one that is not in `units`."""
    factor = unit_factor(unit, units)
    if factor is None:
        raise refuse(path, ("unit", f"one of {', '.join(units)}", unit))
    return factor


def refuse(path: Path, *faults: tuple[str, str, str]) -> RecordingError:
    """Make the error for a file from (where, expected, found) triples."""
    return RecordingError(path.name, [Fault(path.name, *fault) for fault in faults])


def with_remarks(signals: dict[str, xr.Dataset], remarks: Sequence[str]) -> dict[str, xr.Dataset]:
    """Return signals with the attribute `remarks` (JSON): what the file says and was not taken so, for quality.csv."""
    if not remarks:
        return signals
    said = json.dumps(list(remarks), ensure_ascii=False)
    return {kind: signal.assign_attrs(remarks=said) for kind, signal in signals.items()}


def read_bytes(path: Path) -> bytes:
    """Return the content of a file; one that cannot be read is refused."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise refuse(path, ("", "a readable file", error.strerror or type(error).__name__)) from None


def force_signal(
    force: Floats,
    *,
    rate_hz: float,
    plates: Sequence[str],
    axes: Sequence[str],
    moment: Floats | None = None,
    surface_height: Sequence[float] | None = None,
    corner: Floats | None = None,
) -> xr.Dataset:
    """Label plate forces; the foot of each plate is "both" until the study assigns one.

    Parameters
    ----------
    force : (plate, time, axis) reaction on the body [N].
    rate_hz : sampling rate [Hz].
    plates, axes : names along `plate` and `axis` (a subset of x, y, z, or "up").
    moment : (plate, time, axis) moment of that reaction about the origin of the file's axes [N m].
    surface_height : (plate,) height of the plane of the centre of pressure [m].
    corner : (plate, corner, axis) outline of the plates [m].
    """
    dims = ("plate", "time", "axis")
    variables: dict[str, tuple[tuple[str, ...], Floats, dict[str, str]]] = {"force": (dims, force, {"units": "N"})}
    if moment is not None:
        heights = np.zeros(len(plates)) if surface_height is None else np.asarray(surface_height, dtype=np.float64)
        variables["moment"] = (dims, moment, {"units": "N m"})
        variables["surface_height"] = (("plate",), heights, {"units": "m"})
    if corner is not None:
        variables["corner"] = (("plate", "corner", "axis"), corner, {"units": "m"})
    foot = {"foot": xr.Variable("plate", ["both"] * len(plates))}
    return xr.Dataset(
        variables,
        coords=_coordinates(force.shape[1], rate_hz, further=foot, plate=plates, axis=axes),
        attrs={"sampling_rate_hz": rate_hz},
    )


def marker_signal(position: Floats, *, rate_hz: float, labels: Sequence[str]) -> xr.Dataset:
    """Label marker positions (time, marker, axis) [m] in the axes x, y, z; gaps are NaN.

    A marker exactly at the origin is a gap too: recorders write zeros for a marker that was not seen.
    """
    x, y, z = (position[..., axis] == 0.0 for axis in range(3))
    unseen = x & y & z
    if unseen.any():
        position[unseen] = np.nan
    return xr.Dataset(
        {"position": (("time", "marker", "axis"), position, {"units": "m"})},
        coords=_coordinates(position.shape[0], rate_hz, marker=labels, axis="xyz"),
        attrs={"sampling_rate_hz": rate_hz},
    )


def segment_signal(rotation: Floats, position: Floats, *, rate_hz: float, labels: Sequence[str]) -> xr.Dataset:
    """Label poses of segments, NaN where a pose is unknown.

    Parameters
    ----------
    rotation : (time, segment, axis, direction), columns are the segment's own axes in those of the file.
    position : (time, segment, axis) of its origin [m].
    rate_hz : frames per second [Hz].
    labels : names of the segments.
    """
    return xr.Dataset(
        {
            "rotation": (("time", "segment", "axis", "direction"), rotation, {"units": "1"}),
            "position": (("time", "segment", "axis"), position, {"units": "m"}),
        },
        coords=_coordinates(position.shape[0], rate_hz, segment=labels, axis="xyz", direction="xyz"),
        attrs={"sampling_rate_hz": rate_hz},
    )


def angle_signal(angle: Floats, *, rate_hz: float, names: Sequence[str]) -> xr.Dataset:
    """Label the angles (time, joint_angle) [deg] of the file itself."""
    return xr.Dataset(
        {"angle": (("time", "joint_angle"), angle, {"units": "deg"})},
        coords=_coordinates(angle.shape[0], rate_hz, joint_angle=names),
        attrs={"sampling_rate_hz": rate_hz},
    )


def clock(samples: int, rate_hz: float) -> xr.Variable:
    """Return the time of each sample [s], starting at 0."""
    return xr.Variable("time", np.arange(samples) / rate_hz, {"units": "s"})


def _coordinates(
    samples: int, rate_hz: float, *, further: Mapping[str, xr.Variable] | None = None, **labels: Sequence[str]
) -> xr.Coordinates:
    """Return the times of a signal, the labels along its other dimensions, and further coordinates."""
    time = xr.Coordinates({"time": clock(samples, rate_hz)})
    named = _label_coordinates(tuple((dim, tuple(names)) for dim, names in labels.items()))
    variables = dict(named.variables) | dict(time.variables) | dict(further or {})
    return xr.Coordinates(variables, indexes={**named.xindexes, **time.xindexes})


@lru_cache(maxsize=64)
def _label_coordinates(labels: tuple[tuple[str, tuple[str, ...]], ...]) -> xr.Coordinates:
    """Return coordinates of labels; cached, since the files of a laboratory share them and building them is slow."""
    return xr.Coordinates({dim: list(names) for dim, names in labels})


def moment_from_point(force: Floats, point: Floats, torque: Floats) -> Floats:
    """Return the moment about the origin [N m] of forces (time, 3) [N] at points (time, 3) [m] with free torques [N m].

    M = p x F + T. Without force the point of application is undefined and may be missing (NaN): there the moment is the
    torque alone.
    """
    loaded = np.asarray(force.any(axis=1))
    return np.cross(np.where(loaded[:, None], point, 0.0), force) + torque


def plain_labels(labels: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """Strip subject prefixes ("Ana:LASI" -> "LASI"), and number labels that repeat.

    Where several prefixes have a label in common, they are several persons: all labels keep their prefixes then, so
    that markers of one person are never taken for those of another.

    Returns
    -------
    The labels, sentences on prefixes that were removed or kept, and a remark where labels repeat: which of the points
    is the marker cannot be known.
    """
    sentences = []
    bare = [label.rsplit(":", 1)[-1] for label in labels]
    distinct_labels = dict.fromkeys(labels)
    common = Counter(label.rsplit(":", 1)[-1] for label in distinct_labels)
    prefixes = sorted({label.rsplit(":", 1)[0] for label in labels if ":" in label})
    several = [label for label in distinct_labels if ":" in label and common[label.rsplit(":", 1)[-1]] > 1]
    plain = list(labels) if several else bare
    if several:
        sentences.append(
            f"Several persons or objects have markers of the same name: {', '.join(prefixes)}. Labels keep their "
            f"prefixes, as {several[0]}; the study maps the labels of one of them."
        )
    elif plain != list(labels):
        # Without the prefix itself: it is often the name of a person, and sentences are copied into results.
        count = f"{len(prefixes)} of them" if len(prefixes) > 1 else "one"
        sentences.append(f"Label prefixes ({count}) are names of subjects, not of markers, and were removed.")
    seen: Counter[str] = Counter()
    distinct = []
    for label in plain:
        seen[label] += 1
        distinct.append(label if seen[label] == 1 else f"{label}_{seen[label]}")
    repeated = sorted(label for label, count in seen.items() if count > 1)
    remarks = [f"Labels that occur more than once were numbered (_2, ...): {', '.join(repeated)}."] if repeated else []
    return distinct, sentences, remarks


def in_seconds(times: Floats, assumptions: list[str]) -> Floats:
    """Time stamps in seconds: those whose steps are longer than `LONGEST_STEP_S` are in milli- or microseconds."""
    if times.size < 2 or not np.isfinite(times).all() or np.median(np.diff(times)) <= LONGEST_STEP_S:
        return times
    step = float(np.median(np.diff(times)))
    unit, factor = ("milliseconds", 1e-3) if step * 1e-3 <= LONGEST_STEP_S else ("microseconds", 1e-6)
    assumptions.append(f"Time stamps {step:g} apart are taken as {unit}: no force plate or sensor samples so slowly.")
    return times * factor


def sampling_rate(path: Path, times: Floats, declared_hz: float | None) -> float:
    """Return the sampling rate [Hz] of a time column [s], having checked that it is even and as declared.

    This is the declared rate, if the stamps agree with it within their printed decimals; else a whole number of hertz
    with which they do; else the declared rate within half a sample; without one the mean rate.

    Raises
    ------
    RecordingError : stamps missing, not increasing, unevenly spaced, or in contradiction to `declared_hz`.
    """
    if times.size < 2 or not np.isfinite(times).all() or times[-1] <= times[0]:
        raise refuse(path, ("time column", "at least two increasing time stamps", f"{times.size} rows, or gaps"))
    elapsed = times - times[0]
    count = np.arange(times.size)
    mean_hz = (times.size - 1) / elapsed[-1]
    printed = next((10.0**-d for d in range(10) if np.allclose(times, np.round(times, d), rtol=0, atol=1e-11)), 1e-9)
    drift = float(np.abs(elapsed * mean_hz - count).max())
    if drift > max(LARGEST_DRIFT_SAMPLES, printed * mean_hz):
        steps = np.diff(times)
        found = f"steps from {steps.min():.6g} to {steps.max():.6g} s (largest at data row {int(steps.argmax()) + 2})"
        raise refuse(path, ("time column", "evenly spaced time stamps", found))
    whole, resolution = float(round(mean_hz)), printed * 1.001
    agrees = whole > 0 and bool(np.abs(elapsed - count / whole).max() <= resolution)
    if declared_hz is not None:
        apart = np.abs(elapsed - count / declared_hz).max()
        if apart * declared_hz > max(LARGEST_DRIFT_SAMPLES, printed * declared_hz):
            raise refuse(path, ("rate_hz", f"the rate of the time stamps, {mean_hz:.6g} Hz", f"{declared_hz:g} Hz"))
        # Stamps that agree with a whole number of hertz to their last digit are nearer to the truth than a rate that
        # they only tolerate.
        return whole if agrees and apart > resolution else declared_hz
    return whole if agrees else float(mean_hz)
