"""What a vendor's software calls a metric -> the column of metrics.csv that answers it, or why there is none.

The names are those of the metric dictionary of the package hdforce 2.2.0 (Hawkin Dynamics). A name that begins with
Left or Right is the column at that side; one with L|R the asymmetry of the column.
"""

from __future__ import annotations

from dataclasses import dataclass

from legsci.metrics.families.isometric import TIMES_MS
from legsci.metrics.registry import METRICS

#: Test of the vendor -> task.
TESTS = {
    "Countermovement Jump": "countermovement_jump",
    "Squat Jump": "squat_jump",
    "Drop Jump": "drop_jump",
    "Drop Landing": "landing",
    "Isometric Test": "isometric_pull",
    "CMJ Rebound": "countermovement_rebound",
    "Multi Rebound": "repeated_hops",
    "Weigh In": "standing",
}
#: Phase of the vendor -> phase of `legsci.metrics.families.phases`.
PHASES_SAID = {
    "Unweighting": "unweighting",
    "Braking": "braking",
    "Propulsive": "propulsion",
    "Landing": "landing",
    "Impact": "landing",
    "Stabilization": "stabilisation",
}


def of_phase(said: str, phase: str) -> dict[str, str]:
    """Names of the quantities of a phase and their columns."""
    return {
        f"Avg. {said} Force": f"{phase}_mean_force_n",
        f"Avg. Relative {said} Force": f"{phase}_mean_force_percent",
        f"Avg. {said} Power": f"{phase}_mean_power_w",
        f"Avg. Relative {said} Power": f"{phase}_mean_power_w_per_kg",
        f"Avg. {said} Velocity": f"{phase}_mean_velocity_m_per_s",
        f"Peak {said} Force": f"{phase}_peak_force_n",
        f"Peak Relative {said} Force": f"{phase}_peak_force_percent",
        f"Relative Peak {said} Force": f"{phase}_peak_force_percent",
        f"Force at Peak {said} Force": f"{phase}_force_at_peak_n",
        f"Peak {said} Power": f"{phase}_peak_power_w",
        f"Peak Relative {said} Power": f"{phase}_peak_power_w_per_kg",
        f"Peak {said} Velocity": f"{phase}_peak_velocity_m_per_s",
        f"{said} Phase": f"{phase}_time_s",
        f"{said} Phase %": f"{phase}_time_percent",
        f"{said} Impulse": f"{phase}_total_impulse_n_s",
        f"{said} Impulse Index": f"{phase}_total_impulse_n_s",
        f"{said} Net Impulse": f"{phase}_impulse_n_s",
        f"Relative {said} Impulse": f"{phase}_total_impulse_n_s_per_kg",
        f"Relative {said} Net Impulse": f"{phase}_impulse_n_s_per_kg",
        f"{said} RFD": f"{phase}_rate_of_force_development_n_per_s",
        f"Avg. {said} RFD": f"{phase}_rate_of_force_development_n_per_s",
    }


def after_onset(ms: int | str) -> dict[str, str]:
    """Names of what is read a time after the onset of an isometric effort and their columns."""
    return {
        f"Force at {ms} ms": f"force_at_{ms}_ms_n",
        f"Net Force at {ms} ms": f"net_force_at_{ms}_ms_n",
        f"Relative Force at {ms} ms": f"relative_force_at_{ms}_ms_percent",
        f"Relative Force at {ms} ms (BW)": f"force_at_{ms}_ms_n_per_kg",
        f"Impulse 0-{ms}ms": f"impulse_to_{ms}_ms_n_s",
        f"Net Impulse 0-{ms}ms": f"net_impulse_to_{ms}_ms_n_s",
        f"RFD 0-{ms} ms": f"rate_of_force_development_to_{ms}_ms_n_per_s",
    }


