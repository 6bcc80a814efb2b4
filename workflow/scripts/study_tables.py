"""Measure the reps of a study and write its tables."""
