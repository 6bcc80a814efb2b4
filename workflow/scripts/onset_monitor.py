"""Compare each onset of a muscle with the athlete's other ones."""

import pandas as pd

from legsci.models.tables.longitudinal import NAMES
from legsci.models.tables.onset_monitor import onset_monitor
from legsci.storage import harmless

from job_log import job_log

with job_log(snakemake.log[0]):
    monitor = onset_monitor(pd.read_csv(snakemake.input.metrics, dtype=NAMES))
    harmless(monitor).to_csv(snakemake.output.monitor, index=False)
