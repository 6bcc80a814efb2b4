"""Running integrals by the trapezoid rule, from a known first value.

An integral across a gap is not known: from the first NaN on the answer is NaN.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]


@njit(cache=True)
def integrate_forward(samples: Array, interval: float, initial: float) -> Array:
    """Integrate from a known first value.

    Parameters
    ----------
    samples : (time,), any unit.
    interval : time between samples [s].
    initial : value of the integral at the first sample [unit of samples x s].

    Returns
    -------
    (time,) [unit of samples x s]: out[0] = initial, out[i] = out[i-1] + (samples[i-1] + samples[i]) / 2 x interval.
    """
    integral = np.empty(len(samples))
    total = initial
    for i in range(len(samples)):
        if i > 0:
            total += 0.5 * (samples[i - 1] + samples[i]) * interval
        integral[i] = total
    return integral
