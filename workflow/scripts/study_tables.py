"""Measure the reps of all sessions of a study and write its tables."""

import pandas as pd
import xarray as xr

from legsci.metrics.table import study_tables

from job_log import job_log

with job_log(snakemake.log[0]):
    files = zip(snakemake.input.reps, snakemake.input.findings, strict=True)
    # The file of a session without reps is empty, and an empty Dataset is false.
    tables = study_tables((xr.load_dataset(reps) or None, pd.read_parquet(found)) for reps, found in files)
    tables["metrics"].to_parquet(snakemake.output.metrics_parquet, index=False)
    for name, table in tables.items():
        table.to_csv(snakemake.output[name], index=False)
