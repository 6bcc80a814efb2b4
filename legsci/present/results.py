"""Results: a finished study, opened from anywhere."""

from __future__ import annotations

from functools import cached_property, partial
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
from legsci.present.decisions import session_with_decisions
from legsci.present.overview import ROW_COLUMNS, Overview
from legsci.present.repetition_curves import check_axis, repetition_curves
from legsci.present.repetition_table import repetition_table, with_units
from legsci.present.run_comparison import RunComparison, RunTables, compare_runs, dotted, option_differences
from legsci.present.selection import Names, ResultsError, check_names, chosen_rows
from legsci.present.table_query import query
from legsci.reproduction.trace import Trace, trace

#: Columns that name something: "01" is a session, not the number 1.
TEXT_COLUMNS = (
    "participant_id", "session_id", "trial_id", "task", "side", "profile", "status", "reason", "code", "signal",
)  # fmt: skip
READING_COLUMNS = (
    "participant_id", "session_id", "trial_id", "signal", "kind", "device", "rate_hz", "reader",
    "channels", "assumptions", "clock", *CLOCK_COLUMNS, "source", "sha256",
)  # fmt: skip
RESULT_TABLES = ("metrics.csv", "metrics_by_profile.csv", "reps.csv", "quality.csv", "dictionary.csv", "about.yaml")
#: Folder of the named runs of a study, in its folder of results, and the name of the run that has none.
RUNS, DEFAULT_RUN = "runs", "default"
OPTIONS, ABOUT = "options.yaml", "about.yaml"


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
        """Participants, tasks and statuses, and what can be called next."""
        return self._overview().text()

    def _repr_html_(self) -> str:
        """Show the same in notebooks."""
        return self._overview().html()

    def _overview(self) -> Overview:
        """What the study shows of itself."""
        return Overview(f"{self.label}{self._changes()}", self.simulated, self._rows, self.sessions())

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
        return dotted(yaml.safe_load(path.read_text(encoding="utf-8")))

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

    def table(
        self,
        *metrics: str,
        task: Names = None,
        participant: Names = None,
        session: Names = None,
        profile: Names = None,
        units: bool = False,
    ) -> pd.DataFrame:
        """Chosen metrics of repetitions, sides next to each other.

        Parameters
        ----------
        metrics : columns of `metrics`, see `dictionary`; none: all that have a value.
        task, participant, session : a name or several; None: all.
        profile : definition profiles, a name or several; None: the default one, "all": each.
        units : whether the units stand below the names as a second header.

        Returns
        -------
        One row per repetition (and profile), see `repetition_table`; rejected ones too, with their status.

        Raises
        ------
        ResultsError : the study has no such metric, task, participant, session or profile.
        """
        rows = self.metrics if profile is None else self.metrics_by_profile
        rows = chosen_rows(rows, task=task, participant_id=participant, session_id=session)
        rows = chosen_rows(rows, profile=None if profile == "all" else profile)
        table = repetition_table(rows[rows["rep"] > 0], metrics)
        return with_units(table, self.dictionary) if units else table

    def curves(
        self,
        signal: str,
        *,
        task: str,
        align: str | None = None,
        unit: str = "s",
        participant: Names = None,
        session: Names = None,
    ) -> xr.DataArray:
        """A signal of repetitions over one axis, 0 at an event of each.

        Parameters
        ----------
        signal : "force", "velocity" (of the centre of mass), "angle", "moment", ...; an unknown name lists all.
        task : of the trials.
        align : "takeoff", "landing", "bottom", ...; None: the start of the movement.
        unit : of the axis: "s", or "%" of the movement.
        participant, session : a name or several; None: all.

        See `repetition_curves`; `.sel(side="both").plot.line(x="time")` draws forces. Rejected ones are among them.

        Raises
        ------
        ResultsError : the study has no such signal, task, event, participant or session.
        """
        check_axis(signal, align, unit)
        rows = chosen_rows(self.metrics, task=task, participant_id=participant, session_id=session)
        rows = rows[(rows["side"] == "both") & (rows["profile"] != MEASURED)]
        keys = rows[["participant_id", "session_id"]].drop_duplicates().itertuples(index=False)
        opened = [(reps, key) for key in keys if (reps := self.reps(*key)) is not None]
        of_task = [(reps.isel(rep=reps["task"].to_numpy() == task), key) for reps, key in opened]
        names = (signal if signal != "velocity" else "force", "force")  # velocity is integrated from force
        sessions = [
            with_signals(reps, self.motion(*key), names=dict.fromkeys(names))
            for reps, key in of_task
            if reps.sizes["rep"]
        ]
        return repetition_curves(sessions, signal, align=align, unit=unit, rows=rows)

    def with_decisions(self, decisions: pd.DataFrame) -> pd.DataFrame:
        """Metrics of one session without decisions of people and with them, rows of curation.tsv; nothing is written.

        See `legsci.present.decisions.session_with_decisions`, which raises ResultsError.
        """
        keys = decisions[["participant_id", "session_id"]].drop_duplicates().astype(str).to_numpy().tolist()
        if len(keys) != 1 or (reps := self.reps(*keys[0])) is None:
            raise ResultsError(f"expected decisions about one session with repetitions, found {keys}")
        return session_with_decisions(reps, self.motion(*keys[0]), decisions)

    def compare(self, run: str | None = None) -> RunComparison:
        """Compare with another run of this study, repetition by repetition, each under its own default profile.

        Parameters
        ----------
        run : its name; None: the default run. Differences are those of this run less the other.

        Raises
        ------
        ResultsError : there is no such run, it is this one, or a run has not recorded its options.
        """
        others = [name for name in (DEFAULT_RUN, *self.runs) if name != self.run_name]
        check_names(f"other run of {self.name}", [run or DEFAULT_RUN], others)
        other = Results(self.study_folder, run=run if run in self.runs else None)
        runs = {
            study.run_name: RunTables(options=study.options, metrics=study.metrics, quality=study.quality)
            for study in (other, self)
        }
        return compare_runs(runs)

    def model_table(self, name: str) -> pd.DataFrame:
        """A table of models by the name of its file: reliability, claims, ..., and longitudinal, their input.

        Raises
        ------
        ResultsError : there is no such table; the message lists those that there are.
        """
        tables = self._model_tables()
        check_names("table of models", [name], sorted(tables))
        return self._table(tables[name])

    def _model_tables(self) -> dict[str, str]:
        """Paths of the tables of models in the folder of the run, by name."""
        tables = [*self.folder.glob("*.csv"), *self.folder.glob("models/*.csv")]
        names = {path.stem: path.relative_to(self.folder).as_posix() for path in tables}
        return {name: path for name, path in names.items() if f"{name}.csv" not in RESULT_TABLES}

    def trace(self, table: str, column: str, **keys: object) -> Trace:
        """Follow a number to its raw files: study.trace("metrics", "peak_force_n", participant_id="P01", side="both").

        See `legsci.reproduction.trace.trace`, which raises TraceError.
        """
        return trace(self.folder, table, column, **keys)

    def query(self, sql: str) -> pd.DataFrame:
        """Rows and columns of the tables by SQL, read by DuckDB without loading the tables whole.

        Parameters
        ----------
        sql : a SELECT of DuckDB on metrics, metrics_by_profile, reps and quality, and the tables of models by the names
            of their files: "SELECT participant_id, max(jump_height_impulse_m) AS best FROM metrics GROUP BY ALL".

        Raises
        ------
        ResultsError : see `legsci.present.table_query.query`.
        """
        return query(
            self.folder, sql, {name: partial(self._table, path) for name, path in self._model_tables().items()}
        )

    @cached_property
    def _rows(self) -> pd.DataFrame:
        """ROW_COLUMNS of `metrics`, without its numbers."""
        return self._table("metrics.csv", list(ROW_COLUMNS))

    @cached_property
    def simulated(self) -> bool:
        """Whether the recordings or measurements are simulated."""
        return bool(yaml.safe_load((self.folder / ABOUT).read_text(encoding="utf-8"))["simulated"])

    def summary(self) -> str:
        """One line: numbers of repetitions, trials and participants, rows of each status, and where the results are."""
        shown = self._overview()
        return (
            f"{shown.title}: {shown.counts()}. Tables: {self.folder}; figures: {self.folder / 'figures'}; "
            f"reasons: {self.folder / 'quality.csv'}"
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
        rows = option_differences({run.run_name: run.options for run in (default, self)}).itertuples(index=False)
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
            present = ", ".join(f"{file.parent.name} {file.stem}" for file in files)
            present = present or "none: only measurements of other systems, or the run is not finished"
            raise ResultsError(
                f"study {self.name} has no session {session_id} of participant {participant_id} in {kind}; "
                f"it has {present}"
            )
        return path
