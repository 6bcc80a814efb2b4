"""Quality flags of the recordings of muscles and sensors; `legsci.quality` joins the others."""

from __future__ import annotations

from legsci.quality_declarations import Code

RECORDINGS: dict[str, Code] = {
    "samples_lost": Code(
        "noted",
        "{signal} lacks {value:.0f} samples ({detail}), which are missing: packets were lost on their way. Read the "
        "memory of the sensor instead, or bring the receiver nearer.",
        "samples",
    ),
    "stamps_out_of_order": Code(
        "noted",
        "{value:.0f} time stamps or counters of {signal} repeat or go back; rows were sorted, and repeated ones left "
        "out. Export the recording again.",
        "stamps",
    ),
    "clock_jumped": Code(
        "noted",
        "The clock of {signal} jumps by {value:+.3f} s ({detail}): the {limit:.2f} s on one side of the jump are used. "
        "Look for a second start of the sensor, or for a change of the computer's time.",
        "s",
    ),
    "sensor_stopped": Code(
        "noted",
        "{signal} does not change for {value:.2f} s ({detail}; limit {limit:.1f} s): the sensor stopped, or was not "
        "connected. Look at its battery and plug, and leave the channel out of study.yaml.",
        "s",
    ),
    "sensor_saturated": Code(
        "noted",
        "{signal} is at the end of its range in {value:.0f} samples ({detail}): larger values were cut. Choose a "
        "larger range or a lower gain.",
        "samples",
    ),
    "shorter_than_stated": Code(
        "noted",
        "{signal} lasts {value:.2f} s, and its file states {limit:.2f} s: the file was cut short. Copy or export it "
        "again.",
        "s",
    ),
    "shorter_than_trial": Code(
        "noted",
        "{signal} lasts {value:.2f} s of the {limit:.2f} s that plates or cameras recorded: the sensor stopped, or its "
        "file belongs to another trial. See its path in recordings.tsv.",
        "s",
    ),
    "file_of_other_day": Code(
        "flagged",
        "The file of {signal} was recorded {value:.0f} days from the date of the session ({detail}). Correct its path "
        "in recordings.tsv, or the date in sessions.tsv; a sensor's calendar may be wrong.",
        "days",
    ),
    "file_of_other_trial": Code(
        "flagged",
        "{signal} has the same content as {detail}: one of the two is the file of another trial. Correct the path in "
        "recordings.tsv.",
    ),
}
