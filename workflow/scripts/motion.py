"""Compute kinematics and kinetics of the sessions of a batch of participants."""

from pathlib import Path

from legsci.ingest.session import open_session
from legsci.mechanics.kinetics.motion_file import write_motion
from legsci.mechanics.kinetics.session_motion import session_motion
from legsci.mechanics.motion.options import task_options
from legsci.storage import write_listing

from job_log import job_log
from session_folders import paired_files

with job_log(snakemake.log[0]):
    options, files = task_options(**snakemake.params.options), []
    for path, made in paired_files(snakemake.input.sessions, snakemake.output.listing):
        session = open_session(path)
        swapped = snakemake.params.swapped.get("/".join((path.parent.name, path.stem)), [])
        motion = session_motion(session, options=options, swapped=swapped)
        write_motion(motion, made, sources=snakemake.params.source)
        files.append(made)
    write_listing(Path(snakemake.output.listing), files)
