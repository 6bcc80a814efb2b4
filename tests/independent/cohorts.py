"""A second generator of cohorts, independent of legsci/simulate: tables only, and the true effect behind each claim.

Nothing of the process is fixed. Each cohort draws when training load acts (in the session's own week, the week before
or over four weeks), how strongly, how residuals are distributed and correlated, how much of a session's error is the
placement of markers, how much frailty differs, how athletes learn, who comes, what is missing, and the truth of each
claim: none, literature or claimed. All arrays are (athlete, week) or (athlete, visit, repetition).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]
BURN_IN, LOAD_UNIT = 6, 1000.0
LAGS = ("same week", "week before", "four weeks", "four weeks before")
QUESTIONS = ("participation", "modified_training", "performance", "symptoms")
LEVELS = ("novice", "trained", "advanced", "elite")
#: Claim -> size of the effect on the scale of the process under each truth: 100 ln per degree (C1, C1b), per ms (C2),
#: per cm (C3), share of the gain per ln s (C4), ln rate ratio between athletes' 90th and 10th percentile (C5), ratios
#: (C6), N s per degree (C7), SD of slopes [100 ln per degree] (C9), 100 ln per week, ln h and degree (C10), half-time
#: [weeks] (C11). A claimed size is exceeded by a tenth: just at it, "supported" and "smaller" would be equally right.
TRUTHS: dict[str, dict[str, float]] = {
    "C1": {"none": 0.0, "literature": -0.15, "claimed": -3.9},
    "C1b": {"none": 0.0, "literature": -0.15, "claimed": -3.9},
    "C2": {"none": 0.0, "literature": 0.0, "claimed": 0.17},
    "C3": {"none": 0.0, "literature": 0.1, "claimed": 0.9},
    "C4": {"none": 0.0, "literature": -0.5, "claimed": 1.3},
    "C5": {"none": 0.0, "literature": 0.0, "claimed": 0.5},
    "C6a": {"none": 1.0, "literature": 1.0, "claimed": 1.35},
    "C6b": {"none": 1.0, "literature": 1.0, "claimed": 1.35},
    "C7": {"none": 0.0, "literature": 0.28, "claimed": 0.56},
    "C9": {"none": 0.0, "literature": 0.25, "claimed": 1.0},
    "C10": {"none": 0.0, "literature": 0.0, "claimed": -0.06},
    "C11": {"none": 0.4, "literature": 4.0, "claimed": 8.0},
}


@dataclass(frozen=True)
class IndependentCohort:
    """Tables of a cohort with what is true of it.

    Parameters
    ----------
    tables : participants, sessions, exposure, health, injuries, metrics; reliability where the cohort has retests.
    truths : claim -> none, literature or claimed.
    sizes : claim -> size of the effect, on the scale of TRUTHS.
    world : what was drawn for the cohort.
    jump_cm : mean height of its jumps [cm].
    """

    tables: dict[str, pd.DataFrame]
    truths: Mapping[str, str]
    sizes: Mapping[str, float]
    world: Mapping[str, object]
    jump_cm: float

    def effects(self, differences: Mapping[str, float]) -> dict[str, float]:
        """Return the true effect of each claim on its own scale, for the contrasts that the ledger states."""
        size = self.sizes
        effects = {name: 100.0 * np.expm1(size[name] * differences[name] / 100.0) for name in ("C1", "C1b", "C2")}
        effects |= {
            "C3": self.jump_cm * np.expm1(size["C3"] * differences["C3"] / 100.0),
            "C4": 1.0 + size["C4"] * differences["C4"],
            "C5": np.exp(size["C5"] * differences["C5"]),
            "C6a": size["C6a"],
            "C6b": size["C6b"],
            "C7": size["C7"] * differences["C7"],
            "C9": size["C9"] * differences["C9"],
            "C10": 100.0 * np.expm1(size["C10"] * differences["C10"] / 100.0),
            "C11": size["C11"],
        }
        return {name: float(effect) for name, effect in effects.items()}


def simulate_independent(
    athletes: int, seed: int, *, truths: Mapping[str, str] | None = None, world: Mapping[str, object] | None = None
) -> IndependentCohort:
    """Draw a cohort.

    Parameters
    ----------
    athletes : how many are enrolled.
    seed : of all that is drawn.
    truths, world : what is not left to be drawn.
    """
    rng = np.random.default_rng([seed, athletes, 7])
    words = {name: str(rng.choice(list(own))) for name, own in TRUTHS.items()} | dict(truths or {})
    made = _Cohort(rng, athletes, _world(rng) | dict(world or {}), {name: TRUTHS[name][words[name]] for name in words})
    return made.finish(words)


def _world(rng: np.random.Generator) -> dict[str, object]:
    """Draw what the cohort does not share with others."""
    u = rng.uniform
    return {
        "lag": str(rng.choice(LAGS)),
        "load_on_alignment": u(0.3, 1.8),
        "load_on_jump": -u(0.5, 3.0),
        "load_on_risk": u(-0.1, 0.3),
        "hours_correlation": u(0.0, 0.8),
        "season": u(0.0, 0.35),
        "alignment_sd": u(3.0, 5.0),
        "fluctuation_sd": u(1.0, 2.2),
        "fluctuation_correlation": u(0.0, 0.7),
        "placement_sd": u(0.2, 1.2),
        "replicate_sd": u(0.8, 2.4),
        "excess": u(2.0, 6.0),
        "excess_sd": u(0.5, 2.0),
        "half_time_sd": u(0.0, 0.3),
        "jump_sd": u(2.0, 5.0),
        "jump_correlation": u(0.0, 0.8),
        "heavy_tails": bool(rng.random() < 0.5),
        "gain": u(0.2, 0.6),
        "gain_sd": u(0.03, 0.15),
        "frailty": str(rng.choice(["gamma", "lognormal", "none"])),
        "frailty_sd": u(0.3, 0.9),
        "rate_per_1000_hours": u(8.0, 20.0),
        "minor_share": u(0.0, 0.5),
        "missed": u(0.02, 0.2),
        "missed_when_hurt": u(0.0, 1.5),
        "drop_out": u(0.0, 0.02),
        "answered": u(0.8, 1.0),
        "exposure_missing": u(0.0, 0.12),
        "weeks": int(rng.integers(18, 31)),
        "visits": int(rng.integers(5, 11)),
        "repetitions": int(rng.integers(2, 5)),
        "set_length": int(rng.integers(5, 9)),
        "retests": int(rng.choice([0, 10, 16])),
    }


class _Cohort:
    """One cohort while it is drawn."""

    def __init__(
        self, rng: np.random.Generator, athletes: int, world: Mapping[str, object], size: Mapping[str, float]
    ) -> None:
        self.rng, self.n, self.world, self.size = rng, athletes, world, size
        self.weeks = int(world["weeks"])  # type: ignore[call-overload]
        self.female = rng.random(athletes) < rng.uniform(0.3, 0.7)
        self.level = rng.integers(0, 4, athletes)
        self.injured_before = rng.random(athletes) < 0.35
        self.mass = rng.normal(np.where(self.female, 64.0, 79.0), 7.0)
        self.names = np.array([f"p{number}" for number in rng.permutation(athletes) + 100])
        self.usual_hours = rng.gamma(9.0, (4.0 + 1.2 * self.level) / 9.0) + 1.5
        self._alignment_traits()
        self._weekly()
        self._visits()

    def number(self, name: str) -> float:
        """Return a number of the world."""
        return float(self.world[name])  # type: ignore[arg-type]

    def noise(self, *shape: int, sd: float, correlation: float = 0.0) -> Array:
        """Return residuals, correlated along the second axis; half of the cohorts have tails of Student's t(5)."""
        drawn = self.rng.standard_t(5, shape) / np.sqrt(5.0 / 3.0) if self.world["heavy_tails"] else None
        values = self.rng.standard_normal(shape) if drawn is None else drawn
        for step in range(1, shape[1] if correlation else 0):
            values[:, step] = correlation * values[:, step - 1] + np.sqrt(1.0 - correlation**2) * values[:, step]
        return sd * values

    def _alignment_traits(self) -> None:
        week, n, rng = np.arange(self.weeks), self.n, self.rng
        plateau = rng.normal(4.0 + 1.5 * self.female, self.number("alignment_sd"), n)
        excess = rng.normal(self.number("excess"), self.number("excess_sd"), n)
        half_time = self.size["C11"] * np.exp(self.number("half_time_sd") * rng.standard_normal(n))
        learning = excess[:, None] * 0.5 ** (week / half_time[:, None])
        self.expected = plateau[:, None] + learning
        typical = self.expected.mean(axis=1)
        self.between = typical - typical.mean()
        low, high = np.quantile(self.between, [0.1, 0.9])
        self.size = dict(self.size) | {"C5": self.size["C5"] / (high - low)}

    def _weekly(self) -> None:
        """Train, fall ill of overuse, be absent: week by week, since absence lowers the load that acts later."""
        rng, n, total = self.rng, self.n, self.weeks + BURN_IN
        season = self.number("season") * np.sin(np.arange(total) * 2.0 * np.pi / rng.uniform(6, 16) + rng.uniform(0, 6))
        wave = self.noise(n, total, sd=0.3, correlation=self.number("hours_correlation"))
        planned = self.usual_hours[:, None] * np.exp(np.clip(season + wave, -1.5, 1.0))
        effort = np.clip(rng.normal(5.0, 0.8, (n, total)), 1.0, 10.0)
        usual = (planned * effort).mean(axis=1) * 60.0
        self.hours, self.load, self.acting = planned.copy(), np.zeros((n, total)), np.zeros((n, total))
        self.problem, self.minor = np.zeros((n, total), bool), np.zeros((n, total), bool)
        self.absent = np.zeros((n, total), bool)
        risk = self._frailty() * np.exp(self.size["C5"] * self.between + 0.4 * self.injured_before + 0.2 * self.female)
        rate = self.number("rate_per_1000_hours") / 1000.0 * risk
        minor_rate = self.number("minor_share") * self.number("rate_per_1000_hours") / 1000.0
        left, minor_left, away = (np.zeros(n, np.int64) for _ in range(3))
        for week in range(total):
            self.absent[:, week] = away > 0
            self.hours[:, week] *= away == 0
            self.load[:, week] = self.hours[:, week] * effort[:, week] * 60.0 - usual
            self.acting[:, week] = self._lagged(week)
            hours, chance = self.hours[:, week], rng.random((4, n))
            force = rate * hours * np.exp(self.number("load_on_risk") * self.acting[:, week])
            new = (left == 0) & (chance[0] < -np.expm1(-force))
            left = np.where(new, rng.geometric(0.35, n), np.maximum(left - 1, 0))
            slight = (minor_left == 0) & (chance[1] < -np.expm1(-minor_rate * hours))
            minor_left = np.where(slight, rng.geometric(0.5, n), np.maximum(minor_left - 1, 0))
            self.problem[:, week], self.minor[:, week] = left > 0, minor_left > 0
            acute = (chance[2] < -np.expm1(-0.0015 * hours)) * rng.geometric(0.4, n)
            stopped = (new & (chance[3] < 0.1)) * np.maximum(left - 1, 0)
            away = np.maximum(np.maximum(away - 1, 0), np.maximum(acute, stopped))
        self.raw_load = self.load + usual[:, None]

    def _frailty(self) -> Array:
        sd = self.number("frailty_sd")
        if self.world["frailty"] == "gamma":
            return self.rng.gamma(1.0 / sd**2, sd**2, self.n)
        return (
            np.exp(sd * self.rng.standard_normal(self.n)) if self.world["frailty"] == "lognormal" else np.ones(self.n)
        )

    def _lagged(self, week: int) -> Array:
        """Return the load that acts in a week [1000 arbitrary units]."""
        first, last = {
            "same week": (week, week),
            "week before": (week - 1, week - 1),
            "four weeks": (week - 3, week),
            "four weeks before": (week - 4, week - 1),
        }[str(self.world["lag"])]
        return self.load[:, max(first, 0) : max(last, 0) + 1].mean(axis=1) / LOAD_UNIT

    def _visits(self) -> None:
        """Place visits irregularly, and drop those that are missed or come after the athlete has left."""
        rng, visits = self.rng, int(self.number("visits"))
        even = np.linspace(0, self.weeks - 1, visits)
        jitter = rng.integers(-1, 2, (self.n, visits)) * (np.arange(visits) > 0)
        self.week = np.sort(np.clip(np.rint(even + jitter), 0, self.weeks - 1).astype(np.int64), axis=1)
        hurt = np.take_along_axis(self.problem[:, BURN_IN:] | self.absent[:, BURN_IN:], self.week, axis=1)
        odds = self.number("missed") / (1.0 - self.number("missed")) * np.exp(self.number("missed_when_hurt") * hurt)
        self.came = rng.random((self.n, visits)) >= odds / (1.0 + odds)
        self.came[:, 0] = True
        repeated = np.diff(self.week, axis=1, prepend=-1) == 0
        self.last_week = np.where(
            self.number("drop_out") > 0.0, rng.geometric(max(self.number("drop_out"), 1e-9), self.n), self.weeks
        )
        self.last_week = np.minimum(self.last_week + 2, self.weeks - 1)
        self.came &= ~repeated & (self.week <= self.last_week[:, None])

    def at_visits(self, weekly: Array) -> Array:
        """Return values of the weeks of the visits."""
        return np.take_along_axis(weekly, self.week, axis=1)

    def finish(self, words: Mapping[str, str]) -> IndependentCohort:
        """Measure what happens at the visits, and lay out the tables."""
        fluctuation = self.noise(
            self.n, self.weeks, sd=self.number("fluctuation_sd"), correlation=self.number("fluctuation_correlation")
        )
        acting = self.acting[:, BURN_IN:]
        self.alignment = self.at_visits(self.expected + fluctuation + self.number("load_on_alignment") * acting)
        self.acting_at_visits = self.at_visits(acting)
        self.placement = self.rng.normal(0.0, self.number("placement_sd"), self.alignment.shape)
        squats, log_eccentric = self._squats()
        jumps = self._jumps(log_eccentric)
        metrics = pd.concat([jumps, self._drop_jumps(), squats, self._lateral(), self._sprints()], ignore_index=True)
        tables = self._people() | {"metrics": metrics}
        if int(self.number("retests")):
            tables["reliability"] = self._retests()
        height = 100.0 * float(jumps["jump_height_impulse_m"].mean())
        return IndependentCohort(tables, words, self.size, self.world, height)

    def _rows(self, task: str, values: Mapping[str, Array], *, in_one_trial: bool = False) -> pd.DataFrame:
        """Return the rows of a task, values (athlete, visit, repetition) by metric, of the visits that took place."""
        athlete, visit = np.nonzero(self.came)
        count = next(iter(values.values())).shape[2]
        number = np.tile(np.arange(1, count + 1), len(athlete))
        table = {
            "participant_id": np.repeat(self.names[athlete], count),
            "session_id": np.repeat(np.array([f"v{v}" for v in range(self.came.shape[1])])[visit], count),
            "task": task,
            "trial_id": f"{task}_1" if in_one_trial else np.array([f"{task}_{k}" for k in range(count + 1)])[number],
            "rep": number if in_one_trial else 1,
            "side": "both",
        }
        return pd.DataFrame(table | {name: value[athlete, visit].ravel() for name, value in values.items()})

    def _reps(self, count: int | None = None) -> tuple[int, int, int]:
        return (*self.came.shape, count or int(self.number("repetitions")))

    def _measured_alignment(self) -> Array:
        error = self.noise(*self._reps(), sd=self.number("replicate_sd"))
        return (self.alignment + self.placement)[..., None] + error

    def _jumps(self, log_eccentric: Array) -> pd.DataFrame:
        """100 ln height = level + gain week + slope alignment + load + depth + residuals."""
        size, n, rng = self.size, self.n, self.rng
        hours = np.log(self.usual_hours) - np.log(self.usual_hours).mean()
        gain = self.number("gain") * (1.0 + size["C4"] * (log_eccentric - log_eccentric.mean()))
        gain = gain + size["C10"] * hours * self.between + self.number("gain_sd") * rng.standard_normal(n)
        level = 100.0 * np.log(np.where(self.female, 0.27, 0.37)) + 5.0 * self.level + rng.normal(0.0, 9.0, n)
        level = level + rng.uniform(-0.5, 0.5) * self.between
        slope = size["C1"] + size["C9"] * rng.standard_normal(n)
        centre = self.expected.mean(axis=1)
        session = level[:, None] + gain[:, None] * self.week + slope[:, None] * (self.alignment - centre[:, None])
        session = session + self.number("load_on_jump") * self.acting_at_visits + self.depth_effect
        weekly = self.noise(n, self.weeks, sd=self.number("jump_sd"), correlation=self.number("jump_correlation"))
        value = (session + self.at_visits(weekly))[..., None] + self.noise(*self._reps(), sd=3.0)
        return self._rows(
            "countermovement_jump",
            {"jump_height_impulse_m": np.exp(value / 100.0), "knee_abduction_peak_deg": self._measured_alignment()},
        )

    def _drop_jumps(self) -> pd.DataFrame:
        person = self.rng.normal(100.0 * np.log(0.6), 5.0, self.n)
        apart = self.alignment - self.expected.mean(axis=1)[:, None]
        session = person[:, None] + self.size["C1b"] * apart + self.number("load_on_jump") * self.acting_at_visits
        session = session + self.noise(*self.came.shape, sd=self.number("jump_sd"))
        value = session[..., None] + self.noise(*self._reps(), sd=2.0)
        return self._rows(
            "drop_jump",
            {
                "force_transmission_ratio": np.exp(value / 100.0),
                "knee_abduction_peak_deg": self._measured_alignment() + 3.0,
            },
        )

    def _squats(self) -> tuple[pd.DataFrame, Array]:
        """Return the repetitions of a set and each athlete's mean log eccentric time; fatigue is not linear."""
        rng, n, count = self.rng, self.n, int(self.number("set_length"))
        at = np.arange(count)
        last = (at >= count - 2) * (self.level / 3.0)[:, None, None]
        fatigue = rng.uniform(0.0, 0.3) * (at / (count - 1)) ** rng.uniform(1.0, 1.6)
        depth = rng.normal(45.0, 6.0, (n, 1)) + rng.normal(0.0, 2.5, self.came.shape)
        flexion = rng.normal(17.0, 5.0, (n, 1)) + rng.normal(0.0, 2.0, self.came.shape)
        neutral = np.where(flexion < 20.0, 1.0, rng.uniform(0.0, 1.0))
        own = depth.mean(axis=1, keepdims=True)
        self.depth_effect = self.size["C3"] * neutral * (depth - own)
        person = rng.normal(np.log(1.8), 0.25, n)
        values = {
            "squat_depth_m": (depth[..., None] + rng.normal(0.0, 0.7, self._reps(count))) / 100.0,
            "lumbar_flexion_max_deg": flexion[..., None] + rng.normal(0.0, 1.0, self._reps(count)),
        }
        for metric, claim, centre, slowing in (
            ("eccentric_time_s", "C6a", person, 0.0),
            ("concentric_time_s", "C6b", rng.normal(0.0, 0.15, n), fatigue),
        ):
            session = self.noise(*self.came.shape, sd=0.07)
            log = (centre[:, None] + session)[..., None] + slowing + np.log(self.size[claim]) * last
            log = log + rng.normal(0.0, 0.03, (n, 1, 1)) * (at >= count - 2)
            values[metric] = np.exp(log + self.noise(*self._reps(count), sd=0.06))
        # The claim on eccentric time acts through what a set takes on average, its last repetitions included.
        return self._rows("squat", values, in_one_trial=True), person + np.log(self.size["C6a"]) * last.mean(axis=2)[
            :, 0
        ]

    def _lateral(self) -> pd.DataFrame:
        rng, n = self.rng, self.n
        onset, peak = rng.normal(-80.0, 25.0, n), rng.normal(60.0, 12.0, n)
        person = 100.0 * np.log(1.9) + rng.normal(0.0, 6.0, n) - self.size["C2"] * (onset + 80.0)
        session = person[:, None] + self.noise(*self.came.shape, sd=2.0)
        apart = onset[:, None] + self.noise(*self.came.shape, sd=10.0)
        return self._rows(
            "lateral_jump",
            {
                "takeoff_velocity_m_per_s": np.exp((session[..., None] + self.noise(*self._reps(), sd=2.0)) / 100.0),
                "gluteus_medius_onset_s": (apart[..., None] + self.noise(*self._reps(), sd=8.0)) / 1000.0,
                "gluteus_medius_peak_percent": peak[:, None, None] + self.noise(*self._reps(), sd=5.0),
            },
        )

    def _sprints(self) -> pd.DataFrame:
        rng, n = self.rng, self.n
        angle = rng.normal(10.0, 4.0, (n, 1, 1)) + self.noise(*self.came.shape, sd=2.0)[..., None]
        angle = angle + self.noise(*self._reps(), sd=2.0)
        own = angle.mean(axis=(1, 2), keepdims=True)
        braking = (
            0.16 * self.mass[:, None, None] + rng.normal(0.0, 1.0, (n, 1, 1)) + rng.uniform(-0.2, 0.4) * (own - 10)
        )
        braking = braking + self.size["C7"] * (angle - own) + self.noise(*self._reps(), sd=0.8)
        measured = angle + rng.normal(0.0, 0.5, angle.shape)
        return self._rows("sprint", {"foot_strike_angle_deg": measured, "horizontal_braking_impulse_n_s": braking})

    def _retests(self) -> pd.DataFrame:
        """Two sessions of the same persons within days: markers are placed anew, nothing else has changed."""
        people, count = int(self.number("retests")), int(self.number("repetitions"))
        shape = (people, 2, count)
        tables = []
        for task in ("countermovement_jump", "drop_jump"):
            placed = self.rng.normal(0.0, self.number("placement_sd"), (people, 2, 1))
            value = self.rng.normal(5.0, 4.0, (people, 1, 1)) + placed
            value = value + self.noise(*shape, sd=self.number("replicate_sd"))
            person, session, trial = (index.ravel() for index in np.indices(shape))
            names = {"participant_id": person, "session_id": session, "trial_id": trial}
            keys = {name: np.char.add("r", codes.astype(str)) for name, codes in names.items()}
            tables.append(pd.DataFrame(keys | {"knee_abduction_peak_deg": value.ravel()}).assign(task=task))
        return pd.concat(tables, ignore_index=True).assign(rep=1, side="both")

    def _people(self) -> dict[str, pd.DataFrame]:
        rng = self.rng
        participants = pd.DataFrame(
            {
                "participant_id": self.names,
                "sex": np.where(self.female, "female", "male"),
                "age_years": rng.integers(17, 36, self.n).astype(float),
                "height_m": rng.normal(np.where(self.female, 1.68, 1.81), 0.06).round(2),
                "body_mass_kg": self.mass.round(1),
                "dominant_leg": np.where(rng.random(self.n) < 0.85, "right", "left"),
                "beighton_score": rng.integers(0, 7, self.n),
                "previous_injury": np.where(self.injured_before, "knee", "none"),
                "level": np.array(LEVELS)[self.level],
                "group": "control",
            }
        )
        athlete, visit = np.nonzero(self.came)
        day = 7 * self.week[athlete, visit] + rng.integers(0, 7, len(athlete)) * (visit > 0)
        sessions = pd.DataFrame(
            {"participant_id": self.names[athlete], "session_id": np.char.add("v", visit.astype(str)), "day": day}
        )
        observed = np.arange(self.weeks) <= self.last_week[:, None]
        return {
            "participants": participants,
            "sessions": sessions,
            "exposure": self._exposure(observed & (rng.random(observed.shape) >= self.number("exposure_missing"))),
            "health": self._health(observed & (rng.random(observed.shape) < self.number("answered"))),
            "injuries": pd.DataFrame(columns=["participant_id", "onset_day", "mode", "time_loss_days"]),
        }

    def _exposure(self, known: NDArray[np.bool_]) -> pd.DataFrame:
        athlete, week = np.nonzero(known)
        hours, load = self.hours[athlete, week + BURN_IN], self.raw_load[athlete, week + BURN_IN]
        return pd.DataFrame(
            {
                "participant_id": self.names[athlete],
                "week": week,
                "training_hours": hours.round(2),
                "sessions": np.ceil(hours / 1.5).astype(np.int64),
                "load": np.maximum(load, 0.0).round(0),
            }
        )

    def _health(self, known: NDArray[np.bool_]) -> pd.DataFrame:
        """Answers: a problem reduces training at least moderately, a minor complaint is felt but changes nothing."""
        athlete, week = np.nonzero(known)
        at = (athlete, week + BURN_IN)
        problem, minor = self.problem[at], self.minor[at]
        away = self.absent[at] & problem
        points = np.where(minor[:, None], [8.0, 0.0, 8.0, 8.0], 0.0)
        harder = self.rng.random(len(athlete)) < 0.3
        points = np.where(
            problem[:, None], np.where(harder[:, None], [17.0, 25.0, 17.0, 17.0], [8.0, 17.0, 17.0, 8.0]), points
        )
        points = np.where(away[:, None], 25.0, points)
        kind = pd.array(np.where(problem | minor, "overuse", None), dtype="object")
        table = {"participant_id": self.names[athlete], "week": week, **dict(zip(QUESTIONS, points.T, strict=True))}
        return pd.DataFrame(table).assign(problem_location="leg", problem_type=kind)
