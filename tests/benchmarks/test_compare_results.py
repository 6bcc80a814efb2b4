"""Two result folders made by hand: each kind of difference is told, and what is renamed is none."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pandas as pd
import pytest
import yaml

from benchmarks.compare_results import main

METRICS = {
    "participant_id": ["P1", "P1", "P2", "P2"],
    "trial_id": ["jump_1", "squat_1", "jump_1", "squat_1"],
    "task": ["jump", "squat", "jump", "squat"],
    "reason": ["gap_left late", "", "late", ""],
    "body_weight_n": [700.0, 1100.0, 800.0, 1200.0],
    "lowering_time_s": [np.nan, 1.5, np.nan, 1.25],
}
LONG = {
    "participant_id": ["P1", "P1", "P1"],
    "task": ["jump", "squat", "squat"],
    "metric": ["body_weight_n", "body_weight_n", "lowering_time_s"],
    "median": [700.0, 1100.0, 1.5],
    "sentence": ["It fell.", "It stood.", ""],
}
FINDING = {"participant_id": "P1", "session_id": "1", "trial_id": "jump_1", "rep": 0, "code": "gap_left"}
QUALITY = [
    FINDING | {"value": 0.5, "limit": 0.1, "sentence": "Lost."},
    FINDING | {"value": 0.2, "limit": 0.1, "sentence": "Lost again."},
]

REPS = "reps/P1/S1.nc"
#: Rows that count as others because the task, which is a key, is another.
ROWS = [("missing", "jump"), ("new", "run")]


def write_reps(
    path: Path, *, group: str = "jump_1", name: str = "force", codes: tuple[str, str] = ("early", "late")
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with netCDF4.Dataset(path, "w") as file:
        file.quality = json.dumps(QUALITY)
        file.profiles = json.dumps(list(codes))
        inner = file.createGroup(group)
        inner.createDimension("time", 3)
        inner.createDimension("scoring", 2)
        force = inner.createVariable(name, "f4", ("time",))
        force[:] = [0.0, 1000.0, np.nan]
        force.units, force.coordinates = "N", "scoring"
        scoring = inner.createVariable("scoring", str, ("scoring",))
        scoring[:] = np.array(codes, dtype=object)


def write_table(path: Path, rows: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows).to_csv(path, index=False)


def edit_table(path: Path, edit: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    edit(pd.read_csv(path)).to_csv(path, index=False)


def edit_netcdf(path: Path, edit: Callable[[netCDF4.Dataset], object]) -> None:
    with netCDF4.Dataset(path, "a") as file:
        edit(file)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Results of one study, twice."""
    before, after = tmp_path / "before", tmp_path / "after"
    write_table(before / "metrics.csv", METRICS)
    pd.DataFrame(METRICS).to_parquet(before / "metrics.parquet")
    write_table(before / "models" / "long.csv", LONG)
    write_table(before / "quality.csv", QUALITY)
    write_table(before / "points.csv", {"participant_id": ["P1", "P1"], "height": [1.0, 2.0]})
    write_reps(before / REPS)
    (before / "figures").mkdir()
    (before / "figures" / "force.csv").write_text("not a table of the study", encoding="utf-8")
    shutil.copytree(before, after)
    return before, after


@pytest.fixture
def differences(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, list[str]]]:
    """Exit code and lines of the report under sections of the table of renames, but for notes on rows in order."""

    def compare(**sections: Any) -> tuple[int, list[str]]:
        renamed = tmp_path / "renamed.yaml"
        renamed.write_text(yaml.safe_dump({"files": None} | sections), encoding="utf-8")
        code = main([*map(str, folders), "--renamed", str(renamed)])
        told = capsys.readouterr().out.splitlines()
        assert f"1 other files of {folders[0]} not compared" in told[-1]
        return code, [line for line in told[:-1] if not line.startswith("rows compared in order")]

    return compare


def set_value(name: str, row: int, value: Any) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda rows: rows.assign(**{name: [*rows[name][:row], value, *rows[name][row + 1 :]]})


def test_same_folders_differ_in_nothing(
    folders: tuple[Path, Path], tmp_path: Path, differences: Callable, capsys: pytest.CaptureFixture[str]
) -> None:
    edit_table(folders[1] / "metrics.csv", lambda rows: rows[::-1])
    edit_table(folders[1] / "quality.csv", lambda rows: rows[::-1].assign(sentence="in other words"))
    (folders[1] / "figures" / "force.csv").write_text("drawn anew", encoding="utf-8")
    assert differences(not_compared=["sentence"]) == (0, [])
    empty = tmp_path / "nothing_renamed.yaml"
    empty.write_text("not_compared: [sentence]\n", encoding="utf-8")
    assert main([*map(str, folders), "--renamed", str(empty)]) == 0
    *notes, summary = capsys.readouterr().out.splitlines()
    assert notes[0] == "rows compared in order: points.csv: where participant_id is equal: 1"
    assert "6 files, 5 tables" in summary
    assert summary.endswith("largest relative difference 0")


