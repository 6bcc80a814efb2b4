"""Simulate the cohort of virtual athletes: the tables of the study, and the truth."""

from pathlib import Path

from legsci.simulate.cohort.recording_plan import plan_recordings
from legsci.simulate.cohort.truth import write_truth
from legsci.simulate.recordings.session_files import session_rows, write_session_tables, write_study_settings

from job_log import job_log

with job_log(snakemake.log[0]):
    options, folder = snakemake.params.options, Path(snakemake.output.settings).parent
    planned = plan_recordings(options, seed=options["seed"])
    write_study_settings(folder)
    for name, table in planned.tables.items():
        table.to_csv(folder / f"{name}.tsv", sep="\t", index=False, na_rep="n/a", lineterminator="\n")
    write_session_tables(folder, [session_rows(session) for session in planned.sessions])
    write_truth(folder, planned.cohort)
