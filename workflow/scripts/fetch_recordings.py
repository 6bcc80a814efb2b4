"""Fetch the recordings of a study from its source, check the study against them, and list them."""

from pathlib import Path

from legsci.ingest.check import check_study
from legsci.ingest.fetch import fetch_recordings
from legsci.ingest.study import read_study

from job_log import job_log

with job_log(snakemake.log[0]):
    study = read_study(snakemake.params.folder, require_recordings=False)
    fetch_recordings(study)
    check_study(snakemake.params.folder)
    listing = "".join(f"{path}\n" for path in sorted(study.recordings["path"].unique()))
    Path(snakemake.output.listing).write_text(listing, encoding="utf-8")
