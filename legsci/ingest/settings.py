"""study.yaml: the settings and devices of a study, and their faults."""

from __future__ import annotations

import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from legsci.ingest.devices import ROW_RANGE, Channel, Device, PlateSetup, Sensor
from legsci.ingest.faults import Fault, shown
from legsci.ingest.paths import link_faults
from legsci.ingest.readers import READERS, SETTINGS
from legsci.ingest.tables import MISSING, load_schema, suggestion, validator
from legsci.ingest.yaml_files import line_of, problem_of, schema_faults

FILE = "study.yaml"
#: Keys of a channel by its kind.
KEYS_OF_KIND = {
    "emg": {"muscle", "side", "unit"},
    "imu": {"segment", "side", "quantity", "axis", "mounting", "unit"},
    "analog": {"unit"},
}
#: Settings that only some readers use; a setting that would be without effect is a fault.
SPECIFIC = {setting for settings in SETTINGS.values() for setting in settings}
#: Readers of tables whose columns the study names.
TABLES = tuple(reader for reader, settings in SETTINGS.items() if "plates.columns" in settings)
_TRIAL_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
LONGEST_PART = 100
#: Deeper nesting and longer files than any description of a study has; YAML parsers are slow on both.
LARGEST_DEPTH = 50
LARGEST_BYTES = 1_000_000
_DECIMAL_NUMBER = re.compile(r"[+-]?(0|[1-9][0-9]{0,14})$|[+-]?([0-9]{1,15}\.[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$")


class _Loader(yaml.SafeLoader):
    """Safe loading with every key as text, numbers only where they are plain decimals, and a list of repeated keys."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.repeated: list[tuple[int, str]] = []

    def plain_number(self, node: yaml.ScalarNode) -> Any:
        """Build a decimal number; YAML's octal (010), sexagesimal (1:30), underscored and infinite ones stay text."""
        if not _DECIMAL_NUMBER.match(node.value):
            return node.value
        return int(node.value) if node.value.lstrip("+-").isdigit() else float(node.value)

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


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.plain_number)
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.plain_number)


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
    linked = link_faults(path)
    if linked:
        return {}, linked
    try:
        content = path.read_bytes()
        if len(content) > LARGEST_BYTES:
            return {}, [Fault(FILE, "", f"at most {LARGEST_BYTES} bytes", f"{len(content)}")]
        text = content.decode("utf-8-sig")
        if _depth(text) > LARGEST_DEPTH:
            return {}, [
                Fault(FILE, "", f"at most {LARGEST_DEPTH} brackets or dashes within each other", f"{_depth(text)}")
            ]
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
            return {}, [Fault(FILE, "", "no aliases (*name)", "an alias")]
        loader = _Loader(text)
        settings = loader.get_single_data()
    except FileNotFoundError:
        return {}, [Fault(FILE, "", "a file that describes the study", "no such file")]
    except OSError as error:
        return {}, [Fault(FILE, "", "a readable file", error.strerror or type(error).__name__)]
    except UnicodeDecodeError as error:
        return {}, [Fault(FILE, "", "UTF-8 text", f"byte {error.start} that is not UTF-8")]
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return {}, [Fault(FILE, line_of(error), "YAML", problem_of(error))]
    faults = [Fault(FILE, f"line {line}, {key}", "each key once", "the key again") for line, key in loader.repeated]
    if not isinstance(settings, dict):
        return {}, [Fault(FILE, "", "keys with values", type(settings).__name__)]
    for broken in validator(load_schema("study"), checked=checked).iter_errors(settings):
        faults += schema_faults(FILE, broken)
    return settings, faults + _reader_faults(settings)


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
        if described["reader"] not in READERS:
            continue
        device = _device(name, {**lab, **described})
        if device.up[-1] == device.forward[-1]:
            found = f"up {device.up} and forward {device.forward}"
            faults.append(Fault(FILE, where, "up and forward on different axes", found))
        if device.reader in TABLES:
            faults += _channel_faults(where, device)
        faults += _unused_faults(where, described) + _meaning_faults(where, device)
        devices[name] = device
    return devices, faults


