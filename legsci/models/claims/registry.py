"""The registered claims: read from a table of hypotheses that was fixed before the data, checked against its schema."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from legsci.ingest.faults import Fault, InputFaults
from legsci.ingest.yaml_files import read_yaml
from legsci.models.claims.alternatives import alternative_model
from legsci.models.claims.names import NOTHING_DECLARED, Declared, name_faults
from legsci.models.tables.analysis import Codes, Variable

#: Place of a claim in the path of a fault.
_PLACE = re.compile(r"^claims\.(\d+)(?=\.|$)")


class ClaimsError(InputFaults):
    """A registry of claims that cannot be used."""


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
    alternatives : name -> model of an alternative analysis; the verdict must not depend on the choice between them.
    checks : analyses under other assumptions, which leave the verdict: name, model and, for some, method.
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
    alternatives: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    checks: tuple[Mapping[str, Any], ...] = ()

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
class Control:
    """An outcome whose answer is known, analysed as that of a claim.

    Parameters
    ----------
    name : of the outcome.
    kind : `positive`, an effect is certain; `negative`, there can be none.
    expected : what must be found, and why.
    claim : the claim with this outcome, its unit and scale.
    """

    name: str
    kind: str
    expected: str
    claim: Claim


@dataclass(frozen=True)
class Registry:
    """The claims and the quantities that they name.

    Parameters
    ----------
    variables : name -> series of longitudinal.csv.
    codes : name -> words of participants.tsv as numbers.
    claims : in the order of the ledger.
    checksum : SHA-256 of the entries of the file, its layout and comments apart.
    registered : date and checksum at registration, as the file states them; None where it states none.
    controls : control outcomes.
    """

    variables: Mapping[str, Variable]
    codes: Mapping[str, Codes]
    claims: tuple[Claim, ...]
    checksum: str = ""
    registered: Mapping[str, str] | None = None
    controls: tuple[Control, ...] = ()

    @property
    def state(self) -> str:
        """Whether the claims are those that were registered, in words."""
        if self.registered is None:
            return "not registered"
        changed = self.registered["checksum"] != self.checksum
        return "changed after registration" if changed else "as registered"


def load_claims(path: Path, declared: Declared = NOTHING_DECLARED) -> Registry:
    """Read the registry of claims.

    Parameters
    ----------
    path : YAML, see legsci/models/claims/claims.schema.yaml.
    declared : tasks and metrics that a study declares beside those of legsci.

    Raises
    ------
    ClaimsError
        With all that the schema does not allow; without such faults, with names of tasks, metrics, variables and terms
        that do not exist, claims that repeat an id, and limits that contradict each other.
    """
    content, faults = read_yaml(path, "legsci.models.claims", "claims.schema.yaml")
    faults = [_by_id(fault, content) for fault in faults]
    if not faults:
        faults = name_faults(content, path.name, declared) + _claim_faults(content, path.name)
    if faults:
        raise ClaimsError(f"{path.name} cannot be used", faults)
    return Registry(
        variables={name: Variable(**settings) for name, settings in content["variables"].items()},
        codes={name: Codes(**settings) for name, settings in content["codes"].items()},
        claims=tuple(_claim(settings) for settings in content["claims"]),
        checksum=registry_checksum(content),
        registered=content.get("registered"),
        controls=tuple(_control(settings, content["claims"]) for settings in content.get("controls", [])),
    )


def registry_checksum(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a registry's entries, without those on its registration.

    Parameters
    ----------
    content : of the file.
    """
    entries = {name: entry for name, entry in content.items() if name != "registered"}
    return hashlib.sha256(json.dumps(entries, sort_keys=True).encode()).hexdigest()


def _by_id(fault: Fault, content: Any) -> Fault:
    """Name the claim of a fault by its id instead of its place in the list."""
    place = _PLACE.match(fault.where)
    claim = content["claims"][int(place[1])] if place else None
    if place is None or not isinstance(claim, dict) or "id" not in claim:
        return fault
    return replace(fault, where=_PLACE.sub(str(claim["id"]), fault.where))


def _claim_faults(content: Mapping[str, Any], file: str) -> list[Fault]:
    """Faults of claims that repeat an id, and of limits that contradict each other."""
    claims = [_claim(settings) for settings in content["claims"]]
    ids = [claim.id for claim in claims]
    repeated = [name for name in dict.fromkeys(ids) if ids.count(name) > 1]
    faults = [Fault(file, name, "each id once", f"{ids.count(name)} times") for name in repeated]
    for claim in claims:
        low, high = claim.equivalence
        if not low <= claim.null <= high:
            limits = f"limits on both sides of the null, {claim.null:g}"
            faults.append(Fault(file, f"{claim.id}.equivalence", limits, f"{low:g} to {high:g}"))
        if claim.size and min(claim.direction * (value - claim.edge) for value in claim.size) <= 0:
            beyond = f"beyond the limit of equivalence, {claim.edge:g}, on the side of the claim's direction"
            faults.append(
                Fault(file, f"{claim.id}.claimed.size", beyond, " to ".join(f"{value:g}" for value in claim.size))
            )
    return faults


def _control(settings: Mapping[str, Any], claims: list[Mapping[str, Any]]) -> Control:
    """Return a control outcome with the claim that it belongs to."""
    of = next(_claim(claim) for claim in claims if claim["id"] == settings["of"])
    changed = {name: settings[name] for name in ("unit", "scale") if name in settings}
    claim = replace(of, model=alternative_model(of.model, settings), loss=None, alternatives={}, checks=(), **changed)
    return Control(settings["name"], settings["kind"], settings["expected"], claim)


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
        alternatives={
            change["name"]: alternative_model(settings["model"], change) for change in settings.get("alternatives", [])
        },
        checks=tuple(
            dict(check) | {"model": alternative_model(settings["model"], check)} for check in settings.get("checks", [])
        ),
    )


if __name__ == "__main__":
    print(load_claims(Path(sys.argv[1])).checksum)  # noqa: T201
