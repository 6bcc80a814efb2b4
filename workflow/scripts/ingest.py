"""Read the recordings of a participant into a session file for each visit."""

from pathlib import Path

from legsci.ingest.session import build_session, write_session
from legsci.ingest.study import read_study

from job_log import job_log

with job_log(snakemake.log[0]):
    # Recordings of other participants may not have been made yet.
    study = read_study(snakemake.params.folder, require_recordings=False, checked=True)
    participant = snakemake.wildcards.participant
    visits = study.trials.loc[study.trials["participant_id"] == participant, "session_id"].unique()
    for visit in visits:
        write_session(build_session(study, participant, visit), Path(snakemake.output.sessions, f"{visit}.nc"))
