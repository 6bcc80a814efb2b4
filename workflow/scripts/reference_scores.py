"""Compare the sessions of a study with the norms that it brings."""

import pandas as pd

from legsci.ingest.study import read_study
from legsci.metrics.reference import reference_norms
from legsci.models.tables.longitudinal import NAMES
from legsci.models.tables.reference_scores import reference_scores
from legsci.storage import harmless

from job_log import job_log

with job_log(snakemake.log[0]):
    study = read_study(snakemake.params.folder, require_recordings=False, checked=True)
    inputs = (snakemake.input.metrics, snakemake.input.longitudinal, snakemake.input.reliability)
    metrics, longitudinal, reliability = (pd.read_csv(path, dtype=NAMES) for path in inputs)
    scores = reference_scores(metrics, longitudinal, reference_norms(study), reliability)
    harmless(scores).to_csv(snakemake.output.scores, index=False)
