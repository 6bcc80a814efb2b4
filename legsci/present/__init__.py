"""Findings become figures and reports."""
