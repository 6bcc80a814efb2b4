"""Simulate a cohort as a study of tables; the true effect behind each claim is drawn at random."""

from pathlib import Path

from legsci.models.plans import draw_truths, with_changes
from legsci.simulate.cohort.process import simulate_cohort
from legsci.simulate.cohort.study_of_tables import write_study_of_tables

from job_log import job_log

with job_log(snakemake.log[0]):
    plan = snakemake.params.plan
    truths, changes = draw_truths(plan)
    cohort = simulate_cohort(with_changes(snakemake.params.options, changes), seed=plan["seed"])
    write_study_of_tables(Path(snakemake.output.settings).parent, cohort, truths)
