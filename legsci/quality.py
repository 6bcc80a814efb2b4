"""Quality flags: what was rejected, corrected or assumed in a trial or repetition, and why."""

from __future__ import annotations

from dataclasses import dataclass

from legsci.quality_declarations import DECLARATIONS, Code
from legsci.quality_efforts import EFFORTS
from legsci.quality_recordings import RECORDINGS

CODES: dict[str, Code] = {
    "recording_unreadable": Code("rejected", "The recording could not be read: {detail}."),
    "unknown_task": Code("rejected", "legsci has no task {detail}. No metrics are computed for this trial."),
    "recording_left_out": Code("flagged", "One recording of the trial was excluded; the others were used: {detail}."),
    "read_with_remark": Code("noted", "In the recorded {signal}: {detail}."),
    "channels_not_mapped": Code(
        "noted",
        "{signal} holds channels that the study does not map and that were not read ({value:.0f}: {detail}); they are "
        "mapped under `channels` of the device in study.yaml.",
        "channels",
    ),
    "clock_unknown": Code(
        "noted",
        "{signal} is not synchronised with the trial (unknown clock offset): it is not compared with other signals.",
    ),
    "clock_not_related": Code(
        "noted",
        "{signal} could not be synchronised with the trial: {detail}. It is not compared with other signals.",
    ),
    "clock_departs": Code(
        "flagged",
        "The clock of {signal} deviates by {value:+.0f} ms {detail} in the rest of the session: it jumped or was "
        "reset; the lag estimated in this trial alone is used.",
        "ms",
    ),
    "not_computed": Code("rejected", "The computation failed ({detail}); see the log of the job."),
    "no_signal_to_cut_by": Code("rejected", "No repetitions can be found in the trial: {detail}."),
    "no_force": Code("rejected", "No plate carries a person, so there are no repetitions{detail}.", "N"),
    "too_short": Code("rejected", "The recording lasts {value:.3f} s; at least {limit:.1f} s are needed.", "s"),
    "force_missing": Code(
        "rejected", "Force is missing in {value:.0f} samples; gaps in force data are not filled.", "samples"
    ),
    "never_stood_still": Code("incomplete", "No quiet standing for the weighing window: {detail}.", "N"),
    "no_flight": Code("rejected", "No flight: {detail}.", "s"),
    "no_landing": Code("rejected", "No landing from a fall: the plates are not unloaded before the impact."),
    "second_landing_missing": Code("incomplete", "The landing is missing, with the metrics that need it: {detail}."),
    "hop_after_landing": Code(
        "noted", "A hop {value:.2f} s after landing is treated as part of the landing, not as a repetition.", "s"
    ),
    "clipped_start": Code("rejected", "The recording begins during the movement: {detail}."),
    "clipped_end": Code(
        "flagged", "The recording ends {value:.2f} s after landing; at least {limit:.2f} s are expected.", "s"
    ),
    "plate_saturated": Code(
        "rejected",
        "{signal} stays at its maximum force ({detail}) for {value:.0f} samples: the plate is saturated.",
        "samples",
    ),
    "plate_constant": Code(
        "rejected", "{signal} reads {detail} under load, without any noise, for {value:.2f} s: saturated or dead.", "s"
    ),
    "implausible_weight": Code(
        "rejected",
        "A standing force of {value:.1f} N is not a plausible body weight: the sign or unit of the force is wrong.",
        "N",
    ),
    "implausible_force": Code(
        "rejected",
        "Force reaches {value:.0f} N, beyond {limit:.0f} N ({detail}): not physiological, perhaps an amplifier spike.",
        "N",
    ),
    "weight_disagrees_with_mass": Code(
        "flagged",
        "Measured body weight differs from the stated body mass by {value:.1f} % (limit {limit:.1f} %).",
        "%",
    ),
    "weight_differs_in_session": Code(
        "flagged",
        "Measured weight differs by {value:.1f} % from {detail} (limit {limit:.1f} %): another person, something "
        "carried or leaned on, or force in another unit; state body_mass_kg, and load_kg of the trial.",
        "%",
    ),
    "light_person": Code(
        "flagged",
        "Body weight corresponds to {value:.1f} kg (limit {limit:.0f} kg): force in pounds? If not, give body_mass_kg.",
        "kg",
    ),
    "weighed_elsewhere": Code("flagged", "Body weight was taken from {detail}."),
    "integrated_backward": Code(
        "flagged",
        "No quiet standing before the movement: velocity is integrated backward from quiet standing after landing.",
    ),
    "no_velocity": Code(
        "incomplete", "No quiet standing from which to integrate: metrics that need velocity are missing."
    ),
    "movement_start_not_found": Code("incomplete", "The start of the movement was not found by {detail}."),
    "countermovement_in_squat_jump": Code(
        "flagged",
        "Force falls {value:.1f} N below body weight before the squat jump; more than {limit:.1f} N is a "
        "countermovement.",
        "N",
    ),
    "no_countermovement": Code(
        "flagged",
        "Force falls {value:.1f} N below body weight before the jump (countermovement: {limit:.1f} N): a squat jump?",
        "N",
    ),
    "held_before_jump": Code(
        "flagged", "Force stays near body weight for {value:.2f} s before the jump: was it a squat jump?", "s"
    ),
    "implausible_value": Code(
        "flagged", "{signal} is {value:.3g}, outside the human range (limit {limit:.3g}): {detail}?"
    ),
    "value_withheld": Code(
        "noted", "The {signal} is withheld: it would be {value:.4g} (limit {limit:.4g}), since {detail}."
    ),
    "drift": Code(
        "flagged",
        "Force in quiet standing differs by {value:.1f} N before and after the movement (limit {limit:.1f} N): drift.",
        "N",
    ),
    "step_off": Code("flagged", "The participant steps off the plates {value:.2f} s after landing.", "s"),
    "heights_disagree": Code(
        "flagged",
        "Jump heights differ by {value:.3f} m ({detail}); their uncertainties account for {limit:.3f} m.",
        "m",
    ),
    "uncertain_height": Code(
        "flagged", "The standard uncertainty of jump height by impulse is {value:.3f} m (limit {limit:.3f} m).", "m"
    ),
    "low_rate": Code(
        "flagged",
        "Sampled at {value:.0f} Hz; below {limit:.0f} Hz jump height by flight time is uncertain by centimetres.",
        "Hz",
    ),
    "plate_offset": Code(
        "corrected", "{signal} reads {value:.2f} N when empty{detail}; this zero error was subtracted.", "N"
    ),
    "plate_zero_unknown": Code(
        "noted",
        "The zero of {signal} is unknown ({detail}): none was subtracted; standard uncertainty {value:.1f} N.",
        "N",
    ),
    "zero_not_steady": Code(
        "flagged",
        "The zero of the plates differs from trial to trial, and they are never empty in this one: their sum agrees "
        "with the weight in {detail}, so that none was subtracted; forces of each side are uncertain by {value:.1f} N.",
        "N",
    ),
    "zero_by_weight": Code(
        "flagged",
        "The zero of the plates differs from trial to trial, and they are never empty in this one: the zero error of "
        "their sum ({value:.1f} N) was found from the weight in {detail}; forces of each side are missing.",
        "N",
    ),
    "plate_left_out": Code(
        "noted",
        "{signal} is never loaded by a person (at most {value:.1f} N, briefly); not included in total force.",
        "N",
    ),
    "side_without_load": Code(
        "flagged",
        "{signal} is assigned to the {detail} foot but is never loaded by a person: the other side carries the whole "
        "weight, that of both feet unless trials.tsv names the leg.",
    ),
    "box_plate_assumed": Code(
        "noted", "{signal} is loaded only before the first contact: assumed to be the plate under the box."
    ),
    "gap_reconstructed": Code(
        "corrected",
        "{signal} was lost for {value:.3f} s {detail}; reconstructed from the other markers of the segment.",
        "s",
    ),
    "gap_interpolated": Code(
        "corrected", "{signal} was lost for {value:.3f} s {detail}; interpolated by a spline.", "s"
    ),
    "gap_left": Code(
        "flagged",
        "{signal} was lost for {value:.3f} s {detail}; the gap is not filled: a spline is used for at most {limit:.3f} "
        "s (spline_gap_s), the other markers of the segment for at most rigid_gap_s, where three of them are visible.",
        "s",
    ),
    "not_smoothed": Code(
        "flagged",
        "Markers at {value:.0f} Hz are not low-pass filtered: the cut-off frequency requires more than {limit:.0f} Hz.",
        "Hz",
    ),
    "labels_swapped": Code("flagged", "{detail}: labels are exchanged; none of these markers is used."),
    "marker_flipped": Code(
        "flagged",
        "{signal} is {value:.3f} m from its position in the segment unless {detail} changes sign; it is not used.",
        "m",
    ),
    "marker_astray": Code(
        "flagged",
        "{signal} is {value:.3f} m from its position in the segment (limit {limit:.3f} m); it is not used.",
        "m",
    ),
    "segment_deformed": Code(
        "flagged",
        "Markers of {signal} deviate by up to {value:.3f} m (root mean square) from their configuration in the static "
        "trial (limit {limit:.3f} m), {detail}: soft tissue artefact, or labels exchanged in some frames.",
        "m",
    ),
    "joint_parted": Code(
        "flagged",
        "Centres of the {signal} estimated from the two adjacent segments are {value:.3f} m apart (limit {limit:.3f} "
        "m): the markers of these segments do not belong to the same leg.",
        "m",
    ),
    "angle_implausible": Code(
        "flagged",
        "{name} reaches {value:.0f} deg, beyond {limit:.0f} deg {detail}: outside the range of motion of the joint.",
        "deg",
    ),
    "marker_displaced": Code(
        "flagged",
        "{signal}, or another marker of {detail}, is {value:.3f} m from its position in the static trial "
        "(limit {limit:.3f} m): placed or labelled differently in one of the trials; metrics that depend on it are "
        "doubtful.",
        "m",
    ),
    "standing_of_other_size": Code(
        "flagged",
        "Segments differ in size from those in the static trial by {value:+.1f} % (limit {limit:.1f} %): the static "
        "trial may be that of another person.",
        "%",
    ),
    "no_standing": Code(
        "flagged", "No quiet standing: the marker configuration is that of one frame of the movement ({detail})."
    ),
    "marker_never_seen": Code("noted", "Markers in the file but never visible, treated as absent: {detail}."),
    "segment_absent": Code("noted", "{name} is absent: {detail}."),
    "angle_absent": Code("noted", "{name} is absent: {detail}."),
    "functional_joint_refused": Code("noted", "{name} keeps its default definition: {detail}."),
    "joint_definition": Code("noted", "{name}: {detail}."),
    "no_moments": Code(
        "noted", "The plates do not measure three-dimensional force and moment: joint kinetics are missing."
    ),
    "segment_missing": Code("noted", "Segments not recorded: {detail}; metrics that depend on them are missing."),
    "sides_not_told_apart": Code(
        "noted", "{signal} is loaded by both feet for {value:.2f} s: joint kinetics are missing in this period.", "s"
    ),
    "force_without_foot": Code(
        "noted",
        "{signal} is loaded for {value:.2f} s without a foot on it: joint kinetics are missing in this period.",
        "s",
    ),
    "force_of_unseen_foot": Code(
        "noted",
        "{signal} is loaded for {value:.2f} s away from the only foot with markers: attributed to the other foot.",
        "s",
    ),
    "plate_label_contradicted": Code(
        "flagged",
        "{signal} is assigned to the {detail} foot, but the other foot is on it: joint kinetics are missing. "
        "The label of the plate, or the axes of plates and markers, may be wrong.",
    ),
    "pressure_beside_foot": Code(
        "flagged",
        "{signal} is assigned to the {detail} foot, but for {value:.2f} s its centre of pressure is not under it, "
        "so that joint kinetics are missing in this period: the position of the plate, the unit of its moments, or the "
        "axes of plate or markers may be wrong, or both feet load it.",
        "s",
    ),
    "foot_beside_plates": Code(
        "noted",
        "The {detail} foot is on the ground outside the plates for {value:.2f} s: joint kinetics are missing.",
        "s",
    ),
    "foot_on_box": Code(
        "noted", "Joint kinetics are missing for {value:.2f} s, while the participant stands on the box.", "s"
    ),
    "little_common_time": Code(
        "flagged",
        "Plates and markers were recorded together for {value:.2f} s (expected: at least {limit:.2f} s): joint "
        "kinetics are missing outside this period, and plates and markers may not be synchronised.",
        "s",
    ),
    "force_disagrees_with_motion": Code(
        "flagged",
        "Ground reaction force differs from that required by whole-body motion by {value:.0f} N (limit {limit:.0f} N).",
        "N",
    ),
    "moment_disagrees_with_motion": Code(
        "flagged",
        "Ground reaction moment differs from that required by whole-body motion by {value:.0f} N m (limit {limit:.0f} "
        "N m).",
        "N m",
    ),
    "clocks_apart": Code(
        "flagged",
        "Ground reaction force lags whole-body motion by {value:+.0f} ms (limit ±{limit:.0f} ms): plates and markers "
        "are not synchronised, or one of them is delayed.",
        "ms",
    ),
    "force_axis_reversed": Code(
        "flagged",
        "The {signal} force is opposite to whole-body motion (correlation {value:.2f}, limit {limit:.1f}): that axis "
        "of the plates or of the markers has the wrong sign.",
        "1",
    ),
    "pressure_beside_body": Code(
        "flagged",
        "In quiet standing the centre of pressure is {value:.3f} m from the vertical projection of the centre of mass "
        "({detail} of it; limit {limit:.3f} m): the position of the plates, or the axes of plates or markers, may be "
        "wrong.",
        "m",
    ),
    "markers_unknown": Code(
        "noted", "No marker has a standard label: the device in study.yaml does not map any label."
    ),
    "person_unknown": Code("noted", "Joint moments and powers are missing: {detail}."),
    "contact_cut_off": Code(
        "noted", "Ground contacts excluded because they were not recorded completely: {value:.0f}.", "contacts"
    ),
    "step_of_unknown_foot": Code(
        "incomplete",
        "The side of the step is unknown, since neither foot has markers; metrics of the leg are missing.",
    ),
    "step_by_one_foot": Code(
        "noted",
        "The {detail} foot has no markers: the side of the step is estimated from the height of the other foot.",
    ),
    "leg_contradicted": Code(
        "incomplete",
        "trials.tsv names the {detail} leg, but the other foot is {value:.2f} m lower during the push-off: metrics of "
        "the leg are missing.",
        "m",
    ),
    "travels_across": Code(
        "flagged",
        "The pelvis travels at {value:.0f} deg to the forward axis of the laboratory (limit {limit:.0f} deg); braking "
        "and propulsion are computed along that axis.",
        "deg",
    ),
    "force_ends_early": Code(
        "incomplete",
        "Force was recorded for only {value:.0f} % of the squat: metrics that need force are missing.",
        "%",
    ),
    "no_descent": Code("rejected", "No squat found: no descent exceeds {limit:.2f} m.", "m"),
    "no_contact": Code(
        "rejected", "No running step found: no contact of at most {limit:.1f} s lies between two flight phases.", "s"
    ),
    "height_from_force": Code(
        "flagged",
        "Pelvis markers are missing, or lost for too long: squats are found from displacement by double integration of "
        "force, which drifts over a set; times, depths and the number of squats may be wrong.",
    ),
    "curated": Code("corrected", "Corrected manually: {detail}."),
    "kept": Code("corrected", "Kept manually, despite its flags: {detail}."),
    "decision_without_effect": Code("flagged", "A decision in curation.tsv has no effect: {detail}."),
    "excluded": Code("rejected", "Excluded manually: {detail}."),
    **EFFORTS,
    **DECLARATIONS,
    **RECORDINGS,
}


@dataclass(frozen=True)
class QualityFlag:
    """One flag about a trial (rep 0) or a repetition.

    Parameters
    ----------
    code : key of CODES.
    signal : the signal concerned ("force", "plate 2").
    value, limit : measured and allowed, in the code's unit; NaN where the code has none.
    detail : words that the sentence quotes.
    rep : number of the repetition, 0 for the whole trial.
    words : complete sentence or sentences with their values; replaces the sentence of the code where given.
    profile : name of the definition profile to which the flag applies; empty if it applies to all.
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
            value=self.value,
            limit=self.limit,
            signal=self.signal,
            name=self.signal.replace("_", " "),
            detail=self.detail,
        )
