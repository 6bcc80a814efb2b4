"""Digests of sources and inputs, so that a result is made anew when what it depends on changes, and only then."""

from __future__ import annotations

import ast
import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
#: Participants up to which each has a batch of his or her own, and participants of a batch of a larger study: starting
#: a job takes some seconds, as long as reading and measuring the jumps of several sessions.
ALONE, TOGETHER = 40, 20
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


def batches(participants: Sequence[str], number: int | None = None) -> dict[str, list[str]]:
    """Divide participants into batches; the batch of each depends on the name and the number of batches alone.

    A name's SHA-256, read as a fraction of its range, falls into one of `number` equal intervals, so that a participant
    who joins changes one batch, and twice the number divides each batch in two.

    Parameters
    ----------
    participants : distinct names.
    number : of batches. By default each participant is a batch up to ALONE of them; beyond, it is the power of 2 that
        comes closest (in logarithms) to TOGETHER participants in each, so that it seldom changes as a study grows.

    Returns
    -------
    Name of a batch -> its participants in the order given. No batch is empty. A batch of one by default has the name of
    its participant, another has an underscore in its name, which those of participants do not have.
    """
    if number is None and len(participants) <= ALONE:
        return {participant: [participant] for participant in participants}
    count = number or 2 ** round(math.log2(len(participants) / TOGETHER))
    members: dict[int, list[str]] = {}
    for participant in participants:
        digest = hashlib.sha256(participant.encode()).digest()
        members.setdefault(int.from_bytes(digest[:8], "big") * count >> 64, []).append(participant)
    width = len(str(count - 1))
    return {f"batch_{index:0{width}d}": members[index] for index in sorted(members)}


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
    return Sources(root).digest(*modules)


class Sources:
    """The modules below a folder, each read once: for many digests of sources that do not change meanwhile."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self._files: dict[str, Path | None] = {}
        self._read: dict[Path, tuple[str, list[Path]]] = {}
        self._data: dict[Path, dict[Path, str]] = {}

    def digest(self, *modules: str) -> str:
        """`source_digest` of modules."""
        waiting = {module: self._file(module) for module in modules}
        for module, path in waiting.items():
            if path is None:
                raise ModuleNotFoundError(f"no module {module} in {self.root}", name=module)
        queue, digests = [file for file in waiting.values() if file], dict[Path, str]()
        while queue:
            file = queue.pop()
            if file not in digests:
                digests[file], imported = self._parsed(file)
                queue.extend(imported)
        for folder in {file.parent for file in digests}:
            if folder not in self._data:
                data = _data_files(folder)
                self._data[folder] = {file: hashlib.sha256(file.read_bytes()).hexdigest() for file in data}
            digests |= self._data[folder]
        return content_digest(
            *(f"{file.relative_to(self.root).as_posix()} {digests[file]}" for file in sorted(digests))
        )

    def module_digest(self, file: Path) -> str:
        """Digest of one module alone, without its docstrings, comments and layout: 16 hexadecimal digits.

        Parameters
        ----------
        file : of the module.
        """
        return self._parsed(file)[0]

    def _parsed(self, file: Path) -> tuple[str, list[Path]]:
        """Digest of a module without docstrings, comments and layout, and the files of what it imports."""
        if file not in self._read:
            digest, imports = _parse(file.read_bytes())
            found = [self._file(name) for name in self._absolute_names(imports, file)]
            if any("iter_modules" in statement.names for statement in imports):
                found.extend(file.parent.glob("*.py"))
            self._read[file] = digest, [path for path in found if path is not None]
        return self._read[file]

    def _file(self, name: str) -> Path | None:
        """File of a module, or None where `name` is none (a function, say) or belongs to another package."""
        if name not in self._files:
            path = self.root.joinpath(*name.split("."))
            found = (file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file())
            self._files[name] = next(found, None)
        return self._files[name]

    def _absolute_names(self, imports: Iterable[Import], file: Path) -> Iterator[str]:
        """Dotted names that the imports of `file` mean; `from a import b` means a.b where that is a module, else a."""
        package = file.relative_to(self.root).parent.parts
        for level, module, names in imports:
            base = ".".join([*package[: len(package) - level + 1], module]).rstrip(".") if level else module
            members = [f"{base}.{name}" for name in names]
            yield from [member if self._file(member) else base for member in members] or [base]


def _parse(source: bytes) -> tuple[str, tuple[Import, ...]]:
    """Digest of a source without docstrings, comments and layout, and its imports."""
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


def _data_files(folder: Path) -> Iterator[Path]:
    """Files of a folder that are not Python, and those of its subfolders which hold no Python."""
    for path in folder.iterdir():
        if path.is_file() and path.suffix not in (".py", ".pyc") and not path.name.startswith("."):
            yield path
        elif path.is_dir() and path.name != "__pycache__" and not any(path.rglob("*.py")):
            yield from _data_files(path)
