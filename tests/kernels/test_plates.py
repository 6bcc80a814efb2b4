"""Force-plate kernels against hand answers, naive twins and ezc3d's own extraction from real files."""

from __future__ import annotations

from pathlib import Path

import ezc3d
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from legsci.kernels.plates import centre_of_pressure, plate_force_and_moment
from tests import naive

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
NONE = np.empty((0, 0))

# A plate of 0.6 x 0.4 m whose centre lies at (1, 2, 0) in a laboratory with z up; its own z points down.
CORNERS = np.array([[1.3, 1.8, 0.0], [0.7, 1.8, 0.0], [0.7, 2.2, 0.0], [1.3, 2.2, 0.0]])
TILTED = CORNERS + np.array([[0.0, 0.0, 0.01], [0.0, 0.02, -0.01], [0.01, 0.0, 0.02], [0.0, 0.0, 0.0]])


def _random_plate(plate_type, seed):
    rng = np.random.default_rng(seed)
    channels = rng.normal(scale=300.0, size=({3: 8}.get(plate_type, 6), 50))
    channels[2, 7] = channels[0, 30] = np.nan
    origin = np.array([0.21, 0.26, rng.choice([-0.04, 0.04])])
    calibration = np.eye(6) + rng.normal(scale=0.01, size=(6, 6)) if plate_type == 4 else NONE
    return channels, plate_type, TILTED, origin, calibration


@pytest.mark.parametrize("plate_type", [1, 2, 3, 4])
@pytest.mark.parametrize("seed", range(4))
def test_force_and_moment_equal_the_naive_twin(plate_type, seed):
    plate = _random_plate(plate_type, seed)
    for kernel, twin in zip(plate_force_and_moment(*plate), naive.plate_force_and_moment(*plate), strict=True):
        np.testing.assert_allclose(kernel, twin, rtol=1e-11, atol=1e-9)
        assert np.isnan(kernel[[7, 30]]).all()
        assert np.isnan(kernel).any(axis=1).sum() == 2


@pytest.mark.parametrize("vertical_axis", [0, 1, 2])
def test_centre_of_pressure_equals_the_naive_twin(vertical_axis):
    rng = np.random.default_rng(vertical_axis)
    force, moment = rng.normal(scale=100.0, size=(2, 300, 3))
    force[3, 1] = moment[4, 2] = np.nan
    force[5] = 0.0
    kernel = centre_of_pressure(force, moment, 0.07, vertical_axis, 20.0)
    twin = naive.centre_of_pressure(force, moment, 0.07, vertical_axis, 20.0)
    for one, other in zip(kernel, twin, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)
    assert np.isnan(kernel[0][[3, 4, 5]]).all()


def _standing(plate_type, point, force, free_moment, depth, half_x=0.2, half_y=0.15):
    """Channels that a plate gives for a reaction at `point` of its surface, written from the plate's drawing."""
    (x, y), (fx, fy, fz) = point, force
    if plate_type == 1:
        return np.array([fx, fy, fz, x, y, free_moment])
    moment = np.cross([x, y, -depth], force) + np.array([0.0, 0.0, free_moment])
    if plate_type != 3:
        return np.array([fx, fy, fz, *moment])
    # Horizontal shares: half of Fx and Fy each, plus the couple that turns about z.
    couple = moment[2] / (2 * half_y)
    about_x, about_y = moment[0] / half_y, moment[1] / half_x
    verticals = [
        (fz + about_x - about_y) / 4,
        (fz + about_x + about_y) / 4,
        (fz - about_x + about_y) / 4,
        (fz - about_x - about_y) / 4,
    ]
    return np.array([fx / 2 - couple, fx / 2 + couple, fy / 2, fy / 2, *verticals])


