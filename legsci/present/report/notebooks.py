"""Notebooks: run on a finished study and kept as a page that opens without a network."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbconvert.exporters import HTMLExporter
from traitlets.config import Config

from legsci.present.opening import RUN_VARIABLE, STUDY_VARIABLE
from legsci.storage import atomic_write

#: nbconvert's page without scripts loaded from the network: no formulas are typeset, and widgets, which need a kernel,
#: are shown as the text that they give for a page.
_OFFLINE_PAGE = """
{%- extends 'lab/index.html.j2' -%}
{%- block html_head_js -%}{%- endblock -%}
{%- block jupyter_widgets -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
"""
#: What of an output is shown, the best first.
_SHOWN = ["text/html", "image/svg+xml", "image/png", "text/plain"]
LONGEST_CELL_S = 600


def render(notebook: str | Path, page: str | Path, *, results: str | Path, run: str | None = None) -> None:
    """Run a notebook from its first cell to its last on a finished study, and write the page, whole or not at all.

    Parameters
    ----------
    notebook : .ipynb without outputs; it stays as it is.
    page : .html to write.
    results : results/<study>, which `legsci.choose_study` in the notebook finds in an environment variable.
    run : name of a run of the study, which it finds in another; None for the default run.

    Raises
    ------
    nbclient.exceptions.CellExecutionError : a cell failed; says which and why.
    """
    content = nbformat.read(notebook, as_version=4)
    client = NotebookClient(
        content, timeout=LONGEST_CELL_S, kernel_name="python3", record_timing=False, store_widget_state=False
    )
    environment = os.environ | {STUDY_VARIABLE: str(Path(results).resolve()), RUN_VARIABLE: run or ""}
    client.execute(cwd=str(Path(notebook).resolve().parent), env=environment)
    exporter = HTMLExporter(config=Config(NbConvertBase={"display_data_priority": _SHOWN}), raw_template=_OFFLINE_PAGE)
    html, _ = exporter.from_notebook_node(content, resources={"metadata": {"name": Path(notebook).stem}})
    with atomic_write(Path(page)) as unfinished:
        unfinished.write_text(html, encoding="utf-8")
