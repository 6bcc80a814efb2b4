"""Errors of peak joint moments by cut-off frequency: the virtual athlete with camera noise, against its own motion.

`python -m benchmarks.cutoffs` writes cutoffs.csv beside this file; its first line bears the date and the seeds.
`legsci/tasks.py` takes the cut-off of each task from it. Soft tissue of that athlete does not vibrate at impacts: for
drop jumps cutoffs_impacts.csv compares cut-offs by bodies of the second simulator (tests/independent), whose skin does.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from benchmarks.dated import write_dated
from legsci.mechanics.kinetics.anthropometry import Person
from legsci.mechanics.kinetics.inverse_dynamics import dynamics
from legsci.mechanics.motion.angles import kinematics
from legsci.mechanics.motion.options import MotionOptions, task_options
from legsci.simulate.athlete.motion import TASK_PLANS
from legsci.simulate.athlete.plan import Motion
from legsci.simulate.sensors.marker_placement import markers_of
from legsci.vocabulary import LEGS
from tests.independent.anatomy import NOISY
from tests.independent.bodies import draw_body
from tests.independent.comparison import errors_of as metric_errors
from tests.independent.dynamics import Trial, perform
from tests.independent.engine import Figure
from tests.independent.study import measure, record
from tests.mechanics.athlete import ATHLETE, RATE_HZ, marker_dataset, plates_of, standing
from tests.mechanics.kinetics.test_clean_athlete import measured, own_segments

TABLE, IMPACTS = (Path(__file__).with_name(f"{name}.csv") for name in ("cutoffs", "cutoffs_impacts"))
CUTOFFS_HZ = (6.0, 8.0, 10.0, 12.0, 15.0, 20.0, 25.0, 30.0, 40.0)
#: White noise of the markers per axis, that of a laboratory of some metres [m]; recordings per task and cut-off.
NOISE_M, RECORDINGS = 0.0003, 10
#: Peak moments: name -> joint of each leg, plane, sign.
PEAKS = {
    "hip_extension": ("hip", "sagittal", -1.0),
    "knee_extension": ("knee", "sagittal", -1.0),
    "plantarflexion": ("ankle", "sagittal", -1.0),
    "knee_abduction": ("knee", "frontal", 1.0),
}
#: Force from which a foot stands [N].
LOADED_N = 50.0
#: Differences and filters are of lower order at the ends of a recording.
EDGE_S = 0.05


def peaks(solved: xr.Dataset, motion: Motion) -> dict[str, np.ndarray]:
    """Peak moments of the legs that stand until the last take-off, name -> (side,) [N m]; NaN for a leg in the air."""
    takeoffs = motion.events.get("takeoff", ())
    stop = takeoffs[-1] if len(takeoffs) else motion.time[-1] - EDGE_S
    inside = solved[["joint_moment_in_plane", "ground_force"]].sel(time=slice(motion.time[0] + EDGE_S, stop))
    loaded = inside["ground_force"].sel(axis="y") > LOADED_N
    found = {}
    for name, (joint, plane, sign) in PEAKS.items():
        moments = inside["joint_moment_in_plane"].sel(plane=plane)
        rows = [(sign * moments.sel(joint=f"{side}_{joint}")).where(loaded.sel(side=side)) for side in LEGS]
        found[name] = np.array([float(row.max()) for row in rows])
    return found


def errors_of(task: str, cutoff_hz: float, noises_m: list[float]) -> dict[str, np.ndarray]:
    """Errors of the peak moments at a cut-off, name -> (recording, side) [% of the true peak]."""
    motion, body, _, exact = measured(task)
    truth, force = peaks(exact, motion), plates_of(motion)
    labels, position = markers_of(body, motion)
    position = position[:: round(motion.rate_hz / RATE_HZ)]
    options, person = MotionOptions(cutoff_hz=cutoff_hz), Person(ATHLETE.mass_kg, ATHLETE.sex)
    found: dict[str, list[np.ndarray]] = {name: [] for name in PEAKS}
    for seed, noise_m in enumerate(noises_m):
        noisy = position + noise_m * np.random.default_rng(seed).standard_normal(position.shape)
        moved = kinematics(marker_dataset(labels, noisy), standing(), options=options)
        solved = dynamics(moved, force, person=person, segments=own_segments(body), options=options)
        for name, values in peaks(solved, motion).items():
            found[name].append(100.0 * (values - truth[name]) / np.abs(truth[name]))
    return {name: np.array(values) for name, values in found.items()}


#: Cut-offs that are compared in drop jumps, and bodies that perform them.
IMPACT_CUTOFFS_HZ, IMPACT_SEEDS = (12.0, 15.0, 20.0, 30.0), (0, 10, 11, 12, 14)
LOADS = "_moment_peak_|_power_peak_|_work_(?:generated|absorbed)_"


def impact_errors(trials: dict[str, Trial], seed: int) -> pd.DataFrame:
    """Errors of loads of a noisy drop jump at each cut-off: those of `metric_errors`, and cutoff_hz."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        study = Path(folder, "study")
        recorded = record(study, trials, seed, NOISY)
        for cutoff_hz in IMPACT_CUTOFFS_HZ:
            found = metric_errors(recorded, measure(study, task_options(cutoff_hz={"drop_jump": cutoff_hz})))
            loads = (found["task"] == "drop_jump") & found["metric"].str.contains(LOADS)
            rows.append(found[loads].assign(cutoff_hz=cutoff_hz))
    return pd.concat(rows, ignore_index=True)


