"""The house stands as ARCHITECTURE.md says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
WINGS = {path.parent.name for path in (ROOT / "legsci").glob("*/__init__.py")}
RULE_FILES = sorted((ROOT / "workflow" / "rules").glob("*.smk"))
SCRIPTS = sorted((ROOT / "workflow" / "scripts").glob("*.py"))
SOURCES = sorted((ROOT / "legsci").rglob("*.py"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def lines_of(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    program = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    command = [sys.executable, "-c", program, "--no-cache", "--no-logo"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_wings_import_downwards_only() -> None:
    answer = lint_imports(ROOT)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert " 0 broken" in answer.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("ingest/planted.py", "import legsci.metrics", "Each wing imports from its own floor or from lower ones"),
        ("metrics/planted.py", "import statsmodels.api", "Only models knows statsmodels"),
        ("models/planted.py", "import seaborn", "Only present knows matplotlib and seaborn"),
        (
            "mechanics/planted.py",
            "import ezc3d",
            "Only the readers and the writers of simulate know file-format libraries",
        ),
        ("planted.py", "from snakemake.utils import validate", "Only workflow/ knows snakemake"),
        ("kernels/planted.py", "import xarray", "kernels know only numpy and numba"),
        ("simulate/planted.py", "import legsci.ingest.faults", "simulate uses vocabulary, tasks and kernels only"),
        ("present/planted.py", "import legsci.simulate", "No wing imports simulate"),
    ],
)
def test_each_contract_can_break(tmp_path: Path, module: str, line: str, contract: str) -> None:
    for path in [*SOURCES, ROOT / "pyproject.toml"]:
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    (tmp_path / "legsci" / module).write_text(f"{line}\n", encoding="utf-8")
    answer = lint_imports(tmp_path)
    assert answer.returncode == 1, answer.stdout + answer.stderr
    assert re.search(rf"^{contract}.* BROKEN", answer.stdout, flags=re.MULTILINE)


def test_rule_files_bear_the_names_of_wings() -> None:
    assert {path.stem for path in RULE_FILES} <= WINGS | {"common", "fetch"}


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
    assert {str(path.relative_to(ROOT)): lines_of(path) for path in SOURCES if lines_of(path) > 500} == {}


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
