"""Names in a registry of claims: each must exist; an old or misspelt one is refused with the name to use."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from legsci.ingest.faults import Fault
from legsci.ingest.tables import suggestion
from legsci.metrics.registry import METRICS
from legsci.models.claims.alternatives import absent_terms, alternative_model
from legsci.models.tables.analysis import OF_COLUMN, REPETITION_TERMS, SESSION_TERMS, WEEK_TERMS
from legsci.tasks import TASKS
from legsci.vocabulary import new_name


class Names(NamedTuple):
    """Names that a model may use.

    Parameters
    ----------
    variables : session variables of the registry -> their metric.
    outcomes : what a model of sessions may explain.
    terms : factors of its terms.
    """

    variables: Mapping[str, str]
    outcomes: Collection[str]
    terms: Collection[str]


class Declared(NamedTuple):
    """Tasks and metrics that a study declares beside those of legsci, of its measurements."""

    tasks: Collection[str] = ()
    metrics: Collection[str] = ()


NOTHING_DECLARED = Declared()


def task_metrics(task: str) -> list[str]:
    """Return the metrics of a task, its asymmetries among them."""
    return [name for name, metric in METRICS.items() if task in metric.tasks]


def name_faults(content: Mapping[str, Any], file: str, declared: Declared) -> list[Fault]:
    """Return a fault for each task, metric, variable or term that does not exist.

    Parameters
    ----------
    content : a registry that the schema allows.
    file : its name.
    declared : what the study declares.
    """
    faults = []
    for name, use in content["variables"].items():
        faults += _metric_faults(file, f"variables.{name}", use, ("task", "metric"), declared)
    sound = {}
    for claim in content["claims"]:
        if claim["model"]["kind"] != "none":
            names = _names(content, claim["model"])
            own = _model_faults(file, claim, names, declared) + _contrast_faults(file, claim)
            faults += own or _change_faults(content, file, claim, declared)
            sound[claim["id"]] = not own
    return faults + _control_faults(content, file, sound, declared)


def _control_faults(
    content: Mapping[str, Any], file: str, sound: Mapping[str, bool], declared: Declared
) -> list[Fault]:
    """Faults of control outcomes: claims and names that do not exist; those of a claim with faults are not checked."""
    faults, claims = [], {claim["id"]: claim for claim in content["claims"]}
    for control in content.get("controls", []):
        where, name = f"controls, {control['name']}", control["of"]
        if name not in sound:
            expected = "the id of a claim that has a model"
            faults.append(Fault(file, f"{where}.of", expected, f"{name!r}{suggestion(name, sound)}"))
        elif sound[name]:
            changed = dict(claims[name]) | {"id": where, "model": alternative_model(claims[name]["model"], control)}
            faults += _model_faults(file, changed, _names(content, changed["model"]), declared)
            faults += _contrast_faults(file, changed)
    return faults


def _change_faults(content: Mapping[str, Any], file: str, claim: Mapping[str, Any], declared: Declared) -> list[Fault]:
    """Faults of alternatives and checks: names that do not exist, and terms left out that the model does not have."""
    faults = []
    changes = [(kind, change) for kind in ("alternatives", "checks") for change in claim.get(kind, [])]
    for kind, change in changes:
        where = f"{claim['id']}.{kind}, {change['name']}"
        changed = dict(claim) | {"id": where, "model": alternative_model(claim["model"], change)}
        expected = f"a term of the model: one of {', '.join(claim['model'].get('terms', []))}"
        faults += [Fault(file, f"{where}.without", expected, repr(t)) for t in absent_terms(claim["model"], change)]
        faults += _model_faults(file, changed, _names(content, changed["model"]), declared)
        faults += _contrast_faults(file, changed)
        if change.get("method") == "simex" and "calibrated" not in changed["model"]:
            faults.append(Fault(file, f"{where}.method", "a method for this model", "simex, without calibrated"))
    return faults


def _model_faults(file: str, claim: Mapping[str, Any], names: Names, declared: Declared) -> list[Fault]:
    """Faults of the outcome, the exposure, the indicators and the terms of a model."""
    where, model = f"{claim['id']}.model", claim["model"]
    used = [(f"indicators.{name}", limit[0], names.outcomes) for name, limit in model.get("indicators", {}).items()]
    used += [("terms", part, names.terms) for term in model.get("terms", []) for part in term.split(":")]
    faults = []
    if model["kind"] == "repetitions":
        faults += _metric_faults(file, where, model, ("set_task", "outcome"), declared)
    else:
        allowed = {"outcome": names.outcomes, "exposed": names.outcomes, "calibrated": names.variables}
        used += [(key, model[key], known) for key, known in allowed.items() if key in model]
    return faults + [
        _unknown(file, f"{where}.{key}", word, known, names) for key, word, known in used if word not in known
    ]


def _names(content: Mapping[str, Any], model: Mapping[str, Any]) -> Names:
    """Names that a model of its kind may use."""
    metrics = {name: use["metric"] for name, use in content["variables"].items()}
    sessions = [*metrics, *SESSION_TERMS, *content["codes"]]
    if model["kind"] == "repetitions":
        return Names(metrics, sessions, [*REPETITION_TERMS, *content["codes"]])
    if model["kind"] == "rate_ratio":
        return Names(metrics, sessions, [f"{model['exposed']}_between", *WEEK_TERMS])
    whole = [*sessions, *model.get("indicators", {})]
    return Names(metrics, sessions, [*whole, *(f"{name}_{part}" for name in whole for part in ("within", "between"))])


def _metric_faults(
    file: str, where: str, use: Mapping[str, Any], keys: tuple[str, str], declared: Declared
) -> list[Fault]:
    """Faults of a task and of a metric that the task does not have; a declared task may have any metric."""
    task, metric = (str(use[key]) for key in keys)
    tasks = [*TASKS, *declared.tasks]
    if task not in tasks:
        found = f"{task!r}{suggestion(task, tasks)}"
        return [Fault(file, f"{where}.{keys[0]}", f"a task: one of {', '.join(tasks)}", found)]
    known = [*(task_metrics(task) if task in TASKS else METRICS), *declared.metrics]
    if metric in known:
        return []
    # Only a metric that is spelled correctly is known to be one of another task.
    current = (new_name(metric, task=task) or metric).casefold()
    elsewhere = {current: f"is no metric of {task}"} if current in METRICS and current not in known else {}
    hint = suggestion(metric, known, task=task, elsewhere=elsewhere)
    return [Fault(file, f"{where}.{keys[1]}", f"a metric of {task}", f"{metric!r}{hint}")]


def _unknown(file: str, where: str, word: str, allowed: Collection[str], names: Names) -> Fault:
    """Fault of a name that the model does not know; of a metric or column, with what the model calls it."""
    new = new_name(word)
    current = (new or word).casefold()
    called = [name for name, metric in names.variables.items() if metric.casefold() == current]
    called += [OF_COLUMN[current]] if current in OF_COLUMN else []
    if called:
        called = [name if name in allowed else f"{name}_between" for name in called]
        hint = f" ({f'now called {new}, ' if new else ''}named {' or '.join(called)} here)"
    elif current in METRICS:
        hint = f" ({f'now called {new}, ' if new else ''}a metric, which needs a name under variables)"
    else:
        hint = suggestion(word, allowed)
    expected = "a variable, or another column that the model has"
    return Fault(file, where, expected if hint else f"{expected}: {_listed(allowed)}", f"{word!r}{hint}")


def _listed(names: Collection[str]) -> str:
    """Names in a row; those of parts within and between athletes follow from the whole."""
    parts = {f"{name}_{part}" for name in names for part in ("within", "between")} & set(names)
    whole = ", ".join(name for name in names if name not in parts)
    return f"one of {whole}{', or one of these followed by _within or _between' if parts else ''}"


def _contrast_faults(file: str, claim: Mapping[str, Any]) -> list[Fault]:
    """Faults of random slopes and contrasts of terms that the model does not have."""
    model, contrast = claim["model"], claim["contrast"]
    if model["kind"] == "half_time":
        return []
    terms = model["terms"]
    tested = [("model.random", term, terms) for term in model.get("random", [])]
    tested.append(
        ("contrast.term", contrast["term"], model.get("random", []) if model["kind"] == "slope_spread" else terms)
    )
    if model["kind"] == "mixed_ratio":
        tested.append(("contrast.per", contrast.get("per", ""), terms))
    return [
        Fault(
            file,
            f"{claim['id']}.{key}",
            f"a term of the model: one of {', '.join(known)}",
            f"{term!r}{suggestion(term, known)}",
        )
        for key, term, known in tested
        if term not in known
    ]
