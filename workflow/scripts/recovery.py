"""Compare the metrics of the virtual athletes with what was put in."""

import csv

import pandas as pd

from legsci.models.parameter_recovery import recovered, recovery

from job_log import job_log

with job_log(snakemake.log[0]):
    truth = [pd.read_csv(path, sep="\t", quoting=csv.QUOTE_NONE) for path in snakemake.input.truth]
    pairs = recovered(pd.read_csv(snakemake.input.metrics), pd.concat(truth, ignore_index=True))
    pairs.to_csv(snakemake.output.recovered, index=False)
    recovery(pairs).to_csv(snakemake.output.recovery, index=False)
