"""A digest changes when something that a module depends on changes, and only then."""

from __future__ import annotations

from pathlib import Path

import pytest

from legsci.provenance import ALONE, Sources, batches, content_digest, source_digest

PACKAGE = {
    "house/__init__.py": "from house.top import roof\n",
    "house/top/__init__.py": "from house.top.attic import attic\n",
    "house/top/attic.py": "from house.ground import cellar\nimport json\n",
    "house/top/roof.py": "def roof():\n    import house.ground.floor\n",
    "house/ground/__init__.py": "",
    "house/ground/cellar.py": "from .floor import planks\n",
    "house/ground/floor.py": '"""Wood."""\n\n\ndef planks(n):\n    """Lay planks."""\n    return n\n',
    "house/ground/lamp.py": "LIGHT = 1\n",
    "house/ground/sizes/planks.csv": "length\n2\n",
    "house/top/tiles.csv": "count\n100\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in PACKAGE.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def changes(root: Path, name: str, text: str, *modules: str) -> bool:
    before = source_digest(*modules, root=root)
    (root / name).write_text(text, encoding="utf-8")
    return source_digest(*modules, root=root) != before


@pytest.mark.parametrize("module", ["house.top.attic", "house.top.roof", "house.ground.cellar", "house.ground.floor"])
def test_a_change_reaches_all_that_import_it_directly_or_not(root: Path, module: str) -> None:
    assert changes(root, "house/ground/floor.py", "def planks(n):\n    return n + 1\n", module)


@pytest.mark.parametrize("module", ["house.top.attic", "house.top.roof", "house.ground.cellar"])
def test_a_change_does_not_reach_what_does_not_import_it(root: Path, module: str) -> None:
    assert not changes(root, "house/ground/lamp.py", "LIGHT = 2\n", module)


def test_a_package_counts_where_it_is_named_itself(root: Path) -> None:
    assert not changes(root, "house/top/__init__.py", "X = 1\n", "house.top.attic")
    assert changes(root, "house/top/__init__.py", "X = 2\n", "house.top")


def test_what_is_imported_from_a_package_is_the_module_of_that_name(root: Path) -> None:
    (root / "house/user.py").write_text("from house.ground import lamp\n", encoding="utf-8")
    assert changes(root, "house/ground/lamp.py", "LIGHT = 3\n", "house.user")


def test_comments_layout_and_docstrings_do_not_count(root: Path) -> None:
    text = '"""Oak."""\n\n\n# Laid by hand.\ndef planks(\n    n,\n):\n    """Lay them well."""\n    return (n)\n'
    assert not changes(root, "house/ground/floor.py", text, "house.ground.floor")


def test_a_string_that_is_no_docstring_counts(root: Path) -> None:
    assert changes(root, "house/ground/lamp.py", 'LIGHT = "1"\n', "house.ground.lamp")


@pytest.mark.parametrize("name", ["house/ground/sizes/planks.csv", "house/top/tiles.csv"])
def test_data_beside_a_module_counts(root: Path, name: str) -> None:
    assert changes(root, name, "other\n3\n", "house.top.attic")


def test_data_of_an_unused_package_does_not_count(root: Path) -> None:
    assert not changes(root, "house/top/tiles.csv", "count\n1\n", "house.ground.floor")


def test_a_circle_of_imports_ends(root: Path) -> None:
    assert changes(root, "house/ground/floor.py", "import house.ground.cellar\n", "house.ground.cellar")
    assert changes(root, "house/ground/floor.py", "import house.ground.cellar\nX = 1\n", "house.ground.cellar")


def test_the_order_of_modules_does_not_count(root: Path) -> None:
    names = ("house.top.roof", "house.ground.lamp")
    assert source_digest(*names, root=root) == source_digest(*reversed(names), root=root)


def test_an_unknown_module_is_named(root: Path) -> None:
    with pytest.raises(ModuleNotFoundError, match=r"house\.celar"):
        source_digest("house.celar", root=root)


def test_content_digest_keeps_borders_and_order() -> None:
    digests = {content_digest("ab", "c"), content_digest("a", "bc"), content_digest("abc"), content_digest("c", "ab")}
    assert len(digests) == 4
    assert content_digest("ab", "c") == content_digest("ab", "c")
    assert content_digest() == "e3b0c44298fc1c14"  # SHA-256 of nothing, as FIPS 180-4's empty message gives it


def test_modules_read_once_give_the_same_digests(root: Path) -> None:
    sources = Sources(root)
    for module in ("house.top.attic", "house.ground.floor", "house.top.attic"):
        assert sources.digest(module) == source_digest(module, root=root)


def names(count: int) -> list[str]:
    return [f"P{number:04d}" for number in range(count)]


def test_participants_of_a_small_study_are_batches_of_their_own() -> None:
    assert batches(names(ALONE)) == {name: [name] for name in names(ALONE)}
    assert batches([]) == {}


@pytest.mark.parametrize(("count", "number"), [(ALONE + 1, 2), (240, 16), (2400, 128), (5000, 256)])
def test_batches_of_a_larger_study_hold_about_twenty(count: int, number: int) -> None:
    found = batches(names(count))
    assert len(found) == number
    assert sorted(name for people in found.values() for name in people) == names(count)
    assert all(people == sorted(people) for people in found.values())
    assert max(map(len, found.values())) < 3 * count / number


def test_who_joins_changes_one_batch_wherever_in_the_table() -> None:
    before = batches(names(240))
    for joined in ([*names(240), "new"], ["new", *names(240)]):
        after = batches(joined)
        changed = [batch for batch in after if after[batch] != before.get(batch)]
        assert len(changed) == 1
        assert set(after[changed[0]]) == {*before[changed[0]], "new"}


def test_twice_the_number_divides_each_batch() -> None:
    coarse, fine = batches(names(100), 4), batches(names(100), 8)
    halves = [sorted([*fine[f"batch_{2 * index}"], *fine[f"batch_{2 * index + 1}"]]) for index in range(4)]
    assert halves == [coarse[f"batch_{index}"] for index in range(4)]