#: Name -> column, in every test whose task has it.
NAMES: dict[str, str] = {
    **{name: column for said, phase in PHASES_SAID.items() for name, column in of_phase(said, phase).items()},
    **{name: column for ms in TIMES_MS for name, column in after_onset(ms).items()},
    "Landing Impulse Index": "landing_impulse_n_s",
    "System Weight": "body_weight_n",
    "Weight in Newtons": "body_weight_n",
    "Jump Height": "jump_height_impulse_m",
    "Flight Time": "flight_time_s",
    "Contact Time": "contact_time_s",
    "Takeoff Velocity": "takeoff_velocity_m_per_s",
    "Time To Takeoff": "time_to_takeoff_s",
    "mRSI": "rsi_modified_m_per_s",
    "RSI": "flight_to_takeoff_time_ratio",
    "Countermovement Depth": "countermovement_depth_m",
    "Peak Velocity": "propulsion_peak_velocity_m_per_s",
    "Force at Min Displacement": "force_at_lowest_point_n",
    "Relative Force at Min Displacement": "force_at_lowest_point_percent",
    "Impulse Ratio": "propulsion_to_braking_impulse_ratio",
    "Net Impulse Ratio": "propulsion_to_braking_impulse_ratio",
    "Positive Impulse": "positive_total_impulse_n_s",
    "Positive Net Impulse": "positive_impulse_n_s",
    "Jump Momentum": "takeoff_momentum_kg_m_per_s",
    "Depth": "countermovement_depth_m",
    "Modified RSI": "rsi_modified_m_per_s",
    "Stiffness": "braking_stiffness_n_per_m",
    "Landing Stiffness": "landing_stiffness_n_per_m",
    "Spring Like Correlation": "spring_model_r2",
    "Time to Stabilization": "time_to_stabilisation_s",
    "Drop Height": "fall_height_m",
    "Force at 0 ms": "force_at_onset_n",
    "Net Force at 0 ms": "net_force_at_onset_n",
    "Relative Force at 0 ms": "relative_force_at_onset_percent",
    "Relative Force at 0 ms (BW)": "force_at_onset_n_per_kg",
    "Peak Force": "peak_force_n",
    "Net Peak Force": "net_peak_force_n",
    "Relative Peak Force": "relative_peak_force_percent",
    "Relative Peak Force (BW)": "peak_force_n_per_kg",
    "Time to Peak Force": "time_from_onset_to_peak_force_s",
    "Length of Pull": "effort_time_s",
}
#: The same where a test means something of its own by a name.
NAMES_OF_TEST: dict[str, dict[str, str]] = {
    "Drop Jump": {
        "mRSI": "rsi_m_per_s",
        "Modified RSI": "rsi_m_per_s",
        "RSI": "flight_contact_ratio",
        "Time To Takeoff": "contact_time_s",
    },
    "Drop Landing": {
        "Peak Force": "landing_peak_force_n",
        "Peak Relative Force": "landing_peak_force_percent",
        "Force at Peak Force": "landing_force_at_peak_n",
        "Stiffness": "landing_stiffness_n_per_m",
        "Stability Depth": "landing_depth_m",
        "Contact Velocity": "touchdown_velocity_m_per_s",
    },
}
#: Word before a name in the test of a jump and its rebound -> task of the repetition, and the test whose names it uses.
JUMP_AND_REBOUND = {
    "CMJ ": ("countermovement_rebound", "Countermovement Jump"),
    "Rebound ": ("rebound_jump", "Drop Jump"),
}
#: Beginning of the name of a summary of hops -> selection and statistic of hop_sets.csv, the longest first.
HOP_SETS = {
    **{
        f"Top {count} Jumps {said} ": (f"best_{count}", statistic)
        for count in (5, 3)
        for said, statistic in (("Avg.", "mean"), ("Peak", "peak"))
    },
    "Peak Jump ": ("all", "peak"),
    "Peak ": ("all", "peak"),
    "Avg. ": ("all", "mean"),
    "Total ": ("all", "total"),
}
#: Rest of that name -> metric of hop_sets.csv.
HOP_NAMES = {
    "Contact Time": "contact_time_s",
    "Flight Time": "flight_time_s",
    "Jump Height": "jump_height_flight_time_m",
    "Height": "jump_height_flight_time_m",
    "mRSI": "rsi_m_per_s",
    "RSI": "flight_contact_ratio",
}
#: Metrics of force by the whole name.
HOP_FORCES = {
    "Avg. Force": ("mean", "mean_force_n"),
    "Peak Force": ("peak", "peak_force_n"),
    "L|R Avg. Force": ("mean", "asymmetry_mean_force_percent"),
    "L|R Peak Force": ("mean", "asymmetry_peak_force_percent"),
    "Number of Jumps": ("hops", "contact_time_s"),
}
#: Why a metric has no column.
REASONS: dict[str, dict[str, str]] = {
    "Drop Jump": {
        "Impact Peak": "a yes or no that depends on how a peak is told from a shoulder of the force; the figure of "
        "force over time shows it",
        "Time to Peak Braking Force": "the time over which braking_rate_of_force_development_n_per_s is taken",
    },
    "Isometric Test": {
        "Initiation Threshold": "the onset is where force begins to depart from the level before, not where it passes "
        "a threshold; profiles with a threshold state it in profiles.yaml",
    },
    "Weigh In": {
        "Standard Deviation": "a property of the weighing window; u_body_weight_n states what it does to body weight",
        "Weight": "body_weight_n over 9.80665 m/s²",
    },
}
NO_TASK = {
    "TS Free Run": "a display of force over time, without a movement whose events could be defined",
    "TS Isometric Test": "a display of force over time against a target; isometric_pull measures the effort",
}


