"""Cut the trials of a session into reps and score them."""

from io import StringIO

import pandas as pd
import xarray as xr

from legsci.ingest.trial import open_session
from legsci.mechanics.reps import session_repetitions

from job_log import job_log

with job_log(snakemake.log[0]):
    reps, findings = session_repetitions(
        open_session(snakemake.input.session),
        default=snakemake.params.profile,
        profiles=snakemake.params.profiles,
        curation=pd.read_json(StringIO(snakemake.params.curation), orient="table"),
    )
    # A session without reps has an empty file: every session has the same files.
    (xr.Dataset() if reps is None else reps).to_netcdf(snakemake.output.reps)
    findings.to_parquet(snakemake.output.findings)
