"""Opening a finished study from anywhere."""

from __future__ import annotations

from pathlib import Path

from legsci.present.results import DEFAULT_RUN, RESULT_TABLES, RUNS, Results
from legsci.present.selection import ResultsError

#: Environment variables by which the workflow names the study and the run of a notebook that it executes.
STUDY_VARIABLE, RUN_VARIABLE = "LEGSCI_STUDY", "LEGSCI_RUN"


def open_study(path: str | Path, *, run: str | None = None) -> Results:
    """Open a finished study, or one of its runs with other options.

    Parameters
    ----------
    path : its folder of results, absolute, or relative to the working directory or to a folder above it, so that
        "results/open" resolves from the root of a checkout and from notebooks/ alike.
    run : name of a run (`snakemake --config run=NAME`); None, "" or "default" for the default run.

    Raises
    ------
    ResultsError : no such folder or run, or the workflow has not finished there.
    """
    path = Path(path)
    folder = results_folder(path)
    if not folder.is_dir():
        raise ResultsError(
            f"there are no results in {path}: run `make study` in the checkout, or name the folder results/<study>"
        )
    study = Results(folder, run=None if run == DEFAULT_RUN else run or None)
    if study.study_folder.parent.name == RUNS:
        raise ResultsError(f"{path} is a run: open the folder results/<study> with run={study.name!r}")
    if study.run and run not in study.runs:
        raise ResultsError(f"study {study.name} has no run {run}; it has {', '.join(study.runs) or 'none'}")
    missing = [name for name in RESULT_TABLES if not (study.folder / name).is_file()]
    if missing:
        cure = (
            f"run `snakemake --config study=data/raw/{study.name} run={run}` with its options again"
            if run
            else "run `make study`, and look at the last lines that it prints; for a study of your own, "
            "`snakemake --config study=data/raw/<name>`"
        )
        raise ResultsError(f"the results in {path} are not complete ({', '.join(missing)} missing): {cure}")
    return study


def results_folder(path: Path) -> Path:
    """Folder of a study's results, absolute: a relative path is one from the working directory or a folder above it.

    Where there is none, that of the first folder above with its parent, as results/ in a checkout.
    """
    here = Path.cwd()
    candidates = [folder / path for folder in (here, *here.parents)]
    found = [candidate for candidate in candidates if candidate.is_dir()]
    near = [candidate for candidate in candidates if candidate.parent.is_dir()]
    return (found or near or candidates)[0].resolve()


def finished_studies(folder: Path) -> list[Results]:
    """Finished studies of a folder of results, each followed by its finished runs with other options, by name.

    Parameters
    ----------
    folder : results/ of a checkout.
    """
    studies = [Results(path) for path in sorted(folder.glob("*")) if path.is_dir()]
    runs = [one for study in studies for one in (study, *(Results(study.study_folder, run=run) for run in study.runs))]
    return [study for study in runs if all((study.folder / name).is_file() for name in RESULT_TABLES)]
