"""Numbers of the paper: each is found in a table, written as the entry says, and can be followed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from legsci.reproduction.paper import build_paper, paper_value, paper_values, read_entries, trace_of_paper
from legsci.reproduction.trace import TraceError

ROOT = Path(__file__).resolve().parents[2]
VALUES = ROOT / "paper" / "values.yaml"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "kept").mkdir()
    table = "# 2026-01-01; seeds from 1\nwhat,size,part\na,-0.0004,0.91\nb,12.3456,0.99\nc,,0.95\n"
    (tmp_path / "kept" / "errors.csv").write_text(table, encoding="utf-8")
    return tmp_path


def test_a_number_is_written_as_its_entry_says(root: Path) -> None:
    entry = {"table": "kept/errors", "column": "size", "rows": {"what": "b"}, "digits": 1}
    assert paper_value(entry, root).text == "12.3"
    assert paper_value(entry | {"scale": -100, "digits": 0}, root).text == "\N{MINUS SIGN}1235"
    assert paper_value(entry | {"rows": {"what": "a"}, "digits": 2}, root).text == "0.00"
    parts = {"table": "kept/errors", "column": "part", "how": "count", "digits": 0}
    assert paper_value(parts | {"rows": {"part": {"from": 0.9, "to": 0.98}}}, root).text == "2"
    assert paper_value(parts | {"rows": {"what": ["a", "b"]}, "how": "max", "digits": 2}, root).text == "0.99"
    assert paper_value(parts | {"column": "size"}, root).text == "2"


def test_every_number_that_is_missing_is_named(root: Path) -> None:
    path = root / "values.yaml"
    path.write_text(
        "one: {table: kept/errors, column: size, digits: 1}\n"
        "two: {table: kept/none, column: size, digits: 1}\n"
        "three: {table: kept/errors, column: sise, digits: 1}\n"
        "four: {table: kept/errors, column: part, rows: {what: a}, digits: 2}\n",
        encoding="utf-8",
    )
    with pytest.raises(TraceError) as fault:
        paper_values(path, root)
    lines = str(fault.value).splitlines()
    assert [line.partition(":")[0] for line in lines[1:]] == ["one", "two", "three"]
    said = trace_of_paper("four", path, root)
    assert said.splitlines()[-1] == "kept in the repository: 2026-01-01; seeds from 1"
    with pytest.raises(TraceError, match="no number five; it has one, two, three, four"):
        trace_of_paper("five", path, root)


def test_the_paper_uses_each_of_its_numbers_and_no_other() -> None:
    text = (ROOT / "paper" / "paper.typ").read_text(encoding="utf-8")
    assert set(re.findall(r'#v\("(\w+)"\)', text)) == set(read_entries(VALUES))


def test_numbers_from_tables_of_the_repository_are_there() -> None:
    kept = {name: entry for name, entry in read_entries(VALUES).items() if not entry["table"].startswith("results/")}
    assert len(kept) > 10
    for entry in kept.values():
        assert paper_value(entry, ROOT).rows >= 0


def test_metrics_of_the_paper_are_columns_of_the_registry() -> None:
    from legsci.metrics.registry import COLUMNS

    columns = {entry["column"] for entry in read_entries(VALUES).values() if entry["table"].endswith("/metrics")}
    assert columns
    assert columns <= set(COLUMNS)


def test_the_same_results_give_the_same_bytes(root: Path) -> None:
    folder = root / "paper"
    folder.mkdir()
    (folder / "values.yaml").write_text(
        "share: {table: kept/errors, column: part, rows: {what: a}, digits: 2}\n", encoding="utf-8"
    )
    (folder / "paper.typ").write_text(
        '#let values = json(bytes(sys.inputs.values))\n#set document(title: "T")\nPart #values.share\n',
        encoding="utf-8",
    )
    made = []
    for name in ("first", "second"):
        build_paper(folder, root, root / name / "paper.pdf")
        made.append([(root / name / f"paper.{form}").read_bytes() for form in ("pdf", "html")])
    assert made[0] == made[1]
    assert b"0.91" in made[0][1]
    assert made[0][0].startswith(b"%PDF")
