"""The command line: drafts of studies, their faults, where a number comes from, and reference values."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from legsci import __version__


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="legsci")
def main() -> None:
    """Prepare a study folder, which snakemake or make runs, and follow its results back to the raw files."""


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


@main.command()
@click.argument("results", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("table")
@click.argument("column", required=False)
@click.argument("keys", nargs=-1, metavar="[KEY=VALUE]...")
def trace(results: Path, table: str, column: str | None, keys: tuple[str, ...]) -> None:
    """Follow the number in COLUMN of TABLE in RESULTS to its rule, definition, options and raw files.

    Keys choose the row: legsci trace results/open metrics jump_height_impulse_m participant_id=S03 side=both

    A number of the paper has a name in paper/values.yaml: legsci trace paper vicon_height
    """
    from legsci.reproduction.paper import VALUES, trace_of_paper
    from legsci.reproduction.trace import TraceError
    from legsci.reproduction.trace import trace as follow

    wrong = [key for key in keys if "=" not in key]
    try:
        if (results / VALUES).is_file():
            click.echo(trace_of_paper(table, results / VALUES, results.parent))
        elif column is None or wrong:
            raise TraceError(f"expected TABLE COLUMN KEY=VALUE ..., found {' '.join((table, column or '', *keys))}")
        else:
            chosen = dict(key.split("=", 1) for key in keys)
            click.echo(str(follow(results, table.removesuffix(".csv"), column, **chosen)))
    except (TraceError, FileNotFoundError) as fault:
        sys.exit(str(fault))


@main.command()
@click.argument("results", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--reference", default="workflow/reference", type=click.Path(path_type=Path), help="Folder of references."
)
@click.option("--keep", is_flag=True, help="Keep these results as the reference from now on.")
def reproduce(results: tuple[Path, ...], reference: Path, keep: bool) -> None:
    """Compare RESULTS with their reference: which numbers moved, by how much, and what differs behind them."""
    from legsci.reproduction.comparison import report, write_reference

    moved = False
    for folder in results:
        try:
            if keep:
                write_reference(folder, reference)
            text, agrees = report(folder, reference)
        except FileNotFoundError as fault:
            sys.exit(str(fault))
        click.echo(text)
        moved |= not agrees
    sys.exit(int(moved))


@main.command()
@click.argument("results", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--form", type=click.Choice(["bids", "crate"]), required=True, help="BIDS dataset, or RO-Crate of the run."
)
def export(results: Path, folder: Path, form: str) -> None:
    """Write RESULTS into FOLDER: signals as a BIDS dataset, or the run with its tables as Workflow Run RO-Crate."""
    from legsci.reproduction.bids import export_bids
    from legsci.reproduction.crate import export_crate
    from legsci.reproduction.small_cells import small_cells

    try:
        click.echo(str((export_bids if form == "bids" else export_crate)(results, folder)))
        if form == "crate" and (risk := small_cells(results)):
            click.echo(risk)
    except (FileExistsError, FileNotFoundError, ValueError) as fault:
        sys.exit(str(fault))
