"""One file to metrics and flags, without a study folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import xarray as xr

from legsci.ingest.devices import Device
from legsci.ingest.drafting.raw_file import RawFile, raw_file
from legsci.ingest.drafting.text_layout import WHICH_FOOT
from legsci.ingest.faults import Fault, RecordingError
from legsci.ingest.session import build_trial
from legsci.ingest.settings import devices_of
from legsci.ingest.tables import suggestion
from legsci.mechanics.force.profiles import load_profiles
from legsci.mechanics.kinetics.session_motion import session_motion
from legsci.mechanics.reps.session import session_repetitions
from legsci.mechanics.reps.signals import with_signals
from legsci.metrics.tables import session_metrics
from legsci.present.repetition_table import repetition_table
from legsci.tasks import TASKS

PROFILE = "owen_mcmahon"
#: Name of the device and of the participant that a file alone does not name.
DEVICE, PERSON, SESSION = "file", "unnamed", "1"
NO_DECISIONS = ("participant_id", "session_id", "trial_id", "rep", "what", "event", "value", "reason", "initials")


class FileMeasurement(NamedTuple):
    """What one file holds.

    Parameters
    ----------
    metrics : one row per repetition, as `study.table()` gives them; empty where there is none, with flags that say why.
    flags : quality flags with severity, code and sentence, as in quality.csv.
    assumptions : what was found or assumed about the file, as sentences.
    """

    metrics: pd.DataFrame
    flags: pd.DataFrame
    assumptions: list[str]


def measure(
    path: str | Path,
    *,
    task: str,
    reader: str | None = None,
    up: str | None = None,
    forward: str | None = None,
    plates: Mapping[str, str | Mapping[str, Any]] | None = None,
    rate_hz: float | None = None,
) -> FileMeasurement:
    """Measure the repetitions of one file under the default definition profile.

    Parameters
    ----------
    path : of the file.
    task : key of TASKS.
    reader : of its format; None: that of the file's ending which can read it.
    up, forward : signed file axes ("z", "-y", ...) that point up and the way the participant faces; None: as forces and
        markers tell.
    plates : the file's name or number of a plate -> the foot on it ("left", "right", "both", "box"), or foot and
        columns as in study.yaml; None: as the file tells.
    rate_hz : sampling rate where the file states none [Hz].

    Returns
    -------
    Metrics, flags and assumptions. Joint moments need the body mass and sex of the person: in a study folder.

    Raises
    ------
    RecordingError : the file cannot be read; or an axis, the rate or the feet on several plates are neither given nor
        stated in it. Nothing is measured from a guess.
    """
    path = Path(path)
    if not path.is_file():
        raise RecordingError(path.name, [Fault(str(path), "", "a file", "no such file")])
    found = raw_file(path.parent, Path(path.name), reader=reader)
    if isinstance(found, str):
        raise RecordingError(path.name, [Fault(path.name, "", "a recording", found)])
    if task not in TASKS:
        expected = f"one of {', '.join(TASKS)}"
        raise RecordingError(path.name, [Fault(path.name, "task", expected, f"{task}{suggestion(task, TASKS)}")])
    device = _device(found, path.name, {"up": up, "forward": forward, "rate_hz": rate_hz}, plates)
    row = {"device": DEVICE, "path": path.name}
    streams, attrs = build_trial(path.parent, {DEVICE: device}, [row], settings={}, date="")
    trial = xr.DataTree.from_dict({"/": xr.Dataset(attrs={"task": task, "leg": "both", **attrs}), **streams})
    session = xr.DataTree(children={path.stem: trial})
    session.attrs = {"study": path.name, "participant_id": PERSON, "session_id": SESSION, "simulated": 0}
    motion = session_motion(session)
    reps, flags = session_repetitions(
        motion,
        default=PROFILE,
        profiles=list(load_profiles()),
        curation=pd.DataFrame(columns=list(NO_DECISIONS)),
        session=session,
    )
    rows, quality = session_metrics(None if reps is None else with_signals(reps, motion, session=session), flags)
    rows = rows[(rows["profile"] == PROFILE) & (rows["rep"] > 0)]
    given = {"up": up, "forward": forward, "plates": plates}
    told = {key: words for key, words in found.assumed.items() if hasattr(device, key) and given.get(key) is None}
    assumptions = [f"{key}: {words}" for key, words in told.items()]
    return FileMeasurement(repetition_table(rows, ()), quality, [*assumptions, *found.recording.assumptions])


def _device(
    found: RawFile, name: str, given: Mapping[str, Any], plates: Mapping[str, str | Mapping[str, Any]] | None
) -> Device:
    """Device of a file: what is given, else what the file tells; refused where neither does."""
    settings = found.settings | {key: value for key, value in given.items() if value is not None}
    if plates is not None:
        told = found.settings.get("plates", {})
        feet = {key: {"foot": of} if isinstance(of, str) else dict(of) for key, of in plates.items()}
        settings["plates"] = {key: told.get(key, {}) | setup for key, setup in feet.items()}
    unknown = [(key, words) for key, words in found.questions().items() if settings.get(key) is None]
    if plates is None and WHICH_FOOT in found.assumed.get("plates", ""):
        unknown.append(("plates", WHICH_FOOT))
    if unknown:
        said = "neither given nor stated in the file"
        raise RecordingError(name, [Fault(name, key, words, said) for key, words in unknown])
    lab = {axis: settings[axis] for axis in ("up", "forward")}
    devices, faults = devices_of({"lab": lab, "devices": {DEVICE: settings}})
    if faults or not devices:
        expected = "reader, up, forward, plates and rate_hz as in study.yaml"
        raise RecordingError(name, faults or [Fault(name, "", expected, str(settings))])
    return devices[DEVICE]
