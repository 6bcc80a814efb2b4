"""Loops over the risk sets of recurrent events.

A row is at risk at a time t where start < t <= stop. The risk sets are visited in the order of time: rows enter and
leave a list, and their sums are carried along, so that the likelihood takes the time of sorting the rows once.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]
Numbers = NDArray[np.int64]


class RiskSets(NamedTuple):
    """Intervals at risk, sorted.

    Parameters
    ----------
    start, stop : (row,) ranks of the times; strata follow one another without overlap.
    by_start, by_stop : (row,) numbers of the rows in the order of start and of stop.
    events : (event,) numbers of the rows with an event, in the order of stop.
    first : (time + 1,) place in `events` of the first event of each time with events; the last is their number.
    before, until : (row,) number of times with events up to and at start, and up to and at stop.
    """

    start: Array
    stop: Array
    by_start: Numbers
    by_stop: Numbers
    events: Numbers
    first: Numbers
    before: Numbers
    until: Numbers


def risk_sets(start: Array, stop: Array, event: NDArray[np.bool_], strata: Numbers) -> RiskSets:
    """Sort intervals.

    Parameters
    ----------
    start, stop : (row,) at risk in (start, stop], any unit, finite, start < stop.
    event : (row,) whether an event is at stop.
    strata : (row,) number of the stratum, from 0; rows of different strata are never at risk together.
    """
    ranks = np.unique(np.concatenate((start, stop)), return_inverse=True)[1].astype(np.float64)
    earlier = strata * (ranks.max() + 1.0)
    begin, end = ranks[: len(start)] + earlier, ranks[len(start) :] + earlier
    by_stop = np.argsort(end, kind="stable")
    events = by_stop[event[by_stop]]
    times, first = np.unique(end[events], return_index=True)
    before, until = (np.searchsorted(times, clock, side="right") for clock in (begin, end))
    return RiskSets(
        begin, end, np.argsort(begin, kind="stable"), by_stop, events, np.append(first, len(events)), before, until
    )


@njit(cache=True)
def _visit(sets: RiskSets, time: float, rows: Numbers, place: Numbers, state: Numbers) -> None:
    """Bring the list of rows at risk to a later time; `state`: rows that entered, that left, and that are at risk."""
    while state[0] < len(rows) and sets.start[sets.by_start[state[0]]] < time:
        row = sets.by_start[state[0]]
        rows[state[2]], place[row] = row, state[2]
        state[0] += 1
        state[2] += 1
    while state[1] < len(rows) and sets.stop[sets.by_stop[state[1]]] < time:
        # The last row of the list takes the place of the one that leaves.
        row, last = sets.by_stop[state[1]], rows[state[2] - 1]
        rows[place[row]], place[last] = last, place[row]
        state[1] += 1
        state[2] -= 1


@njit(cache=True)
def _add(rows: Numbers, covariates: Array, weight: Array, sign: float, sums: Array) -> None:
    """Add the products of (1, x) of some rows, times weight and sign, to their sums (term + 1, term + 1)."""
    width = covariates.shape[1]
    for row in rows:
        own = sign * weight[row]
        sums[0, 0] += own
        for i in range(width):
            sums[i + 1, 0] += own * covariates[row, i]
            for j in range(i + 1):
                sums[i + 1, j + 1] += own * covariates[row, i] * covariates[row, j]


@njit(cache=True)
def _carry(
    sets: RiskSets, covariates: Array, weight: Array, lists: tuple[Numbers, Numbers, Numbers], time: float, sums: Array
) -> None:
    """Bring the sums over the rows at risk to a later time.

    They are summed anew after as many changes as there are rows, so that what was added and subtracted leaves no trace.
    """
    rows, place, state = lists
    entered, left = state[0], state[1]
    _visit(sets, time, rows, place, state)
    state[3] += state[0] - entered + state[1] - left
    if state[3] > state[2]:
        sums[:] = 0.0
        state[3] = 0
        _add(rows[: state[2]], covariates, weight, 1.0, sums)
    else:
        _add(sets.by_start[entered : state[0]], covariates, weight, 1.0, sums)
        _add(sets.by_stop[left : state[1]], covariates, weight, -1.0, sums)


@njit(cache=True)
def partial_likelihood(
    sets: RiskSets, covariates: Array, coefficients: Array, efron: bool
) -> tuple[float, Array, Array, Array]:
    """Log partial likelihood of a proportional hazards model, with its score residuals and information.

    At a time with d events, w_k = exp(x beta) (1 - f_k event) of the rows at risk, f_k = k / d (Efron) or 0 (Breslow),
    k = 0 to d - 1, and m_k, V_k the mean and variance of x with weights w_k. The log-likelihood gains x beta of the
    events less sum_k ln sum w_k, the information sum_k V_k; an event gains the residual x - mean_k m_k, and every row
    at risk loses sum_k w_k / sum(w_k) (x - m_k). Sums over the times of a row are differences of cumulative sums.

    Parameters
    ----------
    sets : intervals at risk.
    covariates : (row, term), near their means, from which the variances are rounded least.
    coefficients : (term,).
    efron : Efron's handling of ties instead of Breslow's.

    Returns
    -------
    value : log-likelihood; NaN where a covariate is.
    residuals : (row, term) [unit of the term], which sum to the score; 0 in rows that are at risk at no event.
    information : (term, term).
    expected : (row,) sum of w_k / sum(w_k), the cumulative hazard of the row.
    """
    count, width = covariates.shape
    predictor = covariates @ coefficients
    largest = predictor.max()
    weight = np.exp(predictor - largest)
    value, information = 0.0, np.zeros((width, width))
    residuals, expected = np.zeros((count, width)), np.zeros(count)
    # Cumulative over the times: sums of 1 / sum(w_k), and of m_k / sum(w_k).
    hazard = np.zeros((len(sets.first), width + 1))
    lists = (np.empty(count, np.int64), np.empty(count, np.int64), np.zeros(4, np.int64))
    sums, ending, mean = np.zeros((width + 1, width + 1)), np.zeros((width + 1, width + 1)), np.empty(width)
    for number in range(len(sets.first) - 1):
        tied = sets.events[sets.first[number] : sets.first[number + 1]]
        _carry(sets, covariates, weight, lists, sets.stop[tied[0]], sums)
        ending[:] = 0.0
        if efron:
            _add(tied, covariates, weight, 1.0, ending)
        hazard[number + 1] = hazard[number]
        for step in range(len(tied)):
            removed = step / len(tied) if efron else 0.0
            total = sums[0, 0] - removed * ending[0, 0]
            value -= np.log(total) + largest
            hazard[number + 1, 0] += 1.0 / total
            for i in range(width):
                mean[i] = (sums[i + 1, 0] - removed * ending[i + 1, 0]) / total
                hazard[number + 1, i + 1] += mean[i] / total
                for j in range(i + 1):
                    square = sums[i + 1, j + 1] - removed * ending[i + 1, j + 1]
                    information[i, j] += square / total - mean[i] * mean[j]
            for row in tied:
                # An event that is removed in part is at risk in part.
                back = removed * weight[row] / total
                expected[row] -= back
                for i in range(width):
                    residuals[row, i] += (1.0 / len(tied) + back) * (covariates[row, i] - mean[i])
        for row in tied:
            value += predictor[row]
    for row in range(count):
        before, until = hazard[sets.before[row]], hazard[sets.until[row]]
        passed = weight[row] * (until[0] - before[0])
        expected[row] += passed
        for i in range(width):
            residuals[row, i] -= covariates[row, i] * passed - weight[row] * (until[i + 1] - before[i + 1])
    for i in range(width):
        information[:i, i] = information[i, :i]
    return value, residuals, information, expected


@njit(cache=True)
def count_wins_at_risk(
    sets: RiskSets, event: NDArray[np.bool_], predictor: Array, participant: Numbers, athletes: int
) -> tuple[Array, Array]:
    """Count by pair of athletes how often a row that ends with an event has a higher predictor than others at risk.

    Parameters
    ----------
    sets : intervals at risk.
    event : (row,) whether an event is at stop; rows that end with an event at the same time are not compared.
    predictor : (row,) any unit.
    participant : (row,) number of the athlete.
    athletes : how many there are.

    Returns
    -------
    wins, pairs : (athlete with the event, athlete compared); a tie is half a win. A NaN wins nothing.
    """
    wins, pairs = np.zeros((athletes, athletes)), np.zeros((athletes, athletes))
    rows, place, state = np.empty(len(event), np.int64), np.empty(len(event), np.int64), np.zeros(4, np.int64)
    for number in range(len(sets.first) - 1):
        tied = sets.events[sets.first[number] : sets.first[number + 1]]
        time = sets.stop[tied[0]]
        _visit(sets, time, rows, place, state)
        for row in tied:
            own, won, compared = predictor[row], wins[participant[row]], pairs[participant[row]]
            for other in rows[: state[2]]:
                if event[other] and sets.stop[other] == time:
                    continue
                compared[participant[other]] += 1.0
                if own > predictor[other]:
                    won[participant[other]] += 1.0
                elif own == predictor[other]:
                    won[participant[other]] += 0.5
    return wins, pairs


@njit(cache=True)
def count_wins(
    order: Numbers, event: NDArray[np.bool_], predictor: Array, participant: Numbers, weight: Array
) -> tuple[Array, Array]:
    """Count by pair of athletes how often a row with an event has a higher predictor than rows without.

    Parameters
    ----------
    order : (row,) numbers of the rows by predictor, the lowest first.
    event : (row,) whether an event is in the row.
    predictor : (row,) any unit, no NaN.
    participant : (row,) number of the athlete, from 0; all occur.
    weight : (row,) of a row without event.

    Returns
    -------
    wins, pairs : (athlete with the event, athlete compared), sums of weights; a tie is half a win.
    """
    athletes = participant.max() + 1
    wins, pairs = np.zeros((athletes, athletes)), np.zeros((athletes, athletes))
    # Weight by athlete of the rows below the predictor, half of those at it included.
    below, events = np.zeros(athletes), np.zeros(athletes)
    first = 0
    while first < len(order):
        last = first
        while last < len(order) and predictor[order[last]] == predictor[order[first]]:
            last += 1
        for half in range(2):
            for row in order[first:last]:
                if not event[row]:
                    below[participant[row]] += 0.5 * weight[row]
            if half == 0:
                for row in order[first:last]:
                    if event[row]:
                        wins[participant[row]] += below
                        events[participant[row]] += 1.0
        first = last
    for athlete in range(athletes):
        pairs[athlete] = events[athlete] * below
    return wins, pairs
