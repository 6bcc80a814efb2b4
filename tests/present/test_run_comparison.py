"""Two runs of a study, written by hand: what is opened, and what differs between them."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pandas as pd
import pytest

import legsci
from legsci.metrics.registry import KEYS
from legsci.present.report.notebooks import render
from legsci.present.results import Results
from legsci.present.selection import ResultsError

METRIC_COLUMNS = [*KEYS, "peak_force_n", "knee_flexion_max_deg"]
QUALITY_COLUMNS = [*list(KEYS)[:4], "task", "code", "severity", "signal", "value", "limit", "sentence"]


def metrics_row(trial: str, rep: int, profile: str, peak_force_n: float, angle_deg: float | None) -> tuple[object, ...]:
    return (
        "P01",
        "01",
        trial,
        rep,
        "both",
        "squat",
        profile,
        6.0,
        "joint",
        "",
        "accepted",
        "",
        peak_force_n,
        angle_deg,
    )


def flag(trial: str, rep: int, code: str, sentence: str) -> tuple[object, ...]:
    return ("P01", "01", trial, rep, "squat", code, "flagged", None, 1.0, 2.0, sentence)


def write_run(folder: Path, options: str, metrics: list[tuple[object, ...]], flags: list[tuple[object, ...]]) -> None:
    folder.mkdir(parents=True)
    pd.DataFrame(metrics, columns=METRIC_COLUMNS).to_csv(folder / "metrics.csv", index=False)
    pd.DataFrame(flags, columns=QUALITY_COLUMNS).to_csv(folder / "quality.csv", index=False)
    (folder / "about.yaml").write_text("simulated: false\n", encoding="utf-8")
    for name in ("metrics_by_profile", "reps", "dictionary"):
        (folder / f"{name}.csv").write_text("participant_id\n", encoding="utf-8")
    (folder / "options.yaml").write_text(options, encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of a default run and of a run `faster`, which finds one squat less in the second set."""
    folder = tmp_path_factory.mktemp("results") / "made"
    first = [
        metrics_row("set_1", 1, "harry", 1500.0, 100.0),
        metrics_row("set_1", 2, "harry", 1510.0, None),
        metrics_row("set_2", 1, "harry", 1520.0, 101.0),
        metrics_row("set_2", 2, "harry", 1530.0, 102.0),
        metrics_row("unread", 0, "harry", None, None),
    ]
    second = [
        metrics_row("set_1", 1, "vald", 1500.0, 103.5),
        metrics_row("set_1", 2, "vald", 1510.0, 99.0),
        metrics_row("set_2", 1, "vald", 1530.0, 102.0),
        metrics_row("unread", 0, "vald", None, None),
    ]
    twice = [flag("set_1", 1, "gap", "left knee"), flag("set_1", 1, "gap", "right knee")]
    shared = flag("set_2", 1, "low_rate", "50 Hz of 1 reading")
    write_run(folder, "motion: {cutoff_hz: 12.0, thigh: anchored}\nprofile: harry\n", first, [*twice, shared])
    other = [twice[0], flag("set_2", 1, "low_rate", "51 Hz"), flag("set_1", 2, "angle_implausible", "99 deg")]
    run = folder / "runs" / "faster"
    write_run(run, "motion: {cutoff_hz: null, thigh: anchored}\nprofile: vald\n", second, other)
    (folder / "runs" / "unfinished").mkdir()
    return folder


@pytest.fixture
def runs(folder: Path) -> tuple[Results, Results]:
    return legsci.open_study(folder), legsci.open_study(folder, run="faster")


def test_a_run_is_opened_by_its_name(runs: tuple[Results, Results]) -> None:
    default, faster = runs
    assert default.runs == faster.runs == ["faster", "unfinished"]
    assert (default.label, faster.label) == ("made", "made, run faster")
    assert faster.name == "made"
    assert faster.options == {"motion.cutoff_hz": None, "motion.thigh": "anchored", "profile": "vald"}
    changes = "motion.cutoff_hz None instead of 12.0, profile vald instead of harry"
    assert repr(default).startswith("made: recorded, not simulated\n4 repetitions in 3 trials of 1 participants")
    assert repr(faster).startswith(f"made, run faster ({changes}): recorded, not simulated\n")
    assert legsci.open_study(default.folder, run="").folder == default.folder