@dataclass(frozen=True)
class Answer:
    """What legsci has for a vendor's metric.

    Parameters
    ----------
    column : of metrics.csv, or the metric of hop_sets.csv; empty where there is none.
    side : of the row of metrics.csv.
    reason : why there is no column; empty where there is one.
    hop_set : selection and statistic of hop_sets.csv; empty of a column of metrics.csv.
    """

    column: str
    side: str
    reason: str
    hop_set: tuple[str, str] | tuple[()] = ()


def _sided(name: str) -> tuple[str, str]:
    """Return a name without its side, and left, right, both, or L|R where the sides are compared."""
    for said, side in (("Left ", "left"), ("Right ", "right"), ("L|R ", "L|R")):
        if name.startswith(said):
            return name.removeprefix(said), side
    return name, "both"


def _part_of_rebound(name: str) -> tuple[str, str, str]:
    """Return task, test whose names are used, and name without its word, of a jump and its rebound.

    Without a word the landing and what follows is that of the rebound, all else that of the jump.
    """
    for word, (task, test) in JUMP_AND_REBOUND.items():
        if word in name:
            return task, test, name.replace(word, "", 1)
    plain = _sided(name)[0]
    task, test = JUMP_AND_REBOUND["Rebound " if "Landing" in plain or plain == "Time to Stabilization" else "CMJ "]
    return task, test, name


def answer(test: str, name: str) -> Answer:
    """Return the column for a vendor's metric, or the reason why there is none.

    Parameters
    ----------
    test, name : as the vendor calls them.

    Raises
    ------
    KeyError : the metric is not known, neither with a column nor with a reason.
    """
    if test in NO_TASK:
        return Answer("", "both", NO_TASK[test])
    if test == "Multi Rebound" and name != "System Weight":
        return _of_hops(name)
    task, said = TESTS[test], name
    if test == "CMJ Rebound":
        task, test, said = _part_of_rebound(name)
    plain, side = _sided(said)
    reason = {known.lower(): why for known, why in REASONS.get(test, {}).items()}.get(plain.lower())
    if reason is not None:
        return Answer("", side, reason)
    columns = {known.lower(): column for known, column in (NAMES | NAMES_OF_TEST.get(test, {})).items()}
    column = columns[plain.lower()]
    if side == "L|R":
        compared = METRICS[column].asymmetry
        if compared is None:
            raise KeyError(name)
        column, side = compared, "both"
    if task not in METRICS[column].tasks:
        raise KeyError(f"{test}: {name}")
    return Answer(column, side, "")


def _of_hops(name: str) -> Answer:
    """Metric of hop_sets.csv, with its selection and statistic, of which a metric of a series is made."""
    if name in HOP_FORCES:
        statistic, metric = HOP_FORCES[name]
        return Answer(metric, "both", "", ("all", statistic))
    start = next(start for start in HOP_SETS if name.startswith(start))
    return Answer(HOP_NAMES[name.removeprefix(start)], "both", "", HOP_SETS[start])
