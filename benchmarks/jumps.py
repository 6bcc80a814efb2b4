"""A countermovement jump from force to height: legsci's kernels beside jumpmetrics, biomdp and plain numpy.

biomdp names no requirement of its own; its jump module needs polars and detecta beside what legsci needs.
"""

from __future__ import annotations

import contextlib
import importlib
import io
from collections.abc import Callable

import numpy as np

from benchmarks.timing import Measurement, medians_ms
from legsci.kernels.events import intervals_below, quietest_window
from legsci.kernels.jumps import standing_jump_events
from legsci.mechanics.force.plates import LOADED_PART

GRAVITY = 9.80665
RATE_HZ = 1000.0
#: Rules of the jump, the same for legsci and numpy: weighing window [s], contact [N], flight [s], band [SD], lead and
#: stillness [s], propulsion [m/s].
WEIGHING_S, CONTACT_N, FLIGHT_S, BAND_SD, STILL_S, PROPULSION_M_PER_S = 1.0, 10.0, 0.1, 5.0, 0.030, 0.01


def jump_force() -> np.ndarray:
    """Ten seconds at 1 kHz: stand, countermovement, flight of a 0.35 m jump, landing, stand, leave [N]."""
    weight, flight_s = 750.0, 0.535
    time = np.arange(10_000) / RATE_HZ
    force = np.full(time.size, weight)
    lowering, push = (time >= 4.0) & (time < 4.4), (time >= 4.4) & (time < 4.85)
    force[lowering] -= 400.0 * np.sin(np.pi * (time[lowering] - 4.0) / 0.4)
    # what stops the lowering and gives take-off velocity g t / 2
    impulse = weight * flight_s / 2 + 400.0 * 0.8 / np.pi
    force[push] += impulse * np.pi / 0.9 * np.sin(np.pi * (time[push] - 4.4) / 0.45)
    flight = (time >= 4.85) & (time < 4.85 + flight_s)
    force[flight] = 0.0
    landing = (time >= 4.85 + flight_s) & (time < 5.7)
    force[landing] += 2000.0 * np.sin(np.pi * (time[landing] - 4.85 - flight_s) / (5.7 - 4.85 - flight_s)) ** 2
    force[9500:] = 0.0
    return force + np.random.default_rng(7).normal(0.0, 1.0, time.size)


def legsci_height(force: np.ndarray) -> float:
    """Jump height by impulse [m], by the kernels that a session goes through."""
    airborne = int(FLIGHT_S * RATE_HZ)
    first = int(intervals_below(force, CONTACT_N, airborne)[0, 0])
    start, weight, sd = quietest_window(force, int(WEIGHING_S * RATE_HZ), 0, first)
    still = int(STILL_S * RATE_HZ)
    _, speed = standing_jump_events(
        force,
        RATE_HZ,
        start + int(WEIGHING_S * RATE_HZ),
        first + airborne // 2,
        weight,
        (BAND_SD * sd, still, still, CONTACT_N, LOADED_PART * weight, PROPULSION_M_PER_S, True),
    )
    return float(speed**2 / (2 * GRAVITY))


