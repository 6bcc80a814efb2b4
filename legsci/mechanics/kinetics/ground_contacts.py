"""Which foot stands on which plate, and the ground's load on each foot at the rate of the markers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from legsci.kernels.events import intervals_above
from legsci.kernels.filters import butterworth_lowpass
from legsci.kernels.newton_euler import derivatives
from legsci.mechanics.force.plates import LEAST_LOAD_N, SHORTEST_LOAD_S
from legsci.mechanics.motion.kinematics import Array, Booleans, Kinematics
from legsci.mechanics.motion.markers import smoothable
from legsci.quality import QualityFlag
from legsci.vocabulary import AXES, LEGS

#: A centre of pressure so close to the line from heel to toe lies under that foot: half a foot's breadth and the errors
#: of markers and plate [m].
SOLE_REACH_M = 0.08
#: Part of the impulse of a contact that must lie under a foot; and above which the other foot is there too.
UNDER_FOOT_PART = 0.9
OTHER_FOOT_PART = 0.2
#: A foot stands when it is no higher than this above where feet are lowest [m], and slower than this [m/s].
STANDING_HEIGHT_M = 0.03
STANDING_SPEED_M_PER_S = 0.3
#: A foot that is higher than the other by more than this swings past and bears nothing [m]; our choice, well below
#: the 0.4 m at which the free foot of the recorded sprint passes over the pressure.
SWINGING_HEIGHT_M = 0.1
#: Standing without force for longer than this is a foot off the plates, not a foot just before its contact [s].
OFF_PLATES_S = 0.1
#: Shortest contact [s].
SHORTEST_CONTACT_S = 0.01
#: Contacts that do not bear the person, or not alone.
NOT_OF_THE_FEET = ("foot_on_box", "force_without_foot")
#: Plates and markers are to share this part of the shorter recording.
LEAST_COMMON_PART = 0.5
#: Feet are searched this far outside the outline of a plate too [m].
PLATE_MARGIN_M = 0.05
_X, _Y, _Z = range(3)


@dataclass(frozen=True)
class GroundLoads:
    """Load of the ground on each foot.

    Parameters
    ----------
    force : (side, time, 3) [N]; rows as LEGS; 0 for a foot in the air, NaN where it is not known.
    moment : (side, time, 3) about the origin of the laboratory [N m], likewise.
    total : (time, 6) force and moment on both feet together, also where it is not known which foot bears them.
    removed : (side, time, 6) force and moment of each foot that the low-pass took, NaN as in `force`.
    flags : loads that could not be assigned to a foot, and why.
    """

    force: Array
    moment: Array
    total: Array
    removed: Array
    flags: list[QualityFlag] = field(default_factory=list)


@dataclass(frozen=True)
class Feet:
    """Where the feet are.

    Parameters
    ----------
    heel, toe : (side, time, 3) on the sole [m]; NaN for a foot without markers.
    swinging : (side, time) well above the other foot.
    standing : (side, time) low and slow.
    seen : (side,) whether the foot has markers at all.
    """

    heel: Array
    toe: Array
    swinging: Booleans
    standing: Booleans
    seen: tuple[bool, ...]


class _Plate(NamedTuple):
    """A plate: the foot that the study gives it, force and moment (sample, 6), height of its surface [m], and outline.

    The outline is the lowest and highest x and z with a margin, (2, 2) [m]; None where the corners are not known.
    """

    name: str
    foot: str
    loads: Array
    height: float
    outline: Array | None


@dataclass(frozen=True)
class _Contact:
    """One stretch of load on a plate: samples [first, stop), the foot it belongs to, or the reason why it has none."""

    first: int
    stop: int
    side: str = ""
    code: str = ""


class _Sampling(NamedTuple):
    """Times of the plates' samples (sample,) and of the markers' frames (time,) [s], and the sample of each frame.

    `rate` is that of the plates [Hz].
    """

    plate_times: Array
    rate: float
    times: Array
    nearest: NDArray[np.int64]


def _sampling(force: xr.Dataset, times: Array) -> _Sampling:
    """Times of a force group and of frames (time,) [s]."""
    plate_times = force.get_index("time").to_numpy()
    return _Sampling(plate_times, float(force.attrs["sampling_rate_hz"]), times, np.searchsorted(plate_times, times))


def feet_of(kinematics: Kinematics, sole: Array) -> Feet:
    """Find soles and standing of the feet.

    Parameters
    ----------
    kinematics : of right_foot, left_foot.
    sole : (2, 3) heel and toe in foot axes [m].
    """
    frames, rate = kinematics.time.size, kinematics.rate_hz
    ends = np.full((len(LEGS), 2, frames, 3), np.nan)
    for row, side in enumerate(LEGS):
        foot = f"{side}_foot"
        if foot in kinematics.rotation:
            ends[row] = kinematics.position[foot] + (
                (kinematics.rotation[foot].reshape(-1, 3) @ sole.T).reshape(-1, 3, len(sole)).transpose(2, 0, 1)
            )
    heights = ends[..., _Y].min(axis=1)
    known = heights[np.isfinite(heights)]
    ground = float(np.percentile(known, 1.0)) if known.size else np.nan
    velocity = derivatives(ends.mean(axis=1), rate)[0]
    with np.errstate(invalid="ignore"):
        slow = np.linalg.norm(velocity, axis=2) <= STANDING_SPEED_M_PER_S
        standing = slow & (heights <= ground + STANDING_HEIGHT_M)
        swinging = heights > heights[::-1] + SWINGING_HEIGHT_M
    return Feet(ends[:, 0], ends[:, 1], swinging, standing, tuple(bool(np.isfinite(row).any()) for row in heights))


def ground_loads(
    kinematics: Kinematics, force: xr.Dataset, sole: Array, *, threshold_n: float, cutoff_hz: float | None
) -> GroundLoads:
    """Assign each contact on each plate to a foot and bring its load to the times of the markers.

    A contact belongs to a foot when its centre of pressure lies under that foot, and under no other, for at least
    `UNDER_FOOT_PART` of its vertical impulse, while the other foot does not stand on the plate too. Everything else is
    left out with a reason, and the loads of the feet concerned are NaN for as long. What the study states about a
    plate's foot is taken unless the feet contradict it; but a load that does not act under that foot is refused as
    well, since plate and markers then disagree about where things are.

    Parameters
    ----------
    kinematics : a trial's kinematics with the segments right_foot and left_foot, or one of them.
    force : the force group of the trial, on the same clock.
    sole : (2, 3) heel and toe in foot axes [m].
    threshold_n : vertical force from which a plate is loaded; what it reads below is set to zero [N].
    cutoff_hz : cut-off of the zero-lag low-pass (Butterworth, second order each way, both
        together passing half the power there, as `markers.smooth_markers`) that runs over the loads at the
        plate's rate before they are interpolated at the markers' times, and keeps faster parts from folding into them
        [Hz]. None: interpolated as they are.
    """
    sampling = _sampling(force, kinematics.time)
    plate_times, rate, times, nearest = sampling
    if "moment" not in force or set(force.get_index("axis")) != {"x", "y", "z"}:
        nothing = np.full((len(LEGS), times.size, 3), np.nan)
        absent = np.full((times.size, 6), np.nan)
        return GroundLoads(nothing, nothing.copy(), absent, np.stack([absent] * len(LEGS)), [QualityFlag("no_moments")])
    feet = feet_of(kinematics, sole)
    plates = _plates(force)
    loads = np.stack([plate.loads for plate in plates])
    sums = np.zeros((len(LEGS), plate_times.size, 6))
    refused = np.zeros((len(LEGS), plate_times.size), dtype=bool)
    both, elsewhere = np.zeros((1, *sums.shape[1:])), np.zeros((1, plate_times.size), dtype=bool)
    flags, all_sided = _common_time(plate_times, times), True
    for row, plate in enumerate(plates):
        others = np.delete(loads[:, :, _Y], row, axis=0)
        alone = np.asarray(~(others >= threshold_n).any(axis=0))
        contacts = _contacts(plate, sampling, alone, feet, threshold_n)
        for contact in contacts:
            all_sided &= bool(contact.side)
            during = slice(contact.first, contact.stop)
            if contact.code in NOT_OF_THE_FEET:
                elsewhere[:, during] = True
            else:
                both[0, during] += plate.loads[during]
            if contact.side:
                sums[LEGS.index(contact.side), during] += plate.loads[during]
            elif contact.code != "force_of_unseen_foot":
                refused[:, during] = True
        flags += _reported(contacts, plate, rate)
        for loads_of in (sums, both):
            loads_of[:, np.isnan(plate.loads).any(axis=1)] = np.nan
    at_markers = _at_times(sums, sampling, cutoff_hz)
    removed = _at_times(sums, sampling, None) - at_markers
    # Where every contact has its side the total is their sum, which need not be filtered again.
    total = at_markers.sum(axis=0) if all_sided else _at_times(both, sampling, cutoff_hz)[0]
    spread = 0.0 if cutoff_hz is None else 0.5 / cutoff_hz
    unknown = _refused_at(refused, plate_times, times, spread)
    off_plates = _off_plates(feet, sums, np.clip(nearest, 0, plate_times.size - 1), kinematics.rate_hz) & ~unknown
    at_markers[unknown | off_plates] = np.nan
    removed[unknown | off_plates] = np.nan
    total[_refused_at(elsewhere, plate_times, times, spread)[0] | off_plates.any(axis=0)] = np.nan
    at_markers[~np.array(feet.seen)] = np.nan
    for row in np.flatnonzero(off_plates.any(axis=1)).tolist():
        seconds = float(off_plates[row].sum() / kinematics.rate_hz)
        flags.append(QualityFlag("foot_beside_plates", "force", seconds, OFF_PLATES_S, LEGS[row]))
    return GroundLoads(at_markers[..., :3].copy(), at_markers[..., 3:].copy(), total, removed, flags)


def _common_time(plate_times: Array, times: Array) -> list[QualityFlag]:
    """Flag of plates and markers that were recorded at different times for the most part."""
    common = min(plate_times[-1], times[-1]) - max(plate_times[0], times[0])
    shorter = min(np.ptp(plate_times), np.ptp(times))
    if common >= LEAST_COMMON_PART * shorter:
        return []
    return [QualityFlag("little_common_time", "force", max(float(common), 0.0), LEAST_COMMON_PART * float(shorter))]


def _plates(force: xr.Dataset) -> list[_Plate]:
    """Plates of a force group that holds all three axes."""
    axes = force.get_index("axis").tolist()
    order = [axes.index(axis) for axis in AXES]
    parts = [force.variables[name].transpose("plate", "time", "axis").data for name in ("force", "moment")]
    loads = np.concatenate([part[:, :, order] for part in parts], axis=2).astype(float)
    heights = force.variables["surface_height"].data.astype(float)
    outlines: list[Array | None] = [None] * len(loads)
    if "corner" in force.variables:
        corners = force.variables["corner"].transpose("plate", "corner", "axis").data[:, :, order][..., [_X, _Z]]
        outlines = [_outline(corner) if np.isfinite(corner).all() else None for corner in corners]
    names, feet = force.get_index("plate").tolist(), force.variables["foot"].data.astype(str).tolist()
    return [_Plate(*plate) for plate in zip(names, feet, loads, heights, outlines, strict=True)]


def _outline(corner: Array) -> Array:
    """Lowest and highest x and z of corners (corner, 2) with their margin, (2, 2) [m]."""
    return np.array([corner.min(axis=0) - PLATE_MARGIN_M, corner.max(axis=0) + PLATE_MARGIN_M])


def _contacts(plate: _Plate, sampling: _Sampling, alone: Booleans, feet: Feet, threshold_n: float) -> list[_Contact]:
    """Contacts on one plate; `alone` (sample,): no other plate is loaded."""
    plate_times, rate = sampling.plate_times, sampling.rate
    vertical = np.nan_to_num(plate.loads[:, _Y])
    limit = threshold_n
    if plate.foot == "box":
        # The box itself stays on the plate when the person has left.
        limit = float(np.percentile(vertical, 5.0)) + LEAST_LOAD_N
    spans = intervals_above(vertical, limit, max(int(SHORTEST_CONTACT_S * rate), 1))
    if plate.foot == "box":
        return [_Contact(int(first), int(stop), code="foot_on_box") for first, stop in spans]
    if np.isnan(plate.loads).all(axis=0).any():
        return [_Contact(int(first), int(stop)) for first, stop in spans]  # its place or axes are known to be wrong
    answers = []
    for first, stop in spans:
        frames = slice(
            *np.searchsorted(sampling.times, [plate_times[first], np.nextafter(plate_times[stop - 1], np.inf)])
        )
        samples = np.clip(sampling.nearest[frames], first, stop - 1)
        under, there, watched = _feet_under(plate, samples, alone[samples], frames, feet)
        if stop - first < SHORTEST_LOAD_S * rate:
            watched[:] = 0.0  # a plate that rings has no centre of pressure
        side, code = _side_of_contact(under, there, watched, feet.seen, plate.foot)
        answers.append(_Contact(int(first), int(stop), side, code))
    return answers


def _feet_under(
    plate: _Plate, samples: NDArray[np.int64], alone: Booleans, frames: slice, feet: Feet
) -> tuple[Array, Array, Array]:
    """Parts of a contact's impulse in which each foot lies under its pressure, may bear some of it, and is seen at all.

    A foot may that stands on the plate, or lies under the pressure and does not swing. On a plate of unknown outline a
    foot stands, wherever it is, while no other plate carries load.
    """
    loads, height, outline = plate.loads[samples], plate.height, plate.outline
    weight = np.clip(np.nan_to_num(loads[:, _Y]), 0.0, None)
    total = weight.sum()
    under, there, watched = np.zeros((3, len(LEGS)))
    if not total > 0.0:
        return under, there, watched
    weight = weight / total
    with np.errstate(divide="ignore", invalid="ignore"):
        x = (loads[:, 3 + _Z] + height * loads[:, _X]) / loads[:, _Y]
        z = (height * loads[:, _Z] - loads[:, 3 + _X]) / loads[:, _Y]
        for row in range(len(LEGS)):
            heel, toe = feet.heel[row, frames], feet.toe[row, frames]
            heel_x, heel_z = heel[:, _X], heel[:, _Z]
            along_x, along_z = toe[:, _X] - heel_x, toe[:, _Z] - heel_z
            part = ((x - heel_x) * along_x + (z - heel_z) * along_z) / (along_x**2 + along_z**2)
            part = np.clip(part, 0.0, 1.0)
            away = np.hypot(x - heel_x - part * along_x, z - heel_z - part * along_z)
            close = away <= SOLE_REACH_M
            under[row] = weight[close].sum()
            watched[row] = weight[np.isfinite(along_x)].sum()
            inside = alone
            if outline is not None:
                middle = 0.5 * (heel[:, [_X, _Z]] + toe[:, [_X, _Z]])
                inside = ((middle >= outline[0]) & (middle <= outline[1])).all(axis=1)
            stands, near = feet.standing[row, frames] & inside, close & ~feet.swinging[row, frames]
            there[row] = max(weight[stands].sum(), weight[near].sum())
    return under, there, watched


def _side_of_contact(
    under: Array, there: Array, watched: Array, seen: tuple[bool, ...], stated: str
) -> tuple[str, str]:
    """Side of a contact, or the code of the reason why it has none."""
    if stated in LEGS:
        own = LEGS.index(stated)
        if under[1 - own] >= UNDER_FOOT_PART and under[own] < OTHER_FOOT_PART and all(seen):
            return "", "plate_label_contradicted"
        off_foot = under[own] < UNDER_FOOT_PART * watched[own] and watched[own] > OTHER_FOOT_PART
        return ("", "pressure_beside_foot") if off_foot else (stated, "")
    close = [row for row in range(len(LEGS)) if under[row] >= UNDER_FOOT_PART]
    if len(close) == 1 and there[1 - close[0]] <= OTHER_FOOT_PART:
        return LEGS[close[0]], ""
    if close or under.sum() > OTHER_FOOT_PART or (there > OTHER_FOOT_PART).sum() == len(LEGS):
        return "", "sides_not_told_apart"
    if not all(seen):
        one = [row for row in range(len(LEGS)) if seen[row]]
        # With the only foot that has markers on the same plate, the load is of both.
        return "", "sides_not_told_apart" if one and there[one[0]] > OTHER_FOOT_PART else "force_of_unseen_foot"
    return "", "force_without_foot"


def _reported(contacts: list[_Contact], plate: _Plate, rate: float) -> list[QualityFlag]:
    """One flag per reason for which contacts of a plate have no foot."""
    flags = []
    for code in sorted({contact.code for contact in contacts if contact.code}):
        seconds = sum(contact.stop - contact.first for contact in contacts if contact.code == code) / rate
        flags.append(QualityFlag(code, f"plate {plate.name}", seconds, detail=plate.foot))
    return flags


def _at_times(loads: Array, sampling: _Sampling, cutoff_hz: float | None) -> Array:
    """Low-pass loads (row, sample, 6) and interpolate them at the times of the markers; NaN outside the recording."""
    plate_times, rate, times, _ = sampling
    columns = np.ascontiguousarray(loads.transpose(0, 2, 1)).reshape(-1, loads.shape[1])
    if cutoff_hz is not None and smoothable(rate, cutoff_hz):
        columns = butterworth_lowpass(
            columns, sampling_rate_hz=rate, cutoff_hz=cutoff_hz, cutoff_after_both_passes=True
        )
    # A marker's time may miss the plate's first or last sample by a rounding error.
    slack = 1e-6 / rate
    inside = np.where((times < plate_times[0] - slack) | (times > plate_times[-1] + slack), np.nan, times)
    values = np.array([np.interp(inside, plate_times, column) for column in columns])
    return values.reshape(len(loads), 6, times.size).transpose(0, 2, 1).copy()


def _refused_at(refused: Booleans, plate_times: Array, times: Array, spread: float) -> Booleans:
    """Marker frames within `spread` [s] of a refused sample; (row, sample) to (row, time)."""
    counts = np.concatenate([np.zeros((len(refused), 1)), np.cumsum(refused, axis=1)], axis=1)
    period = plate_times[1] - plate_times[0]
    first = np.searchsorted(plate_times, times - spread - 0.5 * period)
    stop = np.searchsorted(plate_times, times + spread + 0.5 * period)
    return np.asarray(counts[:, stop] > counts[:, first])


def _off_plates(feet: Feet, loads: Array, nearest: NDArray[np.int64], rate: float) -> Booleans:
    """Frames (side, time) in which a foot stands for long without load on a plate; nearest samples (time,)."""
    unloaded = loads[:, nearest, _Y] == 0.0
    shortest = max(int(OFF_PLATES_S * rate), 1)
    off_plates = np.zeros(unloaded.shape, dtype=bool)
    for row in range(len(LEGS)):
        for first, stop in intervals_above((feet.standing[row] & unloaded[row]).astype(float), 0.5, shortest):
            off_plates[row, first:stop] = True
    return off_plates
