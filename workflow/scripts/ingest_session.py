"""Read the recordings of a session into its session file."""

from legsci.ingest.study import read_study
from legsci.ingest.trial import build_session, write_session

from job_log import job_log

with job_log(snakemake.log[0]):
    # Recordings of other sessions may still be on their way.
    study = read_study(snakemake.params.folder, require_recordings=False, checked=True)
    session = build_session(study, snakemake.wildcards.participant, snakemake.wildcards.session)
    write_session(session, snakemake.output.session)
