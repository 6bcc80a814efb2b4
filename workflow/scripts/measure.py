"""Measure the reps of a part of a study's sessions."""

from pathlib import Path

from legsci.mechanics.reps.files import measurable_sessions
from legsci.metrics.parts import write_part

from job_log import job_log
from session_folders import in_order

with job_log(snakemake.log[0]):
    listings = (snakemake.input.reps, snakemake.input.motion, snakemake.input.sessions)
    files = (in_order(listing, snakemake.params.participants) for listing in listings)
    folder = Path(snakemake.output.metrics).parent
    write_part(measurable_sessions(*files), folder, sources=snakemake.params.source)
