"""Cut the trials of a participant's sessions into reps and score them."""

from io import StringIO
from pathlib import Path

import pandas as pd

from legsci.ingest.session import open_session
from legsci.mechanics.motion.options import MotionOptions
from legsci.mechanics.reps.files import write_repetitions
from legsci.mechanics.reps.session import session_repetitions

from job_log import job_log

with job_log(snakemake.log[0]):
    curation = pd.read_json(StringIO(snakemake.params.curation), orient="table")
    for path in sorted(Path(snakemake.input.sessions).glob("*.nc")):
        session = open_session(path)
        reps, flags = session_repetitions(
            session,
            default=snakemake.params.profile,
            profiles=snakemake.params.profiles,
            options=MotionOptions(**snakemake.params.motion),
            curation=curation[curation["session_id"] == session.attrs["session_id"]],
        )
        write_repetitions(reps, flags, Path(snakemake.output.reps, path.name))
