"""Plans of simulated cohorts: planning.yaml, checked against the options of the virtual athletes and the claims."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from legsci.ingest.faults import Fault, InputFaults
from legsci.ingest.tables import suggestion
from legsci.ingest.yaml_files import read_yaml

#: What may be true of a claim in a simulated cohort: no effect, the preset options, which follow published findings, or
#: the claimed effect.
TRUTHS = ("none", "literature", "claimed")


class PlanError(InputFaults):
    """A plan that cannot be followed, or options that cannot be changed as it says."""


def load_plans(path: Path, options: Mapping[str, Any], *, claims: Collection[str] | None) -> dict[str, Any]:
    """Read the plans of simulated cohorts.

    Parameters
    ----------
    path : YAML, see legsci/models/plans.schema.yaml.
    options : of the virtual athletes, nested.
    claims : ids of the registered claims; None where the registry itself has faults.

    Raises
    ------
    PlanError
        With all that the schema does not allow; without such faults, with options and claims that do not exist.
    """
    plans, faults = read_yaml(path, "legsci.models", "plans.schema.yaml")
    if not faults:
        planning, cohort = plans["planning"], plans["cohort"]
        named = {"planning.claim": [planning["claim"]], "cohort.truths": list(cohort["truths"])}
        faults = [
            Fault(path.name, where, "a registered claim", f"{name!r}{suggestion(name, claims)}")
            for where, names in named.items()
            for name in names
            if claims is not None and name not in claims
        ]
        faults += _changed(options, planning["changes"], path.name, "planning.changes.")[1]
        for effect in planning["effects"]:
            faults += _changed(options, {planning["effect"]: effect}, path.name, "planning.effect, ")[1]
        faults += _changed(options, cohort["changes"], path.name, "cohort.changes.")[1]
        for name, each in cohort["truths"].items():
            for word, changes in each.items():
                faults += _changed(options, changes, path.name, f"cohort.truths.{name}.{word}.")[1]
    if faults:
        raise PlanError(f"{path.name} cannot be used", faults)
    return dict(plans)


def draw_truths(cohort: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    """Draw what is true of each claim in a simulated cohort: each of TRUTHS equally often, as far as possible.

    Parameters
    ----------
    cohort : the block `cohort` of planning.yaml; its seed gives the draw.

    Returns
    -------
    truths : claim -> one of TRUTHS.
    changes : of the options of the virtual athletes, with those of the whole cohort.
    """
    words = [TRUTHS[place % len(TRUTHS)] for place in range(len(cohort["truths"]))]
    drawn = np.random.default_rng(cohort["seed"]).permutation(words)
    truths = dict(zip(cohort["truths"], map(str, drawn), strict=True))
    changes = dict(cohort["changes"])
    for claim, word in truths.items():
        changes |= cohort["truths"][claim].get(word, {})
    return truths, changes


def with_changes(options: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of nested options with some changed.

    Parameters
    ----------
    options : nested, numbers at their ends.
    changes : dotted name, as in `jump.gain_percent_per_week` -> value.

    Raises
    ------
    PlanError
        With all names that the options do not have, names of whole blocks, and values that are no numbers.
    """
    changed, faults = _changed(options, changes, "options", "")
    if faults:
        raise PlanError("the options cannot be changed", faults)
    return changed


def _changed(
    options: Mapping[str, Any], changes: Mapping[str, Any], file: str, prefix: str
) -> tuple[dict[str, Any], list[Fault]]:
    """Return the options with those changes that are possible, and a fault for each other one."""
    changed, faults = copy.deepcopy(dict(options)), []
    for name, value in changes.items():
        place: Any = changed
        for part in name.split("."):
            if not isinstance(place, dict) or part not in place:
                known = list(place) if isinstance(place, dict) else []
                hint = suggestion(part, known)
                faults.append(Fault(file, f"{prefix}{name}", "an option of the virtual athletes", f"no {part}{hint}"))
                break
            block, last, place = place, part, place[part]
        else:
            if isinstance(place, dict):
                single = ", ".join(f"{name}.{key}" for key in place)
                faults.append(Fault(file, f"{prefix}{name}", f"a single option: one of {single}", "a block of options"))
            elif isinstance(value, bool) or not isinstance(value, int | float):
                faults.append(Fault(file, f"{prefix}{name}", "a number", repr(value)))
            else:
                block[last] = value
    return changed, faults
