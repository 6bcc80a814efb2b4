"""Lay out what other systems measured as a part of a study's tables."""

from pathlib import Path

from legsci.ingest.study import read_study
from legsci.metrics.parts import write_part

from job_log import job_log

with job_log(snakemake.log[0]):
    study = read_study(snakemake.params.folder, require_recordings=False, checked=True)
    write_part([], Path(snakemake.output.metrics).parent, study=study, sources=snakemake.params.source)
