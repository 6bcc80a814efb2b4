"""study.yaml: the settings and devices of a study, and their faults."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from legsci.ingest.devices import Device, PlateSetup
from legsci.ingest.faults import Fault
from legsci.ingest.tables import load_schema, validator
from legsci.ingest.yaml_files import line_of, problem_of, schema_faults

FILE = "study.yaml"


class _Loader(yaml.SafeLoader):
    """Safe loading with every key as text, and a list of the repeated keys."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.repeated: list[tuple[int, str]] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Build a mapping; of a repeated key the first value is kept."""
        mapping: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key that is not a word", key_node.start_mark)
            if key_node.value in mapping:
                self.repeated.append((key_node.start_mark.line + 1, key_node.value))
            else:
                mapping[key_node.value] = self.construct_object(value_node, deep=True)
        return mapping


def read_settings(path: Path, *, checked: bool = False) -> tuple[dict[str, Any], list[Fault]]:
    """Read study.yaml.

    Parameters
    ----------
    path : the file; UTF-8 (a byte order mark is allowed), without aliases, which can expand without bound.
    checked : whether the file has been checked against its schema before.

    Returns
    -------
    settings : the content, keys as text; empty where the file cannot be read.
    faults : malformed YAML, repeated keys, and everything that the schema does not allow.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
            return {}, [Fault(FILE, "", "no aliases (*name)", "an alias")]
        loader = _Loader(text)
        settings = loader.get_single_data()
    except FileNotFoundError:
        return {}, [Fault(FILE, "", "a file that describes the study", "no such file")]
    except UnicodeDecodeError as error:
        return {}, [Fault(FILE, "", "UTF-8 text", f"byte {error.start} that is not UTF-8")]
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return {}, [Fault(FILE, line_of(error), "YAML", problem_of(error))]
    faults = [Fault(FILE, f"line {line}, {key}", "each key once", "the key again") for line, key in loader.repeated]
    if not isinstance(settings, dict):
        return {}, [Fault(FILE, "", "keys with values", type(settings).__name__)]
    for broken in validator(load_schema("study"), checked=checked).iter_errors(settings):
        faults += schema_faults(FILE, broken)
    return settings, faults


def devices_of(settings: dict[str, Any], *, checked: bool = False) -> tuple[dict[str, Device], list[Fault]]:
    """Build the devices of a study.

    Parameters
    ----------
    settings : as `read_settings` returns them; devices that break the schema are left out, since they are faults there.
    checked : whether they have been checked against the schema before.

    Returns
    -------
    devices : name -> Device; axes that a device does not name are the laboratory's.
    faults : an up axis that is also the forward axis, delimited text whose plates name no channels.
    """
    schema = load_schema("study")
    check = validator({**schema["$defs"]["device"], "$defs": schema["$defs"]}, checked=checked)
    lab_check = validator({**schema["properties"]["lab"], "$defs": schema["$defs"]}, checked=checked)
    lab, listed = settings.get("lab"), settings.get("devices")
    if not isinstance(listed, dict) or not isinstance(lab, dict) or not lab_check.is_valid(lab):
        return {}, []
    devices, faults = {}, []
    for name, described in listed.items():
        where = f"devices.{name}"
        if not check.is_valid(described):
            continue
        device = _device(name, {**lab, **described})
        if device.up[-1] == device.forward[-1]:
            found = f"up {device.up} and forward {device.forward}"
            faults.append(Fault(FILE, where, "up and forward on different axes", found))
        if device.reader == "delimited":
            faults += _channel_faults(where, device)
        devices[name] = device
    return devices, faults


def _device(name: str, described: dict[str, Any]) -> Device:
    """Build one device from its settings, without the remarks."""
    known = {key: value for key, value in described.items() if key not in ("note", "plates")}
    plates = {plate: PlateSetup(**setup) for plate, setup in described.get("plates", {}).items()}
    return Device(name=name, plates=plates, **known)


def _channel_faults(where: str, device: Device) -> list[Fault]:
    """Faults of plates in delimited text, whose columns must be given."""
    expected = "columns: the channels of the plate"
    if not device.plates:
        return [Fault(FILE, f"{where}.plates", expected, "no plates")]
    return [
        Fault(FILE, f"{where}.plates.{plate}", expected, "a plate without channels")
        for plate, setup in device.plates.items()
        if not setup.columns
    ]
