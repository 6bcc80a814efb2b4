"""Write the pages for coaches of a study: its athletes, and the team."""

from pathlib import Path

from legsci.present.report.coach_page import CoachTables, write_pages
from legsci.present.results import Results

from job_log import job_log

with job_log(snakemake.log[0]):
    study = Results(Path(snakemake.params.results), run=snakemake.config.get("run"))
    tables = CoachTables(
        longitudinal=study.model_table("longitudinal"),
        metrics=study.metrics,
        quality=study.quality,
        reliability=study.model_table("reliability"),
        simulated=study.simulated,
        study=study.label,
    )
    write_pages(tables, Path(snakemake.output[0]).parent)
