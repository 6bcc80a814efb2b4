"""Compute kinematics and kinetics of a participant's sessions."""

from pathlib import Path

from legsci.ingest.session import open_session
from legsci.mechanics.kinetics.motion_file import write_motion
from legsci.mechanics.kinetics.session_motion import session_motion
from legsci.mechanics.motion.options import task_options

from job_log import job_log

with job_log(snakemake.log[0]):
    options = task_options(**snakemake.params.options)
    for path in sorted(Path(snakemake.input.sessions).glob("*.nc")):
        session = open_session(path)
        swapped = snakemake.params.swapped.get(session.attrs["session_id"], [])
        write_motion(
            session_motion(session, options=options, swapped=swapped), Path(snakemake.output.motion, path.name)
        )
