"""Resample the movements of all sessions of a study at the same number of points."""

from pathlib import Path

from legsci.mechanics.reps.files import measurable_sessions
from legsci.metrics.normalised_curves import write_curves

from job_log import job_log
from session_folders import in_order

with job_log(snakemake.log[0]):
    listings = (snakemake.input.reps, snakemake.input.motion, snakemake.input.sessions)
    files = (in_order(listing, snakemake.params.participants) for listing in listings)
    curves = (reps for reps, _ in measurable_sessions(*files))
    write_curves(curves, Path(snakemake.output.curves), sources=snakemake.params.source)
