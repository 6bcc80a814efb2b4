"""What a study shows of itself: participants, tasks and statuses, and what can be called next."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

import pandas as pd

#: Columns of metrics.csv that say which repetitions there are.
ROW_COLUMNS = ("participant_id", "session_id", "trial_id", "rep", "side", "task", "profile", "status")
#: Participants that are shown.
SHOWN = 12
#: Start of a task's name -> a metric of it that people ask for first.
FIRST_METRICS = {"squat_jump": "jump_height_impulse_m", "squat": "squat_depth_m", "standing": "body_weight_n"}
JUMP_METRIC = "jump_height_impulse_m"


class Overview(NamedTuple):
    """What a study shows of itself.

    Parameters
    ----------
    title : name of the study and its run, with the options that differ.
    simulated : whether its recordings or measurements are.
    rows : ROW_COLUMNS of metrics.csv.
    sessions : participant and session of those with recordings.
    """

    title: str
    simulated: bool
    rows: pd.DataFrame
    sessions: list[tuple[str, str]]

    def table(self) -> pd.DataFrame:
        """Repetitions by participant and task: numbers of each status; of a trial without repetitions, its status."""
        rows = self.rows.drop_duplicates(["participant_id", "session_id", "trial_id", "rep", "profile"])
        words = rows["status"].where(rows["rep"] > 0, "without repetitions, " + rows["status"])
        counts = rows.assign(words=words).groupby(["participant_id", "task"], sort=False)["words"].value_counts()
        cells = (counts.astype(str) + " " + counts.index.get_level_values("words")).groupby(level=[0, 1], sort=False)
        table = cells.agg("; ".join).unstack("task")  # noqa: PD010 - each pair occurs once
        return table.reindex(rows["participant_id"].unique()).fillna("")

    def counts(self) -> str:
        """Numbers of repetitions, trials and participants, and repetitions of each status."""
        rows = self.rows.drop_duplicates(["participant_id", "session_id", "trial_id", "rep", "profile"])
        trials = rows[["participant_id", "session_id", "trial_id"]].drop_duplicates()
        found, empty = (rows.loc[of, "status"].value_counts().items() for of in (rows["rep"] > 0, rows["rep"] == 0))
        counts = ", ".join(f"{count} {status}" for status, count in found)
        counts += "".join(f"; trials without repetitions: {count} {status}" for status, count in empty)
        return (
            f"{(rows['rep'] > 0).sum()} repetitions in {len(trials)} trials of "
            f"{rows['participant_id'].nunique()} participants ({counts})"
        )

    def calls(self) -> dict[str, str]:
        """What can be called next -> what it gives."""
        tasks = [str(task) for task in self.rows["task"].unique()]
        task = next((name for name in tasks if name.endswith("jump")), tasks[0] if tasks else "squat")
        metric = FIRST_METRICS.get(task, JUMP_METRIC)
        calls = {f'study.table("{metric}", task="{task}")': "metrics, a row per repetition"}
        if self.sessions:
            first = ", ".join(f'"{name}"' for name in self.sessions[0])
            calls |= {
                f'study.curves("force", task="{task}")': "curves of all repetitions over one axis",
                f'legsci.draw(study, "force_time", {first})': "a figure; legsci.figure_lists() names all",
            }
        return calls | {
            "study.quality": "what was rejected, corrected or flagged, and why",
            "study.dictionary": "what each column means, its unit, equation and source",
        }

    def text(self) -> str:
        """All of it, as plain text."""
        table, head = self.table(), [f"{self.title}: {self.state()}", self.counts(), ""]
        left = len(table) - SHOWN
        lines = [*head, table.head(SHOWN).to_string(index_names=False), *([f"and {left} more"] if left > 0 else [])]
        width = max(map(len, self.calls()))
        return "\n".join([*lines, "", *(f"{call:<{width}}  {gives}" for call, gives in self.calls().items())])

    def html(self) -> str:
        """All of it, as HTML."""
        table = self.table()
        left = len(table) - SHOWN
        rows = "".join(
            f"<tr><td><code>{escape(call)}</code></td><td>{escape(gives)}</td></tr>"
            for call, gives in self.calls().items()
        )
        return (
            f"<p><strong>{escape(self.title)}</strong>: {self.state()}<br>{escape(self.counts())}</p>"
            f"{table.head(SHOWN).to_html()}{f'<p>and {left} more</p>' if left > 0 else ''}<table>{rows}</table>"
        )

    def state(self) -> str:
        """Simulated, in capital letters as in figures, or recorded."""
        return "SIMULATED" if self.simulated else "recorded, not simulated"
