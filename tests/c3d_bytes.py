"""C3D files byte by byte, from the standard alone (www.c3d.org), so that any part of one can be wrong on purpose."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np

BLOCK = 512
Parameters = dict[str, dict[str, Any]]


def parameter_section(groups: Parameters, encoding: str = "utf-8") -> bytes:
    """The parameters: text (a list), floats, or integers (arrays of int16), processor Intel."""
    records = []
    for number, (group, parameters) in enumerate(groups.items(), start=1):
        name = group.encode(encoding)
        records.append((struct.pack("bb", len(name), -number) + name, b"\0"))
        for key, value in parameters.items():
            label = key.encode(encoding)
            records.append((struct.pack("bb", len(label), number) + label, _value(value, encoding) + b"\0"))
    body = b"".join(head + struct.pack("<H", 2 + len(tail)) + tail for head, tail in records) + b"\0\0"
    blocks = -(-(4 + len(body)) // BLOCK)
    return (struct.pack("4B", 1, 80, blocks, 84) + body).ljust(blocks * BLOCK, b"\0")


def _value(value: Any, encoding: str) -> bytes:
    if isinstance(value, list):
        words = [word.encode(encoding) for word in value]
        width = max([len(word) for word in words] + [1])
        content = b"".join(word.ljust(width) for word in words)
        return struct.pack("bBBB", -1, 2, width, len(words)) + content
    array = np.asarray(value)
    kind, dtype = (2, "<i2") if array.dtype.kind in "iu" else (4, "<f4")
    content = array.ravel(order="F").astype("<u2" if kind == 2 and array.size and array.min() >= 0 else dtype).tobytes()
    return struct.pack(f"bB{array.ndim}B", kind, array.ndim, *array.shape) + content


def write_c3d_bytes(
    path: Path,
    points: np.ndarray,
    analogs: np.ndarray,
    *,
    groups: Parameters | None = None,
    encoding: str = "utf-8",
    rotations: np.ndarray | None = None,
    header: dict[str, float] | None = None,
) -> Path:
    """Write a file.

    Parameters
    ----------
    points : (frame, point, 4) float32, the last the residual; in the unit of POINT:UNITS.
    analogs : (frame, sample, channel), float32, or int16 or uint16 for a file of whole numbers.
    groups : parameters that replace or add to the usual ones; None as a value leaves one out.
    encoding : code page of the text.
    rotations : (frame, segment, 17) float32, behind the frames.
    header : points, words, first, last, scale, samples, rate that contradict the parameters.
    """
    frames, count = points.shape[:2]
    samples, channels = analogs.shape[1:]
    rate, real = 100.0, analogs.dtype.kind == "f"
    scale = -1.0 if real else 0.1
    usual: Parameters = {
        "POINT": {
            "USED": np.int16(count),
            "FRAMES": np.uint16(frames),
            "SCALE": np.float32(scale),
            "RATE": np.float32(rate),
            "DATA_START": np.int16(0),
            "UNITS": ["mm"],
            "LABELS": [f"M{n + 1}" for n in range(count)],
        },
        "ANALOG": {
            "USED": np.int16(channels),
            "RATE": np.float32(rate * samples),
            "GEN_SCALE": np.float32(1.0),
            "SCALE": np.ones(channels, np.float32),
            "OFFSET": np.zeros(channels, np.int16),
            "LABELS": [f"A{n + 1}" for n in range(channels)],
            "UNITS": ["N"] * channels,
        },
    }
    for group, parameters in (groups or {}).items():
        usual[group] = {k: v for k, v in (usual.get(group, {}) | parameters).items() if v is not None}
    for _ in range(2):  # the section keeps its length when the number of its block is filled in
        section = parameter_section(usual, encoding)
        start = 2 + len(section) // BLOCK
        usual["POINT"]["DATA_START"] = np.int16(start)
        if rotations is not None:
            data_blocks = -(-frames * (4 * count + samples * channels) * 4 // BLOCK)
            usual.setdefault("ROTATION", {})["DATA_START"] = np.int16(start + data_blocks)
    said = {"points": count, "words": samples * channels, "first": 1, "last": frames, "scale": scale}
    said |= {"samples": samples, "rate": rate} | (header or {})
    head = struct.pack("2B5H", 2, 80, *(int(said[k]) for k in ("points", "words", "first", "last")), 0)
    head += struct.pack("<f2Hf", said["scale"], start, int(said["samples"]), said["rate"])
    if real:
        data = np.concatenate([points.reshape(frames, -1), analogs.reshape(frames, -1)], axis=1).astype("<f4").tobytes()
    else:
        whole = points.copy()
        whole[..., :3] = np.round(whole[..., :3] / scale)
        rows = np.concatenate([whole.reshape(frames, -1).astype("<i2").view("<u2"), _words(analogs)], axis=1)
        data = rows.tobytes()
    data = data.ljust(-(-len(data) // BLOCK) * BLOCK, b"\0")
    if rotations is not None:
        data += rotations.astype("<f4").tobytes()
    path.write_bytes(head.ljust(BLOCK, b"\0") + section + data)
    return path


def _words(analogs: np.ndarray) -> np.ndarray:
    """Analog samples as 16-bit words (frame, word)."""
    return analogs.astype("<u2" if analogs.dtype.kind == "u" else "<i2").view("<u2").reshape(len(analogs), -1)


def plate_groups(force: np.ndarray, **changes: Any) -> Parameters:
    """Parameters of one plate of TYPE 2 whose six channels are the first; corners in mm, z of the plate down."""
    corners = np.array([[200.0, 600.0, 0.0], [0.0, 600.0, 0.0], [0.0, 0.0, 0.0], [200.0, 0.0, 0.0]]).T
    corners = corners[:, [1, 0, 3, 2]]
    usual = {
        "USED": np.int16(1),
        "TYPE": np.array([2], np.int16),
        "CHANNEL": np.arange(1, 7, dtype=np.int16)[:, None],
        "CORNERS": corners[:, :, None].astype(np.float32),
        "ORIGIN": np.zeros((3, 1), np.float32),
    }
    return {"FORCE_PLATFORM": usual | changes, "ANALOG": {"UNITS": ["N"] * 3 + ["Nm"] * 3}}


def standing(frames: int = 200, samples: int = 10, points: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Markers (frame, point, 4) [mm] and six channels of a plate (frame, sample, 6) of a person who stands still."""
    rng = np.random.default_rng(3)
    position = np.zeros((frames, points, 4), np.float32)
    position[..., :3] = 1000.0 + 150.0 * np.arange(points)[None, :, None] + rng.normal(0.0, 0.2, (frames, points, 3))
    analogs = np.zeros((frames, samples, 6), np.float32)
    # Axes of the plate: x as the laboratory's -x, y as its y, z down; the channels are the reaction.
    analogs[..., 2] = -700.0 + rng.normal(0.0, 0.5, (frames, samples))
    analogs[..., 3:5] = rng.normal(0.0, 2.0, (frames, samples, 2))
    return position, analogs
