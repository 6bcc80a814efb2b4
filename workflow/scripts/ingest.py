"""Read the recordings of a batch of participants into a session file for each visit."""

from pathlib import Path

from legsci.ingest.session import build_session, write_session
from legsci.ingest.study import read_study
from legsci.storage import write_listing

from job_log import job_log
from session_folders import emptied

with job_log(snakemake.log[0]):
    # The rows of these participants alone; recordings of others may not have been made yet.
    study = read_study(snakemake.params.folder, checked=True, participants=snakemake.params.participants)
    listing, files = Path(snakemake.output.listing), []
    for participant in snakemake.params.participants:
        folder = emptied(listing.parent / participant)
        visits = study.trials.loc[study.trials["participant_id"] == participant, "session_id"].unique()
        for path in sorted(folder / f"{visit}.nc" for visit in visits):
            write_session(build_session(study, participant, path.stem), path, sources=snakemake.params.source)
            files.append(path)
    write_listing(listing, files)