def _reader_faults(settings: dict[str, Any]) -> list[Fault]:
    """Faults of devices whose reader does not exist."""
    devices = settings.get("devices")
    named = {
        name: described.get("reader")
        for name, described in (devices.items() if isinstance(devices, dict) else ())
        if isinstance(described, dict)
    }
    expected = f"a reader: one of {', '.join(READERS)}"
    return [
        Fault(FILE, f"devices.{name}.reader", expected, f"{shown(reader)}{suggestion(reader, list(READERS))}")
        for name, reader in named.items()
        if isinstance(reader, str) and reader not in READERS
    ]


def _device(name: str, described: dict[str, Any]) -> Device:
    """Build one device from its settings, without the remarks."""
    known = {key: value for key, value in described.items() if key not in ("note", "plates", "channels", "sensors")}
    plates = {plate: PlateSetup(**setup) for plate, setup in described.get("plates", {}).items()}
    channels = {channel: Channel(**meaning) for channel, meaning in described.get("channels", {}).items()}
    sensors = {sensor: Sensor(**fixed) for sensor, fixed in described.get("sensors", {}).items()}
    return Device(name=name, plates=plates, channels=channels, sensors=sensors, **known)


def _unused_faults(where: str, described: dict[str, Any]) -> list[Fault]:
    """Faults of settings that the reader of a device does not use, and of text settings that contradict each other."""
    reader, text = described["reader"], described.get("text", {})
    used = SETTINGS[reader]
    stated = [*described, *(f"text.{key}" for key in text)]
    faults = [
        Fault(FILE, f"{where}.{key}", f"a setting that the reader {reader} uses", key.removeprefix("text."))
        for key in stated
        if key in SPECIFIC and key not in used
    ]
    faults += [
        Fault(FILE, f"{where}.plates.{plate}.columns", f"columns for the readers {', '.join(TABLES)} only", reader)
        for plate, setup in described.get("plates", {}).items()
        if "columns" in setup and "plates.columns" not in used
    ]
    header_rows = text.get("header_rows", 0)
    faults += [
        Fault(FILE, f"{where}.text.{key}", f"a row of the header (text.header_rows {header_rows})", str(text[key]))
        for key in ("names_row", "units_row")
        if text.get(key, 0) > header_rows
    ]
    if "trial_column" in text and text.get("layout") != "long":
        faults.append(Fault(FILE, f"{where}.text.trial_column", "text.layout long", str(text.get("layout", "none"))))
    return faults


def _meaning_faults(where: str, device: Device) -> list[Fault]:
    """Faults of channels: keys that do not belong to their kind, and a meaning that two channels share."""
    faults: list[Fault] = []
    meant: dict[Channel, str] = {}
    for name, channel in device.channels.items():
        stated = {key for key, value in asdict(channel).items() if value and key != "kind"}
        faults += [
            Fault(FILE, f"{where}.channels.{name}.{key}", f"a key of {channel.kind} channels", key)
            for key in sorted(stated - KEYS_OF_KIND[channel.kind])
        ]
        if (channel.quantity == "orientation") < (channel.axis == "w"):
            faults.append(Fault(FILE, f"{where}.channels.{name}.axis", "x, y or z, except of orientation", "w"))
        meaning = replace(channel, mounting="", unit="")
        if channel.kind != "analog" and meaning in meant:
            expected = "a meaning of its own for each channel"
            faults.append(Fault(FILE, f"{where}.channels.{name}", expected, f"that of {meant[meaning]}"))
        meant.setdefault(meaning, name)
    for word in ("segment", "muscle"):
        places: dict[tuple[str, str], str] = {}
        for name, sensor in device.sensors.items():
            place = (sensor.side, getattr(sensor, word))
            if place[1] and place in places:
                expected = f"a {word} and side of its own for each sensor (name the {word} of one of them)"
                faults.append(Fault(FILE, f"{where}.sensors.{name}", expected, f"that of {places[place]}"))
            places.setdefault(place, name)
    return faults


