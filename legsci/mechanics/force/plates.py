"""Force plates of a trial: which carry the person, and their sum, feet separate."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import xarray as xr

from legsci.kernels.events import intervals_above, intervals_below
from legsci.mechanics.force.weighing import KnownWeight, Weighing, resolution, weigh
from legsci.quality import QualityFlag
from legsci.vocabulary import SIDES_OF_BODY

#: A plate that never carries this much for as long as `SHORTEST_LOAD_S` is empty, however it rings [N], [s].
LEAST_LOAD_N = 50.0
SHORTEST_LOAD_S = 0.05
#: Standard uncertainty of the zero of a plate that is never seen empty [N]: a plate is set to zero before a session,
#: within 6 N (1 % of the weight of a person of 60 kg).
UNKNOWN_ZERO_N = 6.0 / 3.0**0.5
#: Equal samples in a row at a plate's highest force that no person produces.
SATURATED_SAMPLES = 5
#: Saturation is searched above this part of the standing load; a coarse converter repeats values in quiet standing.
SATURATED_PART = 1.5
#: Force comes to the limit of a plate's range, or leaves it, in steps larger than this many of the converter's, and on
#: the other side in more than one; a level push-off begins in its smallest steps and ends in large ones.
CLIPPING_STEPS, STRAIGHT_STEPS = 3.0, 1.5
#: A loaded plate that reads the same for longer than this has a dead channel [s].
CONSTANT_S = 0.25
#: Kilonewtons with two decimals: a person who stands still may read the same multiple of it throughout [N].
COARSEST_N = 10.0
#: Between these parts of the standing load lies every force of a living person on the ground; ringing plates stay
#: within them too, spikes of an amplifier do not.
LOWEST_PART, HIGHEST_PART = -1.0, 30.0
#: Part of the standing load below which the plates are treated as unloaded when stretches off them are searched.
UNLOADED_PART = 0.05
LEAST_UNLOADED_N = 20.0
#: Part of the standing load that only feet exert: platforms on record ring by up to 0.09 of it after a take-off.
LOADED_PART = 0.25
#: Force above that limit for no longer than this is noise, not a contact [s], whichever is longer.
SPIKE_S = 0.005
SPIKE_SAMPLES = 2
#: Quiet standing that tells the weight of the person anywhere in a trial lasts this long [s].
STANDING_S = 1.0
#: Shortest stretch off the plates from which a zero can be read [s].
SHORTEST_EMPTY_S = 0.08


@dataclass(frozen=True)
class GroundReaction:
    """Vertical ground reaction.

    Parameters
    ----------
    force : (side, sample) [N], upward positive; rows both, left, right; a side that was not recorded separately is NaN.
    rate : sampling rate [Hz].
    unloaded : (stretch, 2) first and last sample + 1 of each stretch in which the plates are unloaded.
    unloaded_limit : force below which the plates are treated as unloaded [N].
    box : (sample,) vertical force on the plate that carries a drop box [N], where there is one.
    plates : names of the plates in the sum.
    zero_uncertainty : standard uncertainty of the zero of the sum [N].
    known_weight : weight of the person and of what is carried, from another trial of the session.
    """

    force: np.ndarray
    rate: float
    unloaded: np.ndarray
    unloaded_limit: float
    plates: tuple[str, ...]
    zero_uncertainty: float
    known_weight: KnownWeight | None = None
    box: np.ndarray | None = None
    flags: list[QualityFlag] = field(default_factory=list)
    _weighings: dict[tuple[float, ...], Weighing | None] = field(default_factory=dict, init=False, compare=False)

    def weigh(self, *, first: int, last: int, length_s: float, quietest: bool = True) -> Weighing | None:
        """Weigh a stretch of this force (`legsci.mechanics.force.weighing.weigh`), once for all profiles."""
        asked = (first, last, length_s, quietest)
        if asked not in self._weighings:
            self._weighings[asked] = weigh(
                self.force, rate=self.rate, first=first, last=last, length_s=length_s, quietest=quietest
            )
        return self._weighings[asked]

    @cached_property
    def unloaded_sd(self) -> list[float]:
        """Standard deviation of force in the middle half of each unloaded stretch [N]."""
        quarters = [(last - first) // 4 for first, last in self.unloaded]
        return [
            float(self.force[0, first + quarter : last - quarter].std())
            for (first, last), quarter in zip(self.unloaded, quarters, strict=True)
        ]

    @cached_property
    def standing(self) -> Weighing | None:
        """Quietest second of standing between stretches off the plates; None where nobody stands still."""
        edges = [0, *self.unloaded.ravel().tolist(), self.force.shape[1]]
        found = [
            self.weigh(first=int(first), last=int(last), length_s=STANDING_S)
            for first, last in zip(edges[::2], edges[1::2], strict=True)
        ]
        still = [w for w in found if w is not None and w.still and w.body_weight[0] > 2.0 * LEAST_LOAD_N]
        return min(still, key=lambda weighing: weighing.sd, default=None)

    @cached_property
    def standing_load(self) -> float:
        """About the weight on the plates [N]: the median of loaded samples; without standing that of another trial."""
        if self.standing is None and self.known_weight is not None:
            return self.known_weight.newtons
        return standing_load(self.force[0])

    @cached_property
    def loaded_limit(self) -> float:
        """Force that only feet exert and no ringing of the platform [N]."""
        return LOADED_PART * self.standing_load


def vertical_of_plates(force: xr.Dataset) -> np.ndarray:
    """Vertical force (plate, sample) [N] of the force group of a trial (plate, time, axis)."""
    up = force.get_index("axis").tolist().index("y")
    return np.asarray(force.variables["force"].transpose("axis", "plate", "time").data[up].astype(float))


def carries_load(vertical_force: np.ndarray, *, rate: float) -> bool:
    """Whether a plate (sample,) [N] ever carries `LEAST_LOAD_N` for `SHORTEST_LOAD_S` without a break."""
    return bool(len(intervals_below(-vertical_force, -LEAST_LOAD_N, max(int(SHORTEST_LOAD_S * rate), 1))))


def standing_load(vertical_force: np.ndarray) -> float:
    """Median vertical force of the loaded samples [N], about body weight where there is some standing; NaN if empty."""
    loaded = vertical_force[vertical_force > LEAST_LOAD_N]
    return float(np.median(loaded)) if loaded.size else float("nan")


def unloaded_stretches(vertical_force: np.ndarray, *, rate: float) -> tuple[np.ndarray, float]:
    """Stretches in which the plates are unloaded.

    Parameters
    ----------
    vertical_force : (sample,) [N].
    rate : [Hz].

    Returns
    -------
    stretches : (stretch, 2) first sample and last sample + 1.
    limit : force below which the plates are treated as unloaded [N].
    """
    limit = max(LEAST_UNLOADED_N, UNLOADED_PART * np.nan_to_num(standing_load(vertical_force)))
    runs = intervals_below(vertical_force, limit)
    parted = runs[1:, 0] - runs[:-1, 1] > max(SPIKE_S * rate, SPIKE_SAMPLES)
    first = runs[np.concatenate([[True], parted])[: len(runs)], 0]
    last = runs[np.concatenate([parted, [True]])[: len(runs)], 1]
    whole = np.column_stack([first, last])
    return whole[last - first >= max(int(SHORTEST_EMPTY_S * rate), 2)], limit


def _saturation(
    vertical_force: np.ndarray, plate: str, *, rate: float, others_noise: float, others_change: bool
) -> list[QualityFlag]:
    """Report a plate that is saturated at its highest value, or whose channel stands still under load.

    The top of a smooth curve is flat too where the converter is coarse: force then comes to it in its smallest steps,
    and to the limit of a range in larger ones. A plate with noise while it is empty, or beside one with noise, has
    noise under load; one that reads the same from the first to the last sample in all its channels is dead, unless its
    steps are so coarse (`COARSEST_N`) that a person who stands still may do that.

    Parameters
    ----------
    vertical_force : (sample,) of the plate [N].
    plate : its name.
    rate : [Hz].
    others_noise : largest noise of the other plates under load [N].
    others_change : whether other channels of the plate ever change.
    """
    highest, step = float(vertical_force.max()), resolution(vertical_force)
    runs = intervals_above(vertical_force, highest, SATURATED_SAMPLES)
    edges = [_edge_steps(vertical_force, int(first), int(last)) for first, last in runs]
    clipped = [
        run
        for run, (smaller, larger) in zip(runs, edges, strict=True)
        if larger > CLIPPING_STEPS * step and smaller > STRAIGHT_STEPS * step
    ]
    flags = []
    if clipped and highest > SATURATED_PART * standing_load(vertical_force):
        longest = float(max(last - first for first, last in clipped))
        detail = f"{highest:.1f} N"
        flags.append(QualityFlag("plate_saturated", f"plate {plate}", longest, float(SATURATED_SAMPLES), detail))
    stuck = _longest_constant(vertical_force)
    length = stuck[1] - stuck[0]
    level = float(vertical_force[stuck[0]])
    noise = max(_noise_of_empty(vertical_force, rate=rate), others_noise)
    coarse = abs(level - COARSEST_N * round(level / COARSEST_N)) < 1e-6
    dead = (length == vertical_force.size and not coarse and not others_change) or (
        length >= CONSTANT_S * rate and noise > 0.5 * step
    )
    if not flags and level > LEAST_LOAD_N and dead:
        detail = f"{level:.1f} N"
        flags.append(QualityFlag("plate_constant", f"plate {plate}", length / rate, CONSTANT_S, detail))
    return flags


def _edge_steps(samples: np.ndarray, first: int, last: int) -> tuple[float, float]:
    """Steps into and out of a run of samples, the smaller first; at an end of the recording that of the other end."""
    before = samples[first] - samples[first - 1] if first else np.inf
    after = samples[last - 1] - samples[last] if last < samples.size else np.inf
    smaller = float(min(before, after))
    return smaller, float(max(before, after)) if np.isfinite([before, after]).all() else smaller


def _longest_constant(samples: np.ndarray) -> tuple[int, int]:
    """First sample and last sample + 1 of the longest run of equal samples."""
    borders = np.concatenate([[0], np.flatnonzero(np.diff(samples) != 0.0) + 1, [samples.size]])
    longest = int(np.argmax(np.diff(borders)))
    return int(borders[longest]), int(borders[longest + 1])


def _change(samples: np.ndarray) -> float:
    """Median change from sample to sample, without sign [N]."""
    return float(np.median(np.abs(np.diff(samples)))) if samples.size > 1 else 0.0


def _noise_of_empty(vertical_force: np.ndarray, *, rate: float) -> float:
    """Standard deviation of force while the plate is unloaded [N]; 0 where it never is."""
    stretches, _ = unloaded_stretches(vertical_force, rate=rate)
    middles = [vertical_force[first + (last - first) // 4 : last - (last - first) // 4] for first, last in stretches]
    return float(min((middle.std() for middle in middles), default=0.0))


def _impossible_force(vertical_force: np.ndarray) -> list[QualityFlag]:
    """Report a sum of plates outside the range of forces that a person exerts."""
    load = standing_load(vertical_force)
    lowest, highest = float(vertical_force.min()), float(vertical_force.max())
    flags = []
    if lowest < LOWEST_PART * load:
        detail = f"{LOWEST_PART:.0f} times the standing load"
        flags.append(QualityFlag("implausible_force", "force", lowest, LOWEST_PART * load, detail))
    if highest > HIGHEST_PART * load:
        detail = f"{HIGHEST_PART:.0f} times the standing load"
        flags.append(QualityFlag("implausible_force", "force", highest, HIGHEST_PART * load, detail))
    return flags


def ground_reaction(
    force: xr.Dataset,
    *,
    stepped_from_box: bool = False,
    zero_uncertainty: dict[str, float] | None = None,
    known_weight: KnownWeight | None = None,
) -> GroundReaction:
    """Sum the plates that carry the person.

    A plate that is never loaded is left out, since it rings when a person lands next to it. A plate with foot `box`,
    or, after a step from a box, one that is loaded before the first contact only, is kept separate. Plates with foot
    left or right give those sides.

    Parameters
    ----------
    force : the force group of a trial (plate, time, axis) [N], less the zero of each plate (`without_zero`).
    stepped_from_box : whether the task starts on a box.
    zero_uncertainty : standard uncertainty of the zero of each plate by its name [N]; `UNKNOWN_ZERO_N` for others.
    known_weight : weight of the person and of what is carried, where another trial tells it.
    """
    rate = float(force.attrs["sampling_rate_hz"])
    vertical = vertical_of_plates(force)
    flags: list[QualityFlag] = []
    names = force.get_index("plate").tolist()
    feet = [str(foot) for foot in force.variables["foot"].data]
    loaded = [index for index in range(len(names)) if carries_load(vertical[index], rate=rate)]
    for index in sorted(set(range(len(names))) - set(loaded)):
        flags.append(QualityFlag("plate_left_out", f"plate {names[index]}", float(vertical[index].max()), LEAST_LOAD_N))
    boxes = [index for index in loaded if feet[index] == "box"]
    if stepped_from_box and not boxes and len(loaded) > 1:
        boxes = [index for index in loaded if _only_before(vertical, index, loaded)]
        flags += [QualityFlag("box_plate_assumed", f"plate {names[index]}") for index in boxes]
    carrying = [index for index in loaded if index not in boxes]
    for index in carrying:
        others = [_change(vertical[other]) for other in carrying if other != index]
        flags += _saturation(
            vertical[index],
            names[index],
            rate=rate,
            others_noise=max(others, default=0.0),
            others_change=_others_change(force, index),
        )
    total = vertical[carrying].sum(axis=0) if carrying else np.zeros(vertical.shape[1])
    flags += _impossible_force(total)
    stretches, limit = unloaded_stretches(total, rate=rate)
    sides = {foot: [index for index in carrying if feet[index] == foot] for foot in SIDES_OF_BODY}
    rows = [total] + [
        vertical[sides[foot]].sum(axis=0) if sides[foot] else np.full(total.size, np.nan) for foot in SIDES_OF_BODY
    ]
    stated = zero_uncertainty or {}
    return GroundReaction(
        force=np.array(rows),
        rate=rate,
        unloaded=stretches,
        unloaded_limit=limit,
        plates=tuple(names[index] for index in carrying),
        zero_uncertainty=float(np.linalg.norm([stated.get(names[index], UNKNOWN_ZERO_N) for index in carrying])),
        known_weight=known_weight,
        box=vertical[boxes].sum(axis=0) if boxes else None,
        flags=flags,
    )


def _others_change(force: xr.Dataset, plate: int) -> bool:
    """Whether a channel of a plate other than its vertical force ever changes."""
    axes = force.get_index("axis").tolist()
    horizontal = [number for number, axis in enumerate(axes) if axis != "y"]
    recorded = [force.variables["force"].transpose("axis", "plate", "time").data[horizontal, plate]]
    if "moment" in force:
        recorded.append(force.variables["moment"].transpose("axis", "plate", "time").data[:, plate])
    return any(bool((np.ptp(channels, axis=-1) > 0.0).any()) for channels in recorded if channels.size)


def _only_before(vertical: np.ndarray, plate: int, loaded: list[int]) -> bool:
    """Whether a plate is last loaded before any other plate is first loaded for good."""
    others = vertical[[index for index in loaded if index != plate]].sum(axis=0)
    last = int(np.flatnonzero(vertical[plate] > LEAST_LOAD_N)[-1])
    well_loaded = np.flatnonzero(others > 4 * LEAST_LOAD_N)
    return bool(well_loaded.size) and last <= int(well_loaded[0]) + int(0.05 * vertical.shape[1])


def centre_of_pressure(force: xr.Dataset, *, threshold_n: float = 20.0) -> xr.Dataset:
    """Centre of pressure and free moment of each plate.

    Parameters
    ----------
    force : the force group of a trial with `moment` (plate, time, axis) [N m] about the origin of the laboratory.
    threshold_n : vertical force below which they are not defined [N].

    Returns
    -------
    Dataset with centre_of_pressure (plate, time, axis) [m] and free_moment (plate, time) [N m] about the vertical; NaN
    below the threshold.

    Raises
    ------
    ValueError : the trial holds no moments.
    """
    from legsci.kernels import plates as kernel

    if "moment" not in force:
        raise ValueError("centre of pressure: the plates of this trial recorded no moments")
    ordered = force.transpose("plate", "time", "axis", ...)
    results = [
        kernel.centre_of_pressure(
            ordered["force"].to_numpy()[index].astype(float),
            ordered["moment"].to_numpy()[index].astype(float),
            float(ordered["surface_height"][index]),
            1,
            threshold_n,
        )
        for index in range(ordered.sizes["plate"])
    ]
    position = ordered["force"].copy(data=np.array([cop for cop, _ in results]))
    position.attrs = {"units": "m", "long_name": "centre of pressure"}
    free = ordered["force"].isel(axis=0, drop=True).copy(data=np.array([free for _, free in results]))
    free.attrs = {"units": "N m", "long_name": "free moment about the vertical"}
    return xr.Dataset({"centre_of_pressure": position, "free_moment": free})
