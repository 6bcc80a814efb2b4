"""Sessions made by hand: force rows become trials, trials become metrics and flags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from legsci.mechanics.kinetics.session_motion import session_motion
from legsci.mechanics.motion.options import MotionOptions
from legsci.mechanics.reps.session import session_repetitions, trials_with_swapped_sides
from legsci.mechanics.reps.signals import with_signals
from legsci.metrics.tables import session_metrics

CURATION_COLUMNS = ["trial_id", "rep", "what", "event", "value", "reason", "initials"]
DEFAULT = "owen_mcmahon"
OTHERS = ["harry", "vald", "s3d"]


@dataclass(frozen=True)
class Outcome:
    """What a session came to.

    Parameters
    ----------
    reps : repetitions with their signals, None where nothing could be cut.
    quality, metrics : tables.
    """

    reps: xr.Dataset | None
    quality: pd.DataFrame
    metrics: pd.DataFrame

    def codes(self, trial_id: str = "T") -> set[str]:
        """Codes of the flags about a trial."""
        return set(self.quality.loc[self.quality["trial_id"] == trial_id, "code"])

    def rows(self, trial_id: str = "T", side: str = "both", profile: str = DEFAULT) -> pd.DataFrame:
        """Rows of the metrics of a trial."""
        found = self.metrics
        return found[(found["trial_id"] == trial_id) & (found["side"] == side) & (found["profile"] == profile)]

    def row(self, trial_id: str = "T", side: str = "both", profile: str = DEFAULT) -> pd.Series:
        """Metrics of a trial's only repetition."""
        rows = self.rows(trial_id, side, profile)
        assert len(rows) == 1, f"{len(rows)} rows of {trial_id}"
        return rows.iloc[0]


def vertical_force(rows: np.ndarray, *, rate_hz: float = 1000.0, feet: tuple[str, ...] = ("both",)) -> xr.Dataset:
    """Make a force group of vertical forces (plate, sample) or (sample,) [N]."""
    rows = np.atleast_2d(np.asarray(rows, dtype=float))
    return xr.Dataset(
        {"force": (("plate", "time", "axis"), rows[:, :, None])},
        coords={
            "plate": [str(number + 1) for number in range(len(rows))],
            "foot": ("plate", list(feet)),
            "time": np.arange(rows.shape[1]) / rate_hz,
            "axis": ["y"],
        },
        attrs={"sampling_rate_hz": float(rate_hz)},
    )


def trial(signals: dict[str, xr.Dataset], *, task: str = "countermovement_jump", **attrs: object) -> xr.DataTree:
    """Make a trial of its groups."""
    tree = xr.DataTree(children={name: xr.DataTree(signal) for name, signal in signals.items()})
    tree.attrs.update(task=task, **attrs)
    return tree


def force_trial(
    rows: np.ndarray,
    *,
    task: str = "countermovement_jump",
    rate_hz: float = 1000.0,
    feet: tuple[str, ...] = ("both",),
    **attrs: object,
) -> xr.DataTree:
    """Make a trial of vertical forces."""
    return trial({"force": vertical_force(rows, rate_hz=rate_hz, feet=feet)}, task=task, **attrs)


def decisions(*rows: tuple[object, ...]) -> pd.DataFrame:
    """Make rows of curation.tsv."""
    return pd.DataFrame(list(rows), columns=CURATION_COLUMNS)


def session_of(trials: dict[str, xr.DataTree] | xr.DataTree) -> xr.DataTree:
    """Make a session of trials; a lone trial is called T."""
    session = xr.DataTree(children=trials if isinstance(trials, dict) else {"T": trials})
    session.attrs.update(participant_id="P01", session_id="S01")
    return session


def cut_session(
    session: xr.DataTree,
    *,
    default: str = DEFAULT,
    profiles: list[str],
    curation: pd.DataFrame | None = None,
    options: Mapping[str, MotionOptions] | None = None,
) -> tuple[xr.Dataset | None, pd.DataFrame]:
    """Compute motion, cut and score a session: repetitions with their signals, and flags."""
    decided = decisions() if curation is None else curation
    motion = session_motion(session, options=options, swapped=trials_with_swapped_sides(decided))
    reps, quality = session_repetitions(motion, default=default, profiles=profiles, curation=decided)
    return (None if reps is None else with_signals(reps, motion)), quality


def outcome(
    trials: dict[str, xr.DataTree] | xr.DataTree,
    *,
    mass_kg: float | None = None,
    sex: str | None = None,
    curation: pd.DataFrame | None = None,
    default: str = DEFAULT,
    profiles: list[str] | None = None,
    options: Mapping[str, MotionOptions] | None = None,
) -> Outcome:
    """Cut, score and measure trials of one session; a lone trial is called T."""
    session = session_of(trials)
    if mass_kg is not None:
        session.attrs["body_mass_kg"] = mass_kg
    if sex is not None:
        session.attrs["sex"] = sex
    reps, quality = cut_session(
        session,
        default=default,
        profiles=OTHERS if profiles is None else profiles,
        curation=decisions() if curation is None else curation,
        options=options,
    )
    metrics, quality = session_metrics(reps, quality)
    return Outcome(reps, quality, metrics)


def outcomes(trials: dict[str, xr.DataTree], **options: Any) -> dict[str, Outcome]:
    """Outcome of trials of different people and laboratories, each a session of its own; options as `outcome`."""
    return {name: outcome({name: tree}, **options) for name, tree in trials.items()}


def joined(found: dict[str, Outcome]) -> Outcome:
    """Tables of several sessions together; without repetitions."""
    tables = [(one.quality, one.metrics) for one in found.values()]
    quality, metrics = (pd.concat([pair[n] for pair in tables], ignore_index=True) for n in (0, 1))
    return Outcome(None, quality, metrics)
