"""Clocks related by the offsets that a recorder measured: plates stamped by LabRecorder's computer, sensors in XDF."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml

from legsci.ingest.session import build_session, open_session, session_readings, write_session
from legsci.ingest.study import read_study
from tests.analytic_jump import countermovement_jump
from tests.ingest.test_streams import plate, scored
from tests.xdf_files import XdfStream, offsets_of, write_xdf

JUMP = countermovement_jump()
SECONDS = len(JUMP.force) / JUMP.rate
KEYS = {"participant_id": "P1", "session_id": "S1"}
#: First samples of plates and of EMG on the clock of the recorder [s]; the EMG computer's clock and its drift.
PLATES_START_S, EMG_LATER_S = 5000.0, 0.31
OFFSET_S, DRIFT = 4000.0, 40e-6
EMG_HZ, PULSE_S = 2000.0, 1.2345


def _emg(path: Path, start_s: float, *, offsets: bool) -> Path:
    """EMG with a pulse `PULSE_S` after the first sample of the plates, stamped by the clock of its own computer."""
    recorder = start_s + EMG_LATER_S + np.arange(round((SECONDS - 0.5) * EMG_HZ)) / EMG_HZ
    stamps = (recorder - OFFSET_S) / (1.0 + DRIFT)
    values = 1e-6 * np.random.default_rng(3).normal(size=(stamps.size, 1))
    values[int(np.abs(recorder - start_s - PULSE_S).argmin())] = 1e-3
    clock = {}
    if offsets:
        times, measured = offsets_of(
            40.0, offset=OFFSET_S + DRIFT * stamps[0], drift=DRIFT, begin=stamps[0], noise_s=2e-4
        )
        clock = {"clock_times": times, "clock_offsets": measured}
    emg = XdfStream("EMG", values, stamps, EMG_HZ, ("VL",), ("V",), **clock)
    grip = XdfStream("Grip", np.ones((500, 1)), 7.0 + np.arange(500) / 100.0, 100.0)  # a computer that was not asked
    return write_xdf(path, [emg, grip])


@pytest.fixture
def session(tmp_path: Path) -> xr.DataTree:
    """Two jumps whose EMG has clock offsets, and one whose EMG has none, written as a session file and read again."""
    devices = {
        "plate": plate("1", "both") | {"text": {"header_rows": 1, "time_column": "time"}, "force_unit": "N"},
        "lsl": {
            "reader": "xdf",
            "channels": {
                "EMG.VL": {"kind": "emg", "muscle": "vastus_lateralis", "side": "left"},
                "Grip.1": {"kind": "analog"},
            },
        },
    }
    devices["plate"].pop("rate_hz", None)
    clocks = [{"devices": ["plate"]}, {"devices": ["lsl"], "method": "recorder"}]
    settings = {"name": "made", "lab": {"up": "z", "forward": "x"}, "devices": devices, "synchronisation": clocks}
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    recordings = []
    for number, trial in enumerate(("one", "two", "without")):
        start = PLATES_START_S + 60.0 * number
        table = pd.DataFrame({"time": start + np.arange(len(JUMP.force)) / JUMP.rate, "Fz": JUMP.force})
        table.to_csv(tmp_path / f"{trial}.csv", index=False, float_format="%.6f")
        _emg(tmp_path / f"{trial}.xdf", start, offsets=trial != "without")
        recordings += [(trial, "plate", f"{trial}.csv"), (trial, "lsl", f"{trial}.xdf")]
    tables = {
        "participants": [{"participant_id": "P1", "body_mass_kg": 75.0}],
        "sessions": [KEYS | {"day": 1}],
        "trials": [
            KEYS | {"trial_id": f"{trial}", "task": "countermovement_jump"} for trial in ("one", "two", "without")
        ],
        "recordings": [KEYS | dict(zip(("trial_id", "device", "path"), row, strict=True)) for row in recordings],
    }
    for name, rows in tables.items():
        pd.DataFrame(rows).to_csv(tmp_path / f"{name}.tsv", sep="\t", index=False)
    write_session(build_session(read_study(tmp_path), "P1", "S1"), tmp_path / "session.nc")
    return open_session(tmp_path / "session.nc")


def test_a_pulse_lies_where_the_plates_had_it(session: xr.DataTree) -> None:
    for trial in ("one", "two"):
        emg = session[trial]["emg"]
        assert emg.attrs["clock_method"] == "offsets measured by the recorder"
        doubt = emg.attrs["clock_offset_uncertainty_s"]
        assert 0.0 < doubt < 1e-3
        assert emg.attrs["clock_offset_s"] == pytest.approx(EMG_LATER_S, abs=3.0 * doubt)
        found = float(emg["time"][int(np.abs(emg["value"][0].to_numpy()).argmax())])
        assert found == pytest.approx(PULSE_S, abs=3.0 * doubt + 0.5 / EMG_HZ)
        assert json.loads(emg.attrs.get("flags", "[]")) == []


def test_a_recorder_that_states_no_offsets_is_refused_with_the_way_out(session: xr.DataTree) -> None:
    """Other trials of the session, and other streams of the file, do not lend their offsets."""
    unrelated = [session["without"]["emg"], *(session[trial]["analog"] for trial in ("one", "two", "without"))]
    assert {stream.attrs["clock_method"] for stream in unrelated} == {"unknown"}
    row, quality = scored(session)
    assert row["status"] == "accepted"
    clocks = quality[quality["code"].str.startswith("clock_")]
    assert clocks[["trial_id", "signal", "code"]].to_numpy().tolist() == [
        ["one", "analog", "clock_not_related"],
        ["two", "analog", "clock_not_related"],
        ["without", "emg, analog", "clock_not_related"],
    ]
    assert "states no offsets of this clock" in clocks["sentence"].iloc[0]


def test_readings_give_the_clock_of_each_stream(session: xr.DataTree, tmp_path: Path) -> None:
    readings = pd.DataFrame(session_readings(tmp_path / "session.nc")).set_index(["trial_id", "signal"])
    assert readings.loc[("one", "force"), "clock_offset_uncertainty_s"] == 0.0
    of_emg = readings.xs("emg", level="signal")
    assert of_emg["clock"].tolist() == ["offsets measured by the recorder"] * 2 + ["unknown"]
    assert of_emg["clock_offset_s"].isna().tolist() == [False, False, True]
