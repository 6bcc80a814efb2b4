"""Test claims on the simulated cohorts of a scenario and summarise bias, coverage and power."""

from datetime import date
from pathlib import Path

import yaml

from legsci.models.claims.registry import load_claims
from legsci.models.planning import performance_measures, simulate_ledgers
from legsci.models.plans import with_changes
from legsci.simulate.cohort.truth import simulate_tables_with_parameters

from job_log import job_log

with job_log(snakemake.log[0]):
    options = yaml.safe_load(Path(snakemake.input.options).read_text(encoding="utf-8"))["coverage"]
    scenario = options["scenarios"][snakemake.wildcards.scenario]
    cohorts = simulate_ledgers(
        simulate_tables_with_parameters,
        with_changes(snakemake.config["virtual"], scenario["changes"]),
        load_claims(Path(snakemake.input.claims)),
        claims=scenario["claims"],
        seeds=range(options["seed"], options["seed"] + options["cohorts"]),
        resamples=options["resamples"],
    )
    cohorts.to_csv(snakemake.output.cohorts, index=False)
    made = {"scenario": snakemake.wildcards.scenario, "seed": options["seed"], "date": date.today().isoformat()}
    performance_measures(cohorts).assign(**made).to_csv(snakemake.output.summary, index=False)
