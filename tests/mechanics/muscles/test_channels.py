"""Channels that hold no EMG are named, each with its cause, and sound ones are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from legsci.ingest.devices import Channel
from legsci.ingest.streams import stream
from legsci.mechanics.kinetics.session_motion import session_motion
from legsci.mechanics.muscles.channels import channel_flags
from legsci.mechanics.reps.session import session_repetitions
from legsci.mechanics.reps.signals import with_signals
from legsci.metrics.tables import session_metrics
from tests.mechanics.muscles.emg import RATE_HZ, band_noise, bursts
from tests.mechanics.recordings import ON_CLOCK, recorded_trial
from tests.mechanics.trials import DEFAULT, decisions, session_of, trial

SHARED = Path(__file__).parents[4] / "shared/data"
RNG = np.random.default_rng(1)
SOUND = bursts(RNG, "cosine", rise_s=0.05).emg * 1e-4
TIME = np.arange(SOUND.size) / RATE_HZ


def emg_trial(row: np.ndarray) -> xr.DataTree:
    """A trial with one channel of EMG."""
    signal = xr.Dataset(
        {"value": (("channel", "time"), row[None])},
        coords={
            "channel": ["EMG1"],
            "time": np.arange(row.size) / RATE_HZ,
            "unit": ("channel", ["V"]),
            "muscle": ("channel", ["soleus"]),
            "side": ("channel", ["left"]),
        },
        attrs={"sampling_rate_hz": RATE_HZ, **ON_CLOCK},
    )
    return trial({"emg": signal})


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (np.zeros(20000), "emg_silent"),
        (np.where(RNG.random(20000) < 0.5, 0.0, 1e-6), "emg_silent"),
        (np.sign(np.sin(40.0 * TIME)) + 0.02 * band_noise(RNG, TIME.size), "emg_square_wave"),
        (np.clip(SOUND, -1e-4, 1e-4), "emg_clipped"),
        (5e-5 * np.sin(2 * np.pi * 50.0 * TIME) + 0.1 * SOUND, "emg_mains"),
        (5e-5 * np.sin(2 * np.pi * 60.0 * TIME) + 0.1 * SOUND, "emg_mains"),
        (
            3e-5 * np.sign(np.sin(2 * np.pi * 50.02 * TIME)) * np.sin(2 * np.pi * 150.0 * TIME) + 0.1 * SOUND,
            "emg_mains",
        ),
    ],
)
def test_a_channel_without_emg_is_named_with_its_cause(row, code):
    (flag,) = channel_flags(emg_trial(row))
    assert flag.code == code
    assert flag.signal == "left_soleus"
    assert "left soleus" in flag.sentence


@pytest.mark.parametrize(
    "row",
    [
        SOUND,
        band_noise(RNG, 20000),
        SOUND + 0.2e-4 * np.sin(2 * np.pi * 50.0 * TIME),
        np.round(SOUND / 1e-6) * 1e-6,
        SOUND + 0.01,
    ],
)
def test_emg_with_some_hum_coarse_steps_or_an_offset_is_not_named(row):
    assert channel_flags(emg_trial(row)) == []


@pytest.mark.parametrize(("share", "flagged"), [(0.0, []), (0.3, []), (1.0, ["right_soleus"])])
def test_the_weaker_of_two_channels_that_resemble_each_other_is_suspected_of_cross_talk(share, flagged):
    rng = np.random.default_rng(11)
    strong = band_noise(rng, 20000)
    weak = 0.2 * (share * np.roll(strong, 4) + band_noise(rng, 20000))
    first = stream(emg_trial(strong), "emg")
    second = first.assign_coords(channel=["EMG2"], side=("channel", ["right"]))
    both = xr.concat([first, second.copy(data={"value": weak[None]})], dim="channel")
    flags = channel_flags(trial({"emg": both.assign_attrs(first.attrs)}))
    assert [flag.signal for flag in flags] == flagged
    for flag in flags:
        assert flag.code == "emg_cross_talk"
        # common share^2 of 1 + share^2 of the power of the weaker channel
        assert flag.value == pytest.approx(0.5**0.5, abs=0.03)
        assert "that of left soleus" in flag.sentence


@pytest.mark.skipif(not (SHARED / "sprint-ja1").is_dir(), reason="needs ../shared/data/sprint-ja1")
def test_the_recorded_sprint_has_onsets_before_touchdown_and_its_square_wave_is_refused():
    muscles = {"GMED": "gluteus_medius", "GMAX": "gluteus_maximus", "VL": "vastus_lateralis", "LHAMS": "biceps_femoris"}
    muscles |= {"LGAST": "gastrocnemius", "AddMagnus": "adductor_magnus"}
    channels = {name: Channel(kind="emg", muscle=muscle, side="right") for name, muscle in muscles.items()}
    path = SHARED / "sprint-ja1/JA1Gait35.c3d"
    metrics, quality = measured(
        recorded_trial(path, reader="c3d", up="z", forward="x", task="sprint", channels=channels)
    )
    refused = quality[quality["code"].isin(["emg_silent", "emg_square_wave", "emg_clipped", "emg_mains"])]
    assert refused[["code", "signal"]].to_numpy().tolist() == [["emg_square_wave", "right_adductor_magnus"]]
    assert metrics["adductor_magnus_onset_s"].isna().all()
    right = metrics[(metrics["side"] == "right") & metrics["rep"].isin([1, 3])]
    for muscle in ("gluteus_medius", "gluteus_maximus", "vastus_lateralis", "biceps_femoris", "gastrocnemius"):
        # pre-activation of the leg that is about to land
        assert right[f"{muscle}_onset_s"].between(-0.15, 0.0).all()
        assert right[f"u_{muscle}_onset_s"].between(0.001, 0.03).all()


@pytest.mark.skipif(not (SHARED / "biomdp-cmj-dj").is_dir(), reason="needs ../shared/data/biomdp-cmj-dj")
def test_ten_channels_of_the_recorded_jump_hold_mains_hum():
    names = [f"EMG{number}.v" for number in range(1, 17)]
    muscles = ("gluteus_medius", "gluteus_maximus", "rectus_femoris", "vastus_lateralis", "vastus_medialis", "soleus")
    muscles = (*muscles, "biceps_femoris", "tibialis_anterior")
    meanings = [(muscle, side) for muscle in muscles for side in ("left", "right")]
    channels = {
        name: Channel(kind="emg", muscle=muscle, side=side)
        for name, (muscle, side) in zip(names, meanings, strict=True)
    }
    path = SHARED / "biomdp-cmj-dj/vicon_CMJ_kinem_kinet_emg.c3d"
    jump = recorded_trial(path, reader="c3d", up="z", task="countermovement_jump", channels=channels)
    flags = channel_flags(jump)
    assert {flag.code for flag in flags} == {"emg_mains"}
    assert len(flags) == 10
    metrics, _ = measured(jump)
    hum = {flag.signal for flag in flags}
    for muscle, side in meanings:
        if f"{side}_{muscle}" in hum:
            assert metrics.loc[metrics["side"] == side, f"{muscle}_onset_s"].isna().all()


def measured(recorded):
    """Metrics and flags of a lone trial."""
    session = session_of(recorded)
    motion = session_motion(session)
    reps, quality = session_repetitions(motion, default=DEFAULT, profiles=[], curation=decisions(), session=session)
    assert reps is not None
    return session_metrics(with_signals(reps, motion, session=session), quality)
