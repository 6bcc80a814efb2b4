"""Draw a page for each athlete of a study."""

from pathlib import Path

from legsci.present.drawing import athlete_evidence
from legsci.present.figures.style import save
from legsci.present.report.athlete_report import athlete_report
from legsci.present.results import Results

from job_log import job_log

with job_log(snakemake.log[0]):
    study = Results(Path(snakemake.params.results), run=snakemake.config.get("run"))
    pages = Path(snakemake.output.pages)
    evidence = athlete_evidence(study)
    pages.mkdir(parents=True, exist_ok=True)
    for participant in evidence.participants():
        save(athlete_report(evidence, participant), pages / f"{participant}.png")
