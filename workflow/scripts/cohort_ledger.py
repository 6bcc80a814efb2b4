"""Put the verdicts on the simulated cohort beside what was drawn as the truth of each claim."""

from datetime import date

import pandas as pd

from job_log import job_log

with job_log(snakemake.log[0]):
    comparison = pd.read_csv(snakemake.input.comparison)
    truths = pd.read_csv(snakemake.input.truths, sep="\t", keep_default_na=False)
    athletes = len(pd.read_csv(snakemake.input.participants, sep="\t"))
    ledger = truths.merge(comparison, on="id", how="right")
    ledger = ledger.assign(athletes=athletes, seed=snakemake.params.seed, date=date.today().isoformat())
    ledger.to_csv(snakemake.output.ledger, index=False, float_format="%.6g")
