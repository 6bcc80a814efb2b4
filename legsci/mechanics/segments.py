"""Body segments: anatomical axes and joint centres in a standing posture, carried along by the markers of the segment."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from legsci.kernels.functional_joints import FunctionalJoint, functional_joint
from legsci.kernels.rigid_body import cluster_pose, frames_from_vectors
from legsci.mechanics.markers import CLUSTERS
from legsci.mechanics.quality import Finding
from legsci.vocabulary import AXES

Floats = NDArray[np.float64]
Posture = dict[str, Floats]

X, Y, Z = (list(AXES).index(name) for name in "xyz")
UP = np.array([0.0, 1.0, 0.0])
OUTWARD = {"right": 1.0, "left": -1.0}

#: Smallest spread (see FunctionalJoint) across the two main directions of a joint that gives an axis, and across all
#: three for a centre: turns of about 20 and 10 deg. Our choice.
LEAST_SPREAD_FOR_AXIS, LEAST_SPREAD_FOR_CENTRE = 0.15, 0.08


@dataclass(frozen=True)
class Segment:
    """A segment in a posture, and how it moved from there.

    Parameters
    ----------
    axes : (3, 3) columns x, y, z of the segment in the posture, laboratory axes.
    origin : (3,) proximal joint centre in the posture [m]; NaN where the markers do not tell it.
    turn, shift : (time, 3, 3), (time, 3) [m]: a point p of the posture is at shift + turn @ p.
    residual : (time,) root mean square distance of the markers from the rigid segment [m].
    """

    axes: Floats
    origin: Floats
    turn: Floats
    shift: Floats
    residual: Floats

    @property
    def rotation(self) -> Floats:
        """Segment axes in the laboratory (time, 3, 3)."""
        return self.turn @ self.axes

    def carry(self, point: Floats) -> Floats:
        """Path (time, 3) of a point (3,) of the posture [m]."""
        return self.shift + self.turn @ point


@dataclass
class Skeleton:
    """What the markers tell of the body.

    Parameters
    ----------
    segments : name -> Segment; absent ones are absent.
    joints : name -> (carrying segment, centre in the posture (3,) [m]).
    sagittal_only : sides whose axes rest on lateral markers alone: flexion is right, the other planes are not.
    findings : what was assumed, and why something is absent.
    """

    segments: dict[str, Segment] = field(default_factory=dict)
    joints: dict[str, tuple[str, Floats]] = field(default_factory=dict)
    sagittal_only: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)


def hip_centre_harrington(*, pelvis_width_m: float, pelvis_depth_m: float) -> Floats:
    """Right hip joint centre in pelvis axes, from the middle of the anterior superior iliac spines.

    Parameters
    ----------
    pelvis_width_m : distance of the anterior superior iliac spines PW [m].
    pelvis_depth_m : distance of the midpoints of anterior and posterior superior iliac spines PD [m].

    Returns
    -------
    (3,) anterior, up, right [m]; negate the last for the left.

    Notes
    -----
    In mm: anterior -0.24 PD - 9.9, up -0.30 PW - 10.9, right 0.33 PW + 7.3; of the published equations those of one
    variable each, which need no leg length.

    References
    ----------
    Harrington ME, Zavatsky AB, Lawson SEM, Yuan Z, Theologis TN (2007) Prediction of the hip joint centre in adults,
    children, and patients with cerebral palsy based on magnetic resonance imaging. J Biomech 40:595-602.
    """
    width, depth = 1000.0 * pelvis_width_m, 1000.0 * pelvis_depth_m
    return np.array([-0.24 * depth - 9.9, -0.30 * width - 10.9, 0.33 * width + 7.3]) / 1000.0


def hip_centre_bell(*, pelvis_width_m: float, pelvis_depth_m: float = np.nan) -> Floats:
    """Right hip joint centre as `hip_centre_harrington`, by shares of the pelvis width alone.

    Parameters
    ----------
    pelvis_width_m : distance of the anterior superior iliac spines PW [m].
    pelvis_depth_m : not used; there so that both equations are called alike.

    Returns
    -------
    (3,) anterior -0.19 PW, up -0.30 PW, right 0.36 PW [m].

    References
    ----------
    Bell AL, Pedersen DR, Brand RA (1990) A comparison of the accuracy of several hip center location prediction
    methods. J Biomech 23:617-621.
    """
    return pelvis_width_m * np.array([-0.19, -0.30, 0.36])


HIP_CENTRES = {"harrington": hip_centre_harrington, "bell": hip_centre_bell}


def build_skeleton(
    markers: xr.Dataset,
    posture: Posture,
    *,
    still: bool = True,
    hip_centre: str = "harrington",
    knee_axis: str = "epicondyles",
    widths_m: dict[str, float] | None = None,
) -> Skeleton:
    """Define the segments in a posture and carry them through a trial.

    Parameters
    ----------
    markers : position (time, marker, axis) [m], standard labels, ISB axes; at least three markers of a segment in a frame
        give its pose. A thigh, shank or foot with fewer markers is helped by its proximal joint centre.
    posture : label -> (3,) position in the posture that defines the anatomy [m].
    still : the person stands in it, soles flat.
    hip_centre : "harrington", "bell" or "functional" (where pelvis and thigh turn enough against each other).
    knee_axis : "epicondyles" or "functional" (where the knee bends enough); without a medial epicondyle always functional.
    widths_m : "right_knee", "left_ankle", ... -> distance of the lateral marker from the medial side of the joint [m],
        for sets without medial markers.

    Returns
    -------
    Skeleton. Pelvis: z from left to right anterior superior iliac spine, x forward in their plane with the posterior
    ones, origin between the hips. Thigh: y from knee to hip, z in the plane of y and the knee axis. Shank: y from ankle
    to knee, z in the plane of y and the malleoli (without a medial one, of the thigh's z). Foot: y up and x from heel to
    forefoot while standing. Trunk: y from mid-hip to c7 (or between the acromia), z from left to right acromion, origin
    mid-hip. Knee: between the epicondyles; ankle: between the malleoli.

    References
    ----------
    Wu G et al. (2002) ISB recommendation on definitions of joint coordinate system of various joints for the reporting
    of human joint motion, part I: ankle, hip, and spine. J Biomech 35:543-548. Deviations: the shank's y runs to the
    middle of the knee, not across the torsional plane; the foot takes its y from the floor instead of from the shank.
    """
    builder = _Builder(markers, posture, still, hip_centre, knee_axis, widths_m or {})
    builder.add_pelvis()
    for side in ("right", "left"):
        builder.add_leg(side)
    builder.add_trunk()
    return builder.skeleton


class _Builder:
    """Segments from the pelvis outward, each resting on those before it."""

    def __init__(
        self,
        markers: xr.Dataset,
        posture: Posture,
        still: bool,
        hip_centre: str,
        knee_axis: str,
        widths_m: dict[str, float],
    ) -> None:
        self.labels = [str(label) for label in markers["marker"].to_numpy()]
        self.position = np.ascontiguousarray(markers["position"].transpose("time", "marker", "axis"), dtype=np.float64)
        self.posture, self.still, self.hip_centre, self.knee_axis = posture, still, hip_centre, knee_axis
        self.widths_m, self.skeleton = widths_m, Skeleton()
        self.poses = {name: self._pose(name) for name in CLUSTERS}

    def _pose(self, name: str, helper: tuple[Floats, Floats] | None = None) -> tuple[Floats, Floats, Floats] | None:
        """Turn, shift and residual of a segment's markers from the posture; None with fewer than three markers."""
        known = [label for label in CLUSTERS[name] if label in self.posture and label in self.labels]
        shape = [self.posture[label] for label in known]
        tracks = [self.position[:, self.labels.index(label)] for label in known]
        if helper is not None:
            shape, tracks = [*shape, helper[0]], [*tracks, helper[1]]
        if len(shape) < 3:
            return None
        turn, shift, residual, _ = cluster_pose(np.stack(shape), np.stack(tracks, axis=1))
        return turn, shift, residual

    def _add(self, name: str, main: Floats, main_axis: int, second: Floats, second_axis: int, origin: Floats) -> bool:
        """Add a segment whose axes follow two vectors (3,) of the posture; False where it cannot be."""
        pose = self.poses[name]
        if pose is None:
            return self._absent(name, "fewer than three of its markers are there")
        axes = frames_from_vectors(main[None], second[None], main_axis, second_axis)[0]
        if np.isnan(axes).any():
            return self._absent(name, "the markers that define its axes lie on one line")
        self.skeleton.segments[name] = Segment(axes, origin, *pose)
        return True

    def _absent(self, name: str, why: str) -> bool:
        self.skeleton.findings.append(Finding("segment_absent", signal=name, detail=why))
        return False

    def _middle(self, *labels: str) -> Floats | None:
        """Mean position of those of the labels that the posture has, None with none."""
        points = [self.posture[label] for label in labels if label in self.posture]
        return np.mean(points, axis=0) if points else None

    def add_pelvis(self) -> None:
        """Pelvis and hip joint centres."""
        right, left = (self.posture.get(f"{side}_anterior_superior_iliac_spine") for side in ("right", "left"))
        behind = self._middle(*(f"{side}_posterior_superior_iliac_spine" for side in ("right", "left")))
        behind = self.posture.get("sacrum") if behind is None else behind
        if right is None or left is None or behind is None:
            self._absent("pelvis", "it needs both anterior superior iliac spines and one marker behind")
            return
        front = 0.5 * (right + left)
        axes = frames_from_vectors((right - left)[None], (front - behind)[None], Z, X)[0]
        equation = HIP_CENTRES.get(self.hip_centre, hip_centre_harrington)
        local = equation(
            pelvis_width_m=float(np.linalg.norm(right - left)), pelvis_depth_m=float(np.linalg.norm(front - behind))
        )
        hips = {side: front + axes @ (local * [1.0, 1.0, outward]) for side, outward in OUTWARD.items()}
        if self.hip_centre == "functional":
            hips = {side: self._functional_hip(side, hip) for side, hip in hips.items()}
        middle = 0.5 * (hips["right"] + hips["left"])
        if self._add("pelvis", right - left, Z, front - behind, X, middle):
            self.skeleton.joints |= {f"{side}_hip": ("pelvis", hip) for side, hip in hips.items()}
            self.skeleton.joints["lumbar"] = ("pelvis", middle)

    def _functional(self, proximal: str, distal: str) -> FunctionalJoint | None:
        first, second = self.poses[proximal], self.poses[distal]
        return None if first is None or second is None else functional_joint(*first[:2], *second[:2])

    def _functional_hip(self, side: str, usual: Floats) -> Floats:
        """Centre about which the thigh turns, where it turns about all three axes."""
        joint = self._functional("pelvis", f"{side}_thigh")
        if joint is not None and joint.spread[0] >= LEAST_SPREAD_FOR_CENTRE:
            return joint.proximal_centre
        detail = "pelvis and thigh do not turn enough against each other about three axes; Harrington's equations serve"
        self.skeleton.findings.append(Finding("functional_joint_refused", signal=f"{side}_hip", detail=detail))
        return usual

    def _functional_knee(self, side: str, rightward: Floats) -> Floats | None:
        """Direction (3,) of the axis about which the shank turns, to the right, where the knee bends enough."""
        joint = self._functional(f"{side}_thigh", f"{side}_shank")
        if joint is None or joint.spread[1] < LEAST_SPREAD_FOR_AXIS:
            return None
        return joint.proximal_axis * np.sign(joint.proximal_axis @ rightward)

    def add_leg(self, side: str) -> None:
        """Thigh, shank and foot of a side."""
        thigh, shank, foot = (f"{side}_{name}" for name in ("thigh", "shank", "foot"))
        if f"{side}_hip" not in self.skeleton.joints:
            self._add_leg_of_centres(side)
            self._add_foot(side)
            return
        _, hip = self.skeleton.joints[f"{side}_hip"]
        self._help(thigh, "pelvis", hip)
        knee, axis = self._knee(side, self.skeleton.segments["pelvis"].axes[:, Z])
        if knee is None or axis is None:
            for name in (thigh, shank, foot):
                self._absent(name, "no knee axis: it needs a medial epicondyle, or thigh, shank and a knee that bends")
            return
        if not self._add(thigh, hip - knee, Y, axis, Z, hip):
            return
        self._place(f"{side}_knee", thigh, knee)
        self._help(shank, thigh, knee)
        ankle, across = self._ankle(side, self.skeleton.segments[thigh].axes[:, Z])
        if ankle is None:
            self._absent(shank, "no lateral malleolus")
        elif self._add(shank, knee - ankle, Y, across, Z, self._unless_lateral(side, knee)):
            self._place(f"{side}_ankle", shank, ankle)
            self._help(foot, shank, ankle)
        self._add_foot(side)

    def _help(self, name: str, proximal: str, joint: Floats) -> None:
        """Give a segment of too few markers its proximal joint centre as one more."""
        if self.poses[name] is None and proximal in self.skeleton.segments:
            self.poses[name] = self._pose(name, (joint, self.skeleton.segments[proximal].carry(joint)))

    def _place(self, joint: str, carrier: str, centre: Floats) -> None:
        """Note a joint centre, unless it is only the lateral marker."""
        if joint.partition("_")[0] not in self.skeleton.sagittal_only:
            self.skeleton.joints[joint] = (carrier, centre)

    def _unless_lateral(self, side: str, centre: Floats) -> Floats:
        return np.full(3, np.nan) if side in self.skeleton.sagittal_only else centre

    def _knee(self, side: str, rightward: Floats) -> tuple[Floats | None, Floats | None]:
        """Knee centre and axis to the right, in the posture."""
        lateral, medial = (self.posture.get(f"{side}_{place}_epicondyle") for place in ("lateral", "medial"))
        wanted = self.knee_axis == "functional" or medial is None
        axis = self._functional_knee(side, rightward) if wanted else None
        if lateral is None or (medial is None and axis is None):
            return None, None
        if medial is None:
            detail = "its axis is that about which it bends, for want of a medial epicondyle"
            self.skeleton.findings.append(Finding("joint_definition", signal=f"{side}_knee", detail=detail))
            return self._inward(f"{side}_knee", lateral, axis), axis
        if axis is None:
            axis = (lateral - medial) * OUTWARD[side]
            if wanted:
                finding = Finding("functional_joint_refused", signal=f"{side}_knee", detail="the knee hardly bends")
                self.skeleton.findings.append(finding)
        return 0.5 * (lateral + medial), axis

    def _ankle(self, side: str, knee_axis: Floats) -> tuple[Floats | None, Floats]:
        """Ankle centre, and direction to the right that goes with it, in the posture."""
        lateral, medial = (self.posture.get(f"{side}_{place}_malleolus") for place in ("lateral", "medial"))
        if lateral is None:
            return None, knee_axis
        if medial is None:
            return self._inward(f"{side}_ankle", lateral, knee_axis), knee_axis
        return 0.5 * (lateral + medial), (lateral - medial) * OUTWARD[side]

    def _inward(self, joint: str, lateral: Floats, axis: Floats | None) -> Floats:
        """Joint centre half a joint's width inward of the lateral marker; the marker itself where no width is given."""
        side = joint.partition("_")[0]
        if joint in self.widths_m and axis is not None:
            return lateral - 0.5 * OUTWARD[side] * self.widths_m[joint] * axis / np.linalg.norm(axis)
        self.skeleton.sagittal_only.add(side)
        detail = "no medial marker and no width: its centre is not known, and of this leg only flexion is given"
        self.skeleton.findings.append(Finding("joint_definition", signal=joint, detail=detail))
        return lateral

    def _add_leg_of_centres(self, side: str) -> None:
        """Thigh and shank of a set that has joint centres for markers; z as near as possible to the line of the hips."""
        names = [f"{side}_{joint}_centre" for joint in ("hip", "knee", "ankle")]
        missing = [name for name in (*names, "right_hip_centre", "left_hip_centre") if name not in self.labels]
        if missing:
            for name in ("thigh", "shank"):
                self._absent(f"{side}_{name}", f"neither a pelvis nor {', '.join(dict.fromkeys(missing))}")
            return
        hip, knee, ankle, right, left = (
            self.position[:, self.labels.index(name)] for name in (*names, "right_hip_centre", "left_hip_centre")
        )
        for name, top, bottom in (("thigh", hip, knee), ("shank", knee, ankle)):
            turn = frames_from_vectors(top - bottom, right - left, Y, Z)
            self.skeleton.segments[f"{side}_{name}"] = Segment(np.eye(3), np.zeros(3), turn, top, np.zeros(len(top)))
        self.skeleton.sagittal_only.add(side)
        detail = "its centre is the marker set's own, and of this leg only flexion is given"
        self.skeleton.findings += [Finding("joint_definition", signal=f"{side}_{j}", detail=detail) for j in ("knee", "ankle")]

    def _add_foot(self, side: str) -> None:
        """Foot, flat on the floor in the posture."""
        heel, tip = self._middle(f"{side}_heel"), self._forefoot(side)
        if heel is None or tip is None:
            self._absent(f"{side}_foot", "no heel or no marker on the forefoot")
            return
        first, fifth = (self._middle(f"{side}_{name}_metatarsal") for name in ("first", "fifth"))
        ankle = self.skeleton.joints.get(f"{side}_ankle", ("", np.full(3, np.nan)))[1]
        if self.still:
            self._add(f"{side}_foot", UP, Y, tip - heel, X, ankle)
        elif first is not None and fifth is not None:
            self._add(f"{side}_foot", tip - heel, X, (fifth - first) * OUTWARD[side], Z, ankle)
        else:
            self._absent(f"{side}_foot", "nobody stands, and first and fifth metatarsal do not show its sole")

    def _forefoot(self, side: str) -> Floats | None:
        """Middle of the heads of the first and fifth metatarsal, else the second, else the toe."""
        pair = [f"{side}_first_metatarsal", f"{side}_fifth_metatarsal"]
        if set(pair) <= set(self.posture):
            return self._middle(*pair)
        second = self.posture.get(f"{side}_second_metatarsal")
        return self.posture.get(f"{side}_toe") if second is None else second

    def add_trunk(self) -> None:
        """Trunk above the middle of the hips."""
        right, left = (self.posture.get(f"{side}_acromion") for side in ("right", "left"))
        if "lumbar" not in self.skeleton.joints or right is None or left is None:
            self._absent("trunk", "it needs the pelvis and both acromia")
            return
        middle = self.skeleton.joints["lumbar"][1]
        top = self.posture.get("c7", 0.5 * (right + left))
        self._add("trunk", top - middle, Y, right - left, Z, middle)
