"""Metrics of muscles together and over a set: order of recruitment, sides, co-activation, bursts and their spectrum."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from legsci.mechanics.muscles.conditioning import median_frequency
from legsci.mechanics.muscles.onsets import QUANTILE_OF_NORMAL
from legsci.metrics.families.muscles import HOGAN, PERCENT, of_muscle
from legsci.metrics.metric import NOT_SIGNED, OWN_DEFINITION, Metric
from legsci.metrics.signals import Reps
from legsci.tasks import HOPS, SQUATS
from legsci.vocabulary import MUSCLES, SIDES

Array = NDArray[np.float64]
#: Muscles whose co-activation at the knee is found; those that were recorded stand for their group.
HAMSTRINGS = ("biceps_femoris", "semitendinosus")
QUADRICEPS = ("rectus_femoris", "vastus_lateralis", "vastus_medialis")
#: A slope over a set needs so many repetitions.
LEAST_REPS = 4
#: Tasks whose trial is a set of repetitions.
SETS = (*SQUATS, *HOPS)


def _times(reps: Reps, name: str) -> tuple[Array, Array]:
    """Instants of all muscles, and their standard uncertainties: (rep, muscle, side) [s] each."""
    found, lower, upper = (reps[f"muscle_{name}{limit}"].data for limit in ("", "_lower", "_upper"))
    return found, (upper - lower) / (2.0 * QUANTILE_OF_NORMAL)


def _for_each_scoring(reps: Reps, values: Array, dims: tuple[str, ...] = ("rep", "side")) -> xr.Variable:
    """Values that no definition profile changes, with the dimension scoring."""
    return xr.Variable(dims, values) + 0.0 * reps["span_start"].fillna(0.0)


def recruitment(reps: Reps) -> tuple[xr.Variable, xr.Variable]:
    """Order in which the muscles of a side are recruited in a repetition: (rep, muscle, side) each.

    Returns
    -------
    rank : 1 and the number of muscles that begin earlier beyond the 95 % interval of the difference.
    ties : number of muscles whose onset cannot be told from this one's. NaN where fewer than two muscles have an onset.
    """
    onset, doubt = _times(reps, "onset")
    after = onset[:, :, None] - onset[:, None]
    limit = QUANTILE_OF_NORMAL * np.hypot(doubt[:, :, None], doubt[:, None])
    others = ~np.eye(len(MUSCLES), dtype=bool)[:, :, None]
    ranked = np.isfinite(onset) & (np.isfinite(onset).sum(axis=1, keepdims=True) > 1)
    rank = 1.0 + (after > limit).sum(axis=2)
    ties = ((np.abs(after) <= limit) & others).sum(axis=2).astype(float)
    dims = ("rep", "muscle", "side")
    return xr.Variable(dims, np.where(ranked, rank, np.nan)), xr.Variable(dims, np.where(ranked, ties, np.nan))


def _recruited(muscle: str, which: int) -> Callable[[Reps], xr.Variable]:
    """Rank (0) or ties (1) of a muscle (rep, scoring, side)."""
    return lambda reps: _for_each_scoring(reps, reps["recruitment"][which].data[:, MUSCLES.index(muscle)])


def onset_difference(muscle: str) -> Callable[[Reps], tuple[xr.Variable, xr.Variable]]:
    """Onset of the right muscle less that of the left, and its uncertainty (rep, scoring) [s]."""

    def measure(reps: Reps) -> tuple[xr.Variable, xr.Variable]:
        """Difference; the event to which both refer cancels."""
        onset, doubt = (values[:, MUSCLES.index(muscle)] for values in _times(reps, "onset"))
        left, right = SIDES.index("left"), SIDES.index("right")
        difference = onset[:, right] - onset[:, left]
        found = (difference, np.hypot(doubt[:, left], doubt[:, right]))
        return (_for_each_scoring(reps, found[0], ("rep",)), _for_each_scoring(reps, found[1], ("rep",)))

    return measure


def burst_duration(muscle: str) -> Callable[[Reps], tuple[xr.Variable, xr.Variable]]:
    """Time from the onset to the offset of a muscle, and its uncertainty (rep, scoring, side) [s]."""

    def measure(reps: Reps) -> tuple[xr.Variable, xr.Variable]:
        """Offset less onset; both are read from the same clock."""
        (onset, of_onset), (offset, of_offset) = (
            tuple(values[:, MUSCLES.index(muscle)] for values in _times(reps, name)) for name in ("onset", "offset")
        )
        return _for_each_scoring(reps, offset - onset), _for_each_scoring(reps, np.hypot(of_onset, of_offset))

    return measure


def knee_co_activation(reps: Reps) -> xr.Variable:
    """Co-activation of hamstrings and quadriceps in the movement (rep, scoring, side) [%]."""
    references = reps["emg_reference"].data
    groups: dict[tuple[int, int, int], tuple[list[Array], list[Array]]] = {}
    for activity in reps["muscle_activity"]:
        name = MUSCLES[activity.muscle]
        if name not in HAMSTRINGS + QUADRICEPS:
            continue
        normalised = activity.envelope / references[activity.muscle, activity.side]
        for scoring, part in activity.in_movement(reps, normalised):
            pair = groups.setdefault((activity.rep, scoring, activity.side), ([], []))
            pair[int(name in QUADRICEPS)].append(part)
    answer = np.full((*reps["span_start"].transpose("rep", "scoring").shape, len(SIDES)), np.nan)
    expected = _recorded(reps)
    for place, (flexors, extensors) in groups.items():
        # a group without one of its channels would be another quantity than in the other repetitions
        if flexors and extensors and (len(flexors), len(extensors)) == expected[place[2]]:
            answer[place] = co_activation(_mean(flexors), _mean(extensors))
    return xr.Variable(("rep", "scoring", "side"), answer)


def _recorded(reps: Reps) -> list[tuple[int, int]]:
    """Number of hamstrings and of quadriceps that the session recorded at each side."""
    labels = set(reps["emg_channel"].data.astype(str))
    counts = []
    for side in SIDES:
        prefix = "" if side == "both" else f"{side}_"
        flexors, extensors = (sum(prefix + name in labels for name in group) for group in (HAMSTRINGS, QUADRICEPS))
        counts.append((flexors, extensors))
    return counts


def _mean(parts: list[Array]) -> Array:
    """Mean of envelopes (sample,) of channels whose clocks may differ by a sample in length."""
    shortest = min(part.size for part in parts)
    return np.asarray(np.mean([part[:shortest] for part in parts], axis=0))


def co_activation(first: Array, second: Array) -> float:
    """Co-activation of two normalised envelopes (sample,) [%]: twice their common area relative to the sum of both.

    References
    ----------
    Falconer K, Winter DA (1985) Quantitative assessment of co-contraction at the ankle joint in walking.
    Electromyogr Clin Neurophysiol 25:135-149.
    """
    shortest = min(first.size, second.size)
    first, second = first[:shortest], second[:shortest]
    total = float((first + second).sum())
    return 200.0 * float(np.minimum(first, second).sum()) / total if total > 0.0 else np.nan


def median_frequencies(reps: Reps) -> xr.Variable:
    """Median frequency of EMG in the movement (rep, scoring, muscle, side) [Hz]."""
    shape = reps["span_start"].transpose("rep", "scoring").shape
    answer = np.full((*shape, len(MUSCLES), len(SIDES)), np.nan)
    for activity in reps["muscle_activity"]:
        for scoring, part in activity.in_movement(reps, activity.emg):
            answer[activity.rep, scoring, activity.muscle, activity.side] = median_frequency(part, activity.rate_hz)
    return xr.Variable(("rep", "scoring", "muscle", "side"), answer)


def median_frequency_slope(muscle: str) -> Callable[[Reps], tuple[xr.Variable, xr.Variable]]:
    """Slope of the median frequency over a set, and its standard error (rep, scoring, side) [% per repetition]."""

    def measure(reps: Reps) -> tuple[xr.Variable, xr.Variable]:
        """The same for all repetitions of a set."""
        frequencies = reps["median_frequency"].data[:, :, MUSCLES.index(muscle)]
        slopes, errors = np.full((2, *frequencies.shape), np.nan)
        trials, numbers = reps["trial_id"].data.astype(str), reps["number"].data.astype(float)
        for trial in np.unique(trials):
            rows = np.flatnonzero(trials == trial)
            for scoring, side in np.ndindex(frequencies.shape[1:]):
                found = relative_slope(numbers[rows], frequencies[rows, scoring, side])
                slopes[rows, scoring, side], errors[rows, scoring, side] = found
        dims = ("rep", "scoring", "side")
        return xr.Variable(dims, slopes), xr.Variable(dims, errors)

    return measure


def relative_slope(number: Array, value: Array) -> tuple[float, float]:
    """Slope of the regression line of values on the number of the repetition, and its standard error.

    Parameters
    ----------
    number, value : (rep,); NaN where there is no value.

    Returns
    -------
    Both in percent of the line's value at the first repetition, per repetition; NaN with fewer than LEAST_REPS values.
    """
    known = np.isfinite(value)
    if known.sum() < LEAST_REPS:
        return np.nan, np.nan
    x, y = number[known] - number[known][0], value[known]
    about = x - x.mean()
    slope = float(about @ y / (about @ about))
    intercept = float(y.mean() - slope * x.mean())
    residual = y - intercept - slope * x
    error = float(np.sqrt(residual @ residual / (x.size - 2) / (about @ about)))
    return 100.0 * slope / intercept, 100.0 * error / intercept


def _rank_entry(muscle: str) -> Metric:
    """Entry of the place of a muscle in the order of recruitment."""
    name = muscle.replace("_", " ")
    return of_muscle(
        _recruited(muscle, 0),
        label=f"recruitment order of {name}",
        unit="rank",
        sign="later",
        meaning=f"Rank of the onset of {name} among the muscles of its side in the repetition: 1 and the number of "
        "muscles whose onset is earlier beyond the 95 % interval of the difference. Missing where the side has one "
        "onset only.",
        equation="1 + number of muscles j with onset - onset_j > 1.96 (u^2 + u_j^2)^(1/2)",
        source="ranks with ties: Kendall 1945, Biometrika 33:239; ties by interval defined here",
        no_uncertainty="ties state which onsets cannot be told apart",
    )


def _tied_entry(muscle: str) -> Metric:
    """Entry of the number of muscles whose onset cannot be told from that of a muscle."""
    name = muscle.replace("_", " ")
    return of_muscle(
        _recruited(muscle, 1),
        label=f"ties in the recruitment order of {name}",
        unit="muscles",
        sign=NOT_SIGNED,
        meaning=f"Number of muscles of the same side whose onset lies within the 95 % interval of the difference from "
        f"that of {name}.",
        equation="number of muscles j with |onset - onset_j| <= 1.96 (u^2 + u_j^2)^(1/2)",
        source=OWN_DEFINITION,
        no_uncertainty="it is itself a statement of uncertainty",
    )


def _difference_entry(muscle: str) -> Metric:
    """Entry of the difference of the onset between sides."""
    name = muscle.replace("_", " ")
    return of_muscle(
        onset_difference(muscle),
        label=f"onset of {name}, right less left",
        unit="s",
        sign="right later",
        meaning=f"Onset of the right {name} less that of the left in the same repetition; the event cancels.",
        equation="onset_R - onset_L",
        source=OWN_DEFINITION,
        uncertainty="stated",
    )


def _duration_entry(muscle: str) -> Metric:
    """Entry of the duration of a burst."""
    name = muscle.replace("_", " ")
    return of_muscle(
        burst_duration(muscle),
        label=f"burst duration of {name}",
        unit="s",
        sign=NOT_SIGNED,
        meaning=f"Time from the onset of {name} to its offset, the instant at which the amplitude has 5 % of the fall "
        "from the plateau of the burst to rest left. The offset is the onset of the signal in reversed time.",
        equation="t(a = a_rest + 0.05 (a_burst - a_rest), falling) - t(the same, rising)",
        source=HOGAN,
        uncertainty="stated",
    )


def _slope_entry(muscle: str) -> Metric:
    """Entry of the slope of the median frequency over a set."""
    name = muscle.replace("_", " ")
    return of_muscle(
        median_frequency_slope(muscle),
        label=f"slope of the median frequency of {name}",
        unit="%/rep",
        sign="rising",
        meaning=f"Slope of the regression line of {muscle}_median_frequency_hz on the number of the repetition in its "
        "trial, relative to the line at the first; the same for all repetitions of the set, of at least "
        f"{LEAST_REPS}. Fatigue lowers it.",
        equation="100 b / a of f = a + b (rep - 1)",
        source="De Luca 1997, J Appl Biomech 13:135",
        uncertainty="stated",
        tasks=SETS,
    )


def _frequency_entry(muscle: str) -> Metric:
    """Entry of the median frequency in a movement."""
    name = muscle.replace("_", " ")
    return of_muscle(
        lambda reps: reps["median_frequency"].isel(muscle=MUSCLES.index(muscle)),
        label=f"median frequency of {name}",
        unit="Hz",
        sign=NOT_SIGNED,
        meaning=f"Frequency that halves the power of the EMG of {name} in the movement, between 20 and 450 Hz.",
        equation="integral of P from 20 Hz to f = half of that to 450 Hz",
        source="Stulen & De Luca 1981, IEEE Trans Biomed Eng 28:515",
        no_uncertainty="placement of electrodes is not known to legsci; u of its slope holds the scatter between "
        "repetitions",
    )


METRICS = {
    "knee_co_activation_percent": of_muscle(
        knee_co_activation,
        label="co-activation at the knee",
        unit="%",
        sign=NOT_SIGNED,
        meaning="Co-activation of hamstrings and quadriceps in the movement: twice the area common to both normalised "
        "envelopes, relative to the sum of their areas. A group is the mean of its muscles that the session recorded.",
        equation="200 integral of min(h, q) / integral of (h + q)",
        source="Falconer & Winter 1985, Electromyogr Clin Neurophysiol 25:135",
        no_uncertainty=PERCENT,
    )
} | {
    name: entry
    for muscle in MUSCLES
    for name, entry in {
        f"{muscle}_recruitment_rank": _rank_entry(muscle),
        f"{muscle}_recruitment_tied_muscles": _tied_entry(muscle),
        f"{muscle}_onset_difference_s": _difference_entry(muscle),
        f"{muscle}_burst_duration_s": _duration_entry(muscle),
        f"{muscle}_median_frequency_hz": _frequency_entry(muscle),
        f"{muscle}_median_frequency_slope_percent_per_rep": _slope_entry(muscle),
    }.items()
}