def numpy_height(force: np.ndarray) -> float:
    """The same in whole arrays of numpy, as one would write it in a notebook, to the nearest sample."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], force < CONTACT_N, [False]]).astype(np.int8)))
    flight = edges.reshape(-1, 2)
    takeoff = int(flight[(flight[:, 1] - flight[:, 0]) >= FLIGHT_S * RATE_HZ][0, 0])
    length, still = int(WEIGHING_S * RATE_HZ), int(STILL_S * RATE_HZ)
    before = force[:takeoff]
    centred = before - before[0]
    sums = np.concatenate([[0.0], np.cumsum(centred)])
    squares = np.concatenate([[0.0], np.cumsum(centred**2)])
    mean = (sums[length:] - sums[:-length]) / length
    variance = (squares[length:] - squares[:-length]) / length - mean**2
    start = int(variance.argmin())
    weight, sd = mean[start] + before[0], np.sqrt(variance[start])
    moving = before[start + length :]
    lowest = int(moving[: int(moving.argmax())].argmin())
    inside = np.cumsum(np.abs(moving[:lowest] - weight) <= BAND_SD * sd)
    runs = np.flatnonzero(inside[still:] - inside[:-still] == still)
    rest = start + length + (int(runs[-1]) + 1 if runs.size else 0)
    net = force[rest : takeoff + 1] - weight
    velocity = np.concatenate([[0.0], np.cumsum(0.5 * (net[1:] + net[:-1]))]) * GRAVITY / (weight * RATE_HZ)
    lowering = int(velocity.argmin())
    bottom = lowering + int(np.argmax(velocity[lowering:] >= 0.0))
    propulsion = bottom + int(np.argmax(velocity[bottom:] > PROPULSION_M_PER_S))
    landing = takeoff + int(np.argmax(force[takeoff + still :] >= CONTACT_N))
    if not lowering < bottom <= propulsion < takeoff < landing:
        raise ValueError("the events of the jump are not in order")
    return float(velocity[-1] ** 2 / (2 * GRAVITY))


def jumpmetrics_height(force: np.ndarray) -> float:
    """The same by jumpmetrics, with its own rules, its filter off."""
    processing = importlib.import_module("jumpmetrics.core.jump_processing")
    found = processing.process_jump_trial(
        force,
        int(RATE_HZ),
        "countermovement",
        WEIGHING_S / 4,
        "P01",
        lowpass_filter=False,
        compute_jump_height_from_flight_time=True,
    )
    table = found["results_dataframe"]
    return float(table["jump_height_takeoff_velocity"].iloc[0])


def biomdp_height(force: np.ndarray) -> float:
    """The same by biomdp, with its own rules: weight, standard events, velocity."""
    jumps = importlib.import_module("biomdp.jump_forces_utils")
    xarray = importlib.import_module("xarray")
    times = np.arange(force.size) / RATE_HZ
    data = xarray.DataArray(
        force[np.newaxis, np.newaxis],
        dims=("ID", "repe", "time"),
        coords={"ID": ["P01"], "repe": ["1"], "time": times},
        attrs={"freq": RATE_HZ},
    )
    window = xarray.DataArray([0, 1000], dims="n_event", coords={"n_event": ["iniPeso", "finPeso"]})
    weight = jumps.calculate_weight(daData=data, weight_window=window)
    events = jumps.create_standard_jump_events(data)
    events.loc[{"n_event": ["iniAnalisis", "finAnalisis"]}] = [0, force.size]
    events = jumps.detect_standard_events(daData=data, daWeight=weight, daEvents=events, jump_test="CMJ")
    variables = jumps.calculate_variables(data, daWeight=weight, daEvents=events.sel(n_event=["iniMov", "finMov"]))
    takeoff = int(events.sel(n_event="despegue").item())
    return float(variables["v"].to_numpy().ravel()[takeoff] ** 2 / (2 * GRAVITY))


RIVALS: dict[str, tuple[Callable[[np.ndarray], float], float]] = {
    "numpy": (numpy_height, 7.0),
    "jumpmetrics": (jumpmetrics_height, 1000.0),
    "biomdp": (biomdp_height, 1000.0),
}


def measure() -> list[Measurement]:
    """Return the jump against each rival; their heights must agree with legsci's.

    Raises
    ------
    ImportError : a rival is not installed (requirements-bench.lock).
    ValueError : a rival finds another height: then the two do not do the same, and no ratio is worth printing.
    """
    force = jump_force()
    height = legsci_height(force)
    measurements = []
    for name, (rival, goal) in RIVALS.items():
        # biomdp prints how long it took
        with contextlib.redirect_stdout(io.StringIO()):
            theirs = rival(force)
            if abs(theirs - height) > 0.02:
                raise ValueError(f"{name} finds {theirs:.4f} m where legsci finds {height:.4f} m")
            ours, other = medians_ms(lambda: legsci_height(force), lambda rival=rival: rival(force))
        measurements.append(Measurement("countermovement jump, 10 s at 1 kHz", name, ours, other, goal))
    return measurements
