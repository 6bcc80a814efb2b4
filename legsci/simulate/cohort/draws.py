"""Random numbers of a cohort: one stream per athlete, so that a larger cohort has the same first athletes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from legsci.simulate.athlete.plan import Array

PERCENT = 100.0


class Streams:
    """The random numbers of a cohort.

    Parameters
    ----------
    seed : of the cohort.
    athletes : how many. Athlete i draws from the i-th child of the seed, whatever the size of the cohort.
    """

    def __init__(self, seed: int, athletes: int) -> None:
        children = np.random.SeedSequence(seed).spawn(athletes)
        self._generators = [np.random.Generator(np.random.PCG64(child)) for child in children]

    def normal(self, *shape: int) -> Array:
        """Return standard normal numbers (athlete, *shape)."""
        drawn = np.empty((len(self._generators), *shape))
        for generator, own in zip(self._generators, drawn.reshape(len(drawn), -1), strict=True):
            generator.standard_normal(out=own)
        return drawn

    def uniform(self, *shape: int) -> Array:
        """Return numbers between 0 and 1 (athlete, *shape)."""
        drawn = np.empty((len(self._generators), *shape))
        for generator, own in zip(self._generators, drawn.reshape(len(drawn), -1), strict=True):
            generator.random(out=own)
        return drawn


@dataclass(frozen=True)
class Variation:
    """A quantity that varies between athletes, between their sessions, and between the reps of a session.

    Parameters
    ----------
    person : (athlete, 1, 1) the athlete's own level.
    session : (athlete, visit, 1) deviation of a session from it.
    rep : (athlete, visit, rep) deviation of a rep from its session.
    """

    person: Array
    session: Array
    rep: Array

    @property
    def value(self) -> Array:
        """Value in each rep (athlete, visit, rep)."""
        return self.person + self.session + self.rep


def varying(streams: Streams, settings: Mapping[str, float], *, visits: int, reps: int) -> Variation:
    """Draw a quantity from normal distributions between athletes, between sessions and between reps.

    Parameters
    ----------
    streams : random numbers of the cohort.
    settings : mean, between_sd, session_sd and rep_sd in the unit of the quantity; or median, between_sd_log,
        session_sd_log and rep_sd_log, and what is drawn is then the quantity's natural logarithm.
    visits, reps : how many sessions per athlete and reps per session.
    """
    log = "median" in settings
    centre = np.log(settings["median"]) if log else settings["mean"]
    spread = [settings[f"{part}_sd_log" if log else f"{part}_sd"] for part in ("between", "session", "rep")]
    drawn = streams.normal(1 + visits + visits * reps)
    return Variation(
        person=centre + spread[0] * drawn[:, :1, None],
        session=spread[1] * drawn[:, 1 : 1 + visits, None],
        rep=spread[2] * drawn[:, 1 + visits :].reshape(-1, visits, reps),
    )


def autocorrelated(normal: Array, *, sd: float, correlation: float) -> Array:
    """Return a stationary first-order autoregression along the last axis.

    e_0 = sd n_0 and e_w = correlation e_(w-1) + sd sqrt(1 - correlation^2) n_w, so that each e_w has the same `sd`.

    Parameters
    ----------
    normal : (athlete, week) standard normal numbers n.
    sd : standard deviation of e.
    correlation : between neighbouring weeks, from 0 to below 1.
    """
    state = normal * sd * np.sqrt(1.0 - correlation**2)
    state[:, 0] = sd * normal[:, 0]
    for week in range(1, state.shape[1]):
        state[:, week] += correlation * state[:, week - 1]
    return state