def write_impacts(errors: pd.DataFrame) -> pd.DataFrame:
    """Write bias and root mean square error of each load [% of its mean true value], a column per cut-off."""
    squares = errors.assign(square=errors["error"] ** 2).groupby(["metric", "cutoff_hz"], sort=False)
    means = squares[["true", "error", "square"]].mean()
    share = 100.0 / means["true"].abs()
    found = pd.DataFrame({"bias_percent": means["error"] * share, "rms_percent": means["square"] ** 0.5 * share})
    table = found.reset_index().pivot_table(index="metric", columns="cutoff_hz", sort=False).round(1)
    table.columns = [f"{name}_{cutoff_hz:g}_hz" for name, cutoff_hz in table.columns]
    table = table.reset_index()
    said = f"noisy drop jumps of bodies of tests/independent, seeds {', '.join(map(str, IMPACT_SEEDS))}"
    write_dated(IMPACTS, said, table, index=False)
    return table


def impacts() -> pd.DataFrame:
    """Let the bodies perform, and write the table of impacts."""
    rows = []
    for seed in IMPACT_SEEDS:
        figure = Figure.of(draw_body(seed))
        rows.append(impact_errors({task: perform(figure, seed, task) for task in ("standing", "drop_jump")}, seed))
    return write_impacts(pd.concat(rows, ignore_index=True))


def main() -> None:
    """Write and print the tables."""
    rows = []
    for task in (name for name in TASK_PLANS if name != "standing"):
        for cutoff_hz in CUTOFFS_HZ:
            clean, noisy = (errors_of(task, cutoff_hz, noises) for noises in ([0.0], [NOISE_M] * RECORDINGS))
            row: dict[str, object] = {"task": task, "cutoff_hz": cutoff_hz}
            for name in PEAKS:
                row[f"{name}_bias_percent"] = np.nanmean(clean[name])
                row[f"{name}_rms_percent"] = np.sqrt(np.nanmean(noisy[name] ** 2))
            rows.append(row)
    found = pd.DataFrame(rows).round(1)
    said = f"bias without noise, error with {1000 * NOISE_M:g} mm of white noise, {RECORDINGS} recordings, seeds 0 to"
    write_dated(TABLE, f"{said} {RECORDINGS - 1}", found, index=False)
    print(found.to_string(index=False))
    print(impacts().to_string(index=False))


if __name__ == "__main__":
    main()
