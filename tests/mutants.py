"""Recordings and study folders with one part changed at random, and what becomes of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import xarray as xr

from legsci.ingest.devices import Channel, Device, PlateSetup
from legsci.ingest.faults import RecordingError
from legsci.ingest.names import map_names
from legsci.ingest.readers import READERS
from legsci.ingest.recording import Recording
from tests import foreign_exports as exports
from tests import foreign_files as foreign
from tests.c3d_bytes import plate_groups, standing, write_c3d_bytes

Span = tuple[int, int]
#: Rates that differ by a smaller part are the same: times of a recording of 10 s agree within 0.1 ms.
SAME_RATE = 1e-5


@dataclass(frozen=True)
class Specimen:
    """A sound file and its device.

    values : spans of bytes that are numbers alone: samples, and sizes of which a plausible other one is as good.
    structure : spans in which more mutants lie than chance would have: names, numbers of channels, types.
    rows : the first and the last row of data (from 0) of text that does not say how many there are: nothing in the
        file tells that one of them was lost.
    """

    path: Path
    device: Device
    values: tuple[Span, ...]
    structure: tuple[Span, ...] = ()
    rows: tuple[int, int] | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant.

    kind : "refused", "the same", "changed, said", "changed in silence", or "crash" with the exception in `detail`.
    """

    kind: str
    detail: str = ""


