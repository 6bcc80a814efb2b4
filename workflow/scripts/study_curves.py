"""Resample the movements of all sessions of a study at the same number of points."""

from pathlib import Path

from legsci.mechanics.reps.files import measurable_sessions
from legsci.metrics.normalised_curves import write_curves

from job_log import job_log

with job_log(snakemake.log[0]):
    folders = (snakemake.input.reps, snakemake.input.motion, snakemake.input.sessions)
    sessions = (reps for reps, _ in measurable_sessions(*folders))
    write_curves(sessions, Path(snakemake.output.curves))
