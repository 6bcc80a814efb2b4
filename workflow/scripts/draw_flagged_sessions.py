"""Draw the sessions of a study that have a rejected, incomplete or flagged repetition, one after the other."""

from pathlib import Path

from legsci.metrics.status import SEVERITIES
from legsci.present.drawing import draw
from legsci.present.figures.style import save
from legsci.present.results import Results

from job_log import job_log

with job_log(snakemake.log[0]):
    study = Results(Path(snakemake.params.results), run=snakemake.config.get("run"))
    doubted = study.quality[study.quality["severity"].isin(SEVERITIES)]
    flagged = set(zip(doubted["participant_id"], doubted["session_id"], strict=True))
    folder = Path(snakemake.output.figures)
    folder.mkdir()
    for session in (key for key in study.sessions() if key in flagged):
        for figure in snakemake.params.figures:
            save(draw(study, figure, *session), folder / f"{figure}_{'_'.join(session)}.png")
