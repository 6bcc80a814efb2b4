"""The kernels stay light: numpy and numba only."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def _loaded_after(*imports):
    """Top-level names of all modules that a fresh process holds after the imports."""
    lines = [f"import {module}" for module in imports]
    lines.append("import sys; print(*{name.partition('.')[0] for name in sys.modules})")
    command = [sys.executable, "-c", "\n".join(lines)]
    return set(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split())


def test_importing_the_kernels_loads_nothing_beyond_numpy_and_numba():
    kernels = ROOT / "legsci" / "kernels"
    files = (path.relative_to(kernels).with_suffix("") for path in kernels.rglob("*.py") if path.stem != "__init__")
    modules = sorted(".".join(path.parts) for path in files)
    assert {"events", "filters", "integrals", "models.risk_sets", "plates"} <= set(modules)
    # numba looks for scipy by itself, so that its name alone proves nothing.
    beyond = _loaded_after(*(f"legsci.kernels.{module}" for module in modules)) - _loaded_after("numpy", "numba")
    assert beyond - set(sys.stdlib_module_names) == {"legsci"}
