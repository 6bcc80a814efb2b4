"""What the documentation shows of a study folder holds against the schemas that check one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from legsci.ingest.clocks.declared import clock_faults
from legsci.ingest.exports.measurements import KEYS
from legsci.ingest.readers import READERS
from legsci.ingest.settings import devices_of, read_settings
from legsci.ingest.study import OWN_TABLES
from legsci.ingest.tables import load_schema
from legsci.present.report.metrics_page import metrics_page
from legsci.present.report.vendor_page import vendor_page
from legsci.tasks import TASKS
from legsci.vocabulary import MARKERS

ROOT = Path(__file__).resolve().parents[1]
GUIDE = (ROOT / "docs" / "study-folder.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", README + GUIDE, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS)
def test_example_of_study_yaml_is_valid(tmp_path: Path, block: str) -> None:
    shown = yaml.safe_load(block)
    whole = {"devices", "tables"} & set(shown)
    settings = shown if whole else {"name": "s", "lab": {"up": "z", "forward": "y"}, "devices": shown}
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")
    read, faults = read_settings(path)
    assert faults == []
    devices, faults = devices_of(read)
    assert faults == []
    assert clock_faults(read, devices) == []
    assert {label for device in devices.values() for label in device.markers.values()} <= set(MARKERS)


def test_there_are_examples_of_every_reader() -> None:
    assert set(re.findall(r"reader: (\w+)", GUIDE)) == set(READERS)


def test_guide_names_every_column_of_every_table() -> None:
    rows = dict(re.findall(r"^\| (\w+)\.tsv \| [^|]* \| ([^|]*) \|$", GUIDE, re.MULTILINE))
    assert set(rows) == set(OWN_TABLES)
    measured = rows.pop("measurements")
    assert {"participant_id", *re.findall(r"\w+", measured)} >= set(KEYS)
    del rows["reliability"]
    keys = {"participant_id", "session_id", "trial_id", "week"}
    for table, cell in rows.items():
        columns = set(load_schema(table)["properties"]) - keys
        assert {column for column in columns if column not in re.findall(r"\w+", cell)} == set(), table


def test_guide_lists_the_tasks() -> None:
    section = GUIDE.partition("## Tasks")[2].partition("\n## ")[0]
    assert re.findall(r"^\| (\w+) \|", section, re.MULTILINE)[1:] == list(TASKS)


def test_page_of_metrics_is_that_of_the_registry() -> None:
    """After a change of TASKS or METRICS run `make dictionary`."""
    assert (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8") == metrics_page()
    assert (ROOT / "docs" / "vendor-metrics.md").read_text(encoding="utf-8") == vendor_page()
