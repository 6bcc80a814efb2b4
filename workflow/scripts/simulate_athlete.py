"""Simulate the sessions of a virtual athlete: raw recordings and the truth of each trial."""

from pathlib import Path

from legsci.simulate.cohort.recording_plan import plan_recordings
from legsci.simulate.recordings.session_files import TABLE_COLUMNS, record_session
from legsci.simulate.recordings.writers import write_table

from job_log import job_log

with job_log(snakemake.log[0]):
    options, recordings = snakemake.config["virtual"], Path(snakemake.output.recordings)
    sessions = plan_recordings(options, seed=options["seed"]).sessions
    own = [session for session in sessions if session.participant_id == snakemake.wildcards.participant]
    truth = [row for session in own for row in record_session(recordings.parent, session).truth]
    write_table(Path(snakemake.output.truth), TABLE_COLUMNS["truth"], truth)
