"""One line of progress on the screen; what snakemake says beside warnings and errors stays in its log."""

from __future__ import annotations

import logging
import shutil
import sys
import time
from typing import Any, TextIO

from snakemake.logging import logger
from snakemake_interface_logger_plugins.common import LogEvent

#: Jobs after which the time left is estimated: the first wait for imports and for compilation.
FEWEST_JOBS = 5
#: Interval between lines where they cannot be overwritten, in a file or a pipe [s].
LINE_INTERVAL_S = 20.0
#: What snakemake says without an event and a reader of the screen needs.
NOTHING_TO_DO = "Nothing to be done"


class ProgressLine(logging.Handler):
    """Shows jobs done, the time left and the job at work; other messages only from warnings on.

    Parameters
    ----------
    rest : handler of snakemake for the screen, which formats warnings and errors.
    workflow : of snakemake; its `dag` knows whether a checkpoint has yet to tell further jobs.
    stream : of the line; it is overwritten on a terminal.
    """

    def __init__(self, rest: logging.Handler, workflow: Any, stream: TextIO = sys.stderr) -> None:
        super().__init__()
        self.rest, self.workflow, self.stream = rest, workflow, stream
        self.begun, self.shown_at = time.monotonic(), -LINE_INTERVAL_S
        self.done, self.total, self.at_work, self.open_line = 0, 0, "", False

    def emit(self, record: logging.LogRecord) -> None:
        """Show a message of snakemake, or what it means for the line."""
        event = getattr(record, "event", None)
        if event == LogEvent.JOB_INFO:
            self.at_work = str(record.__dict__["rule_msg"] or record.__dict__["rule_name"])
        elif event == LogEvent.PROGRESS:
            self.done, self.total = record.__dict__["done"], record.__dict__["total"]
        elif record.levelno >= logging.WARNING or str(record.msg).startswith(NOTHING_TO_DO):
            self.end_line()
            self.rest.handle(record)
            return
        else:
            return
        self.show()

    def show(self) -> None:
        """Write the line: over the one before it on a terminal, else at intervals and at the end."""
        line, now = self.line(time.monotonic() - self.begun), time.monotonic()
        if self.stream.isatty():
            self.stream.write(f"\r\x1b[2K{line[: shutil.get_terminal_size().columns - 1]}")
            self.open_line = True
            if self.total and self.done == self.total:
                self.end_line()
        elif now - self.shown_at >= LINE_INTERVAL_S or (self.total and self.done == self.total):
            self.stream.write(f"{line}\n")
            self.shown_at = now
        self.stream.flush()

    def line(self, elapsed_s: float) -> str:
        """Jobs done of how many, time left, and the job at work.

        Parameters
        ----------
        elapsed_s : since the start of the run [s].
        """
        total = self.total or len(self.workflow.dag)
        unknown = any(
            self.workflow.dag.needrun(job) and not self.workflow.dag.finished(job)
            for job in self.workflow.dag.checkpoint_jobs
        )
        parts = [f"{self.done} of {'at least ' if unknown else ''}{total} jobs", f"{minutes(elapsed_s)} min"]
        if self.done == total:
            return ", ".join(parts)
        if self.done >= FEWEST_JOBS and not unknown:
            parts.append(f"about {minutes(elapsed_s / self.done * (total - self.done))} min left")
        return f"{', '.join(parts)}: {self.at_work}"

    def end_line(self) -> None:
        """Leave the line on the screen and begin another."""
        if self.open_line:
            self.stream.write("\n")
            self.open_line = False


def minutes(seconds: float) -> str:
    """Minutes and seconds of a time."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def show_progress(workflow: Any) -> None:
    """Put the line in place of snakemake's messages, unless `--verbose`, `--quiet` or a dry run asks for others."""
    settings = workflow.output_settings
    if not workflow.is_main_process or settings.dryrun or settings.verbose or settings.quiet or settings.debug_dag:
        return
    for handler in [each for each in logger.handlers if each.name == "DefaultStreamHandler"]:
        logger.removeHandler(handler)
        logger.addHandler(ProgressLine(handler, workflow))
