"""Draw parameter recovery of the virtual athletes."""

import pandas as pd

from legsci.present.figures.parameter_recovery import parameter_recovery_figure
from legsci.present.figures.style import save

from job_log import job_log

with job_log(snakemake.log[0]):
    tables = (pd.read_csv(path) for path in (snakemake.input.pairs, snakemake.input.recovery_table))
    save(parameter_recovery_figure(*tables), snakemake.output.figure)
