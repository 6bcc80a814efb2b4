"""Notebooks are thin, write nothing and are stored without outputs; tests/test_workflow.py runs them."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

import legsci

NOTEBOOKS = sorted((Path(__file__).resolve().parent.parent / "notebooks").glob("*.ipynb"))
WRITING = {"to_csv", "to_parquet", "to_netcdf", "savefig", "write_text", "write_bytes", "save", "open"}


def cells(path: Path, kind: str) -> list[str]:
    """Texts of a notebook's cells of one kind."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] == kind]


def code(path: Path) -> ast.Module:
    """A notebook's code without the lines that only IPython knows."""
    lines = "\n".join(cells(path, "code")).splitlines()
    return ast.parse("\n".join(line for line in lines if not line.startswith("%")))


def test_there_are_the_notebooks_of_the_workflow(repository: Path) -> None:
    rules = (repository / "workflow" / "rules" / "present.smk").read_text(encoding="utf-8")
    assert NOTEBOOKS
    assert all(f'"{path.stem}"' in rules for path in NOTEBOOKS)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_define_and_write_nothing(path: Path) -> None:
    nodes = list(ast.walk(code(path)))
    assert not any(isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Lambda) for node in nodes)
    called = {node.func for node in nodes if isinstance(node, ast.Call)}
    names = {node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "") for node in called}
    assert "choose_study" in names
    assert names & WRITING == set()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_workflow_knows_what_notebooks_import(path: Path, repository: Path) -> None:
    nodes = list(ast.walk(code(path)))
    modules = {n.module for n in nodes if isinstance(n, ast.ImportFrom) and str(n.module).startswith("legsci.")}
    attributes = [n for n in nodes if isinstance(n, ast.Attribute) and getattr(n.value, "id", "") == "legsci"]
    modules |= {legsci.PUBLIC[attribute.attr] for attribute in attributes}
    rules = (repository / "workflow" / "rules" / "present.smk").read_text(encoding="utf-8")
    assert {module for module in modules if f'"{module}"' not in rules.partition("rule run_notebook")[2]} == set()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_stored_bare(path: Path) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    code_cells = [cell for cell in content["cells"] if cell["cell_type"] == "code"]
    assert len(code_cells) <= 15
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code_cells)
    assert content["metadata"]["language_info"]["file_extension"] == ".py"
    assert cells(path, "code")[0].endswith("\nchoice"), "the list of studies is what the first cell shows"
    assert cells(path, "code")[1].startswith("study = choice.study")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_formulas_do_not_wait_for_a_script_from_elsewhere(path: Path) -> None:
    assert not any("$" in text or "http" in text for text in cells(path, "markdown"))
