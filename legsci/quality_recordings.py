"""Quality flags of the recordings of muscles and sensors; `legsci.quality` joins the others."""

from __future__ import annotations

from legsci.quality_declarations import Code

RECORDINGS: dict[str, Code] = {
    "samples_lost": Code(
        "noted",
        "{value:.0f} samples of {signal} are missing ({detail}): packets were lost in transmission. Download the "
        "sensor's on-board recording instead, or move the receiver closer.",
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
        "{signal} is saturated in {value:.0f} samples ({detail}): values beyond the measurement range were clipped. "
        "Choose a larger range or a lower gain.",
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
    "emg_silent": Code(
        "noted",
        "EMG {name} has only {value:.0f} distinct values: no electrode is connected. No onset or amplitude is "
        "computed.",
        "values",
    ),
    "emg_square_wave": Code(
        "noted",
        "EMG {name} switches between two levels ({value:.0f} % of its samples are equally far from the midpoint, limit "
        "{limit:.0f} %): a square wave, not EMG. No onset or amplitude is computed.",
        "%",
    ),
    "emg_clipped": Code(
        "noted",
        "EMG {name} is clipped in {value:.1f} % of its samples (limit {limit:.1f} %): the amplifier is saturated. No "
        "onset or amplitude is computed.",
        "%",
    ),
    "emg_mains": Code(
        "noted",
        "{value:.0f} % of the power of EMG {name} lies at {detail} Hz and its harmonics (limit {limit:.0f} %): "
        "power-line interference; an electrode is detached or the reference electrode has no contact. No onset or "
        "amplitude is computed.",
        "%",
    ),
    "emg_cross_talk": Code(
        "noted",
        "EMG {name} resembles that of {detail} (correlation {value:.2f}, limit {limit:.1f}): cross-talk, or one "
        "electrode recorded twice. Move the electrodes apart, and look at the channels in study.yaml. No onset or "
        "amplitude is computed.",
        "1",
    ),
    "emg_tonic": Code(
        "noted",
        "EMG {name} has no onset: {detail}. Let the athlete relax before the movement; a muscle that cannot rest in "
        "this task has no onset in it.",
    ),
    "emg_landing_artefact": Code(
        "noted",
        "{value:.0f} % of the power of EMG {name} in the first 0.1 s after touchdown lies below 20 Hz (limit "
        "{limit:.0f} %): a movement artefact. Fix cables and electrodes to the skin. No onset or amplitude is "
        "computed.",
        "%",
    ),
    "emg_wrong_side": Code(
        "noted",
        "The amplitude of EMG {name} is {value:.1f} times larger while the other leg works (limit {limit:.1f}): left "
        "and right are exchanged. Correct `side` of the channel in study.yaml. No onset or amplitude is computed.",
        "1",
    ),
    "reference_contraction": Code(
        "noted",
        "Maximal voluntary contraction: its EMG is 100 % of the muscles in the other trials of the session; it has no "
        "metrics of its own.",
    ),
    "no_onset": Code("noted", "EMG {name} has no onset: {detail}."),
    "no_offset": Code("noted", "EMG {name} has no offset, and its burst no duration: {detail}."),
}
