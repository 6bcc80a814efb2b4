"""Families of metrics: each module holds functions and, beside them, their entries in METRICS."""