@pytest.mark.parametrize("plate_type", [1, 2, 3, 4])
@pytest.mark.parametrize("sign_of_depth", [-1.0, 1.0])
def test_a_person_stands_where_the_plate_says(plate_type, sign_of_depth):
    # Plate x is laboratory x, plate y is laboratory -y, plate z is laboratory -z.
    channels = _standing(plate_type, (0.1, 0.05), (30.0, -20.0, -800.0), 4.0, 0.05)[:, None]
    halves = [0.2, 0.15] if plate_type == 3 else [0.0, 0.0]
    origin = np.array([*halves, sign_of_depth * 0.05])
    calibration = np.diag([2.0, 2.0, 4.0, 5.0, 5.0, 10.0]) if plate_type == 4 else NONE
    if plate_type == 4:
        channels = channels / np.diag(calibration)[:, None]
    force, moment = plate_force_and_moment(channels, plate_type, CORNERS, origin, calibration)
    point, free_moment = centre_of_pressure(force, moment, 0.0, 2, 20.0)
    np.testing.assert_allclose(force[0], [30.0, 20.0, 800.0], rtol=1e-12)
    np.testing.assert_allclose(point[0], [1.1, 1.95, 0.0], atol=1e-12)
    np.testing.assert_allclose(free_moment, [-4.0], rtol=1e-9)
    np.testing.assert_allclose(moment[0], np.cross([1.1, 1.95, 0.0], force[0]) + np.array([0.0, 0.0, -4.0]), rtol=1e-12)


@settings(max_examples=60, deadline=None)
@given(
    point=st.tuples(st.floats(-2, 2), st.floats(-2, 2)),
    horizontal=st.tuples(st.floats(-500, 500), st.floats(-500, 500)),
    vertical=st.floats(50, 5000),
    free_moment=st.floats(-50, 50),
    height=st.floats(-0.5, 0.5),
    vertical_axis=st.sampled_from([0, 1, 2]),
)
def test_the_point_of_a_known_force_is_found_again(point, horizontal, vertical, free_moment, height, vertical_axis):
    place, force, up = np.zeros(3), np.zeros(3), np.eye(3)[vertical_axis]
    others = [axis for axis in range(3) if axis != vertical_axis]
    place[others], place[vertical_axis] = point, height
    force[others], force[vertical_axis] = horizontal, vertical
    moment = np.cross(place, force) + free_moment * up
    found, left = centre_of_pressure(force[None], moment[None], height, vertical_axis, 20.0)
    np.testing.assert_allclose(found[0], place, atol=1e-9)
    np.testing.assert_allclose(left[0], free_moment, atol=1e-8)


def test_the_threshold_itself_counts_as_loaded():
    force = np.array([[0.0, 0.0, 20.0], [0.0, 0.0, np.nextafter(20.0, 0.0)]])
    point, free_moment = centre_of_pressure(force, np.zeros((2, 3)), 0.0, 2, 20.0)
    assert not np.isnan(point[0]).any()
    assert np.isnan(point[1]).all()
    np.testing.assert_array_equal(np.isnan(free_moment), [False, True])


def test_an_unknown_vertical_axis_is_refused():
    with pytest.raises(ValueError, match="vertical_axis"):
        centre_of_pressure(np.ones((1, 3)), np.ones((1, 3)), 0.0, 3, 20.0)


def test_every_fault_of_a_plate_is_listed():
    with pytest.raises(ValueError, match=r"6 channels.*span no surface.*one finite point.*calibration"):
        plate_force_and_moment(np.ones((5, 3)), 4, np.zeros((4, 3)), np.array([0.0, np.nan, 0.0]), NONE)
    with pytest.raises(ValueError, match="TYPE 7"):
        plate_force_and_moment(np.ones((6, 3)), 7, CORNERS, np.zeros(3), NONE)


