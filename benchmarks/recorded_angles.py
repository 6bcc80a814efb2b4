"""Joint angles of recorded movements beside those of the maker's model or of inverse kinematics.

`python -m benchmarks.recorded_angles` writes recorded_angles.csv beside this file, from the recordings in
../shared/data: correlation r, constant offset (ours less theirs) and the root mean square of what is left [deg].
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.dated import write_dated
from legsci.mechanics.motion.angles import kinematics
from legsci.mechanics.motion.options import MotionOptions
from tests.mechanics.recordings import agreement, read_signal

TABLE = Path(__file__).with_name("recorded_angles.csv")
DATA = Path(__file__).parents[2] / "shared" / "data"
#: Name of ours -> name of the maker's model.
VICON = {
    "right_knee_flexion": "AngArtKnee_R.x",
    "right_hip_flexion": "AngArtHip_R.x",
    "right_ankle_dorsiflexion": "AngArtAnkle_R.x",
    "right_knee_abduction": "AngArtKnee_R.y",
    "right_hip_adduction": "AngArtHip_R.y",
}
#: The exported angles of the sprint start two frames after its markers.
SPRINT_LATER = 2


def row(recording: str, name: str, ours: np.ndarray, theirs: np.ndarray) -> dict[str, object]:
    """One line of the table, of curves of about one length."""
    frames = min(len(ours), len(theirs))
    r, offset, rms = agreement(ours[:frames], theirs[:frames])
    return {"recording": recording, "angle": name, "frames": frames, "r": r, "offset_deg": offset, "rms_deg": rms}


def vicon() -> list[dict[str, object]]:
    """Countermovement jump with one leg's markers, against the maker's own model."""
    folder = DATA / "biomdp-cmj-dj"
    markers = read_signal(folder / "vicon_CMJ_kinem_kinet_emg.c3d", "c3d", "markers", up="z", forward="y")
    theirs = read_signal(folder / "vicon_CMJ_kinem_kinet_emg.csv", "nexus", "angles")["angle"]
    angle = kinematics(markers, marker_set="vicon_right_leg", options=MotionOptions(cutoff_hz=None))["angle"]
    return [
        row("Vicon jump", name, angle.sel(joint_angle=name).to_numpy(), theirs.sel(joint_angle=other).to_numpy())
        for name, other in VICON.items()
    ]


def sprint() -> list[dict[str, object]]:
    """Sprint with lateral markers, against inverse kinematics."""
    folder = DATA / "sprint-ja1"
    markers = read_signal(folder / "JA1Gait35.c3d", "c3d", "markers", up="z", forward="y")
    theirs = read_signal(folder / "JA1Gait35_ik.mot", "opensim", "angles")["angle"]
    angle = kinematics(markers, marker_set="sprint_lateral")["angle"]
    return [
        row(
            "sprint",
            f"{side}_knee_flexion",
            angle.sel(joint_angle=f"{side}_knee_flexion").to_numpy()[SPRINT_LATER:],
            theirs.sel(joint_angle=f"knee_angle_{side[0]}").to_numpy(),
        )
        for side in ("left", "right")
    ]


def drop_jumps() -> list[dict[str, object]]:
    """Drop jumps of OpenCap's laboratory markers, against inverse kinematics: all of each, and its first contact.

    Last, all of them together, each curve less its own mean.
    """
    folder = DATA / "opencap-unfiltered"
    rows: list[dict[str, object]] = []
    together: dict[str, list[np.ndarray]] = {"knee_flexion": [], "hip_flexion": []}
    for trial in ("DJ1", "DJ4", "DJ5"):
        markers = read_signal(folder / "MarkerData" / f"{trial}.trc", "opensim", "markers")
        theirs = read_signal(folder / "IK" / f"{trial}_ik.mot", "opensim", "angles")["angle"]
        force = read_signal(folder / "ID" / f"{trial}_grf.mot", "opensim", "force")["force"]
        loaded = np.flatnonzero(force.sel(axis="y").sum("plate").to_numpy() > 20.0)
        contact = slice(int(loaded[0]), int(loaded[np.flatnonzero(np.diff(loaded) > 1)[0]]))
        angle = kinematics(markers, marker_set="opencap_laboratory")["angle"]
        for part, frames in (("", slice(None)), (", contact", contact)):
            for side in ("left", "right"):
                for name, other in (("knee_flexion", "knee_angle"), ("hip_flexion", "hip_flexion")):
                    ours = angle.sel(joint_angle=f"{side}_{name}").to_numpy()[frames]
                    beside = theirs.sel(joint_angle=f"{other}_{side[0]}").to_numpy()[frames]
                    rows.append(row(f"drop jump {trial}{part}", f"{side}_{name}", ours, beside))
                    if not part:
                        together[name].append(np.stack([ours, beside]) - np.nanmean([ours, beside], axis=1)[:, None])
    return rows + [
        row("drop jumps together", name, *np.concatenate(curves, axis=1)) for name, curves in together.items()
    ]


def main() -> None:
    """Write and print the table."""
    if not DATA.is_dir():
        print("the recordings of ../shared/data are not beside this checkout: their angles are not compared")
        return
    found = pd.DataFrame([*vicon(), *sprint(), *drop_jumps()]).round({"r": 4, "offset_deg": 2, "rms_deg": 2})
    write_dated(TABLE, "", found, index=False)
    print(found.to_string(index=False))


if __name__ == "__main__":
    main()
