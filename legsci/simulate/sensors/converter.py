"""Analog-to-digital converters of the virtual laboratory."""

from __future__ import annotations

import numpy as np

from legsci.simulate.athlete.plan import Array


def converter_step(limit: float, bits: int) -> float:
    """Resolution of a converter in the unit of `limit`: it has 2^bits values from -limit on."""
    return 2.0 * limit / 2**bits


def converted(signal: Array, limit: Array | float, bits: int | None) -> Array:
    """Return a signal as a converter gives it.

    Parameters
    ----------
    signal : any shape and unit.
    limit : readings beyond it stay there; broadcasts to the signal.
    bits : number of bits of a value; None for a converter without steps.
    """
    if bits is None:
        return np.clip(signal, -limit, limit)
    step = 2.0 * limit / 2**bits
    most = 2 ** (bits - 1)
    return np.asarray(np.clip(np.round(signal / step), -most, most - 1) * step)
