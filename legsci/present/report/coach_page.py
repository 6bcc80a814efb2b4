"""Pages for coaches: one line per test of an athlete, and the team at a glance, as PDF and HTML."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import typst

from legsci.present.figures.style import readable
from legsci.present.report.coach_tests import QUANTITIES, CoachTables, last_tests
from legsci.present.report.coach_words import late_muscles
from legsci.storage import atomic_write

TEMPLATE = Path(__file__).with_suffix(".typ")
#: Columns of longitudinal.csv that say who an athlete is, with their words.
_TRAITS = {"group": "group {}", "level": "level {}", "dominant_leg": "{} leg dominant"}


def write_pages(tables: CoachTables, folder: Path) -> None:
    """Write a page per athlete and the page of the team, each as PDF and HTML.

    Parameters
    ----------
    tables : of the study.
    folder : athletes.pdf, athletes.html, team.pdf and team.html are written there. They open without a network, and the
        same results give the same bytes.
    """
    athletes: dict[str, dict[str, Any]] = {}
    for participant in tables.participants():
        own = tables.of(participant)
        session = own.last_session(participant)
        athletes[participant] = {
            "about": _person(own.longitudinal),
            "when": own.occasions[participant, session].words,
            "tests": [asdict(test) for test in last_tests(tables, participant)],
            "muscles": late_muscles(own.onset_monitor, participant, session),
        }
    present = {test["name"] for athlete in athletes.values() for test in athlete["tests"]}
    content = {
        "study": tables.study,
        "simulated": tables.simulated,
        "athletes": athletes,
        "weeks": any(each["when"].startswith("week") for each in athletes.values()),
        "quantities": [[each.name, each.unit] for each in QUANTITIES if each.name in present],
    }
    for page in ("athletes", "team"):
        given = {"content": json.dumps(content, ensure_ascii=False), "page": page}
        for form in ("pdf", "html"):
            made = typst.compile(TEMPLATE, root=TEMPLATE.parent, format=form, sys_inputs=given, timestamp=0)
            with atomic_write(folder / f"{page}.{form}") as unfinished:
                unfinished.write_bytes(made)


def _person(rows: pd.DataFrame) -> str:
    """Group, level and dominant leg of an athlete, as far as they are known."""
    known = [
        words.format(readable(str(rows[name].iloc[0]))) for name, words in _TRAITS.items() if rows[name].notna().any()
    ]
    said = ", ".join(known)
    return said[:1].upper() + said[1:]
