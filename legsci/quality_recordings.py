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
        "{value:.0f} time stamps or counters of {signal} repeat or go back; rows were sorted and duplicates "
        "removed. Export the recording again.",
        "stamps",
    ),
    "clock_jumped": Code(
        "noted",
        "The clock of {signal} jumps by {value:+.3f} s ({detail}): the {limit:.2f} s on one side of the jump are used. "
        "Check whether the sensor was restarted or the computer's time was changed.",
        "s",
    ),
    "sensor_stopped": Code(
        "noted",
        "{signal} does not change for {value:.2f} s ({detail}; limit {limit:.1f} s): the sensor stopped, or was not "
        "connected. Check its battery and connector, and remove the channel from study.yaml.",
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
        "{signal} lasts {value:.2f} s, but its file states {limit:.2f} s: the file is truncated. Copy or export it "
        "again.",
        "s",
    ),
    "shorter_than_trial": Code(
        "noted",
        "{signal} lasts {value:.2f} s of the {limit:.2f} s that plates or cameras recorded: the sensor stopped, or its "
        "file belongs to another trial. Check its path in recordings.tsv.",
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
    "sensors_not_used": Code("noted", "The {signal} of the trial could not be used: {detail}."),
    "sensor_not_aligned": Code(
        "noted",
        "The sensors of {name} are not aligned to their segments: {detail}. Record quiet standing and a squat or jump "
        "with the sensors on.",
    ),
    "standing_reference_missing": Code(
        "noted",
        "The flexion of hips, knees and ankles in quiet standing is not known, and people do not stand with straight "
        "knees: only the change of flexion since standing is given. State standing_hip_flexion_deg, "
        "standing_knee_flexion_deg and standing_ankle_dorsiflexion_deg in "
        "sessions.tsv, or record standing with cameras too.",
    ),
    "sensor_flexion_budget": Code(
        "noted",
        "Flexion of the {name} by sensors since standing has a standard uncertainty of up to {value:.1f} deg: "
        "{detail}.",
        "deg",
    ),
    "sensor_sides_exchanged": Code(
        "noted",
        "The sensors of {name} are exchanged: their mediolateral axes point into the skin. Exchange "
        "them in study.yaml. No flexion of their joints is given.",
    ),
    "sensor_on_other_segment": Code(
        "noted",
        "Of the sensors of {name} the first tilts by {value:.0f} deg in a squat and the second by {detail}: they are "
        "exchanged, or attached to other segments. Correct study.yaml. No flexion of their joints is given.",
        "deg",
    ),
    "sensor_upside_down": Code(
        "noted",
        "The sensor of {name} is upside down {detail} ({value:.0f} deg; limit {limit:.0f} deg).",
        "deg",
    ),
    "sensor_loosened": Code(
        "noted",
        "The sensor of {name} has rotated relative to its segment by {value:.0f} deg {detail} (limit {limit:.0f} deg): "
        "it came loose or was reattached. No flexion of its joints is given in this trial.",
        "deg",
    ),
    "sensor_range_reached": Code(
        "noted",
        "The sensor of {name} is saturated in {value:.0f} samples ({detail}). Choose a larger range.",
        "samples",
    ),
    "cut_by_sensors": Code(
        "noted",
        "The trial has neither plates nor markers: its repetitions are detected from the sensors, and only metrics "
        "of sensors are given.",
    ),
    "sensor_flight_missing": Code(
        "noted",
        "No flight with a clear take-off and landing is detected by the sensors: their specific force does not reach "
        "zero within a few hundredths of a second. Flight time and jump height by sensors are not computed. Fasten the "
        "sensor on the pelvis tightly.",
    ),
    "no_flight_by_sensors": Code("rejected", "The sensors show no flight of {limit:.2f} s or more: {detail}.", "s"),
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
        "{limit:.0f} %): a movement artefact. Tape cables and electrodes to the skin. No onset or amplitude is "
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
