"""Summarise the sessions of a study, join covariates of weeks and persons, and count the exclusions."""

import pandas as pd

from legsci.ingest.study import read_study
from legsci.models.tables.longitudinal import NAMES, longitudinal_table, study_flow, tables_of
from legsci.storage import harmless

from job_log import job_log

with job_log(snakemake.log[0]):
    study = read_study(snakemake.params.folder, require_recordings=False, checked=True)
    tables = tables_of(study, pd.read_csv(snakemake.input.metrics, dtype=NAMES))
    harmless(longitudinal_table(tables)).to_csv(snakemake.output.longitudinal, index=False)
    harmless(study_flow(tables)).to_csv(snakemake.output.flow, index=False)
