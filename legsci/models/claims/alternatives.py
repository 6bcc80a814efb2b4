"""Alternative analyses of a claim: registered with it, so that a verdict never rests on one of several choices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def alternative_model(model: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Return the model of an alternative analysis.

    Parameters
    ----------
    model : of the primary analysis.
    change : `without` and `with`, terms that are left out and added, and `model`, what replaces other entries.
    """
    left_out, added = change.get("without", []), change.get("with", [])
    terms = [term for term in model.get("terms", []) if term not in left_out]
    changed = dict(model) | dict(change.get("model", {}))
    return changed | {"terms": [*terms, *added]} if "terms" in model else changed


def absent_terms(model: Mapping[str, Any], change: Mapping[str, Any]) -> list[str]:
    """Return the terms that an alternative leaves out although the primary analysis does not have them."""
    return [term for term in change.get("without", []) if term not in model.get("terms", [])]
