"""Set the paper as PDF and as an HTML page."""

from pathlib import Path

from legsci.reproduction.paper import build_paper

from job_log import job_log

with job_log(snakemake.log[0]):
    build_paper(Path(snakemake.input.text).parent, Path(), Path(snakemake.output.pdf))
