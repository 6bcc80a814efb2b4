"""Resample the movements of all sessions of a study at the same number of points."""

from pathlib import Path

from legsci.mechanics.reps.files import open_repetitions, reps_files
from legsci.metrics.normalised_curves import write_curves

from job_log import job_log

with job_log(snakemake.log[0]):
    sessions = (open_repetitions(path)[0] for path in reps_files(snakemake.input.reps))
    write_curves(sessions, Path(snakemake.output.curves))
