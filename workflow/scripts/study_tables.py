"""Measure the reps of all sessions of a study, and write its tables and the options they depend on."""

from pathlib import Path

import yaml

from legsci.mechanics.reps.files import measurable_sessions
from legsci.metrics.tables import study_tables
from legsci.storage import harmless

from job_log import job_log

with job_log(snakemake.log[0]):
    folders = (snakemake.input.reps, snakemake.input.motion, snakemake.input.sessions)
    tables = study_tables(measurable_sessions(*folders))
    tables["metrics"].to_parquet(snakemake.output.metrics_parquet, index=False)
    for name, table in tables.items():
        harmless(table).to_csv(snakemake.output[name], index=False)
    Path(snakemake.output.options).write_text(yaml.safe_dump(snakemake.params.options), encoding="utf-8")
