"""Small recordings in the form in which the makers of plates and cameras write them, with known answers.

Written from the makers' formats and from the C3D standard, not with the writers of legsci.simulate, which share
assumptions with the readers. Files that are exact to the last digit are not meant: numbers are printed with the digits
that the maker prints.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import ezc3d
import numpy as np

from tests.analytic_jump import AnalyticJump, countermovement_jump

#: Centre of a plate of 0.4 x 0.6 m in the laboratory, whose z points up [m], and the plate's half lengths.
CENTRE, HALF = np.array([0.2, 0.3, 0.0]), np.array([0.2, 0.3])
#: A plate's axes in those of the laboratory, as columns: x and z are turned around, so that z points down.
AXES = np.diag([-1.0, 1.0, -1.0])


@dataclass(frozen=True)
class PlateJump:
    """A countermovement jump on one plate.

    Parameters
    ----------
    jump : its vertical force and its height.
    force : (time, 3) reaction on the body, laboratory axes [N].
    point : (time, 3) centre of pressure in the laboratory [m]; the plate's centre in flight.
    free_moment : (time,) about the vertical [N m].
    """

    jump: AnalyticJump
    force: np.ndarray
    point: np.ndarray
    free_moment: np.ndarray

    @property
    def moment(self) -> np.ndarray:
        """Moment of the reaction about the origin of the laboratory (time, 3) [N m]."""
        about_vertical = self.free_moment[:, None] * np.array([0.0, 0.0, 1.0])
        return np.cross(self.point, self.force) + about_vertical

    @property
    def time(self) -> np.ndarray:
        """Time of each sample [s]."""
        return np.arange(len(self.force)) / self.jump.rate

    @property
    def loaded(self) -> np.ndarray:
        """Whether the plate carries the jumper (time,)."""
        return self.force[:, 2] > 20.0


def plate_jump(rate_hz: float = 1000.0) -> PlateJump:
    """Make a jump whose shear, centre of pressure and free moment differ in every direction."""
    jump = countermovement_jump(rate_hz=rate_hz, noise_n=0.0, sway_n=1.0)
    time = np.arange(jump.force.size) / rate_hz
    shear = np.array([0.03, -0.02]) * np.sin(2.0 * np.pi * np.array([0.7, 0.4]) * time[:, None])
    force = np.column_stack([shear * jump.force[:, None], jump.force])
    sway = np.array([0.03, -0.05]) + np.array([0.01, 0.02]) * np.cos(2.0 * np.pi * np.array([0.5, 0.3]) * time[:, None])
    loaded = (jump.force > 20.0)[:, None]
    point = CENTRE + np.column_stack([np.where(loaded, sway, 0.0), np.zeros(time.size)])
    return PlateJump(jump, force, point, np.where(loaded[:, 0], 0.004 * jump.force, 0.0))


def in_plate_axes(recorded: PlateJump) -> tuple[np.ndarray, np.ndarray]:
    """Reaction and its moment about the centre of the plate's surface, in the axes of the plate (3, time)."""
    about_centre = recorded.moment - np.cross(CENTRE, recorded.force)
    return AXES.T @ recorded.force.T, AXES.T @ about_centre.T


def eight_channels(force: np.ndarray, moment: np.ndarray, a: float, b: float, depth: float) -> np.ndarray:
    """Forces of a piezo-electric plate's transducers that have a resultant and a moment about the surface's centre.

    Transducers 1 to 4 stand at (a, b), (-a, b), (-a, -b), (a, -b), `depth` below the surface. Channels: shear along x
    of 1 and 2, of 3 and 4, shear along y of 1 and 4, of 2 and 3, and the four vertical forces.
    """
    below = moment - np.cross(np.array([0.0, 0.0, depth]), force.T).T
    x, y = np.array([a, -a, -a, a]), np.array([b, b, -b, -b])
    vertical = np.linalg.lstsq(np.stack([np.ones(4), y, -x]), np.stack([force[2], below[0], below[1]]), rcond=None)[0]
    sums = np.array([[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0], [-b, b, a, -a]])
    shear = np.linalg.lstsq(sums, np.stack([force[0], force[1], below[2]]), rcond=None)[0]
    return np.concatenate([shear, vertical])


def write_lines(path: Path, lines: list[str], *, ending: str = "\n", mark: str = "") -> Path:
    """Write text with the maker's line ends, after a byte order mark where the maker sets one."""
    path.write_bytes((mark + ending.join([*lines, ""])).encode())
    return path


