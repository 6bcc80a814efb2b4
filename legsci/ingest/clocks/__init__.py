"""Clocks of recorders: how the clock of each stream is related to that of its trial, and how well that is known."""
