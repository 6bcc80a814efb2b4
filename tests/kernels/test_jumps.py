"""Events of jumps on force drawn by hand, and velocity against plain integration."""

from __future__ import annotations

import numpy as np
import pytest

from legsci.kernels import jumps
from legsci.kernels.contact_edges import crossing, edge_uncertainties, flight_edges
from legsci.kernels.events import onset_of_departure
from legsci.kernels.jumps import (
    EVENTS,
    DetectionRules,
    contact_events,
    last_stillness,
    standing_jump_events,
    velocity_from_rest,
)
from legsci.vocabulary import STANDARD_GRAVITY

GRAVITY = 9.80665
RATE_HZ = 1000.0
WEIGHT_N = 700.0
RULES = DetectionRules(5.0, 30, 0, False, 0.0, 10.0, 150.0, 0.01, False, True)


def test_kernels_fall_at_the_vocabulary_s_gravity() -> None:
    assert jumps._STANDARD_GRAVITY == STANDARD_GRAVITY


def test_crossing_lies_where_the_line_between_two_samples_does() -> None:
    force = np.array([100.0, 20.0, 0.0, 0.0])
    assert crossing(force, 1, 2, 5.0) == pytest.approx(1.75)
    assert crossing(force, 2, 3, 5.0) == 3.0


def test_edges_of_a_flight() -> None:
    force = np.concatenate([np.full(5, 100.0), np.zeros(10), np.full(5, 50.0)])
    takeoff, landing = flight_edges(force, 9, 10.0, 40.0)
    assert takeoff == pytest.approx(4.9)
    assert landing == pytest.approx(14.2)


def test_edges_of_a_flight_on_a_platform_that_rings() -> None:
    force = np.concatenate([np.full(5, 100.0), np.zeros(10), np.full(5, 50.0)])
    quiet = flight_edges(force, 9, 10.0, 40.0)
    force[6:8], force[8], force[13] = -30.0, 30.0, 25.0  # below and above the limit, never loaded
    assert flight_edges(force, 11, 10.0, 40.0) == pytest.approx(quiet)


@pytest.mark.parametrize("takeoff", [9.0, 9.3, 9.99])
@pytest.mark.parametrize("slope", [12.0, 35.0, 90.0])
def test_edges_of_a_flight_followed_to_zero(takeoff: float, slope: float) -> None:
    time, landing = np.arange(60.0), 39.4
    force = np.maximum(slope * (takeoff - time), 0.0) + np.maximum(2.0 * slope * (time - landing), 0.0)
    assert flight_edges(force, 25, 10.0, 40.0, True) == pytest.approx((takeoff, landing))
    assert flight_edges(force + 0.2, 25, 10.0, 40.0, True) == pytest.approx((takeoff, landing), abs=0.03)


def test_edge_that_does_not_fall_towards_the_flight_stays_at_the_limit() -> None:
    force = np.concatenate([np.linspace(30.0, 60.0, 20), np.zeros(30), np.full(20, 50.0)])
    assert flight_edges(force, 30, 10.0, 40.0, True) == pytest.approx(flight_edges(force, 30, 10.0, 40.0))


@pytest.mark.parametrize(("first", "last", "missing"), [(5, 20, 0), (0, 15, 1)])
def test_flight_at_an_end_of_the_recording_has_no_edge_there(first: int, last: int, missing: int) -> None:
    force = np.concatenate([np.full(5, 100.0), np.zeros(10), np.full(5, 50.0)])[first:last]
    edges = flight_edges(force, 7 - first, 10.0, 40.0)
    assert [bool(np.isnan(edge)) for edge in edges] == [number == missing for number in range(2)]


def test_stillness_ends_where_the_last_long_stretch_does() -> None:
    force = np.full(100, WEIGHT_N)
    force[40:60] += 50.0  # the movement
    force[50:53] = WEIGHT_N  # a passage through body weight
    assert last_stillness(force, 0, 59, WEIGHT_N, 5.0, 10) == 40
    assert last_stillness(force + 100.0, 0, 59, WEIGHT_N, 5.0, 10) == -1


