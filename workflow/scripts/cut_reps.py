"""Cut the trials of the sessions of a batch of participants into reps and score them."""

from io import StringIO
from pathlib import Path

import pandas as pd

from legsci.ingest.session import open_session
from legsci.mechanics.kinetics.motion_file import open_motion
from legsci.mechanics.reps.files import write_repetitions
from legsci.mechanics.reps.session import session_repetitions
from legsci.storage import write_listing

from job_log import job_log
from session_folders import paired_files

with job_log(snakemake.log[0]):
    curation, files = pd.read_json(StringIO(snakemake.params.curation), orient="table"), []
    for path, made in paired_files(snakemake.input.motion, snakemake.output.listing):
        decided = (curation["participant_id"] == path.parent.name) & (curation["session_id"] == path.stem)
        motion, session = open_motion(path), Path(snakemake.input.sessions).with_name(path.parent.name) / path.name
        reps, flags = session_repetitions(
            motion,
            session=open_session(session) if "emg" in motion.kinds else None,
            curation=curation[decided],
            **snakemake.params.scored,
        )
        write_repetitions(reps, flags, made, sources=snakemake.params.source)
        files.append(made)
    write_listing(Path(snakemake.output.listing), files)
