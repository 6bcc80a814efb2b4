"""Put the summaries of all scenarios into one table."""

import pandas as pd

from job_log import job_log

with job_log(snakemake.log[0]):
    tables = [pd.read_csv(path) for path in snakemake.input.summaries]
    pd.concat(tables, ignore_index=True).to_csv(snakemake.output.table, index=False, float_format="%.6g")
