"""Check a study's tables and devices against its recordings before any session is read."""

from pathlib import Path

from legsci.ingest.study import check_study

from job_log import job_log

with job_log(snakemake.log[0]):
    study = check_study(snakemake.params.folder)
    files, trials = study.recordings["path"].nunique(), len(study.trials)
    sentence = f"{study.name}: {trials} trials in {files} files, no fault that concerns the study as a whole\n"
    Path(snakemake.output.check).write_text(sentence, encoding="utf-8")