def rows_of(table: np.ndarray, form: str, between: str) -> list[str]:
    """Print each row of a table."""
    return [between.join(form % value for value in row) for row in table.tolist()]


def write_bioware(path: Path, recorded: PlateJump) -> Path:
    """Text of Kistler BioWare 5: the force on the plate, z down, about the plate's centre; CRLF, tabulators."""
    # Half a turn about x takes the laboratory's axes to Kistler's; the plate reads the opposite of the reaction.
    turn = -np.diag([1.0, -1.0, -1.0])
    force = turn @ recorded.force.T
    moment = turn @ (recorded.moment - np.cross(CENTRE, recorded.force)).T
    channels = eight_channels(force, moment, 0.12, 0.2, -0.05)
    with np.errstate(divide="ignore", invalid="ignore"):
        point = np.where(recorded.loaded, np.stack([-moment[1], moment[0]]) / force[2], 0.0)
    free_moment = moment[2] - point[0] * force[1] + point[1] * force[0]
    table = np.column_stack([recorded.time, force.T, channels.T, moment.T, free_moment, point.T])
    names = ["Fx", "Fy", "Fz", "Fx12", "Fx34", "Fy14", "Fy23", "Fz1", "Fz2", "Fz3", "Fz4"]
    names += ["Mx", "My", "Mz", "Tz", "Ax", "Ay"]
    units = ["N"] * 11 + ["N m"] * 4 + ["m"] * 2
    about = {
        "Device:": "Type 9286AA",
        "Samples (#):": str(len(table)),
        "Rate (Hz):": f"{recorded.jump.rate:.6f}",
        "Contact period start (sample #):": "0",
        "First sample time (s):": "0.000000",
        "Normalized force (N):": "1.000000",
    }
    header = ["BioWare Version 5.6.1.0 Export"]
    header += ["\t".join([key, *[value] * len(names)]) for key, value in about.items()]
    header += ["File Information", "Date\tJan 02, 2030  10:00:00", "Name\t", "Description\t"]
    header += ["\t".join(["abs time", *names]), "\t".join(["s", *units])]
    return write_lines(path, header + rows_of(table, "%.6f", "\t"), ending="\r\n")


def write_nexus(path: Path, recorded: PlateJump, markers: dict[str, np.ndarray], knee_deg: np.ndarray) -> Path:
    """Text of Vicon Nexus: the force on the plate in laboratory axes, moments about its centre [N mm]; CRLF and a BOM.

    markers : label -> (frame, 3) [m], NaN where hidden; knee_deg : (frame,) of the vendor's model.
    """
    frames = len(knee_deg)
    sub = len(recorded.force) // frames
    moment = -1000.0 * (recorded.moment - np.cross(CENTRE, recorded.force))
    table = np.column_stack([-recorded.force, moment, 1000.0 * recorded.point])[: frames * sub]
    lines = ["Devices", f"{recorded.jump.rate:g}", ",,AMTI1 - Force,,,AMTI1 - Moment,,,AMTI1 - CoP,,"]
    lines += ["Frame,Sub Frame,Fx,Fy,Fz,Mx,My,Mz,Cx,Cy,Cz", ",,N,N,N,N.mm,N.mm,N.mm,mm,mm,mm"]
    lines += [f"{n // sub + 1},{n % sub},{row}" for n, row in enumerate(rows_of(table, "%.6g", ","))]
    lines += ["", "Model Outputs", f"{recorded.jump.rate / sub:g}", ",,Ana:RKneeAngles,,"]
    lines += ["Frame,Sub Frame,X,Y,Z", ",,deg,deg,deg"]
    lines += [f"{n + 1},0,{angle:.6g},1.5,-2.5" for n, angle in enumerate(knee_deg.tolist())]
    lines += [
        "",
        "Trajectories",
        f"{recorded.jump.rate / sub:g}",
        "," + ",,".join(f",Ana:{label}" for label in markers),
    ]
    lines[-1] += ",,"
    lines += ["Frame,Sub Frame" + ",X,Y,Z" * len(markers), "," + ",mm,mm,mm" * len(markers)]
    for frame in range(frames):
        cells = [f"{1000.0 * value:.6f}" for position in markers.values() for value in position[frame].tolist()]
        lines.append(",".join([str(frame + 1), "0", *("" if cell == "nan" else cell for cell in cells)]))
    return write_lines(path, [*lines, ""], ending="\r\n", mark="\ufeff")