@pytest.mark.parametrize(
    ("table", "edit", "line"),
    [
        (
            "metrics.csv",
            set_value("body_weight_n", 2, 808.0),
            "changed value: metrics.csv: body_weight_n: 1, largest relative difference 0.0099, "
            "first P2/jump_1/jump: 800.0 -> 808.0",
        ),
        (
            "metrics.csv",
            set_value("lowering_time_s", 1, np.nan),
            "changed text or gap: metrics.csv: lowering_time_s: 1, first P1/squat_1/squat: 1.5 -> ",
        ),
        (
            "metrics.csv",
            set_value("reason", 0, "late"),
            "changed text or gap: metrics.csv: reason: 1, first P1/jump_1/jump: gap_left late -> late",
        ),
        ("metrics.csv", lambda rows: rows[1:], "missing row: metrics.csv: 1, first P1/jump_1/jump"),
        ("metrics.csv", lambda rows: rows.assign(task="run"), None),
        ("metrics.csv", lambda rows: rows.drop(columns="reason"), "missing column: metrics.csv: reason: 1"),
        ("metrics.csv", lambda rows: rows.assign(extra=1), "new column: metrics.csv: extra: 1"),
        (
            "quality.csv",
            set_value("limit", 0, 0.2),
            "changed value: quality.csv: limit: 1, largest relative difference 0.5, "
            "first P1/1/jump_1/0/gap_left#1: 0.1 -> 0.2",
        ),
        (
            "points.csv",
            set_value("height", 1, 4.0),
            "changed value: points.csv: height: 1, largest relative difference 0.5, first P1#1: 2.0 -> 4.0",
        ),
    ],
)
def test_tables(
    folders: tuple[Path, Path],
    differences: Callable,
    table: str,
    edit: Callable[[pd.DataFrame], pd.DataFrame],
    line: str | None,
) -> None:
    edit_table(folders[1] / table, edit)
    code, lines = differences()
    assert code == 1
    expected = [line] if line else [f"{word} row: {table}: 4, first P1/jump_1/{task}" for word, task in ROWS]
    assert lines == expected


def test_parquet(folders: tuple[Path, Path], differences: Callable) -> None:
    pd.DataFrame(METRICS | {"reason": None}).to_parquet(folders[1] / "metrics.parquet")
    line = "changed text or gap: metrics.parquet: reason: 2, first P1/jump_1/jump: gap_left late -> "
    assert differences() == (1, [line])


def test_files(folders: tuple[Path, Path], differences: Callable) -> None:
    (folders[1] / "models" / "long.csv").rename(folders[1] / "longer.csv")
    assert differences() == (1, ["missing file: models/long.csv: 1", "new file: longer.csv: 1"])


@pytest.mark.parametrize(("factor", "code", "kind"), [(1 + 1e-8, 0, "float32"), (1 + 1e-5, 1, "changed value")])
def test_precision_of_float32_is_told_and_no_failure(
    folders: tuple[Path, Path], differences: Callable, factor: float, code: int, kind: str
) -> None:
    edit_table(folders[1] / "metrics.csv", lambda rows: rows.assign(body_weight_n=rows["body_weight_n"] * factor))
    found, lines = differences()
    assert found == code
    assert [line.partition(", ")[0] for line in lines] == [f"{kind}: metrics.csv: body_weight_n: 4"]