def test_a_run_that_cannot_be_opened_is_a_sentence(folder: Path) -> None:
    with pytest.raises(ResultsError, match="study made has no run slower; it has faster, unfinished"):
        legsci.open_study(folder, run="slower")
    with pytest.raises(ResultsError, match=r"study made has no run \.\./\.\./made"):
        legsci.open_study(folder, run="../../made")
    with pytest.raises(ResultsError, match=r"metrics\.csv.* missing.*run=unfinished` with its options again"):
        legsci.open_study(folder, run="unfinished")
    with pytest.raises(ResultsError, match="is a run: open the folder results/<study> with run='faster'"):
        legsci.open_study(folder / "runs" / "faster")


def test_options_without_those_of_the_default_run_are_not_compared(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "runs", tmp_path / "runs")
    alone = legsci.open_study(tmp_path, run="faster")
    assert ", run faster (no default run to compare with): " in repr(alone)
    with pytest.raises(ResultsError, match=r"run default of study .* has no options\.yaml: run it again"):
        alone.compare()


def test_numbers_that_moved_are_those_of_the_same_repetition(runs: tuple[Results, Results]) -> None:
    default, faster = runs
    compared = faster.compare()
    assert default.compare("faster").metrics["difference"].equals(-compared.metrics["difference"])
    rows = compared.metrics.set_index(["trial_id", "rep", "metric"])[["value_default", "value_faster", "difference"]]
    expected = {
        ("set_1", 1, "knee_flexion_max_deg"): [100.0, 103.5, 3.5],
        ("set_1", 1, "peak_force_n"): [1500.0, 1500.0, 0.0],
        ("set_1", 2, "knee_flexion_max_deg"): [None, 99.0, None],
        ("set_1", 2, "peak_force_n"): [1510.0, 1510.0, 0.0],
    }
    pd.testing.assert_frame_equal(
        rows,
        pd.DataFrame(expected.values(), index=pd.MultiIndex.from_tuples(expected), columns=rows.columns),
        check_names=False,
    )
    (trial,) = compared.repetitions.to_dict("records")
    assert (trial["trial_id"], trial["repetitions_default"], trial["repetitions_faster"]) == ("set_2", 2, 1)


def test_options_and_flags_that_differ_are_listed(runs: tuple[Results, Results]) -> None:
    compared = runs[1].compare("default")
    options = compared.options.set_index("option").T.to_dict("list")
    assert options == {"motion.cutoff_hz": [12.0, None], "profile": ["harry", "vald"]}
    flags = compared.flags[["trial_id", "rep", "code", "sentence", "run"]].to_numpy().tolist()
    assert flags == [
        ["set_1", 1, "gap", "right knee", "default"],
        ["set_1", 2, "angle_implausible", "99 deg", "faster"],
    ]


def test_only_two_runs_of_one_study_are_compared(runs: tuple[Results, Results]) -> None:
    default, _ = runs
    with pytest.raises(ResultsError, match="there is no other run of made default; there are faster, unfinished"):
        default.compare()
    with pytest.raises(ResultsError, match="there is no other run of made slower; there are default, unfinished"):
        runs[1].compare("slower")


@pytest.mark.parametrize("run", ["faster", None])
def test_a_notebook_finds_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: str | None) -> None:
    monkeypatch.setenv("LEGSCI_RUN", "of the shell")
    cell = nbformat.v4.new_code_cell("import os\nos.environ['LEGSCI_RUN']", id="a")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "run.ipynb")
    render(tmp_path / "run.ipynb", tmp_path / "run.html", results=tmp_path, run=run)
    assert f"<pre>'{run or ''}'</pre>" in (tmp_path / "run.html").read_text(encoding="utf-8")
