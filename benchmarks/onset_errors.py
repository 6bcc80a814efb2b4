"""Errors of onsets of muscles beside those of biosppy, neurokit2 and ruptures, on EMG whose onsets are known.

`python -m benchmarks.onset_errors` draws channels of bursts, of noise whose amplitude rises
(tests/mechanics/muscles/emg.py) and of pools of motor units (tests/independent/motor_units.py), and writes
onset_errors.csv beside this file. Each detector sees the same windows; those of other packages also the rest that is
known to be rest. Their settings are those of SETTINGS: the first is the default, or the one of their documentation; the
best has the least median error over channels of seeds of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.dated import write_dated
from legsci.mechanics.muscles.conditioning import band_passed
from legsci.mechanics.muscles.onsets import onsets
from tests.independent import motor_units
from tests.mechanics.muscles.emg import RATE_HZ, SHAPES, bursts

TABLE = Path(__file__).with_name("onset_errors.csv")
SNR_DB, TONIC = (5.0, 10.0, 15.0, 20.0, 25.0), (0.0, 0.25)
POPULATIONS = {"noise of rising amplitude": SHAPES, "motor units": ("minimum jerk", "first order", "sine")}
RISES_S = (0.02, 0.08)
#: Channels a cell, of six bursts each, and of them those that other packages see too; their settings are chosen on so
#: many channels of other seeds.
CHANNELS, CHANNELS_OF_OTHERS, CHANNELS_OF_CHOICE = 30, 6, 1
FIRST_SEED, FIRST_SEED_OF_CHOICE = 52_000, 30_000
#: Rest before the first burst [s].
REST_S = (0.1, 0.7)

Setting = dict[str, float]
Detector = Callable[[np.ndarray, np.ndarray, np.ndarray, Setting], list[int]]
#: Detector -> its settings: the first is its default or documented setting.
SETTINGS: dict[str, list[Setting]] = {
    "biosppy hodges_bui": [
        {"size": size, "threshold": sd} for size, sd in product((0.05, 0.025, 0.01), (3.0, 2.0, 1.0))
    ],
    "biosppy bonato": [
        {"threshold": limit, "duration": 0.025, "above": above, "fail": 5}
        for limit, above in product((7.74, 5.0, 15.0), (1, 3))
    ],
    "biosppy solnik": [{"threshold": sd, "duration": 0.025} for sd in (10.0, 30.0, 100.0, 300.0)],
    "neurokit2": [{"threshold": part} for part in (0.1, 0.05, 0.2)],
    "ruptures": [{"penalty": penalty} for penalty in (10.0, 3.0, 30.0)],
}


def channel(population: str, number: int, snr_db: float, tonic: float, seed: int):
    """EMG, onsets [s] and windows [s] of one channel of a population; shapes take turns, the rise is drawn."""
    rng = np.random.default_rng(seed)
    shapes = POPULATIONS[population]
    shape, rise_s = shapes[number % len(shapes)], rng.uniform(*RISES_S)
    if population == "motor units":
        made = motor_units.record(rng, shape, rise_s, snr_db, tonic)
        edges = rng.uniform([-0.6, 0.6], [-0.4, 0.6], (len(made.onset_s), 2))
        return made.emg, made.onset_s, made.onset_s[:, None] + edges
    made = bursts(rng, shape, rise_s=rise_s, snr_db=snr_db, tonic=tonic)
    return made.emg, made.onset_s, made.windows


def of_packages() -> dict[str, Detector]:
    """Detector of each package: EMG in its band, rest, windows [samples], setting -> samples of onsets, -1 for none."""
    import neurokit2
    import ruptures
    from biosppy.signals import emg as biosppy

    def in_windows(find: Callable[[np.ndarray, np.ndarray, Setting], object]) -> Detector:
        def detect(band: np.ndarray, rest: np.ndarray, windows: np.ndarray, of: Setting) -> list[int]:
            return [_first(find, band[start:stop], rest, of, start) for start, stop in windows]

        return detect

    def hodges_bui(signal, rest, of):
        return biosppy.hodges_bui_onset_detector(signal, rest, RATE_HZ, round(of["size"] * RATE_HZ), of["threshold"])[0]

    def bonato(signal, rest, of):
        counts = round(of["duration"] * RATE_HZ), int(of["above"]), int(of["fail"])
        return biosppy.bonato_onset_detector(signal, rest, RATE_HZ, of["threshold"], *counts)[0]

    def solnik(signal, rest, of):
        return biosppy.solnik_onset_detector(signal, rest, RATE_HZ, of["threshold"], round(of["duration"] * RATE_HZ))[0]

    def change(signal, rest, of):
        reduced = signal[::4].reshape(-1, 1)
        return [
            4 * place
            for place in ruptures.Binseg(model="normal", min_size=12).fit(reduced).predict(pen=of["penalty"])[:-1]
        ]

    def neurokit(band, rest, windows, of):
        # its envelope is made of the whole recording, as its users do
        amplitude = neurokit2.emg_amplitude(band)
        limit = of["threshold"] * np.max(amplitude)
        found = neurokit2.emg_activation(amplitude, sampling_rate=int(RATE_HZ), method="threshold", threshold=limit)[1]
        onset = np.asarray(found["EMG_Onsets"])
        inside = [onset[(onset >= start) & (onset < stop)] for start, stop in windows]
        return [int(each[0]) if each.size else -1 for each in inside]

    detectors = (*map(in_windows, (hodges_bui, bonato, solnik)), neurokit, in_windows(change))
    return dict(zip(SETTINGS, detectors, strict=True))


def _first(find, signal: np.ndarray, rest: np.ndarray, of: Setting, start: int) -> int:
    """First onset that a detector finds in a window that begins at sample `start`; -1 where it finds none or fails."""
    try:
        found = np.sort(np.atleast_1d(np.asarray(find(signal, rest, of), dtype=float)))
    except (ValueError, IndexError, TypeError, ZeroDivisionError):
        return -1
    return start + int(found[0]) if found.size else -1


def _of_package(detect: Detector, emg: np.ndarray, windows: np.ndarray, setting: Setting) -> list[float]:
    """Onset in each window by a detector of a package [s]; NaN where it finds none."""
    band = band_passed(emg, RATE_HZ)
    rest = band[slice(*(round(edge * RATE_HZ) for edge in REST_S))]
    found = detect(band, rest, np.round(windows * RATE_HZ).astype(int), setting)
    return [sample / RATE_HZ if sample >= 0 else np.nan for sample in found]


def _chosen(detectors) -> dict[str, dict[str, float]]:
    """Setting of each detector with the least median error over all cells, where at least nine in ten are answered."""
    drawn = [
        channel(population, number, snr_db, tonic, FIRST_SEED_OF_CHOICE + number)
        for population, snr_db, tonic, number in product(POPULATIONS, SNR_DB, TONIC, range(CHANNELS_OF_CHOICE))
    ]
    chosen = {}
    for name, settings in SETTINGS.items():
        costs = []
        for setting in settings:
            errors = np.concatenate(
                [np.abs(_of_package(detectors[name], emg, windows, setting) - true) for emg, true, windows in drawn]
            )
            costs.append(np.nanmedian(errors) if np.isfinite(errors).mean() >= 0.9 else np.inf)
        chosen[name] = settings[int(np.argmin(costs))]
    return chosen


def cell(population: str, snr_db: float, tonic: float, chosen: dict[str, dict[str, float]]) -> list[dict[str, object]]:
    """Rows of one cell: errors of each detector [ms]; those of others on the bursts that both answer."""
    detectors = of_packages()
    truth, found, lower, upper = [], [], [], []
    others: dict[tuple[str, str], list[float]] = {(name, what): [] for name in SETTINGS for what in ("default", "best")}
    for number in range(CHANNELS):
        emg, true, windows = channel(population, number, snr_db, tonic, FIRST_SEED + number)
        truth += true.tolist()
        for onset in onsets(emg, RATE_HZ, windows):
            found.append(onset.time_s)
            lower.append(onset.lower_s)
            upper.append(onset.upper_s)
        for name, what in others if number < CHANNELS_OF_OTHERS else ():
            setting = SETTINGS[name][0] if what == "default" else chosen[name]
            others[name, what] += _of_package(detectors[name], emg, windows, setting)
    truth, found = np.array(truth), np.array(found)
    answered = np.isfinite(found)
    covered = (np.array(lower) <= truth) & (truth <= np.array(upper))
    where = {"population": population, "snr_db": snr_db, "tonic": tonic}
    rows = [where | {"detector": "legsci", "setting": ""} | _errors(found - truth) | _coverage(covered[answered])]
    for (name, what), times in others.items():
        seen = truth[: len(times)]
        both = answered[: len(times)] & np.isfinite(times)
        ours = float(np.median(np.abs(found[: len(times)] - seen)[both]) * 1000.0) if both.any() else np.nan
        rows.append(where | {"detector": name, "setting": what} | _errors(times - seen) | {"legsci_on_these_ms": ours})
    return rows


def _errors(errors: np.ndarray) -> dict[str, float]:
    """Count, refusals and errors [ms]."""
    kept = 1000.0 * errors[np.isfinite(errors)]
    if kept.size == 0:
        return {"bursts": errors.size, "refused_percent": 100.0}
    return {
        "bursts": errors.size,
        "refused_percent": 100.0 * (1.0 - kept.size / errors.size),
        "median_absolute_ms": float(np.median(np.abs(kept))),
        "p95_absolute_ms": float(np.quantile(np.abs(kept), 0.95)),
        "bias_ms": float(kept.mean()),
    }


def _coverage(covered: np.ndarray) -> dict[str, float]:
    """Share of intervals that hold the truth, with its 95 % interval (Wilson 1927, J Am Stat Assoc 22:209)."""
    n, p, z = covered.size, covered.mean(), 1.96
    centre, half = (
        (p + z**2 / (2 * n)) / (1 + z**2 / n),
        z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n),
    )
    return {"coverage": p, "coverage_lower": centre - half, "coverage_upper": centre + half}


def main() -> None:
    """Write the table."""
    chosen = _chosen(of_packages())
    cells = list(product(POPULATIONS, SNR_DB, TONIC))
    with ProcessPoolExecutor(2) as pool:
        tables = list(pool.map(cell, *zip(*cells, strict=True), [chosen] * len(cells)))
    said = (
        f"rises of {RISES_S[0] * 1000:g} to {RISES_S[1] * 1000:g} ms, seeds from {FIRST_SEED}; best settings: "
        + "; ".join(f"{name} {setting}" for name, setting in chosen.items())
    )
    write_dated(TABLE, said, pd.DataFrame([row for rows in tables for row in rows]).round(3), index=False)


if __name__ == "__main__":
    main()
