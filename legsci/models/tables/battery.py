"""Quantities of a test day that no single repetition has: ratios of two tests, and sets of hops."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from legsci.models.result import Refusals
from legsci.models.tables.summaries import SESSION, usable
from legsci.tasks import HOPS

#: A hop counts in the best of its set where its contact is shorter than this [s]: a fast stretch-shortening cycle
#: (Harper et al. 2011, BASES Annual Student Conference, the 10/5 test).
FAST_CONTACT_S = 0.25
#: How many hops with the highest reactive strength make a selection.
BEST_HOPS = (5, 3)
#: Metrics of hops that are summarised over a set.
HOP_METRICS = (
    "contact_time_s",
    "flight_time_s",
    "jump_height_flight_time_m",
    "rsi_m_per_s",
    "flight_contact_ratio",
    "mean_force_n",
    "peak_force_n",
    "asymmetry_mean_force_percent",
    "asymmetry_peak_force_percent",
    "contact_stiffness_n_per_m",
)
BATTERY_COLUMNS = [
    *SESSION,
    "quantity",
    "value",
    "standard_uncertainty",
    "unit",
    "first_repetitions",
    "second_repetitions",
]
HOP_COLUMNS = [*SESSION, "trial_id", "selection", "metric", "hops", "mean", "peak", "total", "standard_deviation"]


@dataclass(frozen=True)
class Ratio:
    """Quotient of the session means of two tests.

    Parameters
    ----------
    metric, task : of the numerator.
    other_metric, other_task : of the denominator.
    percent : whether it is stated as what the first exceeds the second by [%].
    """

    metric: str
    task: str
    other_metric: str
    other_task: str
    percent: bool = False


#: Quantity -> its ratio. Eccentric utilisation ratio: McGuigan et al. 2006, J Strength Cond Res 20:992. Pre-stretch
#: augmentation: Walshe et al. 1996, J Strength Cond Res 10:77. Dynamic strength index: Sheppard et al. 2011, J Aust
#: Strength Cond 19(4):4; of countermovement jumps Comfort et al. 2018, Int J Sports Physiol Perform 13:320.
RATIOS = {
    "eccentric_utilisation_ratio": Ratio(
        "jump_height_impulse_m", "countermovement_jump", "jump_height_impulse_m", "squat_jump"
    ),
    "prestretch_augmentation_percent": Ratio(
        "jump_height_impulse_m", "countermovement_jump", "jump_height_impulse_m", "squat_jump", percent=True
    ),
    "dynamic_strength_index": Ratio(
        "propulsion_peak_force_n", "countermovement_jump", "peak_force_n", "isometric_pull"
    ),
}


def battery_table(longitudinal: pd.DataFrame) -> pd.DataFrame:
    """Return the RATIOS of each session in which both tests were made.

    Parameters
    ----------
    longitudinal : rows of longitudinal.csv.

    Returns
    -------
    BATTERY_COLUMNS: value [unit] with the standard uncertainty that the scatter of the repetitions gives, propagated to
    the quotient; missing where one of the tests has a single repetition.
    """
    both = longitudinal[longitudinal["side"] == "both"]
    rows = []
    for quantity, ratio in RATIOS.items():
        tests = (_means(both, ratio.task, ratio.metric), _means(both, ratio.other_task, ratio.other_metric))
        pairs = tests[0].add_suffix("_first").join(tests[1].add_suffix("_second"), how="inner").reset_index()
        pairs = pairs[pairs["mean_second"] > 0.0]
        for pair in pairs.to_dict("records"):
            value = pair["mean_first"] / pair["mean_second"]
            parts = [pair[f"error_{which}"] / pair[f"mean_{which}"] for which in ("first", "second")]
            scale = 100.0 if ratio.percent else 1.0
            rows.append(
                {
                    "participant_id": pair["participant_id"],
                    "session_id": pair["session_id"],
                    "quantity": quantity,
                    "value": scale * (value - 1.0) if ratio.percent else value,
                    "standard_uncertainty": scale * value * float(np.hypot(*parts)),
                    "unit": "%" if ratio.percent else "1",
                    "first_repetitions": int(pair["repetitions_first"]),
                    "second_repetitions": int(pair["repetitions_second"]),
                }
            )
    return pd.DataFrame(rows, columns=BATTERY_COLUMNS)


def _means(both: pd.DataFrame, task: str, metric: str) -> pd.DataFrame:
    """Mean of a metric in each session, its standard error and the number of repetitions, by SESSION."""
    own = both[(both["task"] == task) & (both["metric"] == metric)].set_index(SESSION)
    error = np.sqrt(own["replicate_variance"] / own["repetitions"])
    return pd.DataFrame({"mean": own["mean"], "error": error, "repetitions": own["repetitions"]})


def hop_sets(metrics: pd.DataFrame, refusals: Refusals) -> pd.DataFrame:
    """Summarise the hops of each trial: all of them, and the best by reactive strength among those of fast contact.

    Parameters
    ----------
    metrics : rows of metrics.csv.
    refusals : trials with too few fast hops for a selection are appended.

    Returns
    -------
    HOP_COLUMNS: of each trial, selection ("all", "best_5", "best_3") and metric of HOP_METRICS number of hops, mean,
    largest value, sum and standard deviation [unit of the metric].
    """
    used = usable(metrics)
    hops = used[used["task"].isin(HOPS) & (used["side"] == "both")].reindex(
        columns=[*SESSION, "trial_id", "rep", *HOP_METRICS]
    )
    rows: list[dict[str, object]] = []
    for key, trial in hops.groupby([*SESSION, "trial_id"], sort=True):
        fast = trial[trial["contact_time_s"] < FAST_CONTACT_S].nlargest(max(BEST_HOPS), "rsi_m_per_s")
        chosen = {"all": trial} | {f"best_{count}": fast.head(count) for count in BEST_HOPS if len(fast) >= count}
        refusals += [
            (
                "hop set",
                f"{'/'.join(map(str, key))}: {len(fast)} of {len(trial)} hops have contacts below {FAST_CONTACT_S} s; "
                f"the best {count} are not given",
            )
            for count in BEST_HOPS
            if len(fast) < count
        ]
        for selection, own in chosen.items():
            for metric in HOP_METRICS:
                values = own[metric].dropna()
                if len(values):
                    found = (len(values), values.mean(), values.max(), values.sum(), values.std())
                    rows.append(dict(zip(HOP_COLUMNS, (*key, selection, metric, *found), strict=True)))
    return pd.DataFrame(rows, columns=HOP_COLUMNS)
