"""Force-velocity profile of jumps with loads: F0, v0, Pmax with intervals, and the slope best for jump height."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from legsci.models.result import ALPHA, ModelRefusal
from legsci.vocabulary import STANDARD_GRAVITY

Array = NDArray[np.float64]

#: Fewest loads of a profile: two lie on a straight line, whatever the athlete does.
LEAST_LOADS = 3


class Quantity(NamedTuple):
    """An estimate and its 95 % interval."""

    estimate: float
    low: float
    high: float


class Profile(NamedTuple):
    """Force-velocity profile, per body mass.

    Parameters
    ----------
    force : mean force without velocity, F0 [N/kg].
    velocity : mean velocity without force, v0 [m/s].
    power : largest mean power, F0 v0 / 4 [W/kg].
    slope : of force over velocity, negative [N s/(m kg)].
    imbalance : distance of the slope from that which makes the unloaded jump highest with the same power [%].
    """

    force: Quantity
    velocity: Quantity
    power: Quantity
    slope: Quantity
    imbalance: float


def takeoff_height(force: float, slope: float, push_off_m: float) -> float:
    """Height of an unloaded jump [m] with a given profile (Samozino et al. 2012, Int J Sports Med 33:505).

    Mean force F0 + S v_takeoff / 2 lifts and accelerates the body over the push-off distance h: it is g + v_takeoff^2 /
    (2 h).

    Parameters
    ----------
    force, slope : F0 [N/kg] and S [N s/(m kg)].
    push_off_m : vertical distance of the push-off [m].
    """
    net = max(force - STANDARD_GRAVITY, 0.0)
    speed = push_off_m * (slope / 2.0 + np.sqrt(slope**2 / 4.0 + 2.0 * net / push_off_m))
    return float(speed**2 / (2.0 * STANDARD_GRAVITY))


def best_slope(power: float, push_off_m: float) -> float:
    """Slope with which a given largest power makes the unloaded jump highest [N s/(m kg)].

    Parameters
    ----------
    power : Pmax [W/kg]; with a slope S, F0 = 2 sqrt(-S Pmax).
    push_off_m : vertical distance of the push-off [m].
    """

    def lost(logarithm: float) -> float:
        """Height with the opposite sign, at a slope given by its logarithm."""
        slope = -np.exp(logarithm)
        return -takeoff_height(2.0 * np.sqrt(-slope * power), slope, push_off_m)

    return -float(np.exp(optimize.minimize_scalar(lost, bounds=(0.0, 5.0), method="bounded").x))


def imbalance(slope: float, power: float, push_off_m: float) -> float:
    """Distance of a slope from the best one, 100 |1 - S / S_best| [%] (Samozino et al. 2014, Int J Sports Med 35:505).

    Parameters
    ----------
    slope, power, push_off_m : as above.
    """
    return 100.0 * abs(1.0 - slope / best_slope(power, push_off_m))


def force_velocity_profile(loads_kg: Array, heights_m: Array, *, body_mass_kg: float, push_off_m: float) -> Profile:
    """Profile of jumps with several loads by the straight line of mean force over mean velocity.

    Of each jump, mean force (m + load) g (h / h_po + 1) and mean velocity sqrt(g h / 2) follow from its height h and
    the push-off distance h_po (Samozino et al. 2008, J Biomech 41:2940). Intervals are those of the regression; of v0
    and Pmax by the delta method.

    Parameters
    ----------
    loads_kg, heights_m : (jump,).
    body_mass_kg, push_off_m : of the athlete.

    Raises
    ------
    ModelRefusal : with every reason, where the jumps do not tell a profile.
    """
    loads, heights = np.asarray(loads_kg, float), np.asarray(heights_m, float)
    reasons = []
    if np.unique(loads).size < LEAST_LOADS:
        reasons.append(f"{np.unique(loads).size} different loads; at least {LEAST_LOADS} are needed")
    if not (heights > 0.0).all():
        reasons.append(f"{int((~(heights > 0.0)).sum())} heights are missing or not above 0 m")
    if not (body_mass_kg > 0.0 and push_off_m > 0.0):
        reasons.append("body mass and push-off distance must be above 0")
    if reasons:
        raise ModelRefusal("force-velocity profile", reasons)
    mean_force = (1.0 + loads / body_mass_kg) * STANDARD_GRAVITY * (heights / push_off_m + 1.0)
    mean_velocity = np.sqrt(STANDARD_GRAVITY * heights / 2.0)
    line, covariance = np.polyfit(mean_velocity, mean_force, 1, cov="unscaled")
    slope, force = (float(value) for value in line)
    if not slope < 0.0:
        raise ModelRefusal("force-velocity profile", ["force does not fall with velocity"])
    freedom = loads.size - 2
    covariance = covariance * float(((mean_force - np.polyval(line, mean_velocity)) ** 2).sum()) / freedom
    quantile = float(stats.t.ppf(1.0 - ALPHA / 2.0, freedom))

    def quantity(value: float, gradient: tuple[float, float]) -> Quantity:
        """Estimate with the interval that its gradient by slope and force gives."""
        half = quantile * float(np.sqrt(np.array(gradient) @ covariance @ np.array(gradient)))
        return Quantity(value, value - half, value + half)

    power = -(force**2) / (4.0 * slope)
    return Profile(
        quantity(force, (0.0, 1.0)),
        quantity(-force / slope, (force / slope**2, -1.0 / slope)),
        quantity(power, (force**2 / (4.0 * slope**2), -force / (2.0 * slope))),
        quantity(slope, (1.0, 0.0)),
        imbalance(slope, power, push_off_m),
    )
