"""The sign of plate forces in C3D files, whatever the zero of the plates."""

from __future__ import annotations

import numpy as np
import pytest

from legsci.ingest.devices import Device
from legsci.ingest.readers.c3d_plates import _reaction_sign
from tests.mechanics.force.field_jumps import drop_jump, noisy, squat_force

DEVICE = Device(name="one", reader="c3d", up="z", forward="x")
FORCES = {"drop jump": drop_jump()[0], "squat": noisy(squat_force()), "long empty": np.pad(drop_jump()[0], (9000, 0))}


@pytest.mark.parametrize("name", FORCES)
@pytest.mark.parametrize("recorded", [1.0, -1.0])
def test_plates_with_a_right_zero(name: str, recorded: float) -> None:
    assert _reaction_sign(DEVICE, recorded * FORCES[name][None], []) == recorded


@pytest.mark.parametrize("zero_n", [-762.0, -300.0, 60.0])
def test_plates_zeroed_with_the_athlete_on_them(zero_n: float) -> None:
    assert _reaction_sign(DEVICE, FORCES["long empty"][None] + zero_n, []) == 1.0
