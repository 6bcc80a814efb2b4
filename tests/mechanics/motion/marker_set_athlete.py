"""The virtual athlete in the markers of gait laboratories, placed from its true skeleton and widths."""

from __future__ import annotations

import numpy as np
import xarray as xr

from legsci.marker_sets import MARKER_SETS
from legsci.mechanics.motion.joint_centres import MARKER_DIAMETER_M
from legsci.simulate.athlete.body import Body, build_body
from legsci.simulate.athlete.plan import Motion
from legsci.simulate.sensors.marker_placement import marker_offsets
from legsci.vocabulary import SEGMENTS, SIDES_OF_BODY
from tests.mechanics.athlete import ATHLETE, RATE_HZ, marker_dataset

#: Places that the default set of the athlete does not have, of the right side, in segment axes [m]; shares of length.
WANDS = {"thigh_wand": (0.0, 0.55, 0.12), "shank_wand": (0.0, 0.50, 0.10)}
IOR = {"thigh_1": (0.0, 0.02, 0.09), "shank_1": (-0.02, 0.10, 0.05), "shank_2": (0.045, 0.15, 0.0)}


def measures(body: Body) -> dict[str, float]:
    """Widths that a calliper finds on the athlete [m]."""
    places = {label: place for label, (_, place) in marker_offsets(body).items()}
    return {
        f"{side}_{joint}_width": 2.0 * abs(float(places[f"{side}_lateral_{bone}"][2])) - MARKER_DIAMETER_M
        for side in SIDES_OF_BODY
        for joint, bone in (("knee", "epicondyle"), ("ankle", "malleolus"))
    }


def places_of(body: Body, marker_set: str) -> dict[str, tuple[int, np.ndarray]]:
    """Label of the system -> row of SEGMENTS and place in its axes [m]."""
    places = dict(marker_offsets(body))
    chest = SEGMENTS.index("trunk")
    places["t10"] = chest, np.array([-0.09, 0.55 * body.trunk_length, 0.0])
    places["clavicle"] = chest, np.array([0.07, 0.92 * body.trunk_length, 0.0])
    for number, side in enumerate(SIDES_OF_BODY):
        length = {"thigh": body.thigh_length[number], "shank": body.shank_length[number]}
        for name, (forward, share, outward) in (WANDS | (IOR if marker_set == "ior" else {})).items():
            segment = name.partition("_")[0]
            place = np.array([forward, -share * length[segment], (2.0 * number - 1.0) * outward])
            places[f"{side}_{name}"] = SEGMENTS.index(f"{side}_{segment}"), place
        foot, toe = places[f"{side}_toe"]
        places[f"{side}_second_metatarsal"] = foot, toe
    known = MARKER_SETS[marker_set]
    return {label: places[name] for label, name in known.items() if name in places}


def worn(motion: Motion, marker_set: str, *, medial: bool = False, without: tuple[str, ...] = ()) -> xr.Dataset:
    """Noiseless markers of a motion under the labels of the system; medial markers of knee and ankle only if asked."""
    names = MARKER_SETS[marker_set]
    chosen = {
        label: place
        for label, place in places_of(build_body(ATHLETE), marker_set).items()
        if (medial or "_medial_" not in names[label]) and label not in without
    }
    paths = [motion.position[row] + motion.rotation[row] @ place for row, place in chosen.values()]
    return marker_dataset(list(chosen), np.stack(paths, axis=1), RATE_HZ)