def _plates(name):
    """Each plate of a file: arguments of the kernel in the file's own length unit, and ezc3d's answer."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"needs the recording {name} beside the checkout")
    file = ezc3d.c3d(str(path), extract_forceplat_data=True)
    group = {key: np.array(file["parameters"]["FORCE_PLATFORM"][key]["value"]) for key in ("TYPE", "CORNERS", "ORIGIN")}
    channel = np.array(file["parameters"]["FORCE_PLATFORM"]["CHANNEL"]["value"], dtype=int) - 1
    for plate, answer in enumerate(file["data"]["platform"]):
        plate_type = int(group["TYPE"][plate])
        count = 8 if plate_type == 3 else 6
        matrix = file["parameters"]["FORCE_PLATFORM"]["CAL_MATRIX"]["value"][:, :, plate] if plate_type == 4 else NONE
        channels = file["data"]["analogs"][0][channel[:count, plate]]
        yield (channels, plate_type, group["CORNERS"][:, :, plate].T, group["ORIGIN"][:, plate], matrix), answer


@pytest.mark.parametrize(
    "name",
    [
        "bmclab/Gait.c3d",
        "biomdp-cmj-dj/vicon_CMJ_kinem_kinet_emg.c3d",
        "ezc3d-testfiles/FP_Type3.c3d",
        "ezc3d-testfiles/Kistler.c3d",
        "ezc3d-testfiles/Qualisys.c3d",
        "gait-biomechzoo/HC030A01.c3d",
    ],
)
def test_real_plates_agree_with_ezc3d(name):
    for plate, answer in _plates(name):
        force, moment = plate_force_and_moment(*plate)
        centre = plate[2].mean(axis=0)
        # ezc3d gives the moment about the centre of the surface.
        at_centre = moment - np.cross(centre, force)
        np.testing.assert_allclose(force, answer["force"].T, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(at_centre, answer["moment"].T, rtol=1e-9, atol=1e-6)


def test_centre_of_pressure_of_a_real_jump_agrees_with_ezc3d():
    plate, answer = next(_plates("biomdp-cmj-dj/vicon_CMJ_kinem_kinet_emg.c3d"))
    force, moment = plate_force_and_moment(*plate)
    point, free_moment = centre_of_pressure(force, moment, 0.0, 2, 20.0)
    loaded = force[:, 2] >= 20.0
    assert 0.5 < loaded.mean() < 1.0
    np.testing.assert_array_equal(np.isnan(free_moment), ~loaded)
    np.testing.assert_allclose(point[loaded], answer["center_of_pressure"].T[loaded], atol=1e-6)
    np.testing.assert_allclose(free_moment[loaded], answer["Tz"][2, loaded], atol=1e-6)


def test_type_1_agrees_with_ezc3d_but_for_the_sign_of_the_moment():
    # ezc3d 1.7 returns F x p - T for TYPE 1 alone, the opposite of what it returns for the other types.
    plate, answer = next(_plates("ezc3d-testfiles/FP_Type1.c3d"))
    force, moment = plate_force_and_moment(*plate)
    np.testing.assert_allclose(force, answer["force"].T, atol=1e-9)
    centre = plate[2].mean(axis=0)
    np.testing.assert_allclose(moment - np.cross(centre, force), -answer["moment"].T, atol=1e-9)


def test_type_3_with_positive_depth_agrees_with_the_text_that_the_maker_exports():
    """BioWare writes its own centre of pressure (Ax, Ay about the plate's centre) beside the eight channels."""
    path = SHARED / "biomdp-cmj-dj" / "kistler_COP.txt"
    if not path.exists():
        pytest.skip("needs the recording kistler_COP.txt beside the checkout")
    table = np.loadtxt(path, skiprows=19)
    channels, ax, ay = table[:, 4:12].T, table[:, 16], table[:, 17]
    # Axes of the plate as those of the laboratory; the surface lies 57 mm from the transducers in this export.
    corners = np.array([[0.3, 0.45, 0.0], [-0.3, 0.45, 0.0], [-0.3, -0.45, 0.0], [0.3, -0.45, 0.0]])
    force, moment = plate_force_and_moment(channels, 3, corners, np.array([0.21, 0.35, 0.057]), NONE)
    point, free_moment = centre_of_pressure(force, moment, 0.0, 2, 20.0)
    np.testing.assert_allclose(force, table[:, 1:4], atol=1e-4)
    np.testing.assert_allclose(point[:, :2], np.column_stack([ax, ay]), atol=2e-5)
    np.testing.assert_allclose(free_moment, table[:, 15], atol=5e-3)