def write_trc(path: Path, markers: dict[str, np.ndarray], *, rate_hz: float, unit: str = "mm") -> Path:
    """Text of OpenSim and Cortex: three cells a marker, empty where it was hidden."""
    frames = len(next(iter(markers.values())))
    scale = {"mm": 1000.0, "m": 1.0}[unit]
    names = ["DataRate", "CameraRate", "NumFrames", "NumMarkers", "Units"]
    names += ["OrigDataRate", "OrigDataStartFrame", "OrigNumFrames"]
    values = [f"{rate_hz:g}", f"{rate_hz:g}", str(frames), str(len(markers)), unit, f"{rate_hz:g}", "1", str(frames)]
    lines = [f"PathFileType\t4\t(X/Y/Z)\t{path.name}", "\t".join(names), "\t".join(values)]
    lines.append("Frame#\tTime\t" + "".join(f"{label}\t\t\t" for label in markers))
    lines += ["\t\t" + "\t".join(f"{axis}{n + 1}" for n in range(len(markers)) for axis in "XYZ"), ""]
    for frame in range(frames):
        cells = [f"{scale * value:.6g}" for position in markers.values() for value in position[frame].tolist()]
        lines.append("\t".join([str(frame + 1), f"{frame / rate_hz:g}", *("" if c == "nan" else c for c in cells)]))
    return write_lines(path, lines)


def write_ground_forces(path: Path, recorded: PlateJump, *, padded: bool) -> Path:
    """Text of OpenSim's .mot, y up: columns of version 4, or those of SIMM, padded to 20 characters, torques last."""
    # OpenSim's x, y, z are the laboratory's x, z, -y.
    turn = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
    torque = np.column_stack([np.zeros_like(recorded.free_moment), recorded.free_moment, np.zeros_like(recorded.time)])
    table = np.column_stack([recorded.time, recorded.force @ turn.T, recorded.point @ turn.T, torque])
    if padded:
        columns = [f"R_ground_force_{kind}{axis}" for kind in "vp" for axis in "xyz"]
        columns += [f"R_ground_torque_{axis}" for axis in "xyz"]
        header = [f"name {path}", f"datacolumns {table.shape[1]}", f"datarows {len(table)}"]
        header += [f"range 0 {recorded.time[-1]:e}", "endheader", ""]
        names = "\t".join(f"{name:>20}" for name in ["time", *columns])
        return write_lines(path, [*header, names, *rows_of(table, "%20.8f", "\t")])
    columns = [f"ground_force_1_{kind}{axis}" for kind in "vpm" for axis in "xyz"]
    header = [f"nColumns={table.shape[1]}", f"nRows={len(table)}", "DataType=double", "version=3"]
    header += ["OpenSimVersion=4.1", "endheader", "\t".join(["time", *columns])]
    return write_lines(path, header + rows_of(table, "%.9g", "\t"))


def write_coordinates(path: Path, knee_deg: np.ndarray, *, rate_hz: float) -> Path:
    """Text of OpenSim's inverse kinematics, in degrees, with the sentence that explains it in the header."""
    header = ["Coordinates", "version=1", f"nRows={len(knee_deg)}", "nColumns=3", "inDegrees=yes", ""]
    header += ["Units are S.I. units (second, meters, Newtons, ...)"]
    header += [
        "If the header above contains a line with 'inDegrees', this indicates whether angles are in degrees.",
        "",
    ]
    header += ["endheader", "time\tpelvis_tx\tknee_angle_r"]
    rows = [f"{frame / rate_hz:14.8f}\t    0.25000000\t{angle:14.8f}" for frame, angle in enumerate(knee_deg.tolist())]
    return write_lines(path, header + rows)


