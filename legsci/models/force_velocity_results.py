"""Force-velocity profiles of a study: one per session and kind of jump that was made with several loads."""

from __future__ import annotations

import pandas as pd

from legsci.models.result import Refusals, attempt
from legsci.models.statistics.force_velocity import LEAST_LOADS, Profile, Quantity, force_velocity_profile
from legsci.models.tables.summaries import SESSION, usable
from legsci.vocabulary import STANDARD_GRAVITY

#: Kind of jump -> tasks whose trials make a profile.
JUMPS_WITH_LOADS = {
    "countermovement_jump": ("countermovement_jump", "loaded_countermovement_jump"),
    "squat_jump": ("squat_jump", "loaded_squat_jump"),
}
UNITS = {"force": "N/kg", "velocity": "m/s", "power": "W/kg", "slope": "N s/(m kg)", "imbalance": "%"}
PROFILE_COLUMNS = [*SESSION, "jump", "quantity", "value", "low", "high", "unit", "jumps", "loads", "push_off_m"]
_NEEDED = ["jump_height_impulse_m", "push_off_distance_m", "body_weight_n"]


def force_velocity_profiles(metrics: pd.DataFrame, trials: pd.DataFrame, refusals: Refusals) -> pd.DataFrame:
    """Return the profile of each session by the heights of its jumps with at least `LEAST_LOADS` loads.

    Parameters
    ----------
    metrics : rows of metrics.csv.
    trials : table of trials, columns participant_id, session_id, trial_id, load_kg; empty where a study has none.
    refusals : the reasons why a session has no profile are appended.

    Returns
    -------
    PROFILE_COLUMNS: F0, v0, Pmax and slope with 95 % intervals, and imbalance without; the push-off distance is the
    mean over the jumps. A session whose jumps have fewer loads has no rows: it was no profile that was tested.
    """
    rows: list[dict[str, object]] = []
    if "load_kg" in trials and set(_NEEDED) <= set(metrics):
        used = usable(metrics)
        both = used[used["side"] == "both"].merge(trials[[*SESSION, "trial_id", "load_kg"]], on=[*SESSION, "trial_id"])
        both = both.assign(load_kg=both["load_kg"].fillna(0.0).astype(float)).dropna(subset=_NEEDED)
        for jump, tasks in JUMPS_WITH_LOADS.items():
            for key, own in both[both["task"].isin(tasks)].groupby(SESSION, sort=True):
                if own["load_kg"].nunique() >= LEAST_LOADS:
                    name = f"force-velocity profile, {jump} of {'/'.join(map(str, key))}"
                    found = attempt(name, refusals, _profile, own)
                    about = dict(zip(SESSION, key, strict=True)) | {"jump": jump, "jumps": len(own)}
                    about |= {"loads": own["load_kg"].nunique(), "push_off_m": own["push_off_distance_m"].mean()}
                    rows += [about | row for row in (_rows(found) if found else [])]
    return pd.DataFrame(rows, columns=PROFILE_COLUMNS)


def _profile(jumps: pd.DataFrame) -> Profile:
    """Profile of the jumps of a session."""
    return force_velocity_profile(
        jumps["load_kg"].to_numpy(float),
        jumps["jump_height_impulse_m"].to_numpy(float),
        body_mass_kg=float((jumps["body_weight_n"] / STANDARD_GRAVITY - jumps["load_kg"]).mean()),
        push_off_m=float(jumps["push_off_distance_m"].mean()),
    )


def _rows(profile: Profile) -> list[dict[str, object]]:
    """Quantities of a profile with their intervals."""
    answer: list[dict[str, object]] = []
    for quantity, unit in UNITS.items():
        found = getattr(profile, quantity)
        value, low, high = found if isinstance(found, Quantity) else (found, None, None)
        answer.append({"quantity": quantity, "value": value, "low": low, "high": high, "unit": unit})
    return answer
