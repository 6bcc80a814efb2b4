"""Put the errors of the metrics against the second simulator among the results."""

from pathlib import Path

import pandas as pd

from legsci.storage import harmless

from job_log import job_log

with job_log(snakemake.log[0]):
    table = pd.read_csv(Path(snakemake.input.errors), comment="#")
    harmless(table).to_csv(snakemake.output.table, index=False)
