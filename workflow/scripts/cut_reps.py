"""Cut the trials of a participant's sessions into reps and score them."""

from io import StringIO
from pathlib import Path

import pandas as pd

from legsci.mechanics.kinetics.motion_file import open_motion
from legsci.mechanics.reps.files import write_repetitions
from legsci.mechanics.reps.session import session_repetitions

from job_log import job_log

with job_log(snakemake.log[0]):
    curation = pd.read_json(StringIO(snakemake.params.curation), orient="table")
    for path in sorted(Path(snakemake.input.motion).glob("*.nc")):
        motion = open_motion(path)
        reps, flags = session_repetitions(
            motion,
            default=snakemake.params.profile,
            profiles=snakemake.params.profiles,
            curation=curation[curation["session_id"] == motion.attrs["session_id"]],
        )
        write_repetitions(reps, flags, Path(snakemake.output.reps, path.name))