@pytest.mark.parametrize("rest", [0, 30, 99])
def test_velocity_equals_plain_integration_from_rest(rest: int) -> None:
    force = WEIGHT_N + np.random.default_rng(0).normal(0.0, 100.0, 100)
    acceleration = (force - WEIGHT_N) / (WEIGHT_N / GRAVITY)
    plain = np.concatenate([[0.0], np.cumsum(0.5 * (acceleration[1:] + acceleration[:-1]))]) / RATE_HZ
    found = velocity_from_rest(force, RATE_HZ, rest, 0, 99, WEIGHT_N)
    np.testing.assert_allclose(found, plain - plain[rest], atol=1e-12)


@pytest.mark.parametrize("rest", [0, 90])
def test_velocity_from_rest_outside_the_limits(rest: int) -> None:
    force = WEIGHT_N + np.random.default_rng(1).normal(0.0, 100.0, 100)
    whole = velocity_from_rest(force, RATE_HZ, rest, 0, 99, WEIGHT_N)
    part = velocity_from_rest(force, RATE_HZ, rest, 20, 60, WEIGHT_N)
    np.testing.assert_array_equal(part[20:61], whole[20:61])
    assert np.isnan(part[:20]).all()
    assert np.isnan(part[61:]).all()


def test_velocity_is_unknown_beyond_a_gap() -> None:
    force = np.full(50, WEIGHT_N)
    force[20] = np.nan
    found = velocity_from_rest(force, RATE_HZ, 0, 0, 49, WEIGHT_N)
    assert (found[:20] == 0.0).all()
    assert np.isnan(found[20:]).all()


def square_jump() -> np.ndarray:
    """Stand 1 s, half body weight for 0.2 s, twice body weight for 0.4 s, fly 0.4 s, stand: all by hand."""
    stand, lower, push = np.full(1000, WEIGHT_N), np.full(200, 0.5 * WEIGHT_N), np.full(400, 2.0 * WEIGHT_N)
    return np.concatenate([stand, lower, push, np.zeros(400), stand])


def events_of(
    force: np.ndarray, *, band: float = 5.0, lead: int = 0, countermovement: bool = True
) -> tuple[dict[str, float], float]:
    rules = tuple(RULES._replace(band=band, lead=lead, countermovement=countermovement))
    found, speed = standing_jump_events(force, RATE_HZ, 800, 1800, WEIGHT_N, rules)
    return dict(zip(EVENTS, found, strict=True)), speed


def test_events_of_a_jump_drawn_by_hand() -> None:
    events, speed = events_of(square_jump())
    assert events["movement_start"] == 1000
    assert events["minimum_force"] == 1000
    # -0.5 g for 0.2 s, then +1 g: velocity is lowest at 1.2 s and zero 0.1 s later
    assert events["peak_negative_velocity"] == pytest.approx(1200, abs=1)
    assert events["bottom"] == pytest.approx(1300, abs=1)
    assert events["propulsion_start"] == pytest.approx(1300 + 0.01 / GRAVITY * RATE_HZ, abs=1.5)
    assert events["takeoff"] == pytest.approx(1600, abs=1)
    assert events["landing"] == pytest.approx(1999, abs=1)
    assert speed == pytest.approx(GRAVITY * 0.3, abs=0.02)


def test_sway_in_a_held_squat_is_not_the_start_of_a_jump() -> None:
    """Hold until 1.2 s but for a dip of 6 N at 0.9 s, twice body weight for 0.4 s."""
    force = square_jump()
    force[1000:1200] = WEIGHT_N
    force[900:910] -= 6.0
    events, _ = events_of(force, countermovement=False)
    assert events["movement_start"] == 1200
    assert np.isnan(events["minimum_force"])
    # What is lowered without stillness afterwards belongs to the movement.
    assert events_of(square_jump(), countermovement=False)[0]["movement_start"] == 1000
    assert events_of(square_jump(), countermovement=False)[0]["minimum_force"] == 1000


