"""Measure the reps of all sessions of a study, and write its tables and the options they depend on."""

from pathlib import Path

import yaml

from legsci.ingest.study import read_study
from legsci.mechanics.reps.files import measurable_sessions
from legsci.metrics.tables import study_tables
from legsci.storage import harmless

from job_log import job_log

with job_log(snakemake.log[0]):
    folders = (snakemake.input.reps, snakemake.input.motion, snakemake.input.sessions)
    study = read_study(snakemake.params.folder, require_recordings=False, checked=True)
    tables = study_tables(measurable_sessions(*folders), study)
    tables["metrics"].to_parquet(snakemake.output.metrics_parquet, index=False)
    for name, table in tables.items():
        harmless(table).to_csv(snakemake.output[name], index=False)
    about = {"simulated": study.simulated}
    Path(snakemake.output.about).write_text(yaml.safe_dump(about), encoding="utf-8")
    Path(snakemake.output.options).write_text(yaml.safe_dump(snakemake.params.options), encoding="utf-8")
