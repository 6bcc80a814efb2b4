"""Definition profiles: named, cited sets of rules by which a force trace is scored."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

import yaml

#: Least contact limit where it is drawn from the noise of the flight [N]: the filter of an amplifier and the ringing of
#: a platform keep a quiet plate several newtons from zero for milliseconds after the feet have left.
LEAST_CONTACT_N = 10.0
#: Departure from body weight that no plate resolves; least band where the weighing window is free of noise [N].
LEAST_BAND_N = 1.0


@dataclass(frozen=True)
class Profile:
    """One set of rules; the fields are explained at the head of profiles.yaml.

    The last eight are 0 (scales: 1) in every published profile; the uncertainty of a metric is found by scoring the
    trial again with them changed. Shifts are in standard uncertainties.
    """

    name: str
    title: str
    weighing: str
    weighing_length_s: float
    movement_band_sd: float
    movement_band_n: float
    start_lead_s: float
    start_edge: str
    contact_n: float
    contact_sd: float
    contact_edge: str
    braking_start: str
    propulsion_velocity_m_per_s: float
    phases: tuple[str, ...]
    source: str
    body_weight_shift: float = 0.0
    offset_shift: float = 0.0
    contact_scale: float = 1.0
    start_shift: float = 0.0
    takeoff_shift: float = 0.0
    landing_shift: float = 0.0
    end_shift: float = 0.0
    corner_shift: float = 0.0

    def contact_limit(self, *, unloaded_sd_n: float) -> float:
        """Force from which the feet are in contact [N], given the SD of the unloaded plate in mid-flight [N]."""
        return self.contact_scale * max(self.contact_n, self.contact_sd * unloaded_sd_n, LEAST_CONTACT_N)

    def shifted(self, events: dict[str, float], uncertainty: dict[str, tuple[float, float]]) -> dict[str, float]:
        """Events [samples], those of contact moved as the profile moves them.

        Parameters
        ----------
        events : name -> position [samples].
        uncertainty : event of contact -> standard uncertainty [samples]: its own, and how far the contact may last
            longer than is seen.
        """
        ways = {
            "takeoff": (self.takeoff_shift, 1.0),
            **dict.fromkeys(("landing", "touchdown"), (self.landing_shift, -1.0)),
        }
        moved = dict(events)
        for name in events.keys() & ways.keys():
            shift, longer = ways[name]
            for factor, part in zip((shift, longer * self.corner_shift), uncertainty[name], strict=True):
                moved[name] += factor * part if factor else 0.0
        return moved

    def movement_band(self, *, weighing_sd_n: float) -> float:
        """Departure from body weight that starts the movement [N]; negative where it is a fixed number of newtons."""
        if self.movement_band_n > 0.0:
            return -self.movement_band_n
        return max(self.movement_band_sd * weighing_sd_n, LEAST_BAND_N)


@cache
def load_profiles() -> dict[str, Profile]:
    """Return the published profiles by name, in the order of profiles.yaml."""
    text = files("legsci.mechanics.force").joinpath("profiles.yaml").read_text(encoding="utf-8")
    return {
        name: Profile(name=name, **{**entry, "phases": tuple(entry["phases"])})
        for name, entry in yaml.safe_load(text).items()
    }


def variants(profile: Profile) -> dict[str, Profile]:
    """Return the profile with one source of uncertainty moved at a time, by the name of the source.

    "weighing": body weight raised by its standard uncertainty. "start": movement start earlier by its standard
    uncertainty, see `legsci.kernels.jumps`. "contact": contact limit doubled where contacts end at it. Where force is
    followed to zero it stays: another limit draws the line through other samples, whose scatter is that of "takeoff"
    and "landing" already. "offset": the zero of the plates raised by its standard uncertainty. "takeoff", "landing":
    the event moved by its standard uncertainty; "corner": contacts longer at both ends, see
    `legsci.mechanics.force.events.contact_uncertainties`. "start" and "end" also move the starts of the phases of a
    squat earlier and their ends later by their standard uncertainties, see `legsci.mechanics.reps.squats`.
    """
    return {
        "weighing": replace(profile, body_weight_shift=1.0),
        "start": replace(profile, start_shift=1.0),
        "contact": replace(profile, contact_scale=2.0 if profile.contact_edge == "limit" else 1.0),
        "offset": replace(profile, offset_shift=1.0),
        "takeoff": replace(profile, takeoff_shift=1.0),
        "landing": replace(profile, landing_shift=1.0),
        "corner": replace(profile, corner_shift=1.0),
        "end": replace(profile, end_shift=1.0),
    }
