"""Fit the models of a study and test each registered claim on it."""

from pathlib import Path

import pandas as pd

from legsci.ingest.study import read_study
from legsci.models.analysis import declared_names
from legsci.models.claims.ledger import claims_tables
from legsci.models.claims.registry import load_claims
from legsci.models.study_results import study_results
from legsci.models.tables.longitudinal import NAMES, tables_of
from legsci.storage import harmless

from job_log import job_log

with job_log(snakemake.log[0]):
    study = read_study(snakemake.params.folder, require_recordings=False, checked=True)
    tables = tables_of(study, pd.read_csv(snakemake.input.metrics, dtype=NAMES))
    longitudinal = pd.read_csv(snakemake.input.longitudinal, dtype=NAMES)
    registry = load_claims(Path(snakemake.input.claims), declared_names(study))
    confirm = snakemake.params.confirm
    for name, table in study_results(tables, longitudinal, registry, confirm=confirm).items():
        harmless(table).to_csv(snakemake.output[name], index=False)
    found = claims_tables(tables, registry, simulated=study.simulated, longitudinal=longitudinal, confirm=confirm)
    for name, table in zip(("ledger", "sensitivity"), found, strict=True):
        harmless(table).to_csv(snakemake.output[name], index=False)
