"""Metrics of movements drawn by hand, with the answers that follow from their steps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from legsci.mechanics.reps.signals import scoring_of
from legsci.metrics import signals as curves
from legsci.metrics.families.force import braking_start
from legsci.metrics.measure import measure
from legsci.metrics.status import row_status
from legsci.quality import CODES
from legsci.vocabulary import SIDES
from tests.analytic_jump import GRAVITY, countermovement_jump
from tests.mechanics.force.field_jumps import drop_jump, on_two_plates, squat_force
from tests.mechanics.trials import DEFAULT, OTHERS, Outcome, force_trial, outcome, trial, vertical_force

WEIGHT_N = 700.0
RATE_HZ = 1000.0


def square_jump() -> np.ndarray:
    """Stand 2 s, half body weight 0.2 s, twice body weight 0.4 s, fly 0.4 s, stand."""
    stand = np.full(2000, WEIGHT_N)
    moving = [np.full(200, 0.5 * WEIGHT_N), np.full(400, 2.0 * WEIGHT_N), np.zeros(400)]
    return np.concatenate([stand, *moving, stand])


def square_rebound() -> np.ndarray:
    """Fall 0.3 s, touch down at -2 m/s, twice body weight 0.4 s, fly 0.4 s, be stopped within 0.3 s, stand."""
    takeoff_velocity = GRAVITY * 0.4 - 2.0
    stopping = WEIGHT_N * (1.0 + (GRAVITY * 0.4 - takeoff_velocity) / GRAVITY / 0.3)
    pieces = [np.zeros(300), np.full(400, 2 * WEIGHT_N), np.zeros(400), np.full(300, stopping), np.full(2000, WEIGHT_N)]
    return np.concatenate(pieces)


def triangle_landing() -> np.ndarray:
    """Fall, then force that rises to 3000 N in 0.1 s and falls to body weight, then standing."""
    rise, fall = np.arange(100) * 30.0, np.linspace(3000.0, WEIGHT_N, 200)
    return np.concatenate([np.zeros(500), rise, fall, np.full(3000, WEIGHT_N)])


@pytest.fixture(scope="module")
def drawn() -> Outcome:
    tasks = {"jump": "countermovement_jump", "rebound": "drop_jump", "landing": "landing"}
    forces = {"jump": square_jump(), "rebound": square_rebound(), "landing": triangle_landing()}
    # a reading that repeats to the last digit would be a saturated plate's
    drifting = {name: force * (1.0 + 1e-9 * np.arange(force.size)) for name, force in forces.items()}
    return outcome({name: force_trial(drifting[name], task=task) for name, task in tasks.items()})


SPEED = 0.3 * GRAVITY
#: Half g down for 0.23 s (movement is said to start 30 ms early, at rest), g up for 0.1 s to v = 0 and 0.3 s on.
PHASES_OF_JUMP = {
    "unweighting_mean_force_n": (0.5 * WEIGHT_N, 50.0),
    "unweighting_impulse_n_s": (-0.1 * WEIGHT_N, 1.0),
    "unweighting_peak_velocity_m_per_s": (-0.1 * GRAVITY, 0.01),
    "braking_mean_force_n": (2 * WEIGHT_N, 10.0),
    "braking_mean_force_percent": (200.0, 1.5),
    "braking_peak_force_n": (2 * WEIGHT_N, 0.01),
    "braking_impulse_n_s_per_kg": (0.1 * GRAVITY, 0.02),
    "braking_total_impulse_n_s": (2 * WEIGHT_N * 0.1, 2.0),
    "braking_mean_velocity_m_per_s": (-0.05 * GRAVITY, 0.01),
    "braking_mean_power_w": (-2 * WEIGHT_N * 0.05 * GRAVITY, 10.0),
    "braking_peak_power_w": (-2 * WEIGHT_N * 0.1 * GRAVITY, 10.0),
    "propulsion_mean_force_n": (2 * WEIGHT_N, 10.0),
    "propulsion_peak_force_percent": (200.0, 0.01),
    "propulsion_time_percent": (100.0 * 0.3 / 0.63, 0.6),
    "propulsion_mean_velocity_m_per_s": (0.15 * GRAVITY, 0.02),
    "propulsion_peak_velocity_m_per_s": (SPEED, 0.02),
    "propulsion_mean_power_w": (2 * WEIGHT_N * 0.15 * GRAVITY, 30.0),
    "propulsion_mean_power_w_per_kg": (2 * 0.15 * GRAVITY**2, 0.4),
    "propulsion_peak_power_w_per_kg": (2 * SPEED * GRAVITY, 0.3),
    "propulsion_total_impulse_n_s": (2 * WEIGHT_N * 0.3, 3.0),
    "force_at_lowest_point_n": (2 * WEIGHT_N, 0.01),
    "force_at_lowest_point_percent": (200.0, 0.01),
    "flight_to_takeoff_time_ratio": (0.4 / 0.63, 0.005),
    "positive_impulse_n_s": (WEIGHT_N * 0.4, 1.5),
    "positive_total_impulse_n_s": (2 * WEIGHT_N * 0.4, 3.0),
}
#: Touchdown at -2 m/s, stopped by g in 2 / g s; after a flight of 0.4 s a constant force stops the fall in 0.3 s.
FALLING = GRAVITY * 0.4 - (GRAVITY * 0.4 - 2.0)
STOPPING_N = WEIGHT_N * (1.0 + FALLING / GRAVITY / 0.3)
PHASES_OF_REBOUND = {
    "braking_time_s": (2.0 / GRAVITY, 0.003),
    "braking_mean_power_w": (-2 * WEIGHT_N * 1.0, 12.0),
    "braking_peak_power_w": (-2 * WEIGHT_N * 2.0, 20.0),
    "landing_time_s": (0.3, 0.004),
    "landing_mean_force_n": (STOPPING_N, 12.0),
    "landing_mean_velocity_m_per_s": (-FALLING / 2.0, 0.02),
    "landing_peak_velocity_m_per_s": (-FALLING, 0.03),
    "landing_peak_power_w": (-FALLING * STOPPING_N, 40.0),
    "landing_total_impulse_n_s": (STOPPING_N * 0.3, 6.0),
    # sinks 2² / 2 g with 2 W
    "braking_stiffness_n_per_m": (2 * WEIGHT_N * GRAVITY / 2.0, 40.0),
    "landing_depth_m": (FALLING * 0.3 / 2.0, 0.004),
    "landing_stiffness_n_per_m": (STOPPING_N / (FALLING * 0.3 / 2.0), 100.0),
    # contact and flight of 0.4 s: m pi 0.8 / (0.16 (0.8 / pi - 0.1))
    "contact_stiffness_n_per_m": (WEIGHT_N / GRAVITY * np.pi * 5.0 / (0.8 / np.pi - 0.1), 40.0),
    "time_to_stabilisation_s": (0.3, 0.003),
    "takeoff_momentum_kg_m_per_s": (WEIGHT_N / GRAVITY * (GRAVITY * 0.4 - 2.0), 1.5),
    "propulsion_to_braking_impulse_ratio": ((GRAVITY * 0.4 - 2.0) / 2.0, 0.02),
}
JUMP = {
    "body_weight_n": (WEIGHT_N, 0.01),
    "peak_force_n": (2 * WEIGHT_N, 0.01),
    "takeoff_velocity_m_per_s": (SPEED, 0.02),
    "jump_height_impulse_m": (SPEED**2 / 2 / GRAVITY, 0.006),
    "flight_time_s": (0.4, 0.002),
    "jump_height_flight_time_m": (GRAVITY * 0.16 / 8, 0.002),
    "time_to_takeoff_s": (0.63, 0.002),
    "unweighting_time_s": (0.23, 0.002),
    "braking_time_s": (0.1, 0.002),
    "propulsion_time_s": (0.3, 0.003),
    "net_impulse_n_s": (WEIGHT_N * 0.3, 1.5),
    "braking_impulse_n_s": (WEIGHT_N * 0.1, 1.0),
    "propulsion_impulse_n_s": (WEIGHT_N * 0.3, 1.5),
    # half g down for 0.2 s, then stopped within 0.1 s
    "countermovement_depth_m": (0.5 * GRAVITY * 0.2 * 0.3 / 2, 0.001),
    "peak_power_w": (2 * WEIGHT_N * SPEED, 15.0),
    "rsi_modified_m_per_s": (SPEED**2 / 2 / GRAVITY / 0.63, 0.01),
    **PHASES_OF_JUMP,
}
REBOUND = {
    **PHASES_OF_REBOUND,
    "contact_time_s": (0.4, 0.002),
    "flight_contact_ratio": (1.0, 0.01),
    "rsi_m_per_s": (GRAVITY * 0.16 / 8 / 0.4, 0.01),
    "fall_height_m": (4.0 / 2 / GRAVITY, 0.006),
    "takeoff_velocity_m_per_s": (GRAVITY * 0.4 - 2.0, 0.02),
    "countermovement_depth_m": (4.0 / 2 / GRAVITY, 0.006),
    "braking_time_s": (2.0 / GRAVITY, 0.003),
}
LANDING = {
    "landing_peak_force_n": (3000.0, 0.01),
    "time_to_peak_force_s": (0.1, 0.002),
    "loading_rate_n_per_s": (30_000.0, 300.0),
}
ANSWERS = [
    (name, *case)
    for name, cases in (("jump", JUMP), ("rebound", REBOUND), ("landing", LANDING))
    for case in cases.items()
]


@pytest.mark.parametrize(("movement", "metric", "answer"), ANSWERS)
def test_metric_by_hand(drawn: Outcome, movement: str, metric: str, answer: tuple[float, float]) -> None:
    value, tolerance = answer
    assert drawn.row(movement)[metric] == pytest.approx(value, abs=tolerance)


def test_a_spring_is_told_from_what_is_none(drawn: Outcome) -> None:
    """A mass on a spring (20 kN/m, 70 kg, touching down at 2 m/s) has r² = 1; a constant force has none."""
    stiffness, mass, rate = 20_000.0, 70.0, 1000.0
    turning = np.sqrt(stiffness / mass)
    weight, time = mass * GRAVITY, np.arange(int(0.6 * rate)) / rate
    # about the level of rest: y = -g/w² (cos wt - 1) ... as force: W (1 - cos wt) + k v / w sin wt
    force = weight * (1.0 - np.cos(turning * time)) + stiffness * 2.0 / turning * np.sin(turning * time)
    contact = force[: int(np.flatnonzero(force[1:] < 0.0)[0]) + 1]
    flight = np.zeros(round(2.0 * 2.0 / GRAVITY * rate))
    stop = np.full(200, weight * (1.0 + 2.0 / GRAVITY / 0.2))
    row = outcome(
        force_trial(
            np.concatenate(
                [np.zeros(300), contact, flight, stop, np.full(2500, weight) + 0.1 * np.sin(np.arange(2500))]
            ),
            task="drop_jump",
        ),
        profiles=[],
    ).row()
    assert row["spring_model_r2"] > 0.995
    # force is a product of stiffness and descent, so that their peaks give the stiffness
    assert row["braking_stiffness_n_per_m"] == pytest.approx(stiffness, rel=0.01)
    assert row["contact_stiffness_n_per_m"] == pytest.approx(stiffness, rel=0.1)
    assert not drawn.row("rebound")["spring_model_r2"] > 0.5


def test_metrics_of_other_tasks_are_missing(drawn: Outcome) -> None:
    assert np.isnan(drawn.row("landing")["jump_height_impulse_m"])
    assert np.isnan(drawn.row("jump")["contact_time_s"])


def test_rate_of_force_development_is_the_slope_over_braking() -> None:
    jump = countermovement_jump()
    found = outcome(force_trial(jump.force))
    assert found.reps is not None
    events = found.reps.sel(rep="T/1").isel(scoring=0)
    start, end = float(events["peak_negative_velocity"]), float(events["bottom"])
    low, high = np.interp([start, end], np.arange(jump.force.size) / RATE_HZ, jump.force)
    # velocity is lowest where force passes body weight
    assert low == pytest.approx(jump.body_weight, abs=10.0)
    slope = found.row()["rate_of_force_development_n_per_s"]
    assert slope == pytest.approx((high - low) / (end - start), rel=1e-6)


def test_centre_of_pressure_ranges() -> None:
    times = np.arange(3000) / RATE_HZ
    forward, right = 0.010 * np.sin(2 * np.pi * times), 0.003 * np.cos(2 * np.pi * times)
    force = np.zeros((1, times.size, 3))
    force[..., 1] = WEIGHT_N
    moment = np.stack([-right * WEIGHT_N, 0 * right, forward * WEIGHT_N], axis=1)[None]
    plate = xr.Dataset(
        {
            "force": (("plate", "time", "axis"), force),
            "moment": (("plate", "time", "axis"), moment),
            "surface_height": ("plate", [0.0]),
        },
        coords={"plate": ["1"], "foot": ("plate", ["both"]), "time": times, "axis": ["x", "y", "z"]},
        attrs={"sampling_rate_hz": RATE_HZ},
    )
    row = outcome(trial({"force": plate}, task="standing")).row()
    assert row["centre_of_pressure_range_ap_m"] == pytest.approx(0.020, abs=1e-4)
    assert row["centre_of_pressure_range_ml_m"] == pytest.approx(0.006, abs=1e-4)
    assert row["body_weight_n"] == pytest.approx(WEIGHT_N)
    # The plate is never unloaded: a zero error of up to 6 N either way is not known.
    assert row["u_body_weight_n"] == pytest.approx(6.0 / 3.0**0.5, rel=0.01)


def test_pelvis_height_is_the_rise_in_flight() -> None:
    jump = countermovement_jump(noise_n=0.5)
    times = np.arange(jump.force.size) / RATE_HZ
    flying = np.clip(times - jump.takeoff, 0.0, jump.flight_time)
    position = np.zeros((times.size, 1, 3))
    position[:, 0, 1] = 1.0 + jump.takeoff_velocity * flying - GRAVITY * flying**2 / 2
    markers = xr.Dataset(
        {"position": (("time", "marker", "axis"), position)},
        coords={"time": times, "marker": ["left_anterior_superior_iliac_spine"], "axis": ["x", "y", "z"]},
        attrs={"sampling_rate_hz": RATE_HZ},
    )
    found = outcome(trial({"force": vertical_force(jump.force), "markers": markers}))
    assert found.row()["jump_height_pelvis_m"] == pytest.approx(jump.height, abs=0.002)
    assert {CODES[code].severity for code in found.codes()} == {"noted"}
    assert found.row()["status"] == "accepted"


def test_braking_starts_where_each_profile_says(drawn: Outcome) -> None:
    assert drawn.reps is not None
    starts = drawn.reps["touchdown"].copy(data=braking_start(drawn.reps.variables).data)
    for profile in (DEFAULT, *OTHERS):
        event = "minimum_force" if profile == "vald" else "peak_negative_velocity"
        assert float(starts.sel(rep="jump/1").isel(scoring=scoring_of(drawn.reps, profile))) == float(
            drawn.reps[event].sel(rep="jump/1").isel(scoring=scoring_of(drawn.reps, profile))
        )
    rebound = starts.sel(rep="rebound/1").isel(scoring=0)
    assert float(rebound) == float(drawn.reps["touchdown"].sel(rep="rebound/1").isel(scoring=0))


def test_curves_by_hand(drawn: Outcome) -> None:
    assert drawn.reps is not None
    speed = curves.velocity(drawn.reps.variables)
    jump = {
        "rep": drawn.reps.indexes["rep"].get_loc("jump/1"),
        "scoring": 0,
    }
    reps = drawn.reps.variables
    value = curves.at(reps, speed, reps["takeoff"]).isel(jump)
    assert value.dims == ()
    assert value.item() == pytest.approx(SPEED, abs=0.02)
    # from the start of the recording to take-off the velocity rises by what the impulse gives
    area = curves.integral(reps, reps["force"], reps["movement_start"], reps["takeoff"]).isel(jump)
    assert area.dims == ("side",)
    assert area.data[SIDES.index("both")] == pytest.approx(WEIGHT_N * 0.93, abs=1.5)


def test_uncertainty_stands_at_the_default_profile_and_both_sides_alone() -> None:
    force = countermovement_jump(noise_n=1.0, sway_n=1.0).force
    found = outcome(force_trial(np.vstack([0.5 * force, 0.5 * force]), feet=("left", "right")))
    stated = found.metrics["u_jump_height_impulse_m"].notna()
    chosen = (found.metrics["profile"] == DEFAULT) & (found.metrics["side"] == "both")
    assert (stated == chosen).all()
    assert found.row()["u_jump_height_impulse_m"] > 0.0


def test_uncertainty_grows_with_sway() -> None:
    stated = [
        outcome(force_trial(countermovement_jump(noise_n=1.0, sway_n=sway_n, seed=4).force)).row()
        for sway_n in (0.0, 5.0)
    ]
    assert stated[0]["u_jump_height_impulse_m"] < stated[1]["u_jump_height_impulse_m"]


def test_measuring_some_metrics_gives_those_of_measuring_all(drawn: Outcome) -> None:
    assert drawn.reps is not None
    everything = measure(drawn.reps)
    some = measure(drawn.reps, names=["asymmetry_peak_force_percent", "peak_power_w"])
    assert set(some) == {"asymmetry_peak_force_percent", "peak_power_w"}
    for name in some:
        xr.testing.assert_equal(some[name], everything[name])


def test_status_is_the_worst_of_repetition_and_trial_under_its_own_profile() -> None:
    rows = [
        ("a", 0, "", "plate_offset"),
        ("a", 1, "vald", "no_velocity"),
        ("a", 1, "", "step_off"),
        ("a", 2, "", "plate_left_out"),
    ]
    quality = pd.DataFrame(rows, columns=["trial_id", "rep", "profile", "code"])
    statuses = row_status(
        pd.DataFrame([("a", 1, "vald"), ("a", 1, "s3d"), ("a", 2, "vald")], columns=["trial_id", "rep", "profile"]),
        quality,
    )
    assert statuses == [
        ("incomplete", "no_velocity step_off plate_offset"),
        ("flagged", "step_off plate_offset"),
        ("accepted", "plate_offset"),
    ]
    assert CODES["plate_left_out"].severity == "noted"


def test_mean_force_and_landing_of_the_drawn_movements(drawn: Outcome) -> None:
    # half body weight for 0.2 s, twice body weight for 0.4 s, after 30 ms of body weight
    mean = WEIGHT_N * (0.03 + 0.5 * 0.2 + 2.0 * 0.4) / 0.63
    assert drawn.row("jump")["mean_force_n"] == pytest.approx(mean, abs=3.0)
    assert drawn.row("rebound")["mean_force_n"] == pytest.approx(2.0 * WEIGHT_N, abs=5.0)
    rise, fall = 0.5 * 3000.0 * 0.1, 0.5 * (3000.0 + WEIGHT_N) * 0.2
    impulse = rise + fall + WEIGHT_N * 0.2
    assert drawn.row("landing")["landing_impulse_n_s"] == pytest.approx(impulse, abs=3.0)
    assert drawn.row("landing")["mean_force_n"] == pytest.approx(impulse / 0.5, abs=6.0)


@pytest.mark.parametrize("task", ["countermovement_jump", "drop_jump", "landing", "squat"])
def test_mean_load_and_impulse_are_compared_between_sides_in_every_task_of_two_plates(task: str) -> None:
    force = {"countermovement_jump": countermovement_jump().force, "squat": squat_force()}.get(task, drop_jump()[0])
    rows = on_two_plates(force, left=0.45)
    row = outcome(force_trial(rows, task=task, feet=("left", "right")), profiles=[]).rows().iloc[0]
    assert row["asymmetry_mean_force_percent"] == pytest.approx(10.0, abs=0.3)
    if task != "squat":
        assert row["asymmetry_landing_impulse_percent"] == pytest.approx(10.0, abs=0.3)


def test_horizontal_peaks_of_a_landing() -> None:
    """The feet brake with 400 N and drive with 150 N afterwards, push 90 N to the right and 60 N to the left."""
    vertical = triangle_landing()
    forward = np.zeros(vertical.size)
    forward[520:560], forward[700:750] = -400.0, 150.0
    sideways = np.zeros(vertical.size)
    sideways[530:550], sideways[600:640] = 90.0, -60.0
    axes = np.stack([forward, vertical, sideways], axis=1)
    force = vertical_force(vertical).drop_vars(["force", "axis"])
    force = force.assign(force=(("plate", "time", "axis"), axes[None])).assign_coords(axis=list("xyz"))
    row = outcome(trial({"force": force}, task="landing"), profiles=[]).row()
    assert row["landing_peak_anterior_force_n"] == pytest.approx(150.0, abs=0.5)
    assert row["landing_peak_posterior_force_n"] == pytest.approx(400.0, abs=0.5)
    assert row["landing_peak_rightward_force_n"] == pytest.approx(90.0, abs=0.5)
    assert row["landing_peak_leftward_force_n"] == pytest.approx(60.0, abs=0.5)
