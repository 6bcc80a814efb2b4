"""Compare the metrics of the virtual athletes with what was put in."""

import csv

import pandas as pd

from legsci.models.parameter_recovery import parameter_recovery, truth_pairs

from job_log import job_log

with job_log(snakemake.log[0]):
    truth = [pd.read_csv(path, sep="\t", quoting=csv.QUOTE_NONE) for path in snakemake.input.truth]
    pairs = truth_pairs(pd.read_csv(snakemake.input.metrics), pd.concat(truth, ignore_index=True))
    pairs.to_csv(snakemake.output.pairs, index=False)
    parameter_recovery(pairs).to_csv(snakemake.output.recovery_table, index=False)
