"""The workflow on a few virtual athletes, in a copy of the checkout that legsci is not installed from."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import legsci
from legsci.reproduction.paper import read_entries
from tests.checkout import ROOT, copy_checkout, edited, planned, snakemake

VIRTUAL = """\
studies: [data/raw/virtual]
virtual:
  athletes: 2
  visits: 1
  trials:
    {standing: 1, squat: 0, countermovement_jump: 1, squat_jump: 0, drop_jump: 0, lateral_jump: 0, sprint: 0}
figures: {sessions_drawn: 1}
"""
MORE = "virtual: {athletes: 3}\n"
#: The block `virtual` is that of the default run, which a named run does not repeat.
FASTER = (
    *("results/virtual/runs/faster/metrics.csv", "--config", "study=data/raw/virtual", "run=faster"),
    "motion={cutoff_hz: {countermovement_jump: 20}}",
)
RECOVERY = ("results/virtual/parameter_recovery.csv", "--configfile", "virtual.yaml")


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout after virtual athletes were simulated and measured; test_workflow.py draws figures."""
    checkout = tmp_path_factory.mktemp("virtual")
    copy_checkout(checkout)
    (checkout / "virtual.yaml").write_text(VIRTUAL, encoding="utf-8")
    (checkout / "more.yaml").write_text(MORE, encoding="utf-8")
    assert planned(checkout, *RECOVERY) == {"simulate_cohort": 1, "parameter_recovery": 1, "study_tables": 1}
    answer = snakemake(checkout, *RECOVERY)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return checkout


def test_virtual_athletes_are_simulated_and_measured(simulated: Path) -> None:
    metrics = pd.read_csv(simulated / "results/virtual/metrics.csv").query("side == 'both'")
    recordings = sorted(path.name for path in (simulated / "data/raw/virtual").rglob("*.c3d"))
    # In one of the sessions plates and cameras have a recorder each.
    apart = "countermovement_jump_1_plates.c3d"
    assert recordings == sorted([apart, *["standing_1.c3d", "countermovement_jump_1.c3d"] * 2])
    assert len(metrics) == 4
    pairs = pd.read_csv(simulated / "results/virtual/parameter_recovery_pairs.csv").query(
        "metric == 'jump_height_impulse_m'"
    )
    assert len(pairs) == 2
    assert pairs["measured"].to_numpy() == pytest.approx(pairs["true"].to_numpy(), abs=0.02)


def test_of_a_large_study_the_first_session_and_flagged_ones_are_drawn(simulated: Path) -> None:
    jobs = planned(simulated, "--configfile", "virtual.yaml")
    assert (jobs["draw_force_time"], jobs["draw_flagged_sessions"]) == (1, 1)
    assert jobs["draw_parameter_recovery"] == 1


def test_a_second_run_of_models_of_the_virtual_athletes_does_nothing(simulated: Path) -> None:
    """Rules that depend on the simulated tables only through other rules' results among them."""
    models = ("results/virtual/models/curve_clusters.csv", "--configfile", "virtual.yaml")
    answer = snakemake(simulated, *models)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert planned(simulated, *models) == {}


#: Numbers of the paper whose recordings are those of the virtual athletes.
TRACED = ("virtual_athletes", "virtual_sessions", "virtual_trials", "virtual_repetitions", "height_coverage")


def traced(checkout: Path, name: str) -> str:
    """What `legsci trace paper NAME` prints in a checkout."""
    command = [sys.executable, "-m", "legsci", "trace", "paper", name]
    environment = os.environ | {"PYTHONPATH": str(checkout)}
    answer = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def test_five_numbers_of_the_paper_end_at_raw_files_with_matching_checksums(simulated: Path) -> None:
    answer = snakemake(simulated, "results/virtual/manifest.json", "--configfile", "virtual.yaml")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    shutil.copytree(ROOT / "paper", simulated / "paper")
    entries = read_entries(simulated / "paper" / "values.yaml")
    raw = simulated / "data" / "raw" / "virtual"
    checksums = {
        path.relative_to(raw).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in raw.rglob("*.*")
        if path.is_file()
    }
    for name in TRACED:
        said = traced(simulated, name)
        table = pd.read_csv(simulated / f"{entries[name]['table']}.csv")
        for column, wanted in entries[name]["rows"].items():
            table = table[table[column] == wanted]
        (number,) = table[entries[name]["column"]]
        assert said.startswith(f"{name}: written "), said
        assert f", {float(number)!r} in {entries[name]['table']}.csv (1 rows)" in said
        files = dict(re.findall(r"^  (\S+) .*: SHA-256 ([0-9a-f]{64}), unchanged$", said, re.MULTILINE))
        assert files, said
        assert files.items() <= checksums.items(), name
        assert "changed since" not in said
    (plates,) = [path for path in checksums if path.endswith("_plates.c3d")]
    assert "made by the rule parameter_recovery" in traced(simulated, "height_coverage")
    with edited(raw / plates, "\0"):
        said = traced(simulated, "height_coverage")
    assert re.findall(r"^  (\S+) .*, changed since$", said, re.MULTILINE) == [plates]


