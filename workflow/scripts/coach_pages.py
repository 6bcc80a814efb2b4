"""Write the pages for coaches of a study: its athletes, and the team."""

from pathlib import Path

from legsci.ingest.study import read_study
from legsci.present.report.coach_page import write_pages
from legsci.present.report.coach_tests import CoachTables
from legsci.present.results import Results

from job_log import job_log

with job_log(snakemake.log[0]):
    study = Results(Path(snakemake.params.results), run=snakemake.config.get("run"))
    tables = CoachTables(
        longitudinal=study.model_table("longitudinal"),
        metrics=study.metrics,
        quality=study.quality,
        reliability=study.model_table("reliability"),
        onset_monitor=study.model_table("onset_monitor"),
        sessions=read_study(snakemake.params.folder, require_recordings=False, checked=True).sessions,
        simulated=study.simulated,
        study=study.label,
    )
    write_pages(tables, Path(snakemake.output[0]).parent)