def specimens(folder: Path) -> dict[str, Specimen]:
    """A small sound file of each reader."""
    jump = foreign.plate_jump(200.0)
    six = {name.lower(): name for name in exports.SIX}
    bertec = {"header_rows": 2, "names_row": 1, "units_row": 2, "delimiter": "\t", "time_column": "Time"}
    sheet = {"sheet": "Raw data", "header_rows": 4, "names_row": 3, "units_row": 4, "time_column": "Time"}
    feet = {"left": PlateSetup("left", {"up": "Left"}), "right": PlateSetup("right", {"up": "Right"})}
    seen = np.arange(len(jump.force) // 10)[:, None] / 100.0
    markers = {name: np.array([0.1, 0.2 + 0.3 * n, 1.0]) + 0.1 * seen for n, name in enumerate(("LASI", "RASI"))}
    mapped = {name: f"{side}_anterior_superior_iliac_spine" for name, side in (("LASI", "left"), ("RASI", "right"))}
    nexus = foreign.write_nexus(folder / "a.csv", jump, markers, 50.0 + seen[:, 0])
    return {
        "c3d": _c3d(folder / "a.c3d"),
        "bioware": _text(
            foreign.write_bioware(folder / "b.txt", jump), Device("d", "bioware", up="-z", forward="x"), 13
        ),
        "nexus": _text(nexus, Device("d", "nexus", forward="x", markers=mapped), 5),
        "opensim": _text(
            foreign.write_ground_forces(folder / "a.mot", jump, padded=False),
            Device("d", "opensim", up="y", forward="x"),
            7,
        ),
        "trc": _text(
            foreign.write_trc(folder / "a.trc", markers, rate_hz=20.0),
            Device("d", "opensim", up="y", forward="x", markers=mapped),
            6,
        ),
        "qualisys": _qualisys(exports.write_qualisys_force(folder / "a_f_1.tsv", jump, name="1", local=True)),
        "delimited": _uncounted(
            _text(
                exports.write_bertec(folder / "c.txt", jump),
                Device("d", "delimited", plates={"1": PlateSetup("both", six)}, text=bertec),
                2,
            ),
            2,
        ),
        "spreadsheet": Specimen(
            exports.write_spreadsheet(folder / "a.xlsx", jump), Device("d", "spreadsheet", plates=feet, text=sheet), ()
        ),
    }


def _text(path: Path, device: Device, header_rows: int) -> Specimen:
    """A text file whose rows after the header are numbers."""
    lines = path.read_bytes().split(b"\n")
    return Specimen(path, device, ((sum(len(line) + 1 for line in lines[:header_rows]), path.stat().st_size),))


def _uncounted(specimen: Specimen, first_row: int) -> Specimen:
    """The specimen as text that does not say how many rows it has."""
    lines = specimen.path.read_bytes().rstrip(b"\n").split(b"\n")
    return replace(specimen, rows=(first_row, len(lines) - 1))


def _qualisys(path: Path) -> Specimen:
    """A Qualisys file; of the corners of the plate each is confirmed by the others to some millimetres only."""
    specimen, content = _text(path, Device("d", "qualisys", plates={"1": PlateSetup("left")}), 23), path.read_bytes()
    corners = [(m.start(1), m.end(1)) for m in re.finditer(rb"FORCE_PLATE_CORNER_\w+\t([^\r]*)", content)]
    return Specimen(path, specimen.device, (*corners, *specimen.values))


def _c3d(path: Path) -> Specimen:
    """Markers, two plates side by side, EMG, and a force that belongs to no plate."""
    points, first = standing(60)
    first[..., [0, 1, 5]] = np.random.default_rng(5).normal(0.0, 3.0, (*first.shape[:2], 3))
    analogs = np.concatenate([first, 0.5 * first, np.ones_like(first[..., :2])], axis=-1)
    one = plate_groups(first)["FORCE_PLATFORM"]
    beside = one["CORNERS"] + np.array([700.0, 0.0, 0.0], np.float32)[:, None, None]
    names = [f"{quantity}{plate}" for plate in (1, 2) for quantity in ("Fx", "Fy", "Fz", "Mx", "My", "Mz")]
    groups = {
        "FORCE_PLATFORM": {
            "USED": np.int16(2),
            "TYPE": np.array([2, 2], np.int16),
            "CHANNEL": np.arange(1, 13, dtype=np.int16).reshape(2, 6).T,
            "CORNERS": np.concatenate([one["CORNERS"], beside], axis=2),
            "ORIGIN": np.zeros((3, 2), np.float32),
        },
        "ANALOG": {"LABELS": [*names, "GMED", "Pedal"], "UNITS": (["N"] * 3 + ["Nm"] * 3) * 2 + ["V   ", "N"]},
    }
    write_c3d_bytes(path, points, analogs, groups=groups)
    device = Device(
        "d",
        "c3d",
        forward="x",
        markers={"M1": "a", "M2": "b"},
        plates={"1": PlateSetup("left"), "2": PlateSetup("right")},
        channels={"GMED": Channel("emg", muscle="gluteus_medius", side="left")},
    )
    frames = 512 * (int.from_bytes(path.read_bytes()[16:18], "little") - 1)
    values = (b"GEN_SCALE", b"SCALE", b"OFFSET", b"CORNERS", b"ORIGIN")
    structure = (b"LABELS", b"UNITS", b"CHANNEL", b"TYPE", b"USED", b"RATE", b"FRAMES")
    return Specimen(
        path,
        device,
        ((frames, path.stat().st_size), *_contents(path, values, frames)),
        tuple(_contents(path, structure, frames)),
    )


def _contents(path: Path, names: tuple[bytes, ...], frames: int) -> list[Span]:
    """Where the values of the parameters of these names are in a C3D file."""
    content, spans = path.read_bytes(), []
    for name in names:
        at = 512
        while (at := content.find(name, at, frames)) >= 0:
            at += len(name)
            step = int.from_bytes(content[at : at + 2], "little")
            spans.append((at + 4 + content[at + 3], at + step - 1))
    return spans


def mutate(specimen: Specimen, rng: np.random.Generator) -> tuple[str, bytes]:
    """Change a file at one place; return how, and its content. Names that begin with "value" change numbers
    alone."""
    content = specimen.path.read_bytes()
    inside = int(rng.integers(0, len(content)))
    is_value = any(first <= inside < last for first, last in specimen.values)
    lines = content.split(b"\n")
    row = int(rng.integers(0, max(len(lines) - 1, 1)))
    binary = b"\x00" in content
    actions: dict[str, Callable[[], bytes]] = {
        "byte": lambda: content[:inside] + bytes([int(rng.integers(0, 256))]) + content[inside + 1 :],
        "bit": lambda: (
            content[:inside] + bytes([content[inside] ^ (1 << int(rng.integers(0, 8)))]) + content[inside + 1 :]
        ),
        "cut short": lambda: content[:inside],
        "bytes lost": lambda: content[:inside] + content[inside + int(rng.integers(1, 50)) :],
        "bytes added": lambda: content[:inside] + rng.bytes(int(rng.integers(1, 50))) + content[inside:],
    }
    if specimen.structure:
        first, last = specimen.structure[int(rng.integers(0, len(specimen.structure)))]
        part = int(rng.integers(first, last))
        actions["structure byte"] = lambda: content[:part] + bytes([int(rng.integers(0, 128))]) + content[part + 1 :]
    header = max((first for first, _ in specimen.values), default=len(content))
    place = int(rng.integers(0, header))
    actions["header byte"] = lambda: content[:place] + bytes([int(rng.integers(32, 127))]) + content[place + 1 :]
    if not binary:
        actions |= {
            "row lost": lambda: b"\n".join(lines[:row] + lines[row + 1 :]),
            "row twice": lambda: b"\n".join(lines[: row + 1] + lines[row:]),
            "rows exchanged": lambda: b"\n".join([*lines[:row], *lines[row : row + 2][::-1], *lines[row + 2 :]]),
        }
    how = str(rng.choice(list(actions)))
    changed = actions[how]()
    if specimen.rows is not None and _ends_lost(how, row, changed, specimen.rows):
        return f"value {how}", changed
    if how == "header byte" and any(first <= place < last for first, last in specimen.values):
        return "value byte", changed
    if how in ("bytes lost", "bytes added"):  # digits of one number
        longer, length = max(content, changed, key=len), abs(len(content) - len(changed))
        is_value &= not set(longer[inside : inside + length]) - set(b"0123456789.-+eE")
    return (f"value {how}" if is_value and how in ("byte", "bit", "bytes lost", "bytes added") else how), changed


def _ends_lost(how: str, row: int, changed: bytes, rows: tuple[int, int]) -> bool:
    """Whether whole rows at the beginning or the end of the data were lost, and nothing else."""
    return (how == "row lost" and row in rows) or (how == "cut short" and changed.endswith((b"\n", b"\r")))


def outcome(path: Path, specimen: Specimen, sound: Recording) -> Outcome:
    """Read a mutant and compare it with the sound file."""
    try:
        recording = map_names(READERS[specimen.device.reader](path, device=specimen.device), specimen.device, path.name)
    except RecordingError as error:
        text = str(error)
        failed = " at which it fails" in text
        return Outcome("unforeseen" if failed else "refused", text.splitlines()[1])
    except Exception as error:
        return Outcome("crash", f"{type(error).__name__}: {error}")
    if same(recording, sound):
        return Outcome("the same")
    said = recording.assumptions != sound.assumptions or recording.notes != sound.notes
    return Outcome("changed, said" if said else "changed in silence")


def same(one: Recording, other: Recording) -> bool:
    """Whether two recordings hold the same signals at the same rates under the same names."""
    if one.signals.keys() != other.signals.keys() or abs(one.start_time_s - other.start_time_s) > 1e-9:
        return False
    return all(_same_signal(signal, other.signals[kind]) for kind, signal in one.signals.items())


def _same_signal(one: xr.Dataset, other: xr.Dataset) -> bool:
    """Whether two signals are the same; rates as near as `SAME_RATE` differ by digits that nobody measured."""
    rates = [signal.attrs["sampling_rate_hz"] for signal in (one, other)]
    if abs(rates[0] - rates[1]) > SAME_RATE * rates[1]:
        return False
    return one.drop_vars("time").drop_attrs().equals(other.drop_vars("time").drop_attrs())


def faulty_folder(folder: Path, rng: np.random.Generator) -> str:
    """Change a table or study.yaml of a study folder at one place; return how."""
    path = folder / str(rng.choice(sorted(p.name for p in folder.iterdir() if p.suffix in (".tsv", ".yaml"))))
    content = path.read_bytes()
    place, count = int(rng.integers(0, len(content))), int(rng.integers(1, 30))
    words = [
        "n/a",
        "=1+1",
        "\t",
        "\n",
        "\r",
        "\x00",
        "9" * 5000,
        ".nan",
        "01000",
        "{",
        "[" * 60,
        "&a ",
        "*a",
        "../x",
        "é",
        "x" * 300,
    ]
    lines = content.split(b"\n")
    row = int(rng.integers(0, max(len(lines) - 1, 1)))
    actions: dict[str, Callable[[], bytes]] = {
        "byte": lambda: content[:place] + rng.bytes(1) + content[place + 1 :],
        "letter": lambda: content[:place] + bytes([int(rng.integers(32, 127))]) + content[place + 1 :],
        "cut short": lambda: content[:place],
        "bytes lost": lambda: content[:place] + content[place + count :],
        "word": lambda: content[:place] + str(rng.choice(words)).encode() + content[place:],
        "row lost": lambda: b"\n".join(lines[:row] + lines[row + 1 :]),
        "row twice": lambda: b"\n".join(lines[: row + 1] + lines[row:]),
        "no file": lambda: b"",
    }
    how = str(rng.choice(list(actions)))
    path.write_bytes(actions[how]())
    if how == "no file":
        path.unlink()
    return f"{path.name}, {how}"
