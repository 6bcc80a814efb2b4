"""Channels of EMG that contradict the movement: artefacts at touchdown, and sides that are exchanged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from legsci.ingest.devices import Channel
from legsci.mechanics.kinetics.session_motion import session_motion
from legsci.mechanics.reps.muscle_checks import movement_flags
from legsci.mechanics.reps.session import session_repetitions
from legsci.mechanics.reps.signals import with_signals
from legsci.metrics.tables import session_metrics
from tests.mechanics.muscles.emg import RATE_HZ, band_noise
from tests.mechanics.recordings import ON_CLOCK, recorded_trial
from tests.mechanics.trials import DEFAULT, decisions, session_of, trial

SPRINT = Path(__file__).parents[4] / "shared/data/sprint-ja1/JA1Gait35.c3d"
#: Repetitions of a made trial last from touchdown to take-off [s].
TOUCHDOWNS = 1.0 + np.arange(6)
CONTACT_S = 0.25


def repetitions(*, task, legs):
    """Events of repetitions at TOUCHDOWNS, one trial."""
    dims = ("rep", "profile", "perturbation")
    count = len(TOUCHDOWNS)
    at = {"touchdown": TOUCHDOWNS, "takeoff": TOUCHDOWNS + CONTACT_S, "movement_start": np.full(count, np.nan)}
    words = {"task": [task] * count, "leg": legs, "trial_id": ["t"] * count}
    return xr.Dataset(
        {name: (dims, times[:, None, None]) for name, times in at.items()}
        | {name: ("rep", np.array(values)) for name, values in words.items()}
        | {"number": ("rep", np.arange(1, count + 1))}
    )


def session(rows):
    """A session of one trial with EMG channels: (muscle, side) -> signal."""
    stream = xr.Dataset(
        {"value": (("channel", "time"), np.array(list(rows.values())))},
        coords={
            "channel": [f"EMG{number}" for number in range(len(rows))],
            "time": np.arange(len(next(iter(rows.values())))) / RATE_HZ,
            "unit": ("channel", ["V"] * len(rows)),
            "muscle": ("channel", [muscle for muscle, _ in rows]),
            "side": ("channel", [side for _, side in rows]),
        },
        attrs={"sampling_rate_hz": RATE_HZ, **ON_CLOCK},
    )
    return session_of({"t": trial({"emg": stream})})


def active(rng, touchdowns):
    """EMG that is active from 0.1 s before each touchdown to the end of the contact."""
    time = np.arange(round(8.0 * RATE_HZ)) / RATE_HZ
    within = np.any([(time > t - 0.1) & (time < t + CONTACT_S) for t in touchdowns], axis=0)
    return 1e-4 * within * band_noise(rng, time.size) + 5e-6 * rng.normal(size=time.size), time


@pytest.mark.parametrize(("size", "flagged"), [(0.0, False), (2e-5, False), (1e-3, True)])
def test_an_artefact_at_touchdown_is_named_in_the_repetitions_that_hold_it(size, flagged):
    emg, time = active(np.random.default_rng(4), TOUCHDOWNS)
    for strike in TOUCHDOWNS[2:4]:
        since = np.maximum(time - strike, 0.0)
        emg = emg + size * np.exp(-since / 0.04) * np.sin(2.0 * np.pi * 10.0 * since)
    flags = movement_flags(
        repetitions(task="drop_jump", legs=["both"] * 6), session({("soleus", "left"): emg}), {"t": set()}
    )
    assert sorted(flags) == ([2, 3] if flagged else [])
    for rep, (flag,) in flags.items():
        assert (flag.code, flag.signal, flag.rep) == ("emg_landing_artefact", "left_soleus", rep + 1)
        assert flag.value > flag.limit
        assert "EMG left soleus" in flag.sentence


def test_muscles_that_work_with_the_other_leg_are_on_the_wrong_side():
    rng = np.random.default_rng(5)
    legs = ["left", "right"] * 3
    reps = repetitions(task="sprint", legs=legs)
    emg, _ = active(rng, TOUCHDOWNS[::2])
    both, _ = active(rng, TOUCHDOWNS)
    rows = {("gluteus_medius", "left"): emg, ("vastus_lateralis", "right"): emg, ("soleus", "right"): both}
    flags = movement_flags(reps, session(rows), {"t": set()})
    found = {(rep, flag.code, flag.signal) for rep, of_rep in flags.items() for flag in of_rep}
    assert found == {(rep, "emg_wrong_side", "right_vastus_lateralis") for rep in range(6)}
    assert movement_flags(reps, session(rows), {"t": {"right_vastus_lateralis"}}) == {}
    # repetitions on one leg alone do not tell
    alone = repetitions(task="sprint", legs=["right"] * 6)
    assert movement_flags(alone, session(rows), {"t": set()}) == {}


@pytest.mark.skipif(not SPRINT.is_file(), reason="needs ../shared/data/sprint-ja1")
def test_sound_channels_of_the_recorded_sprint_contradict_nothing():
    muscles = {"GMED": "gluteus_medius", "GMAX": "gluteus_maximus", "VL": "vastus_lateralis", "LHAMS": "biceps_femoris"}
    channels = {name: Channel(kind="emg", muscle=muscle, side="right") for name, muscle in muscles.items()}
    recorded = session_of(recorded_trial(SPRINT, reader="c3d", up="z", forward="x", task="sprint", channels=channels))
    motion = session_motion(recorded)
    reps, quality = session_repetitions(motion, default=DEFAULT, profiles=[], curation=decisions(), session=recorded)
    assert reps is not None
    metrics, flags = session_metrics(with_signals(reps, motion, session=recorded), quality)
    assert not flags["code"].str.startswith("emg_").any()
    assert metrics["gluteus_medius_onset_s"].notna().sum() == 2
    # the contact of the left foot, of which no marker tells that it is the left one
    assert set(flags.loc[flags["code"] == "no_onset", "rep"]) == {2, 4}