@pytest.mark.parametrize("dip", [0.05, 0.2])
def test_a_countermovement_in_a_squat_jump_belongs_to_the_movement(dip: float) -> None:
    """A dip of half a second, at the end of which force comes back to body weight slowly while the body still sinks."""
    force = square_jump()
    back = np.linspace(0.0, np.pi, 500)
    force = np.concatenate([force[:700], WEIGHT_N * (1.0 - dip * np.sin(back) ** 2), force[1200:]])
    found, _ = standing_jump_events(force, RATE_HZ, 600, 1800, WEIGHT_N, tuple(RULES._replace(countermovement=False)))
    events = dict(zip(EVENTS, found, strict=True))
    assert 700 <= events["movement_start"] < 780
    assert 900 < events["minimum_force"] < 1000


def test_lead_moves_the_start_and_a_fixed_limit_has_its_own() -> None:
    assert events_of(square_jump(), lead=30)[0]["movement_start"] == 970
    ramp = square_jump()
    ramp[1000:1200] = WEIGHT_N - np.linspace(0.0, 350.0, 200)
    # 20 N below body weight are reached after 20 / 350 of 199 samples
    assert events_of(ramp, band=-20.0)[0]["movement_start"] == pytest.approx(1000 + 199 * 20 / 350, abs=1)


def test_jump_without_lowering_has_no_minimum() -> None:
    force = square_jump()
    force[1000:1200] = WEIGHT_N
    events, speed = events_of(force)
    assert np.isnan(events["minimum_force"])
    assert events["movement_start"] == 1200
    assert speed == pytest.approx(GRAVITY * 0.4, abs=0.02)


def test_nothing_is_found_where_nobody_stood_still() -> None:
    force = square_jump()
    force[:1000] += np.where(np.arange(1000) % 20 < 10, 40.0, -40.0)
    events, speed = events_of(force)
    assert np.isnan(events["movement_start"])
    assert np.isnan(speed)
    assert events["takeoff"] == pytest.approx(1600, abs=1)


def test_contact_integrated_backward_from_standing() -> None:
    """Rebound: touchdown at 0.2 s with -2 m/s, pushed for 0.4 s at 2 body weights, standing later."""
    force = np.concatenate([np.zeros(200), np.full(400, 2.0 * WEIGHT_N), np.zeros(300)])
    takeoff_velocity = -2.0 + GRAVITY * 0.4
    landing = takeoff_velocity - GRAVITY * 0.3
    stop = np.full(300, WEIGHT_N - landing * WEIGHT_N / GRAVITY / 0.3)
    force = np.concatenate([force, stop, np.full(200, WEIGHT_N)])
    found, speed = contact_events(force, RATE_HZ, force.size - 50, 200, 700, WEIGHT_N, tuple(RULES))
    events = dict(zip(EVENTS, found, strict=True))
    assert speed == pytest.approx(takeoff_velocity, abs=0.03)
    assert events["movement_start"] == 200
    assert events["bottom"] == pytest.approx(200 + 2.0 / GRAVITY * RATE_HZ, abs=4)
    assert events["takeoff"] == pytest.approx(600, abs=1)


def test_contact_without_take_off_has_no_velocity() -> None:
    force = np.concatenate([np.zeros(300), np.full(300, WEIGHT_N)])
    found, speed = contact_events(force, RATE_HZ, 500, 0, 100, WEIGHT_N, tuple(RULES))
    assert np.isnan(speed)
    assert np.isnan(found[EVENTS.index("takeoff")])


def test_uncertainty_of_a_straight_edge_is_what_lies_below_ten_newtons() -> None:
    """Force falls by 20 N a sample to zero and rises by 40 N: no scatter, and 10 N of a corner that nothing shows."""
    force = np.concatenate([np.arange(400.0, 0.0, -20.0), np.zeros(50), np.arange(40.0, 400.0, 40.0)])
    edges = edge_uncertainties(force, 40, 10.0, 150.0, 0.0)
    assert edges[:, 0] == pytest.approx([0.0, 0.0], abs=1e-9)
    assert edges[:, 1] == pytest.approx([10.0 / 20.0 / 3.0**0.5, 10.0 / 40.0 / 3.0**0.5])


