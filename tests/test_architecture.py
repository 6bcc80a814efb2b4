"""The tree is as ARCHITECTURE.md says."""

from __future__ import annotations

import ast
import json
import math
import os
import re
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {path.parent.name for path in (ROOT / "legsci").glob("*/__init__.py")}
RULE_FILES = sorted((ROOT / "workflow" / "rules").glob("*.smk"))
SCRIPTS = sorted((ROOT / "workflow" / "scripts").glob("*.py"))
SOURCES = sorted((ROOT / "legsci").rglob("*.py"))
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def lines_of(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    program = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    command = [sys.executable, "-c", program, "--no-cache", "--no-logo"]
    environment = os.environ | {"COLUMNS": "300"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_packages_import_downwards_only() -> None:
    answer = lint_imports(ROOT)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert " 0 broken" in answer.stdout


#: Contract, a module that breaks it by one more line, the line, and what is then said of that contract.
PLANTED = (
    ("layers", "marker_sets.py", "import legsci.ingest", "legsci.marker_sets -> legsci.ingest"),
    ("layers", "planted.py", "", "not listed as layers:\n\n- legsci.planted\n"),
    ("mechanics", "mechanics/motion/planted.py", "import legsci.mechanics.reps", "planted -> legsci.mechanics.reps"),
    ("models", "models/tables/planted.py", "import legsci.models.claims", "planted -> legsci.models.claims"),
    ("present", "present/figures/planted.py", "import legsci.present.viewer", "planted -> legsci.present.viewer"),
    ("simulate", "simulate/athlete/planted.py", "import legsci.simulate.cohort", "planted -> legsci.simulate.cohort"),
    ("no-cycles", "ingest/faults.py", "import legsci.ingest.study", "No cycles are allowed in legsci.ingest."),
    ("kernels", "kernels/planted.py", "import xarray", "legsci.kernels.planted -> xarray"),
    ("simulate-stands-alone", "simulate/sensors/planted.py", "import legsci.quality", "planted -> legsci.quality"),
    ("nobody-knows-the-truth", "present/viewer/planted.py", "import legsci.simulate", "viewer.planted"),
    ("statistics", "metrics/planted.py", "import statsmodels.api", "legsci.metrics.planted -> statsmodels"),
    ("drawing", "models/planted.py", "import seaborn", "legsci.models.planted -> seaborn"),
    ("file-formats", "mechanics/force/planted.py", "import ezc3d", "legsci.mechanics.force.planted -> ezc3d"),
    ("workflow", "ingest/planted.py", "from snakemake.utils import validate", "legsci.ingest.planted -> snakemake"),
)


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Contract -> what is said of it in a copy of the checkout with every planted line; empty if it is kept."""
    folder = tmp_path_factory.mktemp("planted")
    for path in [*SOURCES, ROOT / "pyproject.toml"]:
        copy = folder / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    for _, module, line, _ in PLANTED:
        with (folder / "legsci" / module).open("a", encoding="utf-8") as file:
            file.write(f"\n{line}\n")
    answer = lint_imports(folder)
    assert answer.returncode == 1, answer.stdout + answer.stderr
    _, _, faults = answer.stdout.partition("Broken contracts")
    said = {}
    for contract in CONTRACTS:
        _, _, text = faults.partition(f"\n{contract['name']}\n---")
        said[contract["id"]] = re.split(r"\n\n[^\n]+\n-{3,}\n", text)[0]
    return said


@pytest.mark.parametrize(("contract", "module", "line", "sentence"), PLANTED)
def test_each_contract_can_break(broken: dict[str, str], contract: str, module: str, line: str, sentence: str) -> None:
    assert sentence in broken[contract], f"{line!r} in {module} does not break the contract {contract}"


def test_every_contract_is_shown_to_break() -> None:
    assert {contract for contract, *_ in PLANTED} == {contract["id"] for contract in CONTRACTS}


def test_rule_files_bear_the_names_of_packages() -> None:
    assert {path.stem for path in RULE_FILES} <= PACKAGES | {"batches", "common", "fetch"}


def test_snakefile_includes_every_rule_file_and_stays_short() -> None:
    snakefile = ROOT / "Snakefile"
    included = re.findall(r'include: "workflow/rules/(\w+)\.smk"', snakefile.read_text(encoding="utf-8"))
    assert sorted(included) == [path.stem for path in RULE_FILES]
    assert lines_of(snakefile) <= 40


@pytest.mark.parametrize("path", RULE_FILES, ids=lambda path: path.stem)
def test_rules_hold_no_code_of_their_own(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\blambda\b", text)
    assert not re.search(r"^\s+run:", text, flags=re.MULTILINE)
    for rule in re.split(r"^(?=rule )", text, flags=re.MULTILINE)[1:]:
        for section in ("message", "output", "params", "log", "benchmark", "script"):
            assert re.search(rf"^    {section}:", rule, flags=re.MULTILINE), f"{rule.splitlines()[0]} has no {section}"
        assert "source=source_digest(" in rule, f"{rule.splitlines()[0]} does not depend on its sources"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_scripts_are_thin(path: Path) -> None:
    assert lines_of(path) <= 30


def test_no_module_is_long() -> None:
    assert {str(path.relative_to(ROOT)): lines_of(path) for path in SOURCES if lines_of(path) > 400} == {}


def test_no_folder_is_crowded() -> None:
    """Readers and figures may be as many as there are formats and figures."""
    modules = Counter(path.parent for path in SOURCES if path.stem != "__init__")
    crowded = {folder.relative_to(ROOT).as_posix(): count for folder, count in modules.items() if count > 14}
    assert crowded.keys() <= {"legsci/ingest/readers", "legsci/present/figures"}, crowded


def functions_of(path: Path) -> list[ast.FunctionDef]:
    """Functions and methods of a module, those within others as well."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def body_lines(function: ast.FunctionDef) -> int:
    """Lines of a function's body, its docstring left out."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def parameters(function: ast.FunctionDef) -> int:
    """Number of parameters, self and those without a default alike."""
    given = function.args
    return len([*given.posonlyargs, *given.args, *given.kwonlyargs, *filter(None, [given.vararg, given.kwarg])])


def test_nine_of_ten_functions_are_short() -> None:
    lengths = sorted(body_lines(function) for path in SOURCES for function in functions_of(path))
    assert lengths[math.ceil(0.9 * len(lengths)) - 1] < 30


def test_no_function_has_many_parameters() -> None:
    found = {
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name}": parameters(function)
        for path in SOURCES
        for function in functions_of(path)
    }
    assert {place: count for place, count in found.items() if count > 7} == {}


def test_notebooks_are_stored_without_outputs_and_short() -> None:
    for path in NOTEBOOKS:
        cells = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
        assert not any(cell["outputs"] or cell["execution_count"] for cell in cells), path.name
        assert len(cells) <= 15, path.name


def test_environment_names_the_locked_packages() -> None:
    """The conda file installs the lock, and each package it names besides is one that the lock pins."""
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    (pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    locked = set(
        re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.lock").read_text(encoding="utf-8"), flags=re.MULTILINE)
    )
    assert pip[0] == "-r requirements.lock"
    assert {"numba", "snakemake", "xarray"} <= set(pip[1:]) <= locked


def test_locks_pin_hashes_and_carry_no_addresses() -> None:
    pins = {}
    for name in ("requirements.lock", "requirements-bench.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        entries = re.findall(r"^([a-z0-9.-]+)==([^ ]+)(.*(?:\n    .*)*)", text, flags=re.MULTILINE)
        assert all("--hash=sha256:" in rest for *_, rest in entries)
        assert "://" not in text
        pins[name] = {package: version for package, version, _ in entries}
    shared = pins["requirements.lock"].keys() & pins["requirements-bench.lock"].keys()
    assert {"numba", "numpy"} <= shared
    assert all(pins["requirements.lock"][package] == pins["requirements-bench.lock"][package] for package in shared)
