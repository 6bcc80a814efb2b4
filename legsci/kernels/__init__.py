"""Compiled loops over plain float64 arrays: numpy and numba only, units and signs in each docstring."""
