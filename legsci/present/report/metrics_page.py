"""docs/metrics.md: the data dictionary as a page, made of TASKS and METRICS.

`make dictionary` writes it; a test compares the page with the registry.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from legsci.metrics.metric import NOT_SIGNED, Metric
from legsci.metrics.registry import FAMILIES, UNCERTAINTIES
from legsci.tasks import TASKS

_INTRODUCTION = """# Metrics

The metrics in `metrics.csv`: what they mean, how they are computed, and for which movement tasks.

This page is generated. To change an entry, edit it in `legsci/metrics/families/`, beside the function that computes it,
and run `make dictionary`. In Python, `study.dictionary` of a study opened with `legsci.open_study` is the same as a
table, with one row per column of `metrics.csv`.

## Reading an entry

- The name of a metric ends in its unit; ratios have none.
- *Positive* says what a positive value means; a quantity without direction is ≥ 0.
- *Equation* uses the symbols below.
- *Streams* are the kinds of signal that the metric is computed from. The repetitions themselves
  are found from the signals in the table of tasks.
- *Uncertainty* says how the standard uncertainty (k = 1) in the column `u_<metric>` is found:
{uncertainties}
- A value is missing (an empty cell) where the task does not have the metric, or where a stream is missing or has a gap;
  the quality flags of the repetition give the reason.
"""
_LEGS = (
    "Legs: *either* stands for both legs or the one that trials.tsv names, *one* for the one that it names, "
    "*alternating* for steps on each in turn."
)
#: Symbols of the equations.
_SYMBOLS = {
    "F": "vertical ground reaction force on the body, upward; F_x is its anterior component",
    "W": "body weight; in squats system weight, of body and barbell",
    "g": "standard acceleration of gravity, 9.80665 m/s²",
    "v": "vertical velocity of the centre of mass, upward: ∫ (F - W) g / W dt from rest",
    "E": "mechanical energy of the centre of mass",
    "x_COP, z_COP": "centre of pressure, anterior and to the right",
    "y_pelvis, y_hips": "mean height of the pelvis markers, height of the midpoint of the hip joint centres",
    "M, ω, P": "net internal moment on the distal segment, relative angular velocity and power of a joint, M · ω",
    "e_1, e_2, e_3": "axes of the angles of a joint (joint coordinate system): proximal mediolateral, floating, distal "
    "long axis; M · e_i is positive where it increases the angle about that axis; Σ M · e_i dφ_i/dt = M · ω",
    "t_takeoff, t_landing, ...": "time of an event, column `<event>_s` of `reps.csv`; t_braking_start is that of the "
    "event with which braking starts under the definition profile, t_peak that of the landing peak force",
    "knee_flexion, ...": "curve of that name in the reps file",
    "over the movement": "from movement start or touchdown to take-off; in squats to the end of the concentric phase, "
    "in landings until 0.5 s after touchdown, in standing over the weighing window",
}


def metrics_page() -> str:
    """Data dictionary in Markdown: tasks, the metrics of each task, then each family of metrics."""
    found = "\n".join(f"  - {kind}: {how} ({source})." for kind, (how, source) in UNCERTAINTIES.items())
    symbols = table(("symbol", "meaning"), list(_SYMBOLS.items()))
    families = [
        "\n\n".join([f"## {family}", *(_entry(name, metric) for name, metric in metrics.items())])
        for family, metrics in FAMILIES.items()
    ]
    parts = [_INTRODUCTION.format(uncertainties=found).rstrip(), f"## Symbols\n\n{symbols}", _tasks(), *families]
    return "\n\n".join(parts) + "\n"


def _tasks() -> str:
    """Tasks, and which metrics each of them has."""
    columns = ("task", "meaning", "starts from", "legs", "direction", "repetitions found from")
    tasks = [
        (name, task.meaning, task.start.replace("_", " "), task.legs, task.direction or "-", " or ".join(task.cut_by))
        for name, task in TASKS.items()
    ]
    metrics = [
        (f"[{name}](#{name})", *("x" if task in metric.tasks else "" for task in TASKS))
        for family in FAMILIES.values()
        for name, metric in family.items()
    ]
    overview = table(("metric", *(name.replace("_", " ") for name in TASKS)), metrics)
    return f"## Tasks\n\n{_LEGS}\n\n{table(columns, tasks)}\n\n## Metrics of each task\n\n{overview}"


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Table in Markdown."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _entry(name: str, metric: Metric) -> str:
    """Entry of a metric."""
    unit = "" if metric.unit == "1" else f" [{metric.unit}]"
    asymmetry = f"\n- Asymmetry: [{metric.asymmetry}](#{metric.asymmetry})" if metric.asymmetry else ""
    return f"""### {name}

**{metric.label[0].upper()}{metric.label[1:]}**{unit}. {metric.meaning}

- Equation: `{metric.equation}`
- {"Sign: ≥ 0" if metric.sign == NOT_SIGNED else f"Positive: {metric.sign}"}
- Tasks: {", ".join(task for task in TASKS if task in metric.tasks)}
- Streams: {", ".join(metric.streams)}
- Uncertainty: {metric.uncertainty or f"none: {metric.no_uncertainty}"}
- Source: {metric.source}{asymmetry}"""


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(metrics_page(), encoding="utf-8")
