"""Join the tables of a study from those of its parts, and write the options they depend on."""

from pathlib import Path

import yaml

from legsci.ingest.study import read_study
from legsci.metrics.parts import TABLES, join_parts
from legsci.metrics.tables import study_dictionary
from legsci.storage import harmless

from job_log import job_log

with job_log(snakemake.log[0]):
    for name in TABLES:
        join_parts(
            [Path(folder, f"{name}.parquet") for folder in snakemake.params.parts],
            Path(snakemake.output[name]).with_suffix(""),
            participants=snakemake.params.participants,
            measurements=Path(snakemake.params.measured, f"{name}.parquet") if snakemake.params.measured else None,
        )
    study = read_study(snakemake.params.folder, checked=True, participants=[])  # its settings alone
    harmless(study_dictionary(study)).to_csv(snakemake.output.dictionary, index=False)
    about = {"simulated": study.simulated, "study_folder": snakemake.params.decided}
    Path(snakemake.output.about).write_text(yaml.safe_dump(about), encoding="utf-8")
    Path(snakemake.output.options).write_text(yaml.safe_dump(snakemake.params.options), encoding="utf-8")
