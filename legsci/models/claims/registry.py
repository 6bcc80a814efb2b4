"""The registered claims: read from a table of hypotheses that was fixed before the data, checked against its schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from legsci.models.tables.analysis import Codes, Variable
from legsci.vocabulary import new_name


class ClaimsError(ValueError):
    """A registry of claims that cannot be used; the message names all faults."""


@dataclass(frozen=True)
class Claim:
    """A claim with how it is tested.

    Parameters
    ----------
    id, sentence, status, estimand, needs, assumes : see claims.schema.yaml, as for all that follows.
    model, contrast : how the effect is estimated.
    unit, scale : of the effect.
    null : the effect that is none.
    equivalence : low and high limit of effects that are practically equivalent to none.
    direction : 1 where the claim is above the null, -1 where below.
    size : low and high limit of the claimed effect; None where the claim names none.
    loss : a claim of up to this loss [%]; None for other claims.
    literature : published evidence.
    """

    id: str
    sentence: str
    status: str
    estimand: str
    needs: tuple[str, ...]
    assumes: str
    model: Mapping[str, Any]
    contrast: Mapping[str, Any]
    unit: str
    scale: str
    null: float
    equivalence: tuple[float, float]
    direction: int
    size: tuple[float, float] | None
    loss: float | None
    literature: tuple[Mapping[str, Any], ...]

    @property
    def edge(self) -> float:
        """Limit of practical equivalence on the claim's side."""
        return self.equivalence[1] if self.direction > 0 else self.equivalence[0]

    @property
    def least(self) -> float:
        """Least claimed effect; where no size is claimed, the limit of practical equivalence."""
        if self.size is None:
            return self.edge
        return min(self.size) if self.direction > 0 else max(self.size)


@dataclass(frozen=True)
class Registry:
    """The claims and the quantities that they name.

    Parameters
    ----------
    variables : name -> series of longitudinal.csv.
    codes : name -> words of participants.tsv as numbers.
    claims : in the order of the ledger.
    """

    variables: Mapping[str, Variable]
    codes: Mapping[str, Codes]
    claims: tuple[Claim, ...]


def load_claims(path: Path) -> Registry:
    """Read the registry of claims.

    Parameters
    ----------
    path : YAML, see legsci/models/claims/claims.schema.yaml.

    Raises
    ------
    ClaimsError
        With all that the schema does not allow, claims that repeat an id, and limits that contradict each other.
    """
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    faults = _faults(content)
    if faults:
        raise ClaimsError("\n  ".join([f"{path.name} cannot be used, {len(faults)} faults", *faults]))
    return Registry(
        variables={name: Variable(**settings) for name, settings in content["variables"].items()},
        codes={name: Codes(**settings) for name, settings in content["codes"].items()},
        claims=tuple(_claim(settings) for settings in content["claims"]),
    )


def _faults(content: object) -> list[str]:
    """Return a sentence for each fault."""
    import jsonschema

    schema = yaml.safe_load(files("legsci.models.claims").joinpath("claims.schema.yaml").read_text(encoding="utf-8"))
    errors = jsonschema.Draft202012Validator(schema).iter_errors(content)
    faults = [f"{error.json_path.removeprefix('$').lstrip('.')}: {error.message}" for error in errors]
    if faults or not isinstance(content, dict):
        return faults
    claims = [_claim(settings) for settings in content["claims"]]
    ids = [claim.id for claim in claims]
    faults = _replaced_names(content)
    faults += [f"{name} is there {ids.count(name)} times" for name in dict.fromkeys(ids) if ids.count(name) > 1]
    for claim in claims:
        low, high = claim.equivalence
        if not low <= claim.null <= high:
            faults.append(
                f"{claim.id}: the null {claim.null:g} is not within the limits of equivalence, {low:g} to {high:g}"
            )
        if claim.size and min(claim.direction * (value - claim.edge) for value in claim.size) <= 0:
            faults.append(
                f"{claim.id}: the claimed size is not beyond the limits of equivalence, on the side of its direction"
            )
    return faults


def _replaced_names(content: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each metric under a name that it had before."""
    named = [(f"variables.{name}.metric", use["task"], use["metric"]) for name, use in content["variables"].items()]
    named += [
        (f"{claim['id']}: outcome", claim["model"]["set_task"], claim["model"]["outcome"])
        for claim in content["claims"]
        if claim["model"]["kind"] == "repetitions"
    ]
    return [
        f"{where}: {metric} of task {task} is now called {new}"
        for where, task, metric in named
        if (new := new_name(metric, task=task)) is not None
    ]


def _claim(settings: Mapping[str, Any]) -> Claim:
    claimed = settings["claimed"]
    size = claimed.get("size")
    low, high = settings["equivalence"]
    return Claim(
        **{name: settings[name] for name in ("id", "sentence", "status", "estimand", "assumes", "model", "contrast")},
        needs=tuple(settings["needs"]),
        unit=settings["unit"],
        scale=settings["scale"],
        null=float(settings.get("null", 1.0 if settings["scale"] == "ratio" else 0.0)),
        equivalence=(float(low), float(high)),
        direction=claimed["direction"],
        size=(float(size[0]), float(size[1])) if size else None,
        loss=settings.get("loss"),
        literature=tuple(settings["literature"]),
    )
