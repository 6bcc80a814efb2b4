"""Pages open with the network off: paper, documentation and viewer; test_workflow.py opens those of a run."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import typst
import xarray as xr

from legsci.mechanics.kinetics.session_motion import session_motion
from legsci.present.viewer.skeleton_viewer import skeleton_viewer
from legsci.reproduction.paper import VALUES, read_entries
from tests.mechanics.athlete import ATHLETE
from tests.mechanics.kinetics.test_movement import MASS_KG, session
from tests.offline import needs_chromium, outside_requests

ROOT = Path(__file__).resolve().parents[1]
DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20"/></svg>'

pytestmark = needs_chromium


def test_a_page_that_asks_for_something_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text('<img src="https://example.org/a.png"><img src="here.png">', encoding="utf-8")
    assert outside_requests([page]) == [("page.html", "https://example.org/a.png")]


def test_the_paper_opens_without_a_request(tmp_path: Path) -> None:
    """Its text and layout, with other numbers and drawings."""
    shutil.copytree(ROOT / "paper", tmp_path / "paper")
    text = (ROOT / "paper" / "paper.typ").read_text(encoding="utf-8")
    drawn = re.findall(r'drawn\(\s*"([^"]+)"', text)
    assert len(drawn) == 8
    for path in drawn:
        (tmp_path / "results" / path).parent.mkdir(parents=True, exist_ok=True)
        svg = tmp_path / "results" / path
        svg.write_text(DRAWING, encoding="utf-8")
    typ = tmp_path / "paper" / "paper.typ"
    # A drawing stands for a picture.
    typ.write_text(text.replace('image("/results/" + path,', 'image("/results/" + path, format: "svg",'), "utf-8")
    values = "{" + ", ".join(f'"{name}": "1"' for name in read_entries(ROOT / "paper" / VALUES)) + "}"
    page = tmp_path / "paper.html"
    page.write_bytes(typst.compile(typ, root=tmp_path, format="html", sys_inputs={"values": values}, timestamp=0))
    assert page.read_text(encoding="utf-8").count("<figure") == len(drawn)
    assert outside_requests([page]) == []


def test_the_documentation_opens_without_a_request() -> None:
    pages = sorted((ROOT / "docs" / "_build" / "html").glob("*.html"))
    if not pages:
        pytest.skip("the documentation has not been built (make docs)")
    assert outside_requests(pages) == []


def test_the_viewer_opens_without_a_request(tmp_path: Path) -> None:
    made: xr.DataTree = session("squat", body_mass_kg=MASS_KG, sex=ATHLETE.sex)
    made.attrs["simulated"] = 1
    page = tmp_path / "viewer.html"
    page.write_text(skeleton_viewer(made, session_motion(made), "squat").html, encoding="utf-8")
    assert outside_requests([page]) == []
