"""Manifest of a run, the way of a number back to its raw files, and reference values."""
