"""Reps become numbers, one function per metric."""
