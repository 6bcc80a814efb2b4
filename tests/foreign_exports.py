"""Exports of force plates as their makers write them: text, spreadsheets and a file per plate, with known answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openpyxl

from tests.foreign_files import AXES, CENTRE, HALF, PlateJump, rows_of, write_lines

SIX = ("Fx", "Fy", "Fz", "Mx", "My", "Mz")


def six_channels(recorded: PlateJump) -> np.ndarray:
    """Reaction [N] and its moment about the plate's centre [N m] in laboratory axes (time, 6)."""
    return np.column_stack([recorded.force, recorded.moment - np.cross(CENTRE, recorded.force)])


def write_netforce(path: Path, recorded: PlateJump) -> Path:
    """AMTI NetForce: commas, no header, the force on each of two plates; the second is empty."""
    action = -six_channels(recorded) * np.where(np.arange(6) < 3, 1.0, 1000.0)
    return write_lines(path, rows_of(np.column_stack([action, 0.0 * action]), "%.4f", ","), ending="\r\n")


def write_visual3d(path: Path, recorded: PlateJump) -> Path:
    """Visual3D ASCII: five rows of header, a frame number, and names that stand above each component."""
    names = ["FP1"] * 3 + ["COFP1"] * 3 + ["FREEMOMENT1"] * 3
    free = np.column_stack([np.zeros((len(recorded.time), 2)), recorded.free_moment])
    table = np.column_stack([recorded.force, recorded.point, free])
    header = ["\t".join(["", *[r"C:\data\jump.c3d"] * 9]), "\t".join(["", *names])]
    header += ["\t".join(["", *[kind] * 9]) for kind in ("FORCE", "ORIGINAL")] + ["\t".join(["ITEM", *"XYZXYZXYZ"])]
    rows = [f"{n}\t{row}" for n, row in enumerate(rows_of(table, "%.6f", "\t"), start=1)]
    return write_lines(path, header + rows, ending="\r\n")


def write_bertec(path: Path, recorded: PlateJump) -> Path:
    """Bertec: a row of names and one of units, tabulators, milliseconds."""
    table = np.column_stack([1000.0 * recorded.time, six_channels(recorded)])
    header = ["\t".join(["Time", *SIX]), "\t".join(["ms", *["N"] * 3, *["N.m"] * 3])]
    return write_lines(path, header + rows_of(table, "%.5f", "\t"))


def write_hawkin(path: Path, recorded: PlateJump) -> Path:
    """Hawkin Dynamics: a byte order mark and quoted names with their units."""
    left, right = 0.6 * recorded.jump.force, 0.4 * recorded.jump.force
    table = np.column_stack([recorded.time, left, right, left + right])
    names = ",".join(f'"{name}"' for name in ("Time (s)", "Left (N)", "Right (N)", "Combined (N)"))
    return write_lines(path, [names, *rows_of(table, "%.3f", ",")], ending="\r\n", mark="\ufeff")


def write_forcedecks(path: Path, recorded: PlateJump) -> Path:
    """VALD ForceDecks in a country of decimal commas: a mark, lines about the test, quoted cells, a footer."""
    table = np.column_stack([recorded.time, 0.6 * recorded.jump.force, 0.4 * recorded.jump.force])
    about = ["ForceDecks raw data", "", 'Athlete,"Doe, Jane"', 'Test date,"02.01.2030"', ""]
    rows = [",".join(f'"{cell.replace(".", ",")}"' for cell in row.split(";")) for row in rows_of(table, "%.3f", ";")]
    lines = [*about, "Time,Z Left,Z Right", *rows, "", "end of test"]
    return write_lines(path, lines, ending="\r\n", mark="\ufeff")


def write_opensim_csv(path: Path, recorded: PlateJump) -> Path:
    """OpenSim's columns with commas and without its header, y up; centre of pressure empty in flight."""
    turn = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
    torque = np.column_stack([np.zeros_like(recorded.time), recorded.free_moment, np.zeros_like(recorded.time)])
    table = np.column_stack([recorded.time, recorded.force @ turn.T, recorded.point @ turn.T, torque])
    table[~recorded.loaded, 4:] = np.nan
    names = ["time"] + [f"ground_force_{kind}{axis}" for kind in "vp" for axis in "xyz"]
    names += [f"ground_torque_{axis}" for axis in "xyz"]
    return write_lines(path, [",".join(names), *(row.replace("nan", "") for row in rows_of(table, "%.7g", ","))])


