"""Quality flags of surface EMG; `legsci.quality` joins the others."""

from __future__ import annotations

from legsci.quality_declarations import Code

MUSCLES: dict[str, Code] = {
    "emg_silent": Code(
        "noted",
        "EMG {name} holds {value:.0f} different values: no electrode is connected. It has no onset and no amplitude.",
        "values",
    ),
    "emg_square_wave": Code(
        "noted",
        "EMG {name} jumps between two levels ({value:.0f} % of its samples lie at one distance from their middle, "
        "limit {limit:.0f} %): this is no EMG. It has no onset and no amplitude.",
        "%",
    ),
    "emg_clipped": Code(
        "noted",
        "EMG {name} stays at its largest value in {value:.1f} % of its samples (limit {limit:.1f} %): the amplifier is "
        "saturated. It has no onset and no amplitude.",
        "%",
    ),
    "emg_mains": Code(
        "noted",
        "{value:.0f} % of the power of EMG {name} lies at {detail} Hz and its multiples (limit {limit:.0f} %): mains "
        "hum; an electrode is off or the ground is missing. It has no onset and no amplitude.",
        "%",
    ),
    "no_onset": Code("noted", "EMG {name} has no onset: {detail}."),
}
