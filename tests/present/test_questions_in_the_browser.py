"""The twelve questions of a first day, run in JupyterLab in Chromium on virtual athletes: each has an answer to see."""

from __future__ import annotations

import base64
import io
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread

from tests.checkout import copy_checkout, snakemake
from tests.lab import CHROMIUM, jupyter_lab, notebook_page

pytest.importorskip("playwright", reason="playwright, which drives the browser, is not installed")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (Debian: apt-get install chromium)")

#: Enough for a minimal detectable change (three athletes, two visits), knee moments and contact times.
VIRTUAL = """\
studies: [data/raw/virtual]
virtual:
  athletes: 3
  visits: 2
  trials:
    {standing: 1, squat: 1, countermovement_jump: 2, squat_jump: 0, drop_jump: 1, lateral_jump: 0, sprint: 0}
"""
#: Questions that are answered by a picture; the others, and the ninth too, by a table.
PICTURES, TABLES = {1, 3, 8, 9}, {1, 2, 4, 5, 6, 7, 9, 10, 11, 12}
#: What each question's code cell shows: pictures as PNG, tables as rows of text, and errors.
SHOWN = """() => {
  const answers = {};
  let number = 0;
  for (const cell of window.jupyterapp.shell.currentWidget.content.widgets) {
    const heading = cell.model.sharedModel.getSource().match(/^## (\\d+)\\. /);
    if (heading) number = Number(heading[1]);
    if (cell.model.type !== 'code') continue;
    const find = (what) => [...cell.node.querySelectorAll(`.jp-OutputArea-output ${what}`)];
    answers[number] = {
      lines: cell.model.sharedModel.getSource().split('\\n'),
      pictures: find('img').map((image) => image.src),
      tables: find('table').map((table) => [...table.rows].map((row) => row.innerText)),
      errors: [...cell.node.querySelectorAll("[data-mime-type='application/vnd.jupyter.error'], " +
        "[data-mime-type='application/vnd.jupyter.stderr']")].map((node) => node.innerText),
    };
  }
  return answers;
}"""


def ink(picture: str) -> float:
    """Share of the middle of a picture that is not white: none of an empty plot, 0.003 of twelve points."""
    data = base64.b64decode(re.sub("^data:image/png;base64,", "", picture))
    image = imread(io.BytesIO(data), format="png")[..., :3]
    height, width, _ = image.shape
    middle = image[height // 5 : -height // 5, width // 5 : -width // 5]
    return float(np.mean(middle.min(axis=2) < 0.95))


def statements(lines: list[str]) -> int:
    """Logical lines of a cell: a bracket that is open goes on in the next line."""
    text = "\n".join(lines)
    opened = np.cumsum([text[place] in "([{" for place in range(len(text))]) - np.cumsum(
        [text[place] in ")]}" for place in range(len(text))]
    )
    return 1 + sum(character == "\n" and depth == 0 for character, depth in zip(text, opened, strict=True))


def test_each_question_is_answered_in_three_lines_by_something_to_see(tmp_path: Path) -> None:
    copy_checkout(tmp_path)
    (tmp_path / "virtual.yaml").write_text(VIRTUAL, encoding="utf-8")
    answer = snakemake(
        tmp_path,
        *("results/virtual/curves.nc", "results/virtual/models/reliability.csv", "--configfile", "virtual.yaml"),
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
    with (
        jupyter_lab(tmp_path, PYTHONPATH=path) as address,
        notebook_page(address, "notebooks/00_first_questions.ipynb") as page,
    ):
        shown: dict[str, Any] = page.evaluate(SHOWN)
        if "LEGSCI_PICTURES" in os.environ:  # a folder for pictures of the cells, which a person looks at
            for number, cell in enumerate(page.locator(".jp-Notebook .jp-CodeCell").all()):
                cell.screenshot(path=Path(os.environ["LEGSCI_PICTURES"]) / f"{number - 1:02d}.png")
    assert {int(number) for number in shown} == set(range(13))
    assert {number: each["errors"] for number, each in shown.items() if each["errors"]} == {}
    for number in range(1, 13):
        each = shown[str(number)]
        assert statements(each["lines"]) <= 3, number
        assert bool(each["pictures"]) == (number in PICTURES), number
        assert bool(each["tables"]) == (number in TABLES), number
        for picture in each["pictures"]:
            assert ink(picture) > 0.001, f"question {number} draws an empty plot"
        for table in each["tables"]:
            assert len(table) > 1, f"question {number} shows an empty table"
    everything = "\n".join(shown["9"]["tables"][0])
    assert "\n..." not in everything, "the table about one repetition is whole"
    assert {"jump_height_impulse_m", "rsi_modified_m_per_s"} <= set(re.split(r"\s+", everything))
