"""Body of the virtual athlete: masses, scaling, inertia and markers."""

from __future__ import annotations

import csv
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from legsci.simulate.athlete.body import Athlete, build_body
from legsci.simulate.sensors.marker_placement import marker_offsets
from legsci.vocabulary import MARKERS, SEGMENTS

TABLE_NAMES = {
    "head": "Head 2", "upper_trunk": "Upper trunk 2", "middle_trunk": "Middle trunk", "lower_trunk": "Lower trunk",
    "upper_arm": "Upper arm", "forearm": "Forearm", "hand": "Hand", "thigh": "Thigh", "shank": "Shank", "foot": "Foot",
}  # fmt: skip


@pytest.mark.parametrize("sex", ["female", "male"])
def test_segments_weigh_the_athlete(sex: str) -> None:
    body = build_body(Athlete(sex=sex, mass_kg=63.5))
    assert body.total_mass == pytest.approx(63.5, abs=1e-9)
    np.testing.assert_array_equal(body.mass[2:5], body.mass[5:8])


def test_a_male_thigh_by_hand() -> None:
    body = build_body(Athlete(sex="male", mass_kg=80.0, height_m=1.741))
    # mass share 0.1416 of a table that adds up to 1.0; length 422.2 mm
    mass = 0.1416 / (0.0694 + 0.4346 + 2 * (0.0271 + 0.0162 + 0.0061 + 0.1416 + 0.0433 + 0.0137)) * 80.0
    thigh = SEGMENTS.index("left_thigh")
    assert body.mass[thigh] == pytest.approx(mass, rel=2e-3)
    assert body.thigh_length[0] == pytest.approx(0.4222, abs=1e-5)
    assert body.centre_of_mass[thigh, 1] == pytest.approx(-0.4095 * 0.4222, abs=1e-5)
    assert body.inertia[thigh, 1, 1] == pytest.approx(body.mass[thigh] * (0.149 * 0.4222) ** 2, rel=1e-4)


def test_legs_may_differ() -> None:
    body = build_body(Athlete(leg_length_scale=(1.0, 1.02)))
    assert body.thigh_length[1] / body.thigh_length[0] == pytest.approx(1.02)
    assert body.shank_length[1] / body.shank_length[0] == pytest.approx(1.02)


def test_a_bar_moves_the_trunk_by_the_parallel_axis_theorem() -> None:
    bare, loaded = build_body(Athlete()), build_body(Athlete(), barbell_kg=60.0)
    trunk = SEGMENTS.index("trunk")
    bar = loaded.mass[trunk] - bare.mass[trunk]
    assert bar == pytest.approx(60.0)
    place = (loaded.mass[trunk] * loaded.centre_of_mass[trunk] - bare.mass[trunk] * bare.centre_of_mass[trunk]) / bar
    apart = place - bare.centre_of_mass[trunk]
    reduced = bar * bare.mass[trunk] / loaded.mass[trunk]
    about_x = bare.inertia[trunk, 0, 0] + 60.0 * 2.2**2 / 12 + reduced * (apart[1] ** 2 + apart[2] ** 2)
    assert loaded.inertia[trunk, 0, 0] == pytest.approx(about_x, rel=1e-12)


@pytest.mark.parametrize("sex", ["female", "male"])
def test_inertia_tensors_are_those_of_bodies(sex: str) -> None:
    for inertia in build_body(Athlete(sex=sex), barbell_kg=40.0).inertia:
        np.testing.assert_allclose(inertia, inertia.T, atol=1e-14)
        moments = np.linalg.eigvalsh(inertia)
        assert moments[0] > 0.0
        assert moments[2] <= moments[0] + moments[1] + 1e-12


def test_every_fault_of_an_athlete_is_listed() -> None:
    athlete = Athlete(height_m=3.0, mass_kg=-1.0, sex="x", dominant_leg="both")
    with pytest.raises(ValueError, match=r"height_m is 3.*mass_kg is -1.*sex is 'x'.*dominant_leg is 'both'"):
        build_body(athlete)


@pytest.mark.parametrize("sex", ["female", "male"])
def test_the_table_is_the_published_one(sex: str, shared_data: Path) -> None:
    text = (shared_data / "bmclab" / f"BSP{sex}_ZdeLeva.txt").read_text(encoding="utf-8")
    published = {line.split("\t")[0].strip(): line.split("\t")[2:] for line in text.splitlines()[1:]}
    ours = files("legsci.simulate.athlete").joinpath("segment_inertia.csv").read_text(encoding="utf-8").splitlines()
    for row in csv.DictReader(ours):
        if row["sex"] == sex:
            values = [
                row["mass_per_body_mass"], row["centre_of_mass_per_length"], row["gyration_sagittal_per_length"],
                row["gyration_transverse_per_length"], row["gyration_longitudinal_per_length"],
            ]  # fmt: skip
            assert [float(value) for value in values] == [
                float(value) for value in published[TABLE_NAMES[row["segment"]]]
            ]


def test_markers_carry_standard_labels_and_give_back_the_hip_centres() -> None:
    body = build_body(Athlete(sex="female", height_m=1.66))
    offsets = marker_offsets(body)
    # A laboratory may put four markers on the instep and wands on thigh and shank; this one puts two, and no wand.
    others = ("foot_3", "foot_4", "thigh_wand", "shank_wand")
    assert set(MARKERS) - set(offsets) == {f"{side}_{name}" for side in ("left", "right") for name in others}
    assert set(offsets) < set(MARKERS)
    front = [offsets[f"{side}_anterior_superior_iliac_spine"][1] for side in ("left", "right")]
    back = [offsets[f"{side}_posterior_superior_iliac_spine"][1] for side in ("left", "right")]
    width, middle = front[1][2] - front[0][2], 0.5 * (front[0] + front[1])
    depth = np.linalg.norm(middle - 0.5 * (back[0] + back[1]))
    # Harrington et al. 2007
    hip = middle + np.array([-0.24 * depth - 0.0099, -0.30 * width - 0.0109, 0.33 * width + 0.0073])
    np.testing.assert_allclose(hip, body.hip[1], atol=1e-12)


def test_knee_markers_straddle_the_knee_centre() -> None:
    body = build_body(replace(Athlete(), leg_length_scale=(0.98, 1.0)))
    offsets = marker_offsets(body)
    for number, side in enumerate(("left", "right")):
        middle = 0.5 * (offsets[f"{side}_lateral_epicondyle"][1] + offsets[f"{side}_medial_epicondyle"][1])
        np.testing.assert_allclose(middle, [0.0, -body.thigh_length[number], 0.0], atol=1e-12)
