"""Digests of sources and inputs, so that a result is made anew when what it depends on changes, and only then."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


class Import(NamedTuple):
    """An import statement: leading dots, the module's name after them, and the names taken from it."""

    level: int
    module: str
    names: tuple[str, ...]


def content_digest(*parts: str) -> str:
    """Digest of texts: changes when a text changes, or the border between two of them.

    Parameters
    ----------
    parts : the texts, in an order that the caller keeps.

    Returns
    -------
    The first 16 hexadecimal digits of the SHA-256 of the parts, each preceded by its length in bytes.
    """
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode()
        digest.update(f"{len(encoded)}:".encode() + encoded)
    return digest.hexdigest()[:16]


def row_digests(table: pd.DataFrame, by: str) -> dict[str, str]:
    """Digest of the rows of a table about each person, in one pass over it.

    Parameters
    ----------
    table : any columns; its index does not count.
    by : column whose values the digests belong to; rows without a value belong to nobody.

    Returns
    -------
    Value of `by` -> 16 hexadecimal digits, which change when a cell of a row, or the order of the rows, changes.
    """
    import numpy as np
    import pandas as pd

    hashes = pd.util.hash_pandas_object(table, index=False).to_numpy()
    codes, values = pd.factorize(table[by], sort=False)
    order = np.argsort(codes, kind="stable")
    borders = np.searchsorted(codes[order], range(len(values) + 1))
    return {
        str(value): hashlib.sha256(hashes[order[first:last]].tobytes()).hexdigest()[:16]
        for value, first, last in zip(values, borders[:-1], borders[1:], strict=True)
    }


def source_digest(*modules: str, root: Path = ROOT) -> str:
    """Digest of modules of legsci and of all that they import from legsci, directly or through others.

    Imports are read from the source, not executed, wherever in a module they stand. Comments, layout and docstrings do
    not count. The data files beside a module do (CSV tables, schemas, also in folders without Python files), since a
    module may read them. A package's `__init__.py` counts only where it is named itself: importing `a.b` does not make
    a result depend on whatever else `a/__init__.py` hands out. A package that looks for its modules (`iter_modules`)
    depends on all of them.

    Parameters
    ----------
    modules : dotted names, "legsci.ingest.session".
    root : folder that holds the package.

    Returns
    -------
    16 hexadecimal digits.

    Raises
    ------
    ModuleNotFoundError : a name in `modules` is no module under `root`.
    """
    waiting = {module: _module_file(module, root) for module in modules}
    for module, path in waiting.items():
        if path is None:
            raise ModuleNotFoundError(f"no module {module} in {root}", name=module)
    queue, digests = list(waiting.values()), {}
    while queue:
        file = queue.pop()
        if file is not None and file not in digests:
            digests[file], imports = _parse(file.read_bytes())
            queue.extend(_module_file(name, root) for name in _absolute_names(imports, file, root))
            if any("iter_modules" in statement.names for statement in imports):
                queue.extend(file.parent.glob("*.py"))
    for folder in {file.parent for file in digests}:
        digests |= {file: hashlib.sha256(file.read_bytes()).hexdigest() for file in _data_files(folder)}
    return content_digest(*(f"{file.relative_to(root).as_posix()} {digests[file]}" for file in sorted(digests)))


def _module_file(name: str, root: Path) -> Path | None:
    """File of a module, or None where `name` is none (a function, say) or belongs to another package."""
    path = root.joinpath(*name.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


@cache
def _parse(source: bytes) -> tuple[str, tuple[Import, ...]]:
    """Digest of a source without docstrings, comments and layout, and its imports. Cached: rules share most modules."""
    tree = ast.parse(source)
    imports: list[Import] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imports += [Import(0, alias.name, ()) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            imports.append(Import(node.level, node.module or "", tuple(alias.name for alias in node.names)))
        elif isinstance(node, Documented) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    return content_digest(ast.dump(tree)), tuple(imports)


def _absolute_names(imports: Iterable[Import], file: Path, root: Path) -> Iterator[str]:
    """Dotted names that the imports of `file` mean; `from a import b` means a.b where that is a module, else a."""
    package = file.relative_to(root).parent.parts
    for level, module, names in imports:
        base = ".".join([*package[: len(package) - level + 1], module]).rstrip(".") if level else module
        members = [f"{base}.{name}" for name in names]
        yield from [member if _module_file(member, root) else base for member in members] or [base]


def _data_files(folder: Path) -> Iterator[Path]:
    """Files of a folder that are not Python, and those of its subfolders which hold no Python."""
    for path in folder.iterdir():
        if path.is_file() and path.suffix not in (".py", ".pyc") and not path.name.startswith("."):
            yield path
        elif path.is_dir() and path.name != "__pycache__" and not any(path.rglob("*.py")):
            yield from _data_files(path)
