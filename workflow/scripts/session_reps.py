"""Cut the trials of a session into reps and score them."""

import xarray as xr

from legsci.ingest.study import read_study
from legsci.ingest.trial import open_session
from legsci.mechanics.reps import session_repetitions

from job_log import job_log

with job_log(snakemake.log[0]):
    curation = read_study(snakemake.params.folder, require_recordings=False).curation
    who = (snakemake.wildcards.participant, snakemake.wildcards.session)
    decisions = curation[(curation["participant_id"] == who[0]) & (curation["session_id"] == who[1])]
    reps, findings = session_repetitions(
        open_session(snakemake.input.session),
        default=snakemake.params.profile,
        profiles=snakemake.params.profiles,
        curation=decisions,
    )
    # A session without reps has an empty file: every session has the same files.
    (xr.Dataset() if reps is None else reps).to_netcdf(snakemake.output.reps)
    findings.to_parquet(snakemake.output.findings)
