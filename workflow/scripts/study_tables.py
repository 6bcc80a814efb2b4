"""Measure the reps of all sessions of a study and write its tables."""

from legsci.mechanics.reps.files import measurable_sessions
from legsci.metrics.tables import study_tables

from job_log import job_log

with job_log(snakemake.log[0]):
    tables = study_tables(measurable_sessions(snakemake.input.reps, snakemake.input.motion))
    tables["metrics"].to_parquet(snakemake.output.metrics_parquet, index=False)
    for name, table in tables.items():
        table.to_csv(snakemake.output[name], index=False)
