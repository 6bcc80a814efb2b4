"""Draw a page for each athlete of a study."""

from pathlib import Path

from legsci.present.figures.style import save
from legsci.present.report.athlete_report import AthleteEvidence, athlete_report
from legsci.present.results import Results

from job_log import job_log

with job_log(snakemake.log[0]):
    study = Results(Path(snakemake.params.results), run=snakemake.config.get("run"))
    pages = Path(snakemake.output.pages)
    evidence = AthleteEvidence(
        longitudinal=study.table("longitudinal"),
        reliability=study.table("models/reliability"),
        athletes=study.table("models/athletes"),
        ledger=study.table("claims"),
        scores=study.table("reference_scores"),
        simulated=study.simulated,
    )
    pages.mkdir(parents=True, exist_ok=True)
    for participant in evidence.participants():
        save(athlete_report(evidence, participant), pages / f"{participant}.png")
