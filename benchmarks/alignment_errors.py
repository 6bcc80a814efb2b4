"""Errors of leg alignment: the virtual athlete filmed with the errors of a laboratory, against its own motion.

`python -m benchmarks.alignment_errors` writes alignment_errors.csv beside this file; its first line bears the date and
the seeds.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from benchmarks.dated import write_dated
from legsci.mechanics.motion.alignment import UNCERTAIN_CURVES, alignment, alignment_uncertainty
from legsci.mechanics.motion.angles import kinematics
from legsci.mechanics.motion.options import MotionOptions
from legsci.metrics.signals import uncertain_peak
from tests.mechanics.athlete import marker_dataset
from tests.mechanics.marker_errors import RATE_HZ, Clean, clean, recorded

TABLE = Path(__file__).with_name("alignment_errors.csv")
TASKS = ("squat", "countermovement_jump", "drop_jump")
RECORDINGS = 200
#: Curves of which the least value counts, and those that are read at the start of the recording, in standing.
LEAST, STANDING = ("knee_ankle_separation",), ("hip_knee_ankle",)
#: Curves that count from their start.
FROM_START = ("knee_medial_offset",)
START = 20


def curves_of(moved: xr.Dataset) -> xr.Dataset:
    """All curves of UNCERTAIN_CURVES (time, side); knee abduction among them."""
    sides = [moved["angle"].sel(joint_angle=f"{side}_knee_abduction", drop=True) for side in ("left", "right")]
    abduction = xr.concat(
        [xr.full_like(sides[0], np.nan), *sides], dim=xr.DataArray(["both", "left", "right"], dims="side")
    )
    return alignment(moved).assign(knee_abduction=abduction.transpose("time", "side"))


def read_off(curve: np.ndarray, uncertainty: np.ndarray, name: str) -> tuple[float, float]:
    """The value that a metric takes from a curve (frame,), and its standard uncertainty."""
    if name in STANDING:
        return float(curve[START]), float(uncertainty[START])
    sign = -1.0 if name in LEAST else 1.0
    clock = {"window_start": 0.0, "sampling_rate_hz": 1.0, "sample_count": curve.size}
    reps = {name: xr.Variable("rep", [value]) for name, value in clock.items()}
    defined = np.isfinite(curve)
    rows = np.where(defined, sign * curve, -np.inf), np.where(defined, uncertainty, 0.0)
    signal, doubt = (xr.Variable(("rep", "sample"), values[None]) for values in rows)
    span = (xr.Variable(("rep", "scoring"), [[second]]) for second in (0.0, curve.size - 1.0))
    value, stated = (found.data.item() for found in uncertain_peak(reps, signal, doubt, *span))
    return sign * value - (float(curve[START]) if name in FROM_START else 0.0), stated


def errors_of(trial: Clean, seeds: range) -> pd.DataFrame:
    """Measure recordings of one motion.

    Returns
    -------
    A row per recording, measure and side: measure, error (measured less true) and u, the stated standard uncertainty.
    """
    still, moving = (marker_dataset(trial.labels, position, RATE_HZ) for position in (trial.still, trial.moving))
    truth = curves_of(kinematics(moving, still, options=MotionOptions(cutoff_hz=None)))
    rows = []
    for seed in seeds:
        moved = recorded(trial, np.random.default_rng(seed))
        found, stated = curves_of(moved), alignment_uncertainty(moved)
        for name in UNCERTAIN_CURVES:
            for side in ("both",) if name in LEAST else ("left", "right"):
                doubt = stated[f"u_{name}"].sel(side=side).to_numpy()
                true, _ = read_off(truth[name].sel(side=side).to_numpy(), doubt, name)
                value, uncertainty = read_off(found[name].sel(side=side).to_numpy(), doubt, name)
                rows.append({"measure": name, "error": value - true, "u": uncertainty})
    return pd.DataFrame(rows)


def summary(errors: pd.DataFrame) -> dict[str, float]:
    """Sum up the errors of one measure, in its unit."""
    return {
        "values": len(errors),
        "bias": errors["error"].mean(),
        "sd": errors["error"].std(),
        "median_uncertainty": errors["u"].median(),
        "within_2u": (errors["error"].abs() <= 2.0 * errors["u"]).mean(),
    }


def main() -> None:
    """Write and print the table."""
    rows = []
    for task in TASKS:
        errors = errors_of(clean(task), range(RECORDINGS))
        rows += [
            {"task": task, "measure": name} | summary(group) for name, group in errors.groupby("measure", sort=False)
        ]
    found = pd.DataFrame(rows).round(4)
    write_dated(TABLE, f"{RECORDINGS} recordings a task, seeds 0 to {RECORDINGS - 1}", found, index=False)
    print(found.to_string(index=False))


if __name__ == "__main__":
    main()
