"""Draw a figure of a study or of one of its sessions."""

from pathlib import Path

from legsci.present.drawing import draw
from legsci.present.figures.style import save
from legsci.present.results import Results

from job_log import job_log

with job_log(snakemake.log[0]):
    wildcards = dict(snakemake.wildcards.items())
    session = [wildcards[name] for name in ("participant", "session") if name in wildcards]
    study = Results(Path(snakemake.params.results), run=snakemake.config.get("run"))
    save(draw(study, snakemake.params.figure, *session), snakemake.output.figure)
