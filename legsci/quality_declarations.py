"""Quality flags of declarations that are missing or that a recording contradicts; `legsci.quality` joins the others."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    """Severity and sentence of a quality flag.

    Parameters
    ----------
    severity : "rejected" (the repetition must not be used), "incomplete" (the metrics that depend on it are
        missing, the others are valid), "flagged" (usable, but should be checked), "corrected" (changed by a rule or a
        person) or "noted" (an assumption that was made).
    sentence : what it means; {value}, {limit}, {signal} and {detail} are filled in.
    unit : unit of value and limit.
    """

    severity: str
    sentence: str
    unit: str = ""


DECLARATIONS: dict[str, Code] = {
    "leg_not_named": Code(
        "incomplete",
        "The task {detail} is a single-leg task, but `leg` in trials.tsv is neither left nor right: metrics of the leg "
        "are missing.",
    ),
    "static_trial_alone": Code(
        "noted", "Markers or sensors without plates: the trial serves as static trial and has no metrics of its own."
    ),
    "standing_crouched": Code(
        "flagged",
        "The participant does not stand upright in the static trial: the straighter knee is flexed by {value:.0f} deg "
        "(limit {limit:.0f} deg); angles relative to standing are missing.",
        "deg",
    ),
    "static_trial_not_used": Code(
        "flagged", "The static trial is not used ({detail}): anatomy is that of quiet standing in this trial."
    ),
    "faces_elsewhere": Code(
        "flagged",
        "The pelvis is rotated by {value:+.0f} deg (left positive) from the forward axis of the laboratory (limit "
        "{limit:.0f} deg): `forward` in study.yaml is wrong, or the participant faced another way; anterior, posterior "
        "and lateral metrics of the plates are missing.",
        "deg",
    ),
    "plates_against_facing": Code(
        "flagged",
        "The centre of pressure of the plate assigned to the left foot is {value:.2f} m to the right of that of the "
        "right foot: `foot` of the plates is exchanged, or `forward` is wrong, in study.yaml; forces of each side and "
        "joint kinetics are missing.",
        "m",
    ),
    "feet_of_plates_exchanged": Code(
        "flagged", "{detail}: forces of each side are missing, since the plates are assigned to the other foot."
    ),
    "pressure_off_plate": Code(
        "flagged",
        "The centre of pressure of {signal} is outside the plate for {value:.0f} % of its load (limit {limit:.0f} %): "
        "position or corners of the plate, or the unit of its moments, are wrong; its centre of pressure and joint "
        "kinetics are missing.",
        "%",
    ),
    "pressure_still": Code(
        "flagged",
        "The centre of pressure of {signal} moves by {value:.3f} mm under load (limit {limit:.1f} mm), less than in "
        "anyone standing: moment_unit of the device is not that of the file, or its moments are constant; centre of "
        "pressure and joint kinetics are missing.",
        "mm",
    ),
    "corners_turned": Code(
        "flagged",
        "The centre of pressure of {signal} is {value:.3f} m from the foot, and {limit:.3f} m if the axes of the plate "
        "are rotated by {detail} deg: the order of its corners is wrong; joint kinetics, horizontal force and centre "
        "of pressure are missing.",
        "m",
    ),
    "stamps_contradicted": Code(
        "flagged",
        "Vertical force matches the acceleration of the pelvis only at {detail} the frame rate of the markers "
        "(correlation {value:.2f}, as recorded {limit:.2f}): the frame rate is wrong; all metrics of markers are "
        "missing.",
        "1",
    ),
    "kinetics_withheld": Code(
        "flagged", "Joint kinetics are missing, since plates and markers contradict each other: {detail}."
    ),
    "mass_contradicted": Code(
        "flagged",
        "Measured body weight differs from the stated body mass by {value:.1f} % (limit {limit:.1f} %): joint kinetics "
        "are missing.",
        "%",
    ),
}
