"""Injury models: counts per exposure, recurrent events, rates."""
