"""Signals of a trial become repetitions, with the mechanics of each: force, motion, kinetics, reps."""
