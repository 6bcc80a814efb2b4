"""What the trials of a session tell about one another: the zero of each plate, and the weight of the person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import xarray as xr

from legsci.ingest.streams import stream, streams
from legsci.mechanics.force.plates import (
    LEAST_LOAD_N,
    UNKNOWN_ZERO_N,
    GroundReaction,
    carries_load,
    ground_reaction,
    vertical_of_plates,
)
from legsci.mechanics.force.weighing import KnownWeight
from legsci.mechanics.force.zero import (
    PlateZero,
    empty_stretches,
    is_constant,
    recorded_length,
    without_zero,
    zero_in_stretches,
)
from legsci.quality import QualityFlag
from legsci.tasks import TASKS
from legsci.vocabulary import SIDES_OF_BODY, STANDARD_GRAVITY

#: A zero further from nothing than this is reported: 1 % of the weight of a person of 60 kg [N].
REPORTED_ZERO_N = 6.0
#: Zeros of a plate that differ more than this between trials (SD) were set anew between them [N].
STEADY_ZERO_N = 6.0
#: Median absolute deviation of a normal distribution times this is its standard deviation.
NORMAL_MAD = 1.4826
#: So many trials must agree on a zero before another one is taken to be wrong.
MAJORITY = 3
#: Standard uncertainty of a zero that one other trial gives [N]: it drifts, and is set anew.
BETWEEN_TRIALS_N = 2.0
#: Trials that this weighs as much as, where several show the zero.
PRIOR_TRIALS = 2.0
#: Standard uncertainty of a stated body mass [kg]: to the nearest kilogram, in clothes or without.
STATED_MASS_KG = 0.6
#: Body weights of one person in one session agree within this part.
ALIKE_PART = 0.05
#: Tasks (by their cut) in which force at rest does not tell the weight: steps have no rest, and a person at a bar pulls
#: at it, or leans on it.
NOT_WEIGHED = ("contact", "effort", "reference")
#: Source of a zero that no trial gives.
NOWHERE = "nowhere"

#: Plate by name, of a trial by its name.
Zeros = dict[str, dict[str, PlateZero]]


@dataclass(frozen=True)
class TrialReference:
    """What a session knows of one of its trials.

    Parameters
    ----------
    zeros : name of the plate -> its zero.
    length : samples of the force that were recorded; what follows is padding.
    weight : of the person and of what is carried; None where no trial tells.
    feet_parted : whether the zero of each plate is known, not only that of their sum.
    flags : what was corrected or assumed.
    """

    zeros: dict[str, PlateZero] = field(default_factory=dict)
    length: int | None = None
    weight: KnownWeight | None = None
    feet_parted: bool = True
    flags: tuple[QualityFlag, ...] = ()

    @property
    def zero_uncertainty(self) -> dict[str, float]:
        """Standard uncertainty of the zero of each plate by its name [N]."""
        return {plate: zero.uncertainty for plate, zero in self.zeros.items()}


@dataclass(frozen=True)
class SessionReference:
    """What the trials of a session tell about one another.

    Parameters
    ----------
    trials : name of the trial -> what is known of it.
    source : names of the trials that the body weight comes from; empty where none with a known zero holds standing.
    body_weight_n, uncertainty_n : of the person, NaN where it is not known [N].
    """

    trials: dict[str, TrialReference]
    source: str = ""
    body_weight_n: float = float("nan")
    uncertainty_n: float = float("nan")


def session_reference(session: xr.DataTree) -> SessionReference:
    """Find the zero of each plate in each trial, and the weight of the person.

    The zero of a plate is read, in this order: in stretches of the trial in which the plate is empty; in the frames
    that FORCE_PLATFORM:ZERO of its C3D file names, where the plate is empty in them; in the other trials of the session
    with the same plates, where it stays the same between them. Where it does not stay the same, the sum of the
    plates is known from quiet standing and the weight of the person, and the two feet are not.

    Parameters
    ----------
    session : a session file, opened.
    """
    trials = dict(session.children.items())
    found = {name: stream(trial, "force") for name, trial in trials.items()}
    forces = {name: force for name, force in found.items() if force is not None and _is_usable(force)}
    lengths = {name: recorded_length(force) for name, force in forces.items()}
    cut = {name: force.isel(time=slice(lengths[name])) for name, force in forces.items()}
    forces = {name: force for name, force in cut.items() if np.isfinite(vertical_of_plates(force)).all()}
    own = _own_zeros(forces)
    references = {name: _with_session(name, force, forces, own, lengths[name]) for name, force in forces.items()}
    weighed = _body_weight(session, forces, own)
    if weighed is None:
        stated = float(session.attrs.get("body_mass_kg", np.nan))
        return SessionReference(
            {name: replace(r, weight=_stated_weight(stated, trials[name])) for name, r in references.items()}
        )
    known = {
        name: _with_weight(reference, forces[name], trials[name], weighed) for name, reference in references.items()
    }
    return SessionReference(known, *weighed)


def _is_usable(force: xr.Dataset) -> bool:
    """Whether a force group holds vertical force at a rate; one that does not is reported where its trial is cut."""
    whole = {"force", "foot"} <= set(force.variables) and "sampling_rate_hz" in force.attrs
    return bool(whole and all(force.sizes[dim] for dim in ("plate", "time")) and "y" in force.get_index("axis"))


def with_known_zero(trial: xr.DataTree, reference: TrialReference) -> xr.DataTree:
    """Trial with the zero of each plate taken off and padding left out.

    Where only the zero of the sum of the plates is known, no plate is assigned to a foot, and moments are left out.

    Parameters
    ----------
    trial : group of a session file; it is not changed.
    reference : what the session knows of it.
    """
    force = stream(trial, "force")
    if force is None:
        return trial
    force = without_zero(force.isel(time=slice(reference.length)), reference.zeros)
    if not reference.feet_parted:
        one_foot = ["both" if foot in SIDES_OF_BODY else str(foot) for foot in force.variables["foot"].data]
        force = force.drop_vars("moment", errors="ignore").assign_coords(foot=("plate", one_foot))
    groups = {name: child for name, child in trial.children.items() if name not in streams(trial, "force")}
    zeroed = xr.DataTree(children={**groups, "force": xr.DataTree(force)})
    zeroed.attrs.update(trial.attrs)
    return zeroed


def _own_zeros(forces: Mapping[str, xr.Dataset]) -> Zeros:
    """Zeros that trials show themselves; of a plate that is never loaded, where the rest of the session tells."""
    found: Zeros = {}
    constant: list[tuple[str, int]] = []
    for name, force in forces.items():
        rate, vertical = float(force.attrs["sampling_rate_hz"]), vertical_of_plates(force)
        found[name] = {}
        for index, plate in enumerate(force.get_index("plate").tolist()):
            stretches = empty_stretches(vertical[index], rate=rate)
            if not len(stretches):
                stretches = _named_frames(force, vertical[index], rate)
            if len(stretches):
                found[name][plate] = zero_in_stretches(force, index, stretches)
            elif is_constant(vertical[index], rate=rate):
                constant.append((name, index))
    for name, index in constant:
        force = forces[name]
        plate = force.get_index("plate").tolist()[index]
        if _is_empty_throughout(name, index, forces, found, constant):
            found[name][plate] = zero_in_stretches(force, index, np.array([[0, force.sizes["time"]]]))
    return found


def _is_empty_throughout(
    name: str, index: int, forces: Mapping[str, xr.Dataset], found: Zeros, constant: list[tuple[str, int]]
) -> bool:
    """Whether a plate on which nothing moves is empty: the person moves on another, or it reads so when it is empty."""
    force = forces[name]
    vertical, rate = vertical_of_plates(force), float(force.attrs["sampling_rate_hz"])
    level, plate = float(np.median(vertical[index])), force.get_index("plate").tolist()[index]
    if not carries_load(vertical[index], rate=rate) and abs(level) < LEAST_LOAD_N:
        return True
    others = [number for number in range(len(vertical)) if number != index and (name, number) not in constant]
    if any(carries_load(vertical[number] - np.median(vertical[number]), rate=rate) for number in others):
        return True
    zeros = _elsewhere(name, plate, forces, found)
    up = force.get_index("axis").tolist().index("y")
    return any(abs(level - zero.force[up]) < REPORTED_ZERO_N for zero in zeros)


def _named_frames(force: xr.Dataset, vertical: np.ndarray, rate: float) -> np.ndarray:
    """Samples that FORCE_PLATFORM:ZERO names (1, 2), where force is above them elsewhere and never below."""
    nothing = np.empty((0, 2), dtype=np.int64)
    if "zero_start_s" not in force.attrs:
        return nothing
    first, last = (round(float(force.attrs[name]) * rate) for name in ("zero_start_s", "zero_stop_s"))
    inside = vertical[max(first, 0) : last]
    if inside.size < 2:
        return nothing
    load = vertical - inside.mean()
    below = carries_load(-load, rate=rate) or np.percentile(load, 1.0) < -LEAST_LOAD_N
    if below or not carries_load(load, rate=rate) or np.ptp(inside) > LEAST_LOAD_N:
        return nothing
    return np.array([[max(first, 0), min(last, vertical.size)]])


def _elsewhere(name: str, plate: str, forces: Mapping[str, xr.Dataset], found: Zeros) -> list[PlateZero]:
    """Zeros of a plate in the other trials that were recorded with the same plates."""
    plates, axes = forces[name].get_index("plate").tolist(), forces[name].sizes["axis"]
    return [
        found[other][plate]
        for other, force in forces.items()
        if other != name
        and plate in found[other]
        and force.get_index("plate").tolist() == plates
        and force.sizes["axis"] == axes
    ]


def _with_session(
    name: str, force: xr.Dataset, forces: Mapping[str, xr.Dataset], found: Zeros, length: int
) -> TrialReference:
    """Complete the zeros of a trial with those of the other trials."""
    up = force.get_index("axis").tolist().index("y")
    zeros, flags, parted = dict(found[name]), [], True
    for plate in force.get_index("plate").tolist():
        if plate in zeros:
            continue
        others = _elsewhere(name, plate, forces, found)
        spread = _spread([float(zero.force[up]) for zero in others])
        if others and spread <= STEADY_ZERO_N:
            zeros[plate] = _mean_zero(others, spread)
        elif others:
            parted = False
            nothing = np.zeros(force.sizes["axis"])
            zeros[plate] = PlateZero(nothing, nothing, spread * np.sqrt(1.0 + 1.0 / len(others)), NOWHERE)
    for plate, zero in zeros.items():
        if abs(zero.force[up]) > REPORTED_ZERO_N:
            where = f", read in {zero.source}," if zero.source else ""
            flags.append(QualityFlag("plate_offset", f"plate {plate}", float(zero.force[up]), REPORTED_ZERO_N, where))
    for plate in force.get_index("plate").tolist():
        if plate not in zeros or zeros[plate].source == NOWHERE:
            flags.append(_unknown(plate, zeros.get(plate)))
    return TrialReference(zeros, length, feet_parted=parted, flags=tuple(flags))


def _unknown(plate: str, zero: PlateZero | None) -> QualityFlag:
    """Flag of a plate whose zero is not known."""
    detail = "no trial shows it empty" if zero is None else "it differs from trial to trial"
    uncertainty = UNKNOWN_ZERO_N if zero is None else zero.uncertainty
    return QualityFlag("plate_zero_unknown", f"plate {plate}", uncertainty, detail=detail)


def _spread(levels_n: list[float]) -> float:
    """Standard deviation of a plate's zero between trials [N].

    From the median deviation, since one trial may be wrong, drawn towards `BETWEEN_TRIALS_N`, which weighs as
    much as `PRIOR_TRIALS` trials: a few trials tell a standard deviation badly. Two of three may agree by chance: with
    fewer than `MAJORITY` trials about the median, from all of them.
    """
    count = len(levels_n)
    if count < 2:
        return BETWEEN_TRIALS_N
    away = np.abs(np.array(levels_n) - np.median(levels_n))
    robust = NORMAL_MAD * float(np.median(away))
    alike = int((away <= STEADY_ZERO_N).sum())
    found = robust if alike >= min(MAJORITY, count) else max(robust, float(np.std(levels_n)))
    return float(np.sqrt((count * found**2 + PRIOR_TRIALS * BETWEEN_TRIALS_N**2) / (count + PRIOR_TRIALS)))


def _mean_zero(zeros: list[PlateZero], spread: float) -> PlateZero:
    """Median of the zeros of other trials, which vary by `spread` (SD) [N]."""
    between = spread * np.sqrt(1.0 + 1.0 / len(zeros)) if len(zeros) > 1 else spread
    own = float(np.median([zero.uncertainty for zero in zeros]))
    return PlateZero(
        np.median([zero.force for zero in zeros], axis=0),
        np.median([zero.moment for zero in zeros], axis=0),
        float(np.hypot(between, own)),
        f"{len(zeros)} other {'trials' if len(zeros) > 1 else 'trial'} of the session",
    )


def _reaction(force: xr.Dataset, task: str, zeros: dict[str, PlateZero]) -> GroundReaction:
    """Ground reaction of a trial less its zeros."""
    uncertain = {plate: zero.uncertainty for plate, zero in zeros.items()}
    return ground_reaction(
        without_zero(force, zeros), stepped_from_box=TASKS[task].cut == "rebound", zero_uncertainty=uncertain
    )


def _body_weight(session: xr.DataTree, forces: Mapping[str, xr.Dataset], own: Zeros) -> tuple[str, float, float] | None:
    """Trials, body weight and its standard uncertainty [N] from quiet standing in trials that show their plates empty.

    Standing trials are preferred. Weights further than `ALIKE_PART` from their median are left out, others weigh by
    their inverse variance; the uncertainty is multiplied by the Birge ratio where they differ by more. Trials with a
    load tell nothing.
    """
    found: dict[bool, list[tuple[float, float, str]]] = {True: [], False: []}
    for name, force in forces.items():
        task = str(session[name].attrs["task"])
        if TASKS[task].cut in NOT_WEIGHED or _load_kg(session.children[name]) > 0.0:
            continue
        reaction = _reaction(force, task, own[name])
        standing = reaction.standing if reaction.plates and set(reaction.plates) <= set(own[name]) else None
        if standing is not None:
            uncertainty = float(np.hypot(standing.uncertainty, reaction.zero_uncertainty))
            found[task == "standing"].append((float(standing.body_weight[0]), uncertainty, name))
    candidates = found[True] or found[False]
    if not candidates:
        return None
    median = np.median([weight for weight, _, _ in candidates])
    alike = [c for c in candidates if abs(c[0] - median) <= ALIKE_PART * median] or candidates[:1]
    weights, stated = (np.array([c[column] for c in alike]) for column in (0, 1))
    shares = stated**-2.0 / (stated**-2.0).sum()
    mean = float(shares @ weights)
    birge = float(((weights - mean) ** 2 / stated**2).sum()) / max(len(alike) - 1, 1)
    uncertainty = float(np.sqrt(max(birge, 1.0) / (stated**-2.0).sum()))
    return ", ".join(name for _, _, name in alike), mean, uncertainty


def _load_kg(trial: xr.DataTree) -> float:
    """Mass of what is carried [kg]; 0 where the study names none."""
    return float(np.nan_to_num(trial.attrs.get("load_kg", 0.0)))


def _stated_weight(mass_kg: float, trial: xr.DataTree) -> KnownWeight | None:
    """Weight by the mass that the study states, with what is carried."""
    if not np.isfinite(mass_kg):
        return None
    total_kg = mass_kg + _load_kg(trial)
    uncertainty = STATED_MASS_KG * STANDARD_GRAVITY
    return KnownWeight(total_kg * STANDARD_GRAVITY, uncertainty, f"the session's mass of {total_kg:.1f} kg")


def _with_weight(
    reference: TrialReference, force: xr.Dataset, trial: xr.DataTree, weighed: tuple[str, float, float]
) -> TrialReference:
    """Add the person's weight with what is carried; from it the zero of the sum where plates' zeros are not known."""
    source, weight, uncertainty = weighed
    task, load_kg = str(trial.attrs["task"]), _load_kg(trial)
    words = f"quiet standing of {source}" + (f" and the load of {load_kg:g} kg" if load_kg else "")
    known = KnownWeight(weight + load_kg * STANDARD_GRAVITY, uncertainty, words)
    told = replace(reference, weight=known)
    if reference.feet_parted or TASKS[task].cut in NOT_WEIGHED:
        return told
    rate, vertical = float(force.attrs["sampling_rate_hz"]), vertical_of_plates(force)
    plates, up = force.get_index("plate").tolist(), force.get_index("axis").tolist().index("y")
    unknown = [plate for plate, zero in reference.zeros.items() if zero.source == NOWHERE]
    moving = [plate for plate in unknown if not is_constant(vertical[plates.index(plate)], rate=rate)]
    carrying = moving or unknown

    def supposed(levels: dict[str, float], uncertainty_n: float) -> dict[str, PlateZero]:
        """Zeros of the trial, those of the carrying plates at given levels of vertical force."""
        return reference.zeros | {
            plate: replace(
                reference.zeros[plate],
                force=level * (np.arange(force.sizes["axis"]) == up),
                uncertainty=uncertainty_n / len(carrying) ** 0.5,
            )
            for plate, level in levels.items()
        }

    # The median of standing, and of squats, is about weight; quiet standing then tells it better.
    as_recorded = _reaction(force, task, supposed(dict.fromkeys(carrying, 0.0), uncertainty)).standing
    if as_recorded is not None and abs(as_recorded.body_weight[0] - known.newtons) <= REPORTED_ZERO_N:
        agreed = supposed(dict.fromkeys(carrying, 0.0), float(np.hypot(uncertainty, as_recorded.uncertainty)))
        spread = float(np.linalg.norm([reference.zeros[plate].uncertainty for plate in carrying]))
        flag = QualityFlag("zero_not_steady", "force", spread, detail=words)
        return replace(told, zeros=agreed, feet_parted=True, flags=(*_without_unknown(reference), flag))
    share = known.newtons / len(carrying)
    rough = {plate: float(np.median(vertical[plates.index(plate)])) - share for plate in carrying}
    standing = _reaction(force, task, supposed(rough, uncertainty)).standing
    if standing is None:
        return told
    error = (float(standing.body_weight[0]) - known.newtons) / len(carrying)
    levels = {plate: level + error for plate, level in rough.items()}
    flag = QualityFlag("zero_by_weight", "force", sum(levels.values()), detail=words)
    zeros = supposed(levels, float(np.hypot(uncertainty, standing.uncertainty)))
    return replace(told, zeros=zeros, feet_parted=len(carrying) == 1, flags=(*_without_unknown(reference), flag))


def _without_unknown(reference: TrialReference) -> list[QualityFlag]:
    """Flags of a trial other than that the zero of a plate is not known."""
    return [flag for flag in reference.flags if flag.code != "plate_zero_unknown"]