def c3d_channels(recorded: PlateJump, plate_type: int) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Channels of a plate of TYPE 1 to 4 (channel, time), its ORIGIN [m], and its CAL_MATRIX if it has one.

    Forces in N, lengths and moments in m and N m, as the C3D standard defines each type. Types 1, 2 and 4 hold the
    reaction, TYPE 3 what its transducers are pressed with.
    """
    force, moment = in_plate_axes(recorded)
    if plate_type == 1:
        point = AXES.T @ (recorded.point - CENTRE).T
        return np.concatenate([force, point[:2], AXES[2, 2] * recorded.free_moment[None]]), np.zeros(3), None
    if plate_type == 3:
        origin = np.array([0.12, 0.2, -0.05])
        return eight_channels(-force, -moment, 0.12, 0.2, 0.05), origin, None
    # The origin points from the transducer, which lies below, to the surface: against z, which points down.
    origin = np.array([0.001, -0.002, -0.04])
    channels = np.concatenate([force, moment + np.cross(origin, force.T).T])
    if plate_type == 2:
        return channels, origin, None
    calibration = np.diag([1.5, 1.6, 6.0, 0.7, 0.6, 0.3])
    calibration[0, 1], calibration[4, 2] = 0.02, -0.01  # crosstalk
    return np.linalg.solve(calibration, channels), origin, calibration


UNITS = {1: ["N", "N", "N", "mm", "mm", "Nmm"], 2: ["N"] * 3 + ["Nmm"] * 3, 3: ["N"] * 8, 4: ["N"] * 3 + ["Nm"] * 3}


def write_c3d(
    path: Path, recorded: PlateJump, markers: dict[str, np.ndarray], *, plate_type: int, further: int = 0
) -> Path:
    """C3D as motion capture systems write it: millimetres, floating point, corners counted round a z that points down.

    markers : label -> (frame, 3) [m], NaN where hidden. The moments of TYPE 4 are in N m, all others in N mm.
    further : number of analog channels beside those of the plate, "Voltage.1", ...: channel n holds n volts.
    """
    file = ezc3d.c3d()
    points = 1000.0 * np.stack(list(markers.values()), axis=1).transpose(2, 1, 0)
    frames = points.shape[2]
    sub = len(recorded.force) // frames
    point = file["parameters"]["POINT"]
    point["RATE"]["value"], point["UNITS"]["value"] = [recorded.jump.rate / sub], ["mm"]
    point["LABELS"]["value"] = [f"Ana:{label}" for label in markers]
    file["data"]["points"] = np.concatenate([points, np.ones((1, *points.shape[1:]))])
    channels, origin, calibration = c3d_channels(recorded, plate_type)
    scale = np.array([1000.0 if unit.endswith("mm") else 1.0 for unit in UNITS[plate_type]])
    analog = file["parameters"]["ANALOG"]
    volts = np.repeat(np.arange(1.0, further + 1)[:, None], frames * sub, axis=1)
    analog["RATE"]["value"], analog["UNITS"]["value"] = [recorded.jump.rate], [*UNITS[plate_type], *["V"] * further]
    analog["LABELS"]["value"] = [f"Plate.{n + 1}" for n in range(len(scale))] + [
        f"Voltage.{n + 1}" for n in range(further)
    ]
    file["data"]["analogs"] = np.concatenate([(scale[:, None] * channels)[:, : frames * sub], volts])[None]
    signs = np.array([[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]])  # of the corners, in the plate's axes
    corners = CENTRE + np.column_stack([signs * HALF, np.zeros(4)]) @ AXES.T
    parameters = {
        "USED": np.array([1]),
        "TYPE": np.array([plate_type]),
        "CHANNEL": np.arange(1, len(scale) + 1)[:, None],
        "CORNERS": 1000.0 * corners.T[:, :, None],
        "ORIGIN": 1000.0 * origin[:, None],
    }
    if calibration is not None:
        parameters["CAL_MATRIX"] = calibration[:, :, None]
    for name, value in parameters.items():
        file.add_parameter("FORCE_PLATFORM", name, value.astype(np.float64))
        if value.dtype.kind == "i":  # ezc3d takes floating point alone; C3D holds these as integers
            parameter = file["parameters"]["FORCE_PLATFORM"][name]
            parameter["type"], parameter["value"] = ezc3d.ezc3d.INT, value
    file.write(str(path))
    return path


def write_two_plates(path: Path, left: np.ndarray, right: np.ndarray, *, comma: bool = False) -> Path:
    """Delimited text of two plates' vertical forces [N]: tabulators and points, or semicolons and decimal commas."""
    between = ";" if comma else "\t"
    rows = rows_of(np.column_stack([left, right]), "%.3f", between)
    return write_lines(path, [between.join(["FP1", "FP2"]), *(row.replace(".", ",") if comma else row for row in rows)])
