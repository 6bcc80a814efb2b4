"""Run a notebook on a study and write it as a page."""

from legsci.present.report.notebooks import render

from job_log import job_log

with job_log(snakemake.log[0]):
    run = snakemake.config.get("run")
    render(snakemake.input.notebook, snakemake.output.page, results=snakemake.params.results, run=run)
