"""Cut the trials of a session into reps and score them."""

from io import StringIO
from pathlib import Path

import pandas as pd

from legsci.ingest.trial import open_session
from legsci.mechanics.reps import session_repetitions, write_repetitions

from job_log import job_log

with job_log(snakemake.log[0]):
    reps, findings = session_repetitions(
        open_session(snakemake.input.session),
        default=snakemake.params.profile,
        profiles=snakemake.params.profiles,
        curation=pd.read_json(StringIO(snakemake.params.curation), orient="table"),
    )
    write_repetitions(reps, findings, Path(snakemake.output.reps))
