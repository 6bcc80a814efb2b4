"""A session's trials become reps with phases."""
