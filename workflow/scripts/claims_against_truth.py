"""Put the verdicts on the virtual athletes beside what is true of them."""

from pathlib import Path

import pandas as pd

from legsci.models.claims.against_truth import claims_against_truth
from legsci.models.claims.registry import load_claims
from legsci.models.tables.longitudinal import NAMES

from job_log import job_log

with job_log(snakemake.log[0]):
    claims_against_truth(
        pd.read_csv(snakemake.input.ledger),
        load_claims(Path(snakemake.input.claims)),
        pd.read_csv(snakemake.input.parameters, sep="\t"),
        {
            "metrics": pd.read_csv(snakemake.input.metrics, dtype=NAMES),
            "participants": pd.read_csv(snakemake.input.participants, sep="\t", na_values="n/a"),
        },
    ).to_csv(snakemake.output.comparison, index=False)