def write_spreadsheet(path: Path, recorded: PlateJump) -> Path:
    """A workbook: a sheet of remarks, and one of data below a title, with a row of units."""
    book = openpyxl.Workbook()
    book.active.title = "Info"
    book.active.append(["Subject", "Jane Doe"])
    sheet = book.create_sheet("Raw data")
    sheet.append(["Countermovement jump"])
    sheet.append([])
    sheet.append(["Time", "Left", "Right"])
    sheet.append(["s", "kN", "kN"])
    for time, force in zip(recorded.time.tolist(), recorded.jump.force.tolist(), strict=True):
        sheet.append([round(time, 4), 0.0006 * force, 0.0004 * force])
    book.save(path)
    return path


def write_qualisys_force(
    path: Path, recorded: PlateJump, *, name: str, local: bool, share: float = 1.0, milli: bool = False
) -> Path:
    """Qualisys TSV of one plate, in the plate's axes or the laboratory's; positions in mm.

    share : of the force that the plate carries; milli : moments in N mm.
    """
    force = share * recorded.force
    moment = share * (recorded.moment - np.cross(CENTRE, recorded.force))
    point = np.where((np.abs(force[:, 2]) > 1.0)[:, None], recorded.point, CENTRE)
    if local:
        force, moment, point = force @ AXES, moment @ AXES, (point - CENTRE) @ AXES
    table = np.column_stack([recorded.time, force, moment * (1000.0 if milli else 1.0), 1000.0 * point])
    where = "local (force plate)" if local else "world (lab)"
    header = [
        f"NO_OF_SAMPLES\t{len(table)}",
        f"FREQUENCY\t{recorded.jump.rate:.6f}",
        "TIME_STAMP\t2030-01-02, 10:00:00",
    ]
    header += ["FIRST_SAMPLE\t1", f"DESCRIPTION\tForce data in {where} coordinates", "DATA_INCLUDED\tForce"]
    header += ["FORCE_PLATE_TYPE\tAMTI", f"FORCE_PLATE_NAME\t{name}"]
    for sign_x, sign_y in ((1, 1), (-1, 1), (-1, -1), (1, -1)):
        corner = CENTRE + AXES @ np.array([sign_x * HALF[0], sign_y * HALF[1], 0.0])
        where = f"{'POS' if sign_x > 0 else 'NEG'}X_{'POS' if sign_y > 0 else 'NEG'}Y"
        header += [
            f"FORCE_PLATE_CORNER_{where}_{axis}\t{1000.0 * value:.3f}"
            for axis, value in zip("XYZ", corner, strict=True)
        ]
    header += ["FORCE_PLATE_LENGTH\t600.000", "FORCE_PLATE_WIDTH\t400.000"]
    columns = ["SAMPLE", "TIME"] + [f"{what}_{axis}" for what in ("Force", "Moment", "COP") for axis in "XYZ"]
    rows = [f"{n}\t{row}" for n, row in enumerate(rows_of(table, "%.6f", "\t"), start=1)]
    return write_lines(path, [*header, "\t".join(columns), *rows], ending="\r\n")


def write_qualisys_markers(path: Path, markers: dict[str, np.ndarray], *, rate_hz: float, times: bool) -> Path:
    """Qualisys TSV of trajectories in mm, empty where a marker was hidden; with or without frame and time."""
    frames = len(next(iter(markers.values())))
    header = [f"NO_OF_FRAMES\t{frames}", "NO_OF_CAMERAS\t8", f"NO_OF_MARKERS\t{len(markers)}"]
    header += [f"FREQUENCY\t{rate_hz:g}", "NO_OF_ANALOG\t0", "ANALOG_FREQUENCY\t0", "DESCRIPTION\t--"]
    header += ["TIME_STAMP\t2030-01-02, 10:00:00\t123.4", "DATA_INCLUDED\t3D", "EVENT\tstart\t1\t0.00"]
    header += ["\t".join(["MARKER_NAMES", *markers])]
    if times:
        header.append("\t".join(["Frame", "Time", *(f"{label} {axis}" for label in markers for axis in "XYZ")]))
    rows = []
    for frame in range(frames):
        cells = [f"{1000.0 * value:.3f}" for position in markers.values() for value in position[frame].tolist()]
        before = [str(frame + 1), f"{frame / rate_hz:.5f}"] if times else []
        rows.append("\t".join([*before, *("" if cell == "nan" else cell for cell in cells)]))
    return write_lines(path, header + rows, ending="\r\n")
