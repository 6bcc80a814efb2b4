"""Results: a finished study, opened from anywhere."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path

import pandas as pd
import xarray as xr
import yaml

from legsci.ingest.session import CLOCK_COLUMNS, open_session, session_readings
from legsci.mechanics.kinetics.motion_file import open_motion
from legsci.mechanics.kinetics.session_motion import SessionMotion
from legsci.mechanics.reps.files import open_repetitions
from legsci.mechanics.reps.signals import with_signals
from legsci.metrics.measurements import PROFILE as MEASURED

#: Columns that name something: "01" is a session, not the number 1.
TEXT_COLUMNS = (
    "participant_id",
    "session_id",
    "trial_id",
    "task",
    "side",
    "profile",
    "status",
    "reason",
    "code",
    "signal",
)
READING_COLUMNS = (
    "participant_id", "session_id", "trial_id", "signal", "kind", "device", "rate_hz", "reader",
    "channels", "assumptions", "clock", *CLOCK_COLUMNS, "source", "sha256",
)  # fmt: skip
#: Tables that `query` reads from parquet, the columns asked for alone.
QUERIED = ("metrics", "metrics_by_profile", "reps", "quality")
#: Columns that say which repetitions there are.
ROW_COLUMNS = ("participant_id", "session_id", "trial_id", "rep", "side", "profile", "status")
RESULT_TABLES = ("metrics.csv", "metrics_by_profile.csv", "reps.csv", "quality.csv", "dictionary.csv", "about.yaml")
#: Folder of the named runs of a study, in its folder of results, and the name of the run that has none.
RUNS, DEFAULT_RUN = "runs", "default"
OPTIONS, ABOUT = "options.yaml", "about.yaml"


class ResultsError(ValueError):
    """The requested result does not exist; the message lists those that do, or how to make it."""


class Results:
    """A run of a study. Tables and signals are read when first used.

    Parameters
    ----------
    study_folder : results/<study> of a checkout in which the workflow ran.
    run : name of a run with other options, None for the default run.

    Attributes
    ----------
    folder : holds what depends on the options of the run; sessions are those of the study.
    """

    def __init__(self, study_folder: Path, *, run: str | None = None) -> None:
        self.study_folder, self.run = study_folder, run
        self.folder = study_folder / RUNS / run if run else study_folder

    def __repr__(self) -> str:
        """Study, run, and in which options it differs from the default run."""
        return f"<Results of {self.label}{self._changes()}>"

    @property
    def name(self) -> str:
        """Name of the study."""
        return self.study_folder.name

    @property
    def run_name(self) -> str:
        """Name of the run; `default` for the default run."""
        return self.run or DEFAULT_RUN

    @property
    def label(self) -> str:
        """Name of the study, and of the run where it has one."""
        return f"{self.name}, run {self.run}" if self.run else self.name

    @property
    def runs(self) -> list[str]:
        """Names of the runs of this study with other options, finished or not."""
        return sorted(path.name for path in self.study_folder.glob(f"{RUNS}/*") if path.is_dir())

    @cached_property
    def options(self) -> dict[str, object]:
        """Options with which the results were made, by dotted name: "profile", "motion.cutoff_hz", ... [as named].

        Raises
        ------
        ResultsError : the run has not recorded its options.
        """
        path = self.folder / OPTIONS
        if not path.is_file():
            raise ResultsError(f"run {self.run_name} of study {self.name} has no {OPTIONS}: run it again")
        return _dotted(yaml.safe_load(path.read_text(encoding="utf-8")))

    @cached_property
    def metrics(self) -> pd.DataFrame:
        """One row per repetition and side under the default profile; `dictionary` defines the columns."""
        return self._table("metrics.csv")

    @cached_property
    def dictionary(self) -> pd.DataFrame:
        """Definition of each column of `metrics`: label, unit, sign, meaning, equation, source, ..."""
        return self._table("dictionary.csv").set_index("column").fillna("")

    @cached_property
    def metrics_by_profile(self) -> pd.DataFrame:
        """The metrics under each definition profile."""
        return self._table("metrics_by_profile.csv")

    @cached_property
    def events(self) -> pd.DataFrame:
        """One row per repetition and profile, with the times of its events [s on the trial's clock]."""
        return self._table("reps.csv")

    @cached_property
    def quality(self) -> pd.DataFrame:
        """One row per trial (rep 0) or repetition that was rejected, corrected, flagged or noted, and why."""
        return self._table("quality.csv")

    def table(self, name: str) -> pd.DataFrame:
        """A table of results of models: longitudinal, study_flow, claims, or one of models/ ("models/reliability").

        Raises
        ------
        ResultsError : there is no such table.
        """
        if not (self.folder / f"{name}.csv").is_file():
            tables = [*self.folder.glob("*.csv"), *self.folder.glob("models/*.csv")]
            names = ", ".join(sorted(path.relative_to(self.folder).with_suffix("").as_posix() for path in tables))
            raise ResultsError(f"study {self.name} has no table {name}; it has {names}")
        return self._table(f"{name}.csv")

    def query(self, sql: str) -> pd.DataFrame:
        """Rows and columns of the tables by SQL, read by DuckDB without loading the tables whole.

        Parameters
        ----------
        sql : a SELECT of DuckDB on metrics, metrics_by_profile, reps and quality, and the tables of models by the names
            of their files: "SELECT participant_id, max(jump_height_impulse_m) AS best FROM metrics GROUP BY ALL".

        Raises
        ------
        ResultsError : DuckDB cannot answer, with its reason; there is no such table yet; a statement that is no SELECT,
            or a file that is not of the run.
        """
        import duckdb  # 0.1 s, for those who ask

        models = {path.stem: path for path in [*self.folder.glob("*.csv"), *self.folder.glob("models/*.csv")]}
        asked = set(re.findall(r"\w+", sql)) & (models.keys() - set(QUERIED))
        folder = str(self.folder.resolve()).replace("'", "''")
        with duckdb.connect() as database:
            try:
                database.execute(f"SET allowed_directories = ['{folder}']; SET enable_external_access = false")
                if [statement.type for statement in duckdb.extract_statements(sql)] != [duckdb.StatementType.SELECT]:
                    raise ResultsError(f"expected one SELECT, found {sql}")
                for name in QUERIED:
                    if (self.folder / f"{name}.parquet").is_file():
                        database.read_parquet(str(self.folder.resolve() / f"{name}.parquet")).create_view(name)
                for name in asked:
                    database.register(name, self._table(models[name].relative_to(self.folder).as_posix()))
                return database.sql(sql).df()
            except duckdb.Error as error:
                known = ", ".join([*QUERIED, *sorted(models.keys() - set(QUERIED))])
                raise ResultsError(f"{error}; the tables of {self.name} are {known}") from error

    @cached_property
    def _rows(self) -> pd.DataFrame:
        """ROW_COLUMNS of `metrics`, without its numbers."""
        return self._table("metrics.csv", list(ROW_COLUMNS))

    @cached_property
    def simulated(self) -> bool:
        """Whether the recordings or measurements are simulated."""
        return bool(yaml.safe_load((self.folder / ABOUT).read_text(encoding="utf-8"))["simulated"])

    def summary(self) -> str:
        """One line: numbers of repetitions, trials and participants, rows of each status, folder of the tables."""
        rows = self._rows[self._rows["side"] == "both"]
        trials = rows[["participant_id", "session_id", "trial_id"]].drop_duplicates()
        found, empty = (rows.loc[of, "status"].value_counts().items() for of in (rows["rep"] > 0, rows["rep"] == 0))
        counts = ", ".join(f"{count} {status}" for status, count in found)
        counts += "".join(f"; trials without repetitions: {count} {status}" for status, count in empty)
        return (
            f"{self.label}{self._changes()}: {(rows['rep'] > 0).sum()} repetitions in {len(trials)} trials of "
            f"{rows['participant_id'].nunique()} participants ({counts}). Tables: {self.folder}; reasons: "
            f"{self.folder / 'quality.csv'}"
        )

    @cached_property
    def readings(self) -> pd.DataFrame:
        """How each stream of each trial was read, and channels that the study does not map; columns READING_COLUMNS.

        See `legsci.ingest.session.session_readings`.
        """
        rows = [
            {"participant_id": participant, "session_id": session, **row}
            for participant, session in self.sessions()
            for row in session_readings(self._file("sessions", participant, session))
        ]
        return pd.DataFrame(rows, columns=READING_COLUMNS)

    def sessions(self) -> list[tuple[str, str]]:
        """Participant and session of each session with recordings."""
        recorded = self._rows[self._rows["profile"] != MEASURED]
        rows = recorded[["participant_id", "session_id"]].drop_duplicates()
        return [(str(participant), str(session)) for participant, session in rows.itertuples(index=False)]

    def session(self, participant_id: str, session_id: str) -> xr.DataTree:
        """Signals of a session: a child per trial, in it a child per kind of signal (ARCHITECTURE.md).

        Raises
        ------
        ResultsError : the study has no such session.
        """
        return open_session(self._file("sessions", participant_id, session_id))

    def trial(self, participant_id: str, session_id: str, trial_id: str) -> xr.DataTree:
        """Signals of a trial: a child per kind of signal.

        Raises
        ------
        ResultsError : the study has no such trial.
        """
        session = self.session(participant_id, session_id)
        if trial_id not in session.children:
            raise ResultsError(
                f"{participant_id} {session_id} of study {self.name} has no trial {trial_id}; it has "
                f"{', '.join(session.children)}"
            )
        return session.children[trial_id]

    def reps(self, participant_id: str, session_id: str) -> xr.Dataset | None:
        """Repetitions of a session: events and body weight under each profile; None where there is none.

        Raises
        ------
        ResultsError : the study has no such session.
        """
        return open_repetitions(self._file("reps", participant_id, session_id))[0]

    def motion(self, participant_id: str, session_id: str) -> SessionMotion:
        """Kinematics and kinetics of a session, trial by trial.

        Raises
        ------
        ResultsError : the study has no such session.
        """
        return open_motion(self._file("motion", participant_id, session_id))

    def signals(self, participant_id: str, session_id: str) -> xr.Dataset | None:
        """Repetitions of a session with the signals of each, as the metrics read them; None where there is none.

        Raises
        ------
        ResultsError : the study has no such session.
        """
        reps = self.reps(participant_id, session_id)
        if reps is None:
            return None
        return with_signals(
            reps, self.motion(participant_id, session_id), session=self.session(participant_id, session_id)
        )

    def quality_flags(self, participant_id: str, session_id: str) -> pd.DataFrame:
        """Quality flags of a session from cutting its trials, before metrics are computed.

        Raises
        ------
        ResultsError : the study has no such session.
        """
        return open_repetitions(self._file("reps", participant_id, session_id))[1]

    def _changes(self) -> str:
        """Options of a named run that differ from those of the default run, in brackets; empty for the default run."""
        default = Results(self.study_folder)
        if not self.run:
            return ""
        if not (default.folder / OPTIONS).is_file():
            return " (no default run to compare with)"
        rows = option_differences(default, self).itertuples(index=False)
        changed = ", ".join(f"{option} {value} instead of {other}" for option, other, value in rows)
        return f" ({changed or 'options of the default run'})"

    def _table(self, name: str, columns: list[str] | None = None) -> pd.DataFrame:
        """Read a table, or some of its columns; names stay text."""
        return pd.read_csv(self.folder / name, dtype=dict.fromkeys(TEXT_COLUMNS, "str"), usecols=columns)

    def _file(self, kind: str, participant_id: str, session_id: str) -> Path:
        """File of a session; raises ResultsError with the sessions there are."""
        folder = self.study_folder if kind == "sessions" else self.folder
        path = folder / kind / participant_id / f"{session_id}.nc"
        if not path.is_file():
            files = sorted(folder.glob(f"{kind}/*/*.nc"))
            present = ", ".join(f"{file.parent.name} {file.stem}" for file in files) or "none"
            raise ResultsError(
                f"study {self.name} has no session {session_id} of participant {participant_id} in {kind}; "
                f"it has {present}"
            )
        return path


def _dotted(options: dict[str, object], prefix: str = "") -> dict[str, object]:
    """Options by dotted name, those of a block after its name."""
    named: dict[str, object] = {}
    for key, value in options.items():
        named |= _dotted(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return named


def option_differences(first: Results, second: Results) -> pd.DataFrame:
    """Options in which two runs differ: columns option, value_<first run>, value_<second run>.

    Raises
    ------
    ResultsError : a run has not recorded its options.
    """
    names = sorted(first.options.keys() | second.options.keys())
    pairs = [(name, first.options.get(name), second.options.get(name)) for name in names]
    columns = ["option", f"value_{first.run_name}", f"value_{second.run_name}"]
    return pd.DataFrame([pair for pair in pairs if pair[1] != pair[2]], columns=columns, dtype=object)


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
    here = Path.cwd()
    candidates = [path] if path.is_absolute() else [folder / path for folder in (here, *here.parents)]
    folder = next((candidate for candidate in candidates if candidate.is_dir()), None)
    if folder is None:
        raise ResultsError(
            f"there are no results in {path}: run `make study` in the checkout, or name the folder results/<study>"
        )
    study = Results(folder.resolve(), run=None if run == DEFAULT_RUN else run or None)
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
