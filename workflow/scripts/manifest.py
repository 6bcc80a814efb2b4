"""Write the manifest of a run."""

from pathlib import Path

from legsci.reproduction.manifest import run_manifest, write_manifest

from job_log import job_log

with job_log(snakemake.log[0]):
    made = Path(snakemake.output.manifest)
    rules = dict(snakemake.params.rules)
    write_manifest(run_manifest(made.parent, Path(snakemake.params.folder), rules=rules), made)
