"""Curves over normalised time, compared between conditions or groups by permutation tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise, product
from math import comb

import numpy as np
import pandas as pd
from scipy import stats

from legsci.models.result import ALPHA, Array, ModelRefusal
from legsci.models.statistics.design import ROUNDING_SHARE

#: Angles that are compared: name -> labels of the left and the right leg, or of the trunk alone.
ANGLES = {
    **{
        name: (f"left_{name}", f"right_{name}")
        for name in ("hip_flexion", "knee_flexion", "ankle_dorsiflexion", "knee_abduction")
    },
    "lumbar_flexion": ("lumbar_flexion",),
}
SESSION_COMPARISON, LEG_COMPARISON = "last session less first", "right leg less left"
FEWEST_ATHLETES = 3
#: Rearrangements per batch, so that memory does not grow with their number.
BATCH = 2000


@dataclass(frozen=True)
class CurveComparison:
    """Comparison of curves by a cluster-based permutation test.

    Parameters
    ----------
    difference : (node,) mean of the first less mean of the second [unit of the curves].
    statistic : (node,) Student's t of that difference [1].
    forming_threshold : |t| from which neighbouring nodes of one sign form a cluster [1].
    critical_statistic : |t| that the largest of all nodes reaches in at most 5 % of rearrangements [1]; nodes with it
        differ individually. Infinite where there are too few rearrangements.
    clusters : one row per cluster: start_percent, end_percent of normalised time, direction (1 first higher, -1 lower),
        mass (sum of |t|), p_value of the largest mass anywhere.
    largest_statistics : (rearrangement,) largest |t| of each [1].
    exact : whether all rearrangements were enumerated, or as many drawn at random as `largest_statistics` has.
    athletes : number in the first and in the second.
    warnings : (code, sentence).
    """

    difference: Array
    statistic: Array
    forming_threshold: float
    critical_statistic: float
    clusters: pd.DataFrame
    largest_statistics: Array
    exact: bool
    athletes: tuple[int, int]
    warnings: tuple[tuple[str, str], ...]


def athlete_mean_curves(curves: Array, participants: Sequence[str]) -> pd.DataFrame:
    """Average the curves of each athlete, the unit of all comparisons, however many reps there are.

    Parameters
    ----------
    curves : (rep, node) over normalised time [any unit].
    participants : (rep,) athlete of each rep.

    Returns
    -------
    DataFrame (athlete, node): index participant_id, columns percent of normalised time.

    Raises
    ------
    ModelRefusal
        Shapes that do not match, or reps with missing or infinite values.
    """
    values = np.asarray(curves, dtype=np.float64)
    if values.ndim != 2 or len(values) != len(participants) or values.shape[1] < 2:
        sentence = f"expected (rep, node) for {len(participants)} reps and at least 2 nodes; found shape {values.shape}"
        raise ModelRefusal("the mean curves of athletes", [sentence])
    broken = np.flatnonzero(~np.isfinite(values).all(axis=1))
    if len(broken):
        names = ", ".join(sorted({participants[int(row)] for row in broken}))
        raise ModelRefusal("the mean curves of athletes", [f"{len(broken)} reps have missing values, of {names}"])
    percent = pd.Index(np.linspace(0.0, 100.0, values.shape[1]), name="percent")
    index = pd.Index(list(participants), name="participant_id")
    return pd.DataFrame(values, index=index, columns=percent).groupby(level=0, observed=True).mean()


def compare_curves(
    first: pd.DataFrame,
    second: pd.DataFrame,
    *,
    paired: bool,
    forming_threshold: float | None = None,
    resamples: int = 10_000,
    seed: int = 0,
) -> CurveComparison:
    """Compare two conditions of the same athletes, or two groups of athletes, by clusters of nodes.

    Under the null hypothesis an athlete's two curves are exchangeable (paired: the sign of the athlete's difference),
    or athletes reassigned to the groups. The largest cluster mass, the sum of |t| over neighbouring nodes beyond the
    threshold with one sign, is compared with that of the rearrangements (Maris & Oostenveld 2007, J Neurosci Methods
    164:177-190), the largest |t| likewise (Nichols & Holmes 2002, Hum Brain Mapp 15:1-25). All rearrangements are made
    where they are no more than `resamples`; otherwise as many at random, and the observed data are one of them: p = (1
    + as large) / (1 + resamples) (Phipson & Smyth 2010, Stat Appl Genet Mol Biol 9:39). A cluster's p value refers to
    the cluster, not to its exact extent.

    Parameters
    ----------
    first, second : (athlete, node) as from `athlete_mean_curves`, one row per athlete.
    paired : the same athletes in both; those in one only are excluded with a warning.
    forming_threshold : |t|; by default Student's t of p = 0.05, two-sided. To be chosen in advance.
    resamples : most rearrangements.
    seed : of the random rearrangements.

    Raises
    ------
    ModelRefusal
        Nodes that differ, missing values, athletes twice, fewer than 3 athletes.
    """
    messages = _check(first, second, paired)
    if paired:
        common = first.index.intersection(second.index, sort=True)
        first, second = first.loc[common], second.loc[common]
    counts = len(first), len(second)
    higher, lower = first.to_numpy(float), second.to_numpy(float)
    values = higher - lower if paired else np.concatenate([higher, lower])
    # t of groups is invariant to a common shift; centring avoids cancellation in the sums of squares.
    values = values if paired else values - values.mean(axis=0)
    ways = 2 ** (counts[0] - 1) if paired else comb(sum(counts), counts[0])
    exact = ways <= resamples
    moved = _all_rearrangements(counts, paired) if exact else _random_rearrangements(counts, paired, resamples, seed)
    test = _paired_t if paired else _two_sample_t
    observed = test(values, moved[:1])[0]
    if not np.isfinite(observed).all():
        percent = first.columns[~np.isfinite(observed)][0]
        raise ModelRefusal(
            "the comparison of curves", [f"at {percent:g} % curves differ without any variance between athletes"]
        )
    df = counts[0] - 1 if paired else sum(counts) - 2
    threshold = float(stats.t.ppf(1.0 - ALPHA / 2.0, df)) if forming_threshold is None else forming_threshold
    batches = (test(values, moved[at : at + BATCH]) for at in range(0, len(moved), BATCH))
    pairs = [(np.abs(batch).max(axis=1), _largest_mass(batch, threshold)) for batch in batches]
    largest, masses = (np.concatenate(each) for each in zip(*pairs, strict=True))
    if len(moved) * ALPHA < 1.0:
        messages.append(
            ("few_rearrangements", f"{len(moved)} rearrangements: no p value can be below {1 / len(moved):.3g}")
        )
    return CurveComparison(
        difference=higher.mean(axis=0) - lower.mean(axis=0),
        statistic=observed,
        forming_threshold=threshold,
        critical_statistic=_critical(largest),
        clusters=_clusters(observed, threshold, masses, first.columns.to_numpy(float)),
        largest_statistics=largest,
        exact=exact,
        athletes=counts,
        warnings=tuple(messages),
    )


def _check(first: pd.DataFrame, second: pd.DataFrame, paired: bool) -> list[tuple[str, str]]:
    """Return warnings, or refuse with every reason."""
    faults = []
    if first.shape[1] != second.shape[1] or not np.allclose(first.columns.astype(float), second.columns.astype(float)):
        faults.append(f"the curves have different nodes: {first.shape[1]} and {second.shape[1]}")
    for name, curves in (("first", first), ("second", second)):
        broken = curves.index[~np.isfinite(curves.to_numpy(float)).all(axis=1)]
        if len(broken):
            faults.append(f"{name}: missing or infinite values of {', '.join(map(str, broken))}")
        twice = curves.index[curves.index.duplicated()].unique()
        if len(twice):
            faults.append(f"{name}: more than one curve of {', '.join(map(str, twice))}; average them first")
    common = first.index.intersection(second.index)
    if paired and len(common) < FEWEST_ATHLETES:
        faults.append(f"{len(common)} athletes have both curves, at least {FEWEST_ATHLETES} are needed")
    if not paired and len(common):
        faults.append(f"in both groups: {', '.join(map(str, common))}; the same athletes are compared as pairs")
    if not paired and min(len(first), len(second)) < FEWEST_ATHLETES:
        faults.append(f"groups of {len(first)} and {len(second)} athletes, at least {FEWEST_ATHLETES} each are needed")
    if faults:
        raise ModelRefusal("the comparison of curves", faults)
    alone = len(first) + len(second) - 2 * len(common)
    if paired and alone:
        return [("unpaired", f"{alone} athletes have one of the two curves only and are excluded")]
    return []


def _all_rearrangements(counts: tuple[int, int], paired: bool) -> Array:
    """Return all rearrangements, the given one first, (rearrangement, athlete).

    Signs of the first athlete stay: swapping everybody changes the sign of t, which the tests of |t| do not see.
    """
    if paired:
        return np.array([(1.0, *signs) for signs in product((1.0, -1.0), repeat=counts[0] - 1)])
    members = np.array(list(combinations(range(sum(counts)), counts[0])))
    moved = np.zeros((len(members), sum(counts)))
    np.put_along_axis(moved, members, 1.0, axis=1)
    return moved


def _random_rearrangements(counts: tuple[int, int], paired: bool, resamples: int, seed: int) -> Array:
    """Return the given arrangement first, then random ones, (1 + resamples, athlete)."""
    generator = np.random.default_rng(seed)
    if paired:
        given = np.ones((1, counts[0]))
        return np.concatenate([given, generator.choice([1.0, -1.0], size=(resamples, counts[0]))])
    given = np.r_[np.ones(counts[0]), np.zeros(counts[1])][None]
    return np.concatenate([given, generator.permuted(np.tile(given, (resamples, 1)), axis=1)])


def _paired_t(differences: Array, signs: Array) -> Array:
    """Return t of the mean difference, (rearrangement, node)."""
    count = len(differences)
    square = np.sum(differences**2, axis=0)
    mean = signs @ differences / count
    return _ratio(mean, (square - count * mean**2) / (count - 1) / count, square / count)


def _two_sample_t(values: Array, members: Array) -> Array:
    """Return t of the difference of means with pooled variance, (rearrangement, node)."""
    ones = members.sum(axis=1, keepdims=True)
    zeros = len(values) - ones
    square = np.sum(values**2, axis=0)
    mean, other = members @ values / ones, (1.0 - members) @ values / zeros
    pooled = (square - ones * mean**2 - zeros * other**2) / (len(values) - 2)
    return _ratio(mean - other, pooled * (1.0 / ones + 1.0 / zeros), square / len(values))


def _ratio(difference: Array, variance: Array, mean_square: Array) -> Array:
    """Return difference / sqrt(variance): 0 where all curves are equal, infinite where a difference has no variance."""
    with np.errstate(divide="ignore", invalid="ignore"):
        known = np.where(variance > ROUNDING_SHARE * mean_square, variance, 0.0)
        return np.where(mean_square > 0.0, difference / np.sqrt(known), 0.0)


def _largest_mass(statistics: Array, threshold: float) -> Array:
    """Return the largest cluster mass of each rearrangement (rearrangement,); 0 without cluster."""
    largest = np.zeros(len(statistics))
    for signed in (statistics, -statistics):
        mass = np.zeros(len(statistics))
        for node in signed.T:
            mass = np.where(node > threshold, mass + node, 0.0)
            largest = np.maximum(largest, mass)
    return largest


def _critical(largest: Array) -> float:
    """Return the least value that at most ALPHA of the rearrangements, the data among them, reach; else infinity."""
    ordered = np.sort(largest)
    # Mirrored rearrangements have equal statistics up to rounding.
    reaching = len(ordered) - np.searchsorted(ordered, ordered * (1.0 - 1e-9))
    rare = ordered[reaching <= ALPHA * len(ordered)]
    return float(rare[0]) if len(rare) else float("inf")


def _clusters(statistic: Array, threshold: float, masses: Array, percent: Array) -> pd.DataFrame:
    direction = np.where(np.abs(statistic) > threshold, np.sign(statistic), 0.0)
    borders = np.flatnonzero(np.diff(direction, prepend=0.0, append=0.0))
    rows = []
    for start, end in pairwise(borders):
        if direction[start] == 0.0:
            continue
        mass = float(np.abs(statistic[start:end]).sum())
        # Sums in another order may differ by rounding from the same sum.
        p_value = float(np.mean(masses >= mass * (1.0 - 1e-9)))
        rows.append((float(percent[start]), float(percent[end - 1]), int(direction[start]), mass, p_value))
    return pd.DataFrame(rows, columns=["start_percent", "end_percent", "direction", "mass", "p_value"])