@pytest.mark.parametrize(
    ("edit", "line"),
    [
        (
            lambda file: file["jump_1/force"].__setitem__(0, 100.0),
            "changed value: reps/: force: 1, largest relative difference 0.1, first {}>jump_1>force[0]: 0.0 -> 100.0",
        ),
        (
            lambda file: file["jump_1/force"].__setitem__(2, 0.0),
            "changed text or gap: reps/: force: 1, first {}>jump_1>force[2]: nan -> 0.0",
        ),
        (
            lambda file: file["jump_1/scoring"].__setitem__(1, "later"),
            "changed text or gap: reps/: scoring: 1, first {}>jump_1>scoring[1]: late -> later",
        ),
        (
            lambda file: file["jump_1/force"].setncattr("units", "kN"),
            "changed text or gap: reps/: force@units: 1, first {}>jump_1>force@units[0]: N -> kN",
        ),
        (
            lambda file: file["jump_1/force"].delncattr("units"),
            "missing group, variable or attribute: reps/: force@units: 1, first {}>jump_1>force@units",
        ),
        (
            lambda file: file["jump_1"].renameVariable("force", "load"),
            "missing group, variable or attribute: reps/: force: 1, first {0}>jump_1>force\n"
            "new group, variable or attribute: reps/: load: 1, first {0}>jump_1>load",
        ),
        (
            lambda file: file.renameGroup("jump_1", "jump_2"),
            "missing group, variable or attribute: reps/: jump_1: 1, first {0}>jump_1\n"
            "new group, variable or attribute: reps/: jump_2: 1, first {0}>jump_2",
        ),
        (
            lambda file: file.setncattr("quality", json.dumps(QUALITY[:1])),
            "missing row: reps/@quality: 1, first {}@quality P1/1/jump_1/0/gap_left#1\n"
            "changed value: reps/@quality: value: 1, largest relative difference 0.6, "
            "first {}@quality P1/1/jump_1/0/gap_left: 0.2 -> 0.5",
        ),
        (
            lambda file: file.setncattr("profiles", '["early"]'),
            "changed shape: reps/: @profiles: 1, first {}@profiles: (2,) -> (1,)",
        ),
    ],
)
def test_netcdf(
    folders: tuple[Path, Path], differences: Callable, edit: Callable[[netCDF4.Dataset], object], line: str
) -> None:
    edit_netcdf(folders[1] / REPS, edit)
    assert differences() == (1, line.replace("{0}", REPS).replace("{}", REPS).split("\n"))


def test_what_is_renamed_is_matched_and_told(folders: tuple[Path, Path], differences: Callable) -> None:
    _, after = folders
    by_task = METRICS | {"body_weight_n": [700.0, np.nan, 800.0, np.nan], "system_n": [np.nan, 1100.0, np.nan, 1200.0]}
    by_task["reason"] = ["lost late", "", "late", ""]
    renamed = pd.DataFrame(by_task).rename(columns={"lowering_time_s": "eccentric_time_s"})
    write_table(after / "metrics.csv", renamed)
    renamed.to_parquet(after / "metrics.parquet")
    long = LONG | {"metric": ["body_weight_n", "system_n", "eccentric_time_s"], "sentence": ["Fell.", "Stood.", ""]}
    (after / "models").rename(after / "findings")
    write_table(after / "findings" / "long.csv", long)
    edit_table(after / "quality.csv", lambda rows: rows.assign(code="lost"))
    write_reps(after / REPS, group="jump", name="load", codes=("soon", "late"))
    edit_netcdf(
        after / REPS, lambda file: file.setncattr("quality", json.dumps([row | {"code": "lost"} for row in QUALITY]))
    )
    code, lines = differences(
        files={"models": "findings"},
        columns={"lowering_time_s": "eccentric_time_s"},
        columns_by_task={"body_weight_n": {"squat": "system_n"}},
        values={
            "code": {"gap_left": "lost"},
            "reason": {"gap_left": "lost"},
            "metric": {"lowering_time_s": "eccentric_time_s"},
            "scoring": {"early": "soon"},
            "profiles": {"early": "soon"},
        },
        variables={"reps/:force": "load"},
        groups={"jump_1": "jump"},
        not_compared=["findings/long.csv:sentence"],
    )
    assert code == 0
    assert sorted(lines) == [
        "renamed: body_weight_n -> system_n in findings/long.csv, metrics.csv, metrics.parquet",
        "renamed: early -> soon in reps/",
        "renamed: force -> load in reps/",
        "renamed: gap_left -> lost in metrics.csv, metrics.parquet, quality.csv, reps/@quality",
        "renamed: jump_1 -> jump in reps/",
        "renamed: lowering_time_s -> eccentric_time_s in findings/long.csv, metrics.csv, metrics.parquet",
        "renamed: models -> findings in file names",
    ]


def test_a_rename_hides_no_change(folders: tuple[Path, Path], differences: Callable) -> None:
    edit_table(folders[1] / "metrics.csv", lambda rows: rows.rename(columns={"lowering_time_s": "time_s"}))
    edit_table(folders[1] / "metrics.csv", set_value("time_s", 3, 2.5))
    code, lines = differences(columns={"metrics.csv:lowering_time_s": "time_s"})
    assert code == 1
    assert lines == [
        "renamed: lowering_time_s -> time_s in metrics.csv",
        "changed value: metrics.csv: time_s: 1, largest relative difference 0.5, first P2/squat_1/squat: 1.25 -> 2.5",
    ]


def test_table_of_renames_has_known_sections_only(differences: Callable) -> None:
    with pytest.raises(TypeError, match="collumns"):
        differences(collumns={"a": "b"})
