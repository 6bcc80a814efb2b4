"""Saturated and dead channels, and coarse converters that are neither; values that nobody reaches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from legsci.ingest.devices import Device, PlateSetup
from legsci.ingest.readers.delimited import read
from tests.analytic_jump import countermovement_jump
from tests.mechanics.force.field_jumps import RATE_HZ, WEIGHT_N, drop_jump, noisy, on_two_plates, squat_force
from tests.mechanics.trials import force_trial, outcome


@pytest.mark.parametrize("step_n", [10.0, 4.88, 0.3])
@pytest.mark.parametrize("noise_n", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_coarse_converter_is_not_saturated(step_n: float, noise_n: float, seed: int) -> None:
    """12 bits over 20 kN, and kilonewtons with two decimals."""
    force = noisy(countermovement_jump(seed=seed, sway_n=1.0).force, seed=seed, noise_n=noise_n)
    found = outcome(force_trial(step_n * np.round(force / step_n)))
    assert not found.codes() & {"plate_saturated", "plate_constant"}


@pytest.mark.parametrize("share", [0.6, 0.8, 0.95])
@pytest.mark.parametrize("step_n", [0.01, 0.3])
def test_clipped_push_off_is_saturated(share: float, step_n: float) -> None:
    force = noisy(countermovement_jump().force)
    clipped = np.minimum(step_n * np.round(force / step_n), step_n * round(share * force.max() / step_n))
    assert "plate_saturated" in outcome(force_trial(clipped)).codes()


def test_range_below_body_weight_is_saturated() -> None:
    force = np.minimum(noisy(countermovement_jump().force), 600.0)
    assert "plate_constant" in outcome(force_trial(force)).codes()


def test_dead_channel_of_one_of_two_plates_in_standing() -> None:
    rows = on_two_plates(np.full(3000, WEIGHT_N))
    assert "plate_constant" not in outcome(force_trial(rows, task="standing", feet=("left", "right"))).codes()
    rows[1] = rows[1, 0]
    assert "plate_constant" in outcome(force_trial(rows, task="standing", feet=("left", "right"))).codes()


@pytest.mark.parametrize("task", ["standing", "countermovement_jump", "squat"])
def test_single_plate_that_never_changes_is_dead(task: str) -> None:
    dead = np.full(3000, 688.7)
    assert "plate_constant" in outcome(force_trial(dead, task=task)).codes()


def test_person_who_stands_still_on_a_plate_that_resolves_ten_newtons_is_not_dead() -> None:
    still = 10.0 * np.round(noisy(np.full(3000, 689.0)) / 10.0)
    assert np.unique(still).size == 1
    assert "plate_constant" not in outcome(force_trial(still, task="standing")).codes()


@pytest.mark.parametrize("step_n", [2.44, 4.88])
def test_level_push_off_on_a_coarse_converter_is_not_saturated(step_n: float) -> None:
    """Force that keeps a level for 0.1 s, reached smoothly and left at 14 N a sample."""
    time = np.arange(3000)
    rise = 400.0 * 0.5 * (1.0 - np.cos(np.pi * np.clip((time - 1500) / 400.0, 0.0, 1.0)))
    fall = np.clip(14.0 * (time - 2000), 0.0, None)
    force = np.maximum(350.0 + rise - fall, 0.0)
    force[2400:] = 350.0
    coarse = step_n * np.round(noisy(force, noise_n=0.3) / step_n)
    assert not outcome(force_trial(coarse)).codes() & {"plate_saturated", "plate_constant"}


@pytest.mark.parametrize("task", ["countermovement_jump", "drop_jump", "squat", "standing"])
def test_weight_that_the_stated_mass_contradicts_is_flagged_in_every_task(task: str) -> None:
    force = {
        "countermovement_jump": countermovement_jump(mass_kg=70.0).force,
        "drop_jump": drop_jump()[0],
        "squat": squat_force(),
        "standing": np.full(3000, WEIGHT_N),
    }[task]
    for mass_kg, differs in ((70.0, False), (72.0, False), (76.0, True), (64.0, True)):
        found = outcome(force_trial(noisy(force), task=task), mass_kg=mass_kg)
        assert ("weight_disagrees_with_mass" in found.codes()) == differs, mass_kg


def test_wrong_rate_is_found_by_what_nobody_reaches() -> None:
    """A jump of 1000 Hz that is said to be of 500 Hz flies for twice the time."""
    found = outcome(force_trial(noisy(countermovement_jump().force), rate_hz=500.0))
    said = " ".join(found.quality.loc[found.quality["code"] == "implausible_value", "sentence"])
    assert "sampling rate" in said


@pytest.mark.parametrize(("unit_s", "rate_hz"), [(1e-3, 1000.0), (1e-3, 200.0), (1.0, 1000.0), (1.0, 100.0)])
def test_time_stamps_in_milliseconds(tmp_path: Path, unit_s: float, rate_hz: float) -> None:
    path = tmp_path / "jump.csv"
    rows = [f"{count / rate_hz / unit_s:.4f},{700.0 + count % 3}" for count in range(400)]
    path.write_text("\n".join(rows), encoding="utf-8")
    text = {"time_column": 1}
    device = Device(
        name="one", reader="delimited", up="z", forward="x", plates={"a": PlateSetup(columns={"up": 2})}, text=text
    )
    recording = read(path, device=device)
    assert recording.signals["force"].attrs["sampling_rate_hz"] == pytest.approx(rate_hz)
    assert any("milliseconds" in sentence for sentence in recording.assumptions) == (unit_s != 1.0)


def test_empty_line_before_the_data_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "jump.csv"
    path.write_text("\n\n" + "\n".join(f"{700 + count % 3}, 1" for count in range(50)), encoding="utf-8")
    device = Device(
        name="one",
        reader="delimited",
        up="z",
        forward="x",
        plates={"a": PlateSetup(columns={"up": 1})},
        rate_hz=RATE_HZ,
    )
    assert read(path, device=device).signals["force"].sizes["time"] == 50
