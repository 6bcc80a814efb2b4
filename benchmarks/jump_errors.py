"""Error maps: jumps with a known height through the whole reckoning, over noise, sway, mass and sampling rate.

`python -m benchmarks.jump_errors` writes jump_errors.csv beside this file; its first line bears the date and the seeds.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tests.analytic_jump import AnalyticJump, countermovement_jump
from tests.mechanics.trials import force_trial, outcome

TABLE = Path(__file__).with_name("jump_errors.csv")
NOISE_N = (0.0, 1.0, 2.0, 5.0, 10.0)
SWAY_N = (0.0, 1.0, 2.0, 5.0)
MASS_KG = (35.0, 75.0, 130.0)
RATE_HZ = (200.0, 500.0, 1000.0, 2000.0)
OPTIONS = ["mass_kg", "rate_hz", "noise_n", "sway_n", "stays"]
JUMPS_PER_CELL = 10
COUNTS = {"jumps": int, "without_height": int}
#: Quiet standing before the movement, drawn anew for each jump [s].
STANDING_S = (1.5, 3.5)


def jumps_of(count: int, **options: Any) -> list[AnalyticJump]:
    """Make jumps that differ in noise, sway and time of standing; seeds 0 to count - 1."""
    standing_s = [np.random.default_rng([17, seed]).uniform(*STANDING_S) for seed in range(count)]
    return [countermovement_jump(seed=seed, quiet_s=quiet_s, **options) for seed, quiet_s in enumerate(standing_s)]


def errors_of(jumps: Iterable[AnalyticJump]) -> pd.DataFrame:
    """Measure jumps under the default profile.

    Returns
    -------
    A row per jump: error_m of the impulse height, its stated standard uncertainty u_m, flight_error_m, status, reason.
    """
    known = {f"jump_{number}": jump for number, jump in enumerate(jumps)}
    trials = {name: force_trial(jump.force, rate_hz=jump.rate) for name, jump in known.items()}
    found = outcome(trials, profiles=[])
    rows = pd.concat([found.rows(name) for name in known], ignore_index=True)
    height = rows["trial_id"].map({name: jump.height for name, jump in known.items()})
    return pd.DataFrame(
        {
            "error_m": rows["jump_height_impulse_m"] - height,
            "u_m": rows["u_jump_height_impulse_m"],
            "flight_error_m": rows["jump_height_flight_time_m"] - height,
            "status": rows["status"],
            "reason": rows["reason"],
        }
    )


def summary(errors: pd.DataFrame) -> pd.Series:
    """Sum up jumps, heights in millimetres."""
    size = errors["error_m"].abs() * 1000.0
    return pd.Series(
        {
            "jumps": len(errors),
            "without_height": int(errors["error_m"].isna().sum()),
            "median_error_mm": size.median(),
            "error_95_mm": size.quantile(0.95),
            "bias_mm": errors["error_m"].mean() * 1000.0,
            "median_uncertainty_mm": errors["u_m"].median() * 1000.0,
            "within_2u": (errors["error_m"].abs() <= 2.0 * errors["u_m"]).mean(),
            "flight_median_error_mm": errors["flight_error_m"].abs().median() * 1000.0,
            "not_accepted": (errors["status"] != "accepted").mean(),
        }
    )


def all_errors(count: int = JUMPS_PER_CELL) -> pd.DataFrame:
    """Return a row per jump of the whole map: its options (columns OPTIONS) and what `errors_of` says of it."""
    cells = []
    for values in itertools.product(MASS_KG, RATE_HZ, NOISE_N, SWAY_N, (True, False)):
        options = dict(zip(OPTIONS, values, strict=True))
        cells.append(errors_of(jumps_of(count, **options)).assign(**options))
    return pd.concat(cells, ignore_index=True)


def main() -> None:
    """Write the map, a row per cell, and print what the usual plate (2 N of noise, 1000 Hz) comes to."""
    errors = all_errors()
    head = f"# {datetime.now(UTC):%Y-%m-%d}; {JUMPS_PER_CELL} jumps a cell, seeds 0 to {JUMPS_PER_CELL - 1}\n"
    with TABLE.open("w", encoding="utf-8", newline="\n") as file:
        file.write(head)
        errors.groupby(OPTIONS).apply(summary).round(3).astype(COUNTS).to_csv(file)
    usual = errors[(errors["rate_hz"] == 1000.0) & (errors["noise_n"] == 2.0)]
    print(usual.groupby(["mass_kg", "sway_n"]).apply(summary).round(3).to_string())
    print(summary(usual).round(3).to_frame("all masses and sways at 2 N of noise and 1000 Hz").T.to_string())
    within = (errors["error_m"].abs() <= 2.0 * errors["u_m"]).mean()
    print(f"within two stated standard uncertainties: {100.0 * within:.1f} % of all jumps")


if __name__ == "__main__":
    main()
