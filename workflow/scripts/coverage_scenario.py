"""Hold claims against the simulated cohorts of a scenario and summarise what was recovered."""

from datetime import date
from pathlib import Path

import yaml

from legsci.models.claims.registry import load_claims
from legsci.models.planning import recovery_of_claims, try_cohorts, with_changes
from legsci.simulate.cohort.truth import simulate_tables_with_parameters

from job_log import job_log

with job_log(snakemake.log[0]):
    options = yaml.safe_load(Path(snakemake.input.options).read_text(encoding="utf-8"))["coverage"]
    scenario = options["scenarios"][snakemake.wildcards.scenario]
    cohorts = try_cohorts(
        simulate_tables_with_parameters,
        with_changes(snakemake.config["virtual"], scenario["changes"]),
        load_claims(Path(snakemake.input.claims)),
        claims=scenario["claims"],
        seeds=range(options["seed"], options["seed"] + options["cohorts"]),
        resamples=options["resamples"],
    )
    cohorts.to_csv(snakemake.output.cohorts, index=False)
    made = {"scenario": snakemake.wildcards.scenario, "seed": options["seed"], "date": date.today().isoformat()}
    recovery_of_claims(cohorts).assign(**made).to_csv(snakemake.output.summary, index=False)
