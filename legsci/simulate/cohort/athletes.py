"""Who the virtual athletes are: body, laxity, dominance, previous injury, level, group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, gammaincinv

from legsci.simulate.athlete.plan import Array
from legsci.simulate.cohort.draws import Streams

LEVELS = ("novice", "trained", "advanced", "elite")
STUDY_ARMS = ("control", "feedback")
BEIGHTON_POINTS = 9
#: Standing height [m], mean of each sex, and its SD: women after Krosshaug et al. 2016 (782 elite football and handball
#: players, Am J Sports Med 44:874: 1.70 +/- 0.07 m, 67 +/- 8 kg, which makes 23.2 kg/m^2); men are assumed.
HEIGHT_FEMALE_M, HEIGHT_MALE_M, HEIGHT_SD_M = 1.70, 1.82, 0.07
BODY_MASS_INDEX, BODY_MASS_INDEX_SD = 23.2, 1.8
#: Youngest and oldest athlete [years]; assumed.
AGES = (18, 32)


@dataclass(frozen=True)
class Athletes:
    """The athletes of a cohort, one entry each.

    Parameters
    ----------
    female, right_dominant, previous_injury, feedback : whether.
    level : index into LEVELS.
    age_years, height_m, body_mass_kg : years, m, kg.
    beighton : score of joint laxity, 0 to 9.
    frailty : factor on both injury rates, gamma distributed with mean 1.
    """

    female: NDArray[np.bool_]
    right_dominant: NDArray[np.bool_]
    previous_injury: NDArray[np.bool_]
    feedback: NDArray[np.bool_]
    level: NDArray[np.int64]
    age_years: Array
    height_m: Array
    body_mass_kg: Array
    beighton: NDArray[np.int64]
    frailty: Array

    def __len__(self) -> int:
        """Return how many athletes there are."""
        return len(self.level)

    @property
    def proficiency(self) -> Array:
        """Level from 0 (novice) to 1 (elite) in equal steps."""
        return self.level / (len(LEVELS) - 1)


def draw_athletes(streams: Streams, config: Mapping[str, Any]) -> Athletes:
    """Draw the athletes of a cohort.

    Groups are allotted in turn rather than drawn, which keeps them balanced in small cohorts.

    Parameters
    ----------
    streams : random numbers of the cohort.
    config : the block `virtual` of workflow/config.yaml.
    """
    settings = config["athlete"]
    chance, size = streams.uniform(7), streams.normal(2)
    female = chance[:, 0] < settings["female_share"]
    height = np.where(female, HEIGHT_FEMALE_M, HEIGHT_MALE_M) + HEIGHT_SD_M * size[:, 0]
    places = settings["feedback_share"] * np.arange(len(chance) + 1)
    return Athletes(
        female=female,
        right_dominant=chance[:, 1] < settings["right_dominant_share"],
        previous_injury=chance[:, 2] < settings["previous_injury_share"],
        feedback=np.diff(np.floor(places + 0.5)) > 0.0,
        level=np.floor(len(LEVELS) * chance[:, 3]).astype(np.int64),
        age_years=np.floor(AGES[0] + (AGES[1] + 1 - AGES[0]) * chance[:, 4]),
        height_m=height,
        body_mass_kg=(BODY_MASS_INDEX + BODY_MASS_INDEX_SD * size[:, 1]) * height**2,
        beighton=_beighton(chance[:, 5], female, settings),
        frailty=_gamma(chance[:, 6], variance=config["overuse"]["frailty_variance"]),
    )


def beighton_mean(config: Mapping[str, Any]) -> float:
    """Return the Beighton score that is expected of an athlete."""
    settings = config["athlete"]
    share = settings["female_share"]
    return float(share * settings["beighton_mean_female"] + (1.0 - share) * settings["beighton_mean_male"])


def _beighton(chance: Array, female: NDArray[np.bool_], settings: Mapping[str, float]) -> NDArray[np.int64]:
    """Turn chances into binomial Beighton scores of the mean that the settings give each sex."""
    points = np.arange(BEIGHTON_POINTS + 1)
    female_scores, male_scores = (
        np.searchsorted(bdtr(points, BEIGHTON_POINTS, settings[f"beighton_mean_{sex}"] / BEIGHTON_POINTS), chance)
        for sex in ("female", "male")
    )
    return np.where(female, female_scores, male_scores)


def _gamma(chance: Array, *, variance: float) -> Array:
    """Turn chances into gamma distributed factors of mean 1; all are 1 where the variance is 0."""
    if variance == 0.0:
        return np.ones_like(chance)
    return np.asarray(variance * gammaincinv(1.0 / variance, chance), dtype=np.float64)
