"""The command line: `legsci init FOLDER` drafts a study from raw files, `legsci check FOLDER` lists its faults."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from legsci import __version__


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="legsci")
def main() -> None:
    """Prepare a study folder; snakemake or make runs it."""


@main.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def init(folder: Path) -> None:
    """Draft study.yaml and the tables of FOLDER from its raw files.

    Nothing is overwritten, and raw files are only read. What has to be filled in is listed.
    """
    from legsci.ingest.drafting.study_draft import init_study
    from legsci.ingest.faults import StudyError

    try:
        click.echo(str(init_study(folder)))
    except StudyError as faults:
        sys.exit(str(faults))


@main.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def check(folder: Path) -> None:
    """List all faults of the study in FOLDER, with file, row, what was expected and what was found."""
    from legsci.ingest.check import check_study
    from legsci.ingest.faults import StudyError
    from legsci.ingest.study import absent_tasks
    from legsci.metrics.measurements import measurement_faults
    from legsci.metrics.reference import reference_faults

    try:
        study = check_study(folder)
        found = [*measurement_faults(study), *reference_faults(study)]
        if found:
            raise StudyError(f"study {folder}", found)
    except StudyError as faults:
        sys.exit(str(faults))
    rejected = len(absent_tasks(study.trials))
    click.echo(
        f"{folder}: no faults. {len(study.participants)} participants, {len(study.trials)} trials, "
        f"{len(study.recordings)} recordings, {len(study.measurements)} measurements."
        + (f" {rejected} trials will be rejected: legsci does not have their tasks." if rejected else "")
    )
    click.echo(f"Run it: snakemake --config study={folder}")