def test_uncertainty_of_an_edge_by_noise_is_that_of_least_squares() -> None:
    rng = np.random.default_rng(8)
    clean = np.concatenate([np.arange(400.0, 0.0, -20.0), np.zeros(50), np.arange(20.0, 400.0, 20.0)])
    noise_n, found, stated = 2.0, [], []
    for _ in range(400):
        force = clean + rng.normal(0.0, noise_n, clean.size)
        found.append(flight_edges(force, 45, 10.0, 150.0, True)[0])
        stated.append(edge_uncertainties(force, 45, 10.0, 150.0, noise_n)[0, 0])
    assert np.mean(found) == pytest.approx(20.0, abs=0.15)
    assert np.std(found) == pytest.approx(np.mean(stated), rel=0.5)


def test_edge_within_a_sample_is_uncertain_by_a_sample() -> None:
    force = np.concatenate([np.zeros(60), [124.0, 71.0, 138.0, 166.0, 200.0, 254.0]])
    takeoff, landing = edge_uncertainties(force, 30, 10.0, 150.0, 1.0)
    assert np.isnan(takeoff).all()
    assert 0.5 < np.hypot(*landing) <= 1.0


@pytest.mark.parametrize("power", [1.0, 1.5, 2.0, 3.0])
def test_onset_of_movement_is_found_whatever_the_power_of_time_of_the_departure(power: float) -> None:
    """Departures of one force after 60 ms; twice the stated uncertainty covers 95 % of errors, 16 of 20 or more."""
    time, onset, sd = np.arange(1400.0), 1200, 1.5
    inside, errors = 0, []
    for seed in range(20):
        noise = np.random.default_rng([7, seed]).normal(0.0, sd, time.size)
        force = WEIGHT_N - 60.0 * (np.maximum(time - onset, 0.0) / 60.0) ** power + noise
        leaves = int(np.argmax(WEIGHT_N - force[onset:] > 5.0 * sd)) + onset
        found, stated = onset_of_departure(force, 200, leaves, 1390, WEIGHT_N, 5.0 * sd)
        errors.append(found - onset)
        inside += abs(found - onset) <= 2.0 * stated
        assert 0.5 < stated < 15.0
    assert inside >= 16
    assert abs(np.mean(errors)) < 8.0


def test_onset_of_a_departure_that_comes_back_is_not_told() -> None:
    time = np.arange(1400.0)
    force = WEIGHT_N + 9.0 * np.sin(np.pi * (time - 1200.0) / 80.0) * (np.abs(time - 1240.0) < 40.0)
    assert np.isnan(onset_of_departure(force, 200, 1230, 1390, WEIGHT_N, 7.5)).all()


def jump_in_two_stages(seed: int, lean_n: float, sway_n: float) -> np.ndarray:
    """Force of a jump (sample,): from 1.5 s on a shift of weight, from 1.7 s on the countermovement; sway before."""
    time = np.arange(3300) / RATE_HZ
    lean = -lean_n * np.clip((time - 1.5) / 0.1, 0.0, 1.0)
    sway = sway_n * np.sin(np.pi * (time - 1.45) / 0.15) * (np.abs(time - 1.525) < 0.075)
    dip = -400.0 * np.sin(np.pi * np.clip((time - 1.7) / 0.4, 0.0, 1.0)) ** 2
    push = 900.0 * np.sin(np.pi * np.clip((time - 2.1) / 0.4, 0.0, 1.0))
    force = np.where(time < 2.5, WEIGHT_N + (lean + sway) * (time < 2.1) + dip + push, 0.0)
    force[time >= 2.5] = np.where(time[time >= 2.5] < 2.95, 0.0, WEIGHT_N)
    return force + np.random.default_rng([9, seed]).normal(0.0, 2.0, time.size)


@pytest.mark.parametrize("seed", range(6))
def test_a_slow_shift_of_weight_is_part_of_the_movement_and_sway_is_not(seed: int) -> None:
    rules = tuple(RULES._replace(band=20.0, lead=30, to_onset=True))
    starts = [
        standing_jump_events(force, RATE_HZ, 1400, 2700, WEIGHT_N, rules)[0][EVENTS.index("movement_start")] / RATE_HZ
        for force in (
            jump_in_two_stages(seed, 9.0, 0.0), jump_in_two_stages(seed, 0.0, 7.0), jump_in_two_stages(seed, 0.0, 0.0),
        )
    ]  # fmt: skip
    assert starts[0] == pytest.approx(1.5, abs=0.03)
    assert starts[1:] == [pytest.approx(1.7, abs=0.03)] * 2
