"""Quality flags: what was rejected, corrected or assumed in a trial or repetition, and why."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    """Severity and sentence of a quality flag.

    Parameters
    ----------
    severity : "rejected" (nothing of the repetition is to be used), "incomplete" (the metrics that rest on it are
        missing, the others stand), "flagged" (usable, but look at it), "corrected" (changed by a rule or a person) or
        "noted" (an assumption that was made).
    sentence : what it means; {value}, {limit}, {signal} and {detail} are filled in.
    unit : unit of value and limit.
    """

    severity: str
    sentence: str
    unit: str = ""


CODES: dict[str, Code] = {
    "recording_unreadable": Code("rejected", "The recording could not be read: {detail}."),
    "not_computed": Code("rejected", "Its computation failed ({detail}); see the log of the job."),
    "no_force": Code("rejected", "No plate carries a person; nothing can be cut into repetitions{detail}.", "N"),
    "too_short": Code("rejected", "The recording lasts {value:.3f} s; at least {limit:.1f} s are needed.", "s"),
    "force_missing": Code(
        "rejected", "Force is missing in {value:.0f} samples; gaps in force are not filled.", "samples"
    ),
    "never_stood_still": Code("incomplete", "No quiet standing for the weighing window: {detail}.", "N"),
    "no_flight": Code("rejected", "No flight: {detail}.", "s"),
    "no_landing": Code("rejected", "No landing from a fall: nothing is unloaded before the impact."),
    "second_landing_missing": Code("incomplete", "The recording ends in flight; the second landing is missing."),
    "clipped_start": Code("rejected", "The recording begins in the movement: {detail}."),
    "clipped_end": Code(
        "flagged", "The recording ends {value:.2f} s after landing; at least {limit:.2f} s are expected.", "s"
    ),
    "plate_saturated": Code(
        "rejected",
        "{signal} stays at its highest force ({detail}) for {value:.0f} samples: it is saturated.",
        "samples",
    ),
    "implausible_weight": Code(
        "rejected",
        "Standing force of {value:.1f} N is not the weight of a person: sign or unit of the plate is wrong.",
        "N",
    ),
    "implausible_force": Code(
        "rejected",
        "Force reaches {value:.0f} N, beyond {limit:.0f} N ({detail}): no person exerts it; an amplifier's spike?",
        "N",
    ),
    "weight_disagrees_with_mass": Code(
        "flagged",
        "Weight on the plate differs from the stated body mass by {value:.1f} %, allowed {limit:.1f} %.",
        "%",
    ),
    "weighed_elsewhere": Code("flagged", "Body weight comes from {detail}."),
    "integrated_backward": Code(
        "flagged", "No quiet start: velocity is integrated backward from quiet standing after landing."
    ),
    "no_velocity": Code("incomplete", "No quiet standing to integrate from: metrics of velocity are missing."),
    "movement_start_not_found": Code("incomplete", "The start of the movement was not found under {detail}."),
    "countermovement_in_squat_jump": Code(
        "flagged",
        "Force falls {value:.1f} N below body weight before the squat jump; above {limit:.1f} N is a countermovement.",
        "N",
    ),
    "drift": Code(
        "flagged",
        "Force in quiet standing before and after differs by {value:.1f} N, allowed {limit:.1f} N: the plate drifts.",
        "N",
    ),
    "step_off": Code("flagged", "Steps off the plates {value:.2f} s after landing.", "s"),
    "heights_disagree": Code(
        "flagged", "Jump heights differ by {value:.3f} m ({detail}); their uncertainties explain {limit:.3f} m.", "m"
    ),
    "uncertain_height": Code(
        "flagged", "Standard uncertainty of the impulse height is {value:.3f} m, above {limit:.3f} m.", "m"
    ),
    "low_rate": Code(
        "flagged",
        "Sampled at {value:.0f} Hz; below {limit:.0f} Hz the height by flight time is uncertain by centimetres.",
        "Hz",
    ),
    "plate_offset": Code("corrected", "Force reads {value:.2f} N while unloaded; removed.", "N"),
    "plate_left_out": Code(
        "noted", "{signal} never carries a person (at most {value:.1f} N, briefly); left out of the sum.", "N"
    ),
    "side_without_load": Code(
        "flagged",
        "{signal} is assigned to the {detail} foot but never carries a person: the other side bears the whole "
        "weight, of both feet unless trials.tsv names the leg.",
    ),
    "box_plate_assumed": Code(
        "noted", "{signal} is loaded before the first contact only: treated as the plate under the box."
    ),
    "gap_reconstructed": Code(
        "corrected",
        "{signal} was lost for {value:.3f} s {detail}; reconstructed from the segment's other markers.",
        "s",
    ),
    "gap_interpolated": Code("corrected", "{signal} was lost for {value:.3f} s {detail}; bridged by a spline.", "s"),
    "gap_left": Code(
        "flagged",
        "{signal} was lost for {value:.3f} s {detail}; left open: a spline bridges {limit:.3f} s at most, other "
        "markers of its segment bridge half a second where three of them are seen.",
        "s",
    ),
    "not_smoothed": Code(
        "flagged", "Markers of {value:.0f} Hz are not low-passed: the cut-off needs more than {limit:.0f} Hz.", "Hz"
    ),
    "labels_swapped": Code("flagged", "{detail}: labels are swapped; none of them is used."),
    "marker_flipped": Code(
        "flagged", "{signal} leaves its segment by {value:.3f} m unless {detail} changes sign; it is not used.", "m"
    ),
    "marker_astray": Code(
        "flagged", "{signal} leaves its segment by {value:.3f} m, allowed {limit:.3f} m; it is not used.", "m"
    ),
    "segment_deformed": Code(
        "flagged",
        "Markers of {signal} lie up to {value:.3f} m (root mean square) from their shape in the static trial, allowed "
        "{limit:.3f} m, {detail}: soft tissue, or labels exchanged for a while.",
        "m",
    ),
    "joint_parted": Code(
        "flagged",
        "The centres of the {signal} by the segments on either side differ by {value:.3f} m, allowed {limit:.3f} m: "
        "their markers do not belong to one leg.",
        "m",
    ),
    "angle_implausible": Code(
        "flagged",
        "{signal} reaches {value:.0f} deg, beyond {limit:.0f} deg {detail}: outside the range of the joint.",
        "deg",
    ),
    "marker_displaced": Code(
        "flagged",
        "{signal}, or another marker of {detail}, lies {value:.3f} m from its place in the static trial, "
        "allowed {limit:.3f} m: placed or labelled differently in one of the trials; what rests on it is doubtful.",
        "m",
    ),
    "standing_of_other_size": Code(
        "flagged",
        "Segments differ in size from those in the static trial by {value:+.1f} %, allowed {limit:.1f} %: it may be "
        "that of another person.",
        "%",
    ),
    "no_standing": Code(
        "flagged", "No quiet standing: the shape of the segments comes from one frame of the movement ({detail})."
    ),
    "marker_never_seen": Code("noted", "In the file but never seen, and treated as absent: {detail}."),
    "segment_absent": Code("noted", "{signal} is absent: {detail}."),
    "angle_absent": Code("noted", "{signal} is absent: {detail}."),
    "functional_joint_refused": Code("noted", "{signal} keeps its usual definition: {detail}."),
    "joint_definition": Code("noted", "{signal}: {detail}."),
    "no_moments": Code("noted", "The plates give no three-dimensional force and moment: joint loads are missing."),
    "segment_missing": Code("noted", "Not recorded: {detail}; what rests on it is missing."),
    "sides_not_told_apart": Code(
        "noted", "{signal} carries both feet for {value:.2f} s: their joint loads are missing there.", "s"
    ),
    "force_without_foot": Code(
        "noted", "{signal} is loaded for {value:.2f} s without a foot on it: joint loads are missing there.", "s"
    ),
    "force_of_unseen_foot": Code(
        "noted",
        "{signal} is loaded for {value:.2f} s away from the one foot with markers: treated as the load of the other.",
        "s",
    ),
    "plate_label_contradicted": Code(
        "flagged",
        "{signal} is assigned to the {detail} foot, but the other stands on it: no joint loads. "
        "The label of the plate, or the axes of plates and markers, may be wrong.",
    ),
    "pressure_beside_foot": Code(
        "flagged",
        "{signal} is assigned to the {detail} foot, but for {value:.2f} s its centre of pressure is not under it, "
        "so that joint loads are missing there: the place of the plate, the unit of its moments, and the axes of plate "
        "and markers may be wrong, or both feet load it.",
        "s",
    ),
    "foot_beside_plates": Code(
        "noted", "The {detail} foot stands off the plates for {value:.2f} s: joint loads are missing.", "s"
    ),
    "foot_on_box": Code("noted", "Joint loads are missing for {value:.2f} s of standing on the box.", "s"),
    "little_common_time": Code(
        "flagged",
        "Plates and markers were recorded together for {value:.2f} s, at least {limit:.2f} s are expected: joint "
        "loads are missing outside of it, and their clocks may differ.",
        "s",
    ),
    "force_disagrees_with_motion": Code(
        "flagged", "Ground force and motion of the whole body differ by {value:.0f} N, allowed {limit:.0f} N.", "N"
    ),
    "moment_disagrees_with_motion": Code(
        "flagged",
        "Moments of the ground and motion of the whole body differ by {value:.0f} N m, allowed {limit:.0f} N m.",
        "N m",
    ),
    "clocks_apart": Code(
        "flagged",
        "Ground force comes {value:+.0f} ms after the motion of the whole body, allowed {limit:.0f} ms either way: "
        "plates and markers do not share a clock, or one of them is delayed.",
        "ms",
    ),
    "force_axis_reversed": Code(
        "flagged",
        "The {signal} force is opposite to the motion of the whole body (correlation {value:.2f}, allowed above "
        "{limit:.1f}): that axis of the plates or of the markers has the wrong sign.",
        "1",
    ),
    "pressure_beside_body": Code(
        "flagged",
        "In quiet standing the centre of pressure lies {value:.3f} m from below the centre of mass ({detail} of it), "
        "allowed {limit:.3f} m: the place of the plates, or the axes of plates and markers, may be wrong.",
        "m",
    ),
    "markers_unknown": Code("noted", "No marker has a standard label: the device of the study does not map them."),
    "person_unknown": Code("noted", "Joint moments and powers are missing: {detail}."),
    "contact_cut_off": Code("noted", "Contacts not recorded as a whole, and left out: {value:.0f}.", "contacts"),
    "step_of_unknown_foot": Code(
        "incomplete",
        "The foot of the step is unknown, since neither has markers; metrics of the leg are missing.",
    ),
    "step_by_one_foot": Code(
        "noted", "The {detail} foot has no markers: the foot of the step is estimated from the height of the other."
    ),
    "leg_contradicted": Code(
        "flagged",
        "trials.tsv names the {detail} leg, but the other foot is lower by {value:.2f} m in the push-off; metrics are "
        "those of the leg that is named.",
        "m",
    ),
    "travels_across": Code(
        "flagged",
        "The pelvis travels {value:.0f} deg away from forward, allowed {limit:.0f} deg; braking and propulsion are "
        "taken along the laboratory's forward axis.",
        "deg",
    ),
    "force_ends_early": Code(
        "incomplete", "Force was recorded for {value:.0f} % of the squat: what rests on it is missing.", "%"
    ),
    "no_descent": Code("rejected", "No squat: no descent of more than {limit:.2f} m.", "m"),
    "no_contact": Code(
        "rejected", "No running step: no contact of at most {limit:.1f} s lies between two flights.", "s"
    ),
    "height_from_force": Code(
        "flagged",
        "No pelvis markers, or none for too long: squats are cut by the height from force integrated twice, which "
        "drifts over a set; times, depths and the number of squats may be wrong.",
    ),
    "curated": Code("corrected", "A human decision overrides: {detail}."),
    "kept": Code("corrected", "Kept by a human decision, in spite of its flags: {detail}."),
    "decision_without_effect": Code("flagged", "A human decision has no effect: {detail}."),
    "excluded": Code("rejected", "Excluded by a human decision: {detail}."),
}


@dataclass(frozen=True)
class QualityFlag:
    """One flag about a trial (rep 0) or a repetition.

    Parameters
    ----------
    code : key of CODES.
    signal : what it concerns ("force", "plate 2").
    value, limit : measured and allowed, in the code's unit; NaN where the code has none.
    detail : words that the sentence quotes.
    rep : number of the repetition, 0 for the whole trial.
    words : the whole sentence or sentences, where they were put into words before, with their values in them.
    profile : name of the definition profile under which it holds; empty where it holds under all.
    """

    code: str
    signal: str = "force"
    value: float = float("nan")
    limit: float = float("nan")
    detail: str = ""
    rep: int = 0
    words: str = ""
    profile: str = ""

    @property
    def severity(self) -> str:
        """Severity of the code."""
        return CODES[self.code].severity

    @property
    def sentence(self) -> str:
        """The flag in words."""
        return self.words or CODES[self.code].sentence.format(
            value=self.value, limit=self.limit, signal=self.signal, detail=self.detail
        )
