"""The line of progress: jobs done of how many, time left, the job at work; warnings and errors stand alone."""

from __future__ import annotations

import io
import logging
from types import SimpleNamespace

import pytest
from snakemake_interface_logger_plugins.common import LogEvent

from workflow.progress import LINE_INTERVAL_S, ProgressLine, minutes


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


class Dag:
    """Jobs of a run; `waiting` are checkpoints that have yet to run."""

    def __init__(self, jobs: int, waiting: int = 0) -> None:
        self.jobs, self.checkpoint_jobs = jobs, list(range(waiting))

    def __len__(self) -> int:
        return self.jobs

    def needrun(self, job: int) -> bool:
        return True

    def finished(self, job: int) -> bool:
        return False


def record(words: str = "", level: int = logging.INFO, **extra: object) -> logging.LogRecord:
    """A message of snakemake."""
    return logging.makeLogRecord({"msg": words, "levelno": level, "levelname": logging.getLevelName(level), **extra})


def progress_line(dag: Dag, stream: io.StringIO) -> tuple[ProgressLine, io.StringIO]:
    """The line on a stream, and what snakemake's own handler writes."""
    rest = io.StringIO()
    return ProgressLine(logging.StreamHandler(rest), SimpleNamespace(dag=dag), stream), rest


def job(words: str) -> logging.LogRecord:
    return record("rule", event=LogEvent.JOB_INFO, rule_msg=words, rule_name="ingest")


def finished(done: int, total: int) -> logging.LogRecord:
    return record(event=LogEvent.PROGRESS, done=done, total=total)


def test_the_line_tells_jobs_time_and_the_job_at_work() -> None:
    line, _ = progress_line(Dag(12), io.StringIO())
    line.handle(job("Read the sessions of P01, open"))
    line.handle(finished(6, 12))
    assert line.line(90.0) == "6 of 12 jobs, 1:30 min, about 1:30 min left: Read the sessions of P01, open"
    line.handle(finished(2, 12))
    assert "left" not in line.line(90.0), "too few jobs to estimate from"
    line.handle(finished(12, 12))
    assert line.line(125.0) == "12 of 12 jobs, 2:05 min"


def test_a_checkpoint_that_waits_makes_the_number_a_lower_limit() -> None:
    line, _ = progress_line(Dag(68, waiting=1), io.StringIO())
    line.handle(finished(40, 68))
    assert line.line(60.0).startswith("40 of at least 68 jobs, 1:00 min: ")


def test_a_terminal_has_one_line_and_errors_stand_alone() -> None:
    stream = Terminal()
    line, rest = progress_line(Dag(3), stream)
    line.handle(job("Read"))
    line.handle(finished(1, 3))
    assert stream.getvalue().count("\n") == 0
    line.handle(record("Error in rule motion", logging.ERROR))
    assert stream.getvalue().endswith("\n"), "the error is not written into the line"
    assert rest.getvalue() == "Error in rule motion\n"
    line.handle(record("Select jobs to execute..."))
    line.handle(record("Nothing to be done (all requested files are present and up to date)."))
    assert rest.getvalue().splitlines()[1:] == ["Nothing to be done (all requested files are present and up to date)."]


def test_a_file_has_lines_at_intervals_and_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    stream = io.StringIO()
    line, _ = progress_line(Dag(100), stream)
    for done in range(1, 101):
        now[0] += LINE_INTERVAL_S / 10.0
        line.handle(finished(done, 100))
    lines = stream.getvalue().splitlines()
    assert 10 <= len(lines) <= 12
    assert lines[-1].startswith("100 of 100 jobs")


def test_minutes() -> None:
    assert [minutes(seconds) for seconds in (0.0, 59.9, 60.0, 3725.0)] == ["0:00", "0:59", "1:00", "62:05"]