def _channel_faults(where: str, device: Device) -> list[Fault]:
    """Faults of plates in delimited text, whose columns must be given."""
    expected = "columns: the channels of the plate"
    if not device.plates and device.channels:
        return []
    if not device.plates:
        return [Fault(FILE, f"{where}.plates", expected, "no plates")]
    faults, owner = [], dict[str, str]()
    for plate, setup in device.plates.items():
        if not setup.columns:
            faults.append(Fault(FILE, f"{where}.plates.{plate}", expected, "a plate without channels"))
        for quantity, column in setup.columns.items():
            place = f"{where}.plates.{plate}.columns.{quantity}"
            if str(column) in owner:
                unshared = "a column that belongs to one channel"
                faults.append(Fault(FILE, place, unshared, f"{column}, as {owner[str(column)]}"))
            owner.setdefault(str(column), f"plates.{plate}.columns.{quantity}")
    return faults


def _depth(text: str) -> int:
    """Return how many brackets, or dashes of a row, stand within each other, those of texts and comments included."""
    dashes = re.findall(r"^ *((?:[-?:] +)+)", text, re.MULTILINE)
    depth, deepest = 0, max((len(row.split()) for row in dashes), default=0)
    for bracket in re.findall(r"[\[\]{}]", text):
        depth = max(depth + (1 if bracket in "[{" else -1), 0)
        deepest = max(deepest, depth)
    return deepest


def repeated_plates(recordings: pd.DataFrame, devices: dict[str, Any]) -> list[Fault]:
    """Faults of trials in which two devices have a plate of the same name, where the settings alone show it.

    Plates of tables are named in study.yaml, those of BioWare text by their numbers; other files name their own.
    """
    faults: list[Fault] = []
    listed = {name: d.get("plates") for name, d in devices.items() if d["reader"] in (*TABLES, "bioware")}
    named = {name: set(map(str, plates)) for name, plates in listed.items() if isinstance(plates, dict)}
    if sum(map(len, named.values())) == len(set().union(*named.values())):
        return faults
    for _, rows in recordings.groupby(load_schema("trials")["key"]):
        first: dict[str, tuple[Any, str]] = {}
        for row, device in rows["device"].items():
            for plate in sorted(named.get(device, ())):
                earlier, other = first.setdefault(plate, (row, device))
                if other != device:
                    expected = f"plates of names of their own in each trial (devices.{device}.plates in {FILE})"
                    found = f"plate {plate} of {device}, as of {other} in row {earlier}"
                    faults.append(Fault("recordings.tsv", f"row {row}, device", expected, found))
    return faults


def part_faults(recordings: pd.DataFrame, devices: dict[str, Device]) -> list[Fault]:
    """Faults of parts that are not valid for the layout of their device."""
    faults = []
    for row in recordings[recordings["device"].isin(list(devices))].itertuples():
        part = row.part if isinstance(row.part, str) else None
        expected = _part_expected(devices[str(row.device)], part)
        if expected:
            faults.append(Fault("recordings.tsv", f"row {row.Index}, part", expected, part or MISSING))
    return faults


def _part_expected(device: Device, part: str | None) -> str:
    """Return which parts the device's files have, or an empty string where the given part is valid."""
    layout = device.text.get("layout") if device.reader in TABLES else None
    if layout == "wide":
        return "" if part is not None and _TRIAL_NUMBER.fullmatch(part) else "the number of a trial, from 1"
    if part is None:
        return ""
    if layout is None:
        several = ", or text.layout (wide, long) for files of several trials" if device.reader in TABLES else ""
        return f"{MISSING}, since a file of {device.name} is one recording{several}"
    rows = ROW_RANGE.match(part) if len(part) <= LONGEST_PART else None
    named = "trial_column" in device.text or (rows and 1 <= int(rows["first"]) <= int(rows["last"]))
    return "" if named else f"rows a:b, or text.trial_column for devices.{device.name} in {FILE}"
