"""Body segments: anatomical axes and joint centres of the static trial, carried along by each segment's markers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from legsci.kernels.rigid_body import cluster_pose, frames_from_vectors
from legsci.mechanics.motion.joint_centres import (
    HIP_CENTRES,
    MARKER_DIAMETER_M,
    functional_axis,
    functional_centre,
    hip_centre_harrington,
    lumbar_centre,
    wand_joint,
)
from legsci.mechanics.motion.kinematics import Array
from legsci.mechanics.motion.markers import CLUSTERS, Markers
from legsci.mechanics.motion.options import DEFAULT_OPTIONS, MotionOptions
from legsci.mechanics.motion.skeleton import EVERY_PLANE, FRONTAL, Segment, Skeleton
from legsci.mechanics.motion.static_trial import StaticTrial
from legsci.quality import QualityFlag
from legsci.vocabulary import AXES, LEGS, OUTWARD

X, Y, Z = (list(AXES).index(name) for name in "xyz")
VERTICAL = np.array([0.0, 1.0, 0.0])
#: Markers that move with the trunk alone. The acromia move with the arms as well, and lie on one line with c7 nearly.
CHEST_AND_BACK = ("t10", "sternum", "clavicle")


def build_skeleton(
    markers: Markers,
    static: StaticTrial,
    *,
    options: MotionOptions = DEFAULT_OPTIONS,
    measures_m: Mapping[str, float] | None = None,
    sex: str = "",
) -> Skeleton:
    """Define the segments in a static trial and carry them through another trial.

    Parameters
    ----------
    markers : of the trial; three markers of a segment in a frame give its pose. A thigh, shank or foot that has fewer
        is helped by its proximal joint centre.
    static : the static trial that defines the anatomy; where the person stands still in it, the soles are flat.
    options : hip_centre "harrington", "bell", "davis" (which needs the leg length) or "functional" (where pelvis and
        thigh turn enough relative to each other); knee_axis "epicondyles" or "functional" (where the knee bends
        enough; without a medial epicondyle and a thigh wand always); thigh "anchored" (its long axis runs from the knee
        to the hip that the pelvis carries, since the thigh's skin moves most) or "cluster" (its own markers alone).
    measures_m : measures of the person [m]: "right_knee_width", "left_ankle_width", ..., for sets without medial
        markers, and "leg_length".
    sex : of the person, by which the lumbar joint is placed: see `lumbar_centre`.

    Returns
    -------
    Skeleton. Pelvis: z from left to right anterior superior iliac spine, x forward in their plane with the
    posterior ones, origin between the hips; the lumbar joint is the lumbosacral one. Thigh: y from knee to hip, z
    in the plane of y and the knee axis. Shank: y from ankle to knee, z in the plane of y and the malleoli (without
    a medial one, of the thigh's z). Foot: y up and x from heel to forefoot while standing. Trunk: y from mid-hip to
    between the acromia, where the centres of mass of its parts lie (c7 is on the back, several centimetres behind),
    z from left to right acromion, origin mid-hip; where no marker lies on chest or back it turns with the line from
    mid-hip to c7. Knee: between the epicondyles; ankle: between the malleoli. Without medial markers they lie half
    a width inward of the lateral one, along the plane of the wand (`wand_joint`) or the functional axis; without a
    width their centre is unknown, and without an axis as well thigh and shank are the lines between hip and lateral
    markers: both give flexion alone. A foot of two markers gives no inversion. Without quiet upright standing
    ankle, lumbar and trunk angles are absent, since their zero is that of standing.

    References
    ----------
    Wu G et al. (2002) ISB recommendation on definitions of joint coordinate system of various joints for the reporting
    of human joint motion, part I: ankle, hip, and spine. J Biomech 35:543-548. Deviations: the shank's y runs to the
    middle of the knee, not across the torsional plane; the foot takes its y from the floor instead of from the shank.
    """
    builder = _Builder(markers, static, options, measures_m or {})
    builder.add_pelvis(sex)
    for side in LEGS:
        builder.add_leg(side)
    builder.add_trunk()
    return builder.skeleton


class _Builder:
    """Segments from the pelvis outward, each resting on those before it."""

    def __init__(
        self, markers: Markers, static: StaticTrial, options: MotionOptions, measures_m: Mapping[str, float]
    ) -> None:
        self.markers, self.options, self.measures_m = markers, options, measures_m
        self.static, self.still, self.skeleton = static.points, static.still, Skeleton()
        self.unknown_centres: set[str] = set()
        self.poses = {name: self._pose(name) for name in CLUSTERS}

    def _pose(self, name: str, helper: tuple[Array, Array] | None = None) -> tuple[Array, Array, Array] | None:
        """Turn, shift and residual of a segment's markers from the static trial; None with fewer than three markers."""
        known = [label for label in CLUSTERS[name] if label in self.static and label in self.markers.columns]
        shape, tracks = [self.static[label] for label in known], self.markers.paths(known)
        if helper is not None:
            shape, tracks = [*shape, helper[0]], np.concatenate([tracks, helper[1][:, None]], axis=1)
        if len(shape) < 3:
            return None
        turn, shift, residual, _ = cluster_pose(np.stack(shape), tracks)
        return turn, shift, residual

    def _add(self, name: str, main: Array, main_axis: int, second: Array, second_axis: int, origin: Array) -> bool:
        """Add a segment whose axes follow two vectors (3,) of the static trial; False where it cannot be."""
        pose = self.poses[name]
        if pose is None:
            return self._absent(name, "fewer than three of its markers are there")
        axes = frames_from_vectors(main[None], second[None], main_axis, second_axis)[0]
        if np.isnan(axes).any():
            return self._absent(name, "the markers that define its axes lie on one line")
        self.skeleton.segments[name] = Segment(axes, origin, *pose)
        return True

    def _absent(self, name: str, why: str) -> bool:
        self.skeleton.flags.append(QualityFlag("segment_absent", signal=name, detail=why))
        return False

    def _middle(self, *labels: str) -> Array | None:
        """Mean position of those of the labels that the static trial has, None with none."""
        points = [self.static[label] for label in labels if label in self.static]
        return np.mean(points, axis=0) if points else None

    def add_pelvis(self, sex: str) -> None:
        """Pelvis, hip and lumbar joint centres."""
        right, left = (self.static.get(f"{side}_anterior_superior_iliac_spine") for side in LEGS)
        behind = self._middle(*(f"{side}_posterior_superior_iliac_spine" for side in LEGS))
        behind = self.static.get("sacrum") if behind is None else behind
        if right is None or left is None or behind is None:
            self._absent("pelvis", "it needs both anterior superior iliac spines and one marker behind")
            return
        front = 0.5 * (right + left)
        axes = frames_from_vectors((right - left)[None], (front - behind)[None], Z, X)[0]
        # Across the width, so that one posterior marker does as well as the middle of two.
        depth, width = float((front - behind) @ axes[:, X]), float(np.linalg.norm(right - left))
        local = self._hip_equation()(
            pelvis_width_m=width,
            pelvis_depth_m=depth,
            leg_length_m=self.measures_m.get("leg_length", np.nan),
        )
        hips = {side: front + axes @ (local * [1.0, 1.0, OUTWARD[side]]) for side in LEGS}
        if self.options.hip_centre == "functional":
            hips = {side: self._functional_hip(side, hip) for side, hip in hips.items()}
        middle = 0.5 * (hips["right"] + hips["left"])
        if self._add("pelvis", right - left, Z, front - behind, X, middle):
            self.skeleton.joints |= {f"{side}_hip": ("pelvis", hip) for side, hip in hips.items()}
            self.skeleton.joints["lumbar"] = ("pelvis", front + axes @ lumbar_centre(pelvis_width_m=width, sex=sex))

    def _hip_equation(self) -> Callable[..., Array]:
        """Equation of the hip centres; that of Harrington where the chosen one lacks a measure."""
        if self.options.hip_centre == "davis" and "leg_length" not in self.measures_m:
            detail = "Davis' equation needs leg_length_m in participants.tsv: Harrington's equations"
            self.skeleton.flags.append(QualityFlag("functional_joint_refused", signal="hips", detail=detail))
            return hip_centre_harrington
        return HIP_CENTRES.get(self.options.hip_centre, hip_centre_harrington)

    def _functional_hip(self, side: str, usual: Array) -> Array:
        """Centre about which the thigh turns, where it turns about all three axes."""
        centre = functional_centre(self.poses["pelvis"], self.poses[f"{side}_thigh"])
        if centre is not None:
            return centre
        detail = "pelvis and thigh rotate too little against each other about three axes: Harrington's equations"
        self.skeleton.flags.append(QualityFlag("functional_joint_refused", signal=f"{side}_hip", detail=detail))
        return usual

    def add_leg(self, side: str) -> None:
        """Thigh, shank and foot of a side."""
        thigh, shank, foot = (f"{side}_{name}" for name in ("thigh", "shank", "foot"))
        if f"{side}_hip" not in self.skeleton.joints:
            self._add_leg_of_centres(side)
            self._add_foot(side)
            return
        absent = [name for name in (thigh, shank) if not set(CLUSTERS[name]) & set(self.static)]
        if absent:
            for name in (thigh, shank, foot):
                self._absent(name, f"no marker of the {' and '.join(absent)}")
            return
        _, hip = self.skeleton.joints[f"{side}_hip"]
        self._help(thigh, "pelvis", hip)
        knee, axis = self._knee(side, hip)
        if knee is None or axis is None:
            self._add_leg_of_lateral_markers(side, hip)
            self._add_foot(side)
            return
        if not self._add(thigh, hip - knee, Y, axis, Z, hip):
            return
        if self.options.thigh == "anchored":
            self._anchor(thigh, hip, knee)
        self._place(f"{side}_knee", thigh, knee)
        self._help(shank, thigh, knee)
        ankle, across = self._ankle(side, self.skeleton.segments[thigh].axes[:, Z], knee)
        if ankle is None:
            self._absent(shank, "no lateral malleolus")
        elif self._add(shank, knee - ankle, Y, across, Z, self._known(f"{side}_knee", knee)):
            self._place(f"{side}_ankle", shank, ankle)
            self._help(foot, shank, ankle)
        self._add_foot(side)

    def _anchor(self, thigh: str, hip: Array, knee: Array) -> None:
        """Let the long axis of a thigh run from its knee to the hip of the pelvis; the knee stays where it was."""
        own, pelvis = self.skeleton.segments[thigh], self.skeleton.segments["pelvis"]
        path = own.carry(knee)
        rotation = frames_from_vectors(pelvis.carry(hip) - path, np.ascontiguousarray(own.rotation[:, :, Z]), Y, Z)
        turn = rotation @ own.axes.T
        self.skeleton.segments[thigh] = replace(own, turn=turn, shift=path - turn @ knee)

    def _help(self, name: str, proximal: str, joint: Array) -> None:
        """Give a segment of too few markers its proximal joint centre as one more."""
        if self.poses[name] is None and proximal in self.skeleton.segments:
            self.poses[name] = self._pose(name, (joint, self.skeleton.segments[proximal].carry(joint)))

    def _place(self, joint: str, carrier: str, centre: Array) -> None:
        """Note a joint centre, unless it is only the lateral marker."""
        if joint not in self.unknown_centres:
            self.skeleton.joints[joint] = (carrier, centre)

    def _known(self, joint: str, centre: Array) -> Array:
        return np.full(3, np.nan) if joint in self.unknown_centres else centre

    def _knee(self, side: str, hip: Array) -> tuple[Array | None, Array | None]:
        """Knee centre and axis to the right, in the static trial."""
        joint, rightward = f"{side}_knee", self.skeleton.segments["pelvis"].axes[:, Z]
        lateral, medial = (self.static.get(f"{side}_{place}_epicondyle") for place in ("lateral", "medial"))
        wand = self.static.get(f"{side}_thigh_wand")
        if lateral is None:
            return None, None
        chosen = self.options.knee_axis == "functional"
        wanted = chosen or (medial is None and wand is None)
        segments = self.poses[f"{side}_thigh"], self.poses[f"{side}_shank"]
        axis = functional_axis(*segments, rightward) if wanted else None
        if axis is None and chosen:
            flag = QualityFlag("functional_joint_refused", signal=joint, detail="the knee hardly bends")
            self.skeleton.flags.append(flag)
        if medial is not None:
            centre, across = self._midway(joint, lateral, medial)
            return centre, across if axis is None else axis
        if axis is not None:
            detail = "its axis is that about which it bends, for want of a medial epicondyle"
            self.skeleton.flags.append(QualityFlag("joint_definition", signal=joint, detail=detail))
            return self._inward(joint, lateral, axis), axis
        return (None, None) if wand is None else self._by_wand(joint, hip, wand, lateral)

    def _ankle(self, side: str, knee_axis: Array, knee: Array) -> tuple[Array | None, Array]:
        """Ankle centre, and direction to the right that goes with it, in the static trial."""
        lateral, medial = (self.static.get(f"{side}_{place}_malleolus") for place in ("lateral", "medial"))
        wand = self.static.get(f"{side}_shank_wand")
        if lateral is None:
            return None, knee_axis
        if medial is not None:
            return self._midway(f"{side}_ankle", lateral, medial)
        if wand is not None and f"{side}_knee" not in self.unknown_centres:
            centre, axis = self._by_wand(f"{side}_ankle", knee, wand, lateral)
            if centre is not None and axis is not None:
                return centre, axis
        return self._inward(f"{side}_ankle", lateral, knee_axis), knee_axis

    def _midway(self, joint: str, lateral: Array, medial: Array) -> tuple[Array, Array]:
        """Joint centre midway between its markers, and axis to the right."""
        self.skeleton.axis_base_m[joint] = float(np.linalg.norm(lateral - medial))
        return 0.5 * (lateral + medial), (lateral - medial) * OUTWARD[joint.partition("_")[0]]

    def _by_wand(self, joint: str, proximal: Array, wand: Array, lateral: Array) -> tuple[Array | None, Array | None]:
        """Joint centre and axis to the right by the plane of a wand; None where the wand shows none."""
        side = joint.partition("_")[0]
        centre, outward = wand_joint(proximal, wand, lateral, self.measures_m.get(f"{joint}_width", np.nan))
        if np.isnan(outward).any():
            return None, None
        if np.isnan(centre).any():
            return self._unknown(joint, lateral), outward * OUTWARD[side]
        detail = "its axis lies in the plane of the wand, and turns as the wand was put ahead of it or behind"
        self.skeleton.flags.append(QualityFlag("joint_definition", signal=joint, detail=detail))
        self.skeleton.axis_base_m[joint] = float(np.linalg.norm(np.cross(wand - proximal, lateral - proximal))) / float(
            np.linalg.norm(lateral - proximal)
        )
        return centre, outward * OUTWARD[side]

    def _inward(self, joint: str, lateral: Array, axis: Array) -> Array:
        """Joint centre half its width and half a marker inward of the lateral marker; that marker without a width."""
        width = self.measures_m.get(f"{joint}_width")
        if width is None:
            return self._unknown(joint, lateral)
        side = joint.partition("_")[0]
        return lateral - 0.5 * OUTWARD[side] * (width + MARKER_DIAMETER_M) * axis / np.linalg.norm(axis)

    def _unknown(self, joint: str, lateral: Array) -> Array:
        """Lateral marker in place of a centre that is not known, of which only flexion is given."""
        side, _, name = joint.partition("_")
        self.unknown_centres.add(joint)
        # The centre of the knee is an end of thigh and shank, that of the ankle of the shank.
        touched = ("hip", "knee", "ankle") if name == "knee" else ("knee", "ankle")
        self.skeleton.leave_out(f"{side}_{one}" for one in touched)
        detail = (
            f"no medial marker, and no {name}_width_m in participants.tsv: its centre is unknown, and only flexion is"
            f" given of {', '.join(touched)}"
        )
        self.skeleton.flags.append(QualityFlag("joint_definition", signal=joint, detail=detail))
        return lateral

    def _add_leg_of_centres(self, side: str) -> None:
        """Thigh and shank of a set that has joint centres for markers; z as near as may be to the line of the hips."""
        names = [f"{side}_{joint}_centre" for joint in ("hip", "knee", "ankle")]
        missing = [name for name in (*names, "right_hip_centre", "left_hip_centre") if name not in self.markers.labels]
        if missing:
            for name in ("thigh", "shank"):
                self._absent(f"{side}_{name}", f"neither a pelvis nor {', '.join(dict.fromkeys(missing))}")
            return
        right, left = (self.markers.path(f"{name}_hip_centre") for name in LEGS)
        hip, knee, ankle = (self.markers.path(name) for name in names)
        self.skeleton.add_lines(side, {"thigh": (hip, knee), "shank": (knee, ankle)}, right - left)
        self.skeleton.leave_out(f"{side}_{joint}" for joint in ("knee", "ankle"))
        detail = "its centre is the marker set's own, and of this leg only flexion is given"
        for joint in ("knee", "ankle"):
            self.skeleton.flags.append(QualityFlag("joint_definition", signal=f"{side}_{joint}", detail=detail))

    def _add_leg_of_lateral_markers(self, side: str, hip: Array) -> None:
        """Thigh and shank along the lines hip, lateral epicondyle, lateral malleolus; z as of the pelvis."""
        epicondyle, malleolus = f"{side}_lateral_epicondyle", f"{side}_lateral_malleolus"
        pelvis, known = self.skeleton.segments["pelvis"], self.markers.columns
        lines = {}
        if epicondyle in known:
            lines["thigh"] = pelvis.carry(hip), self.markers.path(epicondyle)
        if {epicondyle, malleolus} <= set(known):
            lines["shank"] = self.markers.path(epicondyle), self.markers.path(malleolus)
        for name in ("thigh", "shank"):
            if name not in lines:
                self._absent(f"{side}_{name}", "no lateral epicondyle" if not lines else "no lateral malleolus")
        self.skeleton.add_lines(side, lines, np.ascontiguousarray(pelvis.rotation[:, :, Z]), unknown=("shank",))
        self.skeleton.leave_out(f"{side}_{joint}" for joint in ("hip", "knee", "ankle"))
        if malleolus in self.static and "shank" in lines and self.poses[f"{side}_foot"] is None:
            self.poses[f"{side}_foot"] = self._pose(f"{side}_foot", (self.static[malleolus], lines["shank"][1]))
        detail = (
            "no axis: neither a medial epicondyle nor a thigh wand, and the knee hardly bends or thigh and shank have"
            " fewer than three markers; of this leg only flexion is given, between lines through the lateral markers"
        )
        self.skeleton.flags.append(QualityFlag("joint_definition", signal=f"{side}_knee", detail=detail))

    def _add_foot(self, side: str) -> None:
        """Foot, flat on the floor in the static trial."""
        heel, tip = self._middle(f"{side}_heel"), self._forefoot(side)
        if heel is None or tip is None:
            self._absent(f"{side}_foot", "no heel or no marker on the forefoot")
            return
        if len({*CLUSTERS[f"{side}_foot"]} & {*self.static} & {*self.markers.columns}) < 3:
            self.skeleton.leave_out([f"{side}_ankle"], [FRONTAL])
        inner = self._middle(f"{side}_first_metatarsal")
        inner = self._middle(f"{side}_toe") if inner is None else inner
        outer = self._middle(f"{side}_fifth_metatarsal")
        ankle = self.skeleton.joints.get(f"{side}_ankle", ("", np.full(3, np.nan)))[1]
        if self.still:
            self._add(f"{side}_foot", VERTICAL, Y, tip - heel, X, ankle)
            return
        self.skeleton.leave_out([f"{side}_ankle"], EVERY_PLANE)
        if inner is None or outer is None:
            why = "there is no quiet standing, and medial and lateral forefoot do not define its sole"
            self._absent(f"{side}_foot", why)
            return
        detail = "without quiet standing its axes rest on heel, medial and lateral forefoot, not on the floor"
        self.skeleton.flags.append(QualityFlag("joint_definition", signal=f"{side}_foot", detail=detail))
        self._add(f"{side}_foot", tip - heel, X, (outer - inner) * OUTWARD[side], Z, ankle)

    def _forefoot(self, side: str) -> Array | None:
        """Middle of the heads of the first and fifth metatarsal, else the second, else the toe."""
        pair = [f"{side}_first_metatarsal", f"{side}_fifth_metatarsal"]
        if set(pair) <= set(self.static):
            return self._middle(*pair)
        second = self.static.get(f"{side}_second_metatarsal")
        return self.static.get(f"{side}_toe") if second is None else second

    def add_trunk(self) -> None:
        """Trunk above the middle of the hips."""
        right, left = (self.static.get(f"{side}_acromion") for side in LEGS)
        if "pelvis" not in self.skeleton.segments or right is None or left is None:
            self._absent("trunk", "it needs the pelvis and both acromia")
            return
        middle, across, shoulders = self.skeleton.segments["pelvis"].origin, right - left, 0.5 * (right + left)
        if not self.still:
            self.skeleton.leave_out(["lumbar", "trunk"], EVERY_PLANE)
        if set(CHEST_AND_BACK) & set(self.static) & set(self.markers.labels):
            self._add("trunk", shoulders - middle, Y, across, Z, middle)
        elif {f"{side}_acromion" for side in LEGS} <= set(self.markers.columns):
            self._add_trunk_of_lines(middle, shoulders, across)
        else:
            self._absent("trunk", "without a marker on chest or back it needs both acromia")

    def _add_trunk_of_lines(self, middle: Array, shoulders: Array, across: Array) -> None:
        """Trunk that turns with the line from between the hips to c7 (or between the acromia)."""
        right, left = (self.markers.path(f"{side}_acromion") for side in LEGS)
        top, upper = shoulders, 0.5 * (right + left)
        if "c7" in self.static and "c7" in self.markers.labels:
            top, upper = self.static["c7"], self.markers.path("c7")
        axes, line = (frames_from_vectors((end - middle)[None], across[None], Y, Z)[0] for end in (shoulders, top))
        lower = self.skeleton.segments["pelvis"].carry(middle)
        turn = frames_from_vectors(upper - lower, right - left, Y, Z) @ line.T
        unknown = np.full(len(lower), np.nan)
        self.skeleton.segments["trunk"] = Segment(axes, middle, turn, lower - turn @ middle, unknown)
        detail = "no marker on chest or back but c7: it turns with the line from mid-hip to c7, or between the acromia"
        self.skeleton.flags.append(QualityFlag("joint_definition", signal="trunk", detail=detail))