def digests(folder: Path) -> dict[Path, str]:
    """SHA-256 of each file of a folder of results, without those of its named runs."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {
        path: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if "runs" not in path.relative_to(folder).parts
    }


def test_a_named_run_reuses_the_sessions_and_leaves_the_default_run(simulated: Path) -> None:
    results, recordings = simulated / "results" / "virtual", simulated / "data" / "raw" / "virtual"
    before = digests(results), digests(recordings)
    answer = snakemake(simulated, *FASTER)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "virtual, run faster (motion.cutoff_hz.countermovement_jump 20 instead of 15.0): 4 rep" in answer.stdout
    assert (digests(results), digests(recordings)) == before
    assert not (results / "runs" / "faster" / "sessions").exists()
    logs = {path.name for path in (results / "runs" / "faster" / "logs").iterdir()}
    assert logs == {"motion", "cut_reps", "measure", "study_tables.txt"}
    default, faster = legsci.open_study(results), legsci.open_study(results, run="faster")
    assert default.runs == ["faster"]
    assert faster.session("V0001", "S01").equals(default.session("V0001", "S01"))
    compared = faster.compare()
    assert compared.repetitions.empty
    moved = set(compared.metrics.query("difference != 0")["metric"])
    assert "ankle_moment_peak_n_m_per_kg" in moved
    still = {"body_weight_n", "jump_height_impulse_m", "flight_time_s"}
    assert still <= set(compared.metrics["metric"])
    assert still & moved == set()


def test_a_named_run_does_not_simulate(simulated: Path) -> None:
    answer = snakemake(simulated, "--dry-run", "--configfile", "virtual.yaml", "--config", "run=faster")
    assert answer.returncode == 1
    assert "virtual: a named run takes the virtual athletes as the default run simulated them" in answer.stderr


@pytest.mark.parametrize(
    ("path", "jobs"),
    [
        # Nor does the named run above leave anything for the default run to do.
        (None, {}),
        ("legsci/metrics/tables.py", {"measure": 1, "study_tables": 1, "parameter_recovery": 1}),
        ("legsci/models/parameter_recovery.py", {"parameter_recovery": 1}),
        (
            "data/raw/virtual/V0001/S01/standing_1.c3d",
            dict.fromkeys(("ingest", "motion", "cut_reps", "measure", "study_tables", "parameter_recovery"), 1),
        ),
        # What follows from the new tables is known once they are made.
        ("legsci/simulate/sensors/plates.py", {"simulate_cohort": 1, "study_tables": 1, "parameter_recovery": 1}),
    ],
)
def test_an_edit_simulates_anew_only_where_simulation_depends_on_it(
    simulated: Path, path: str | None, jobs: dict[str, int]
) -> None:
    with edited(simulated / (path or "virtual.yaml"), "PLANTED = 1\n" if path else ""):
        assert planned(simulated, *RECOVERY) == jobs


def test_more_athletes_leave_the_recordings_of_the_first_ones(simulated: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (simulated / "data/raw/virtual").rglob("*.c3d")}
    answer = snakemake(simulated, *RECOVERY, "more.yaml")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    after = {path: path.stat().st_mtime_ns for path in (simulated / "data/raw/virtual").rglob("*.c3d")}
    assert len(after) == len(before) + 2
    assert {path: after[path] for path in before} == before
