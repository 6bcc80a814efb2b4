"""A study as a BIDS dataset, which the validator of BIDS accepts, and a run as RO-Crate."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from legsci.ingest.session import write_session
from legsci.reproduction.bids import export_bids
from legsci.reproduction.crate import export_crate
from legsci.reproduction.manifest import MANIFEST
from legsci.reproduction.small_cells import small_cells

READING = {
    "device": "lab", "reader": "c3d", "source": "jump.c3d", "sha256": "0" * 64, "assumptions": "[]",
    "start_time_s": 0.0, "clock_offset_s": 0.0, "clock_drift": 0.0, "clock_offset_uncertainty_s": 0.0,
    "clock_drift_uncertainty": 0.0, "clock_method": "clock of the recorder",
}  # fmt: skip
TIME = np.arange(20) / 100.0


def stream(kind: str, dataset: xr.Dataset) -> xr.DataTree:
    return xr.DataTree(dataset.assign_attrs(READING | {"kind": kind, "sampling_rate_hz": 100.0}))


def session() -> xr.DataTree:
    """A session with a trial of markers, force, EMG and a sensor."""
    draw = np.random.default_rng(3)
    axes = {"time": TIME, "axis": ["x", "y", "z"]}
    position = xr.Dataset(
        {"position": (("time", "marker", "axis"), draw.normal(size=(20, 2, 3)))}, {**axes, "marker": ["hip", "knee"]}
    )
    position["position"][3, 0, 1] = np.nan
    force = xr.Dataset(
        {name: (("plate", "time", "axis"), draw.normal(size=(1, 20, 3))) for name in ("force", "moment")},
        {**axes, "plate": ["1"]},
    )
    emg = xr.Dataset(
        {"value": (("channel", "time"), draw.normal(size=(1, 20)))},
        {"time": TIME, "channel": ["left_gluteus_medius"], "unit": ("channel", ["V"])},
    )
    imu = xr.Dataset(
        {"value": (("channel", "time"), draw.normal(size=(2, 20)))},
        {
            "time": TIME,
            "channel": ["Acc_X", "Gyr_X"],
            "unit": ("channel", ["m/s^2", "rad/s"]),
            "segment": ("channel", ["pelvis", "pelvis"]),
            "quantity": ("channel", ["acceleration", "angular_velocity"]),
            "axis": ("channel", ["x", "x"]),
        },
    )
    streams = {"markers": position, "force": force, "emg": emg, "imu_1": imu}
    kinds = {"imu_1": "imu"}
    trial = xr.DataTree(children={name: stream(kinds.get(name, name), data) for name, data in streams.items()})
    trial.attrs = {"task": "countermovement_jump", "leg": "both"}
    tree = xr.DataTree(children={"jump_1": trial})
    tree.attrs = {"study": "two", "participant_id": "P-01", "session_id": "A", "simulated": 1}
    return tree


@pytest.fixture
def results(tmp_path: Path) -> Path:
    folder = tmp_path / "results" / "two"
    write_session(session(), folder / "sessions" / "P-01" / "A.nc")
    (folder / "about.yaml").write_text("simulated: true\n", encoding="utf-8")
    return folder


def test_signals_keep_their_values_units_and_names(results: Path, tmp_path: Path) -> None:
    folder = export_bids(results, tmp_path / "bids") / "sub-P01" / "ses-A"
    stem = folder / "motion" / "sub-P01_ses-A_task-countermovementJump"
    channels = pd.read_csv(f"{stem}_tracksys-markers_run-1_channels.tsv", sep="\t")
    assert channels["name"].tolist() == [f"{marker}_{axis}" for marker in ("hip", "knee") for axis in "xyz"]
    assert set(channels["units"]) == {"m"}
    values = pd.read_csv(f"{stem}_tracksys-markers_run-1_motion.tsv", sep="\t", header=None, na_values="n/a")
    stored = session()["jump_1/markers"]["position"].to_numpy().reshape(20, 6)
    np.testing.assert_allclose(values.to_numpy(), stored, atol=1e-5)
    assert np.isnan(values.iloc[3, 1])
    types = pd.read_csv(f"{stem}_tracksys-imu1_run-1_channels.tsv", sep="\t")["type"].tolist()
    assert types == ["ACCEL", "GYRO"]
    described = json.loads(Path(f"{stem}_run-1_recording-force_physio.json").read_text(encoding="utf-8"))
    assert described["Columns"][:3] == ["plate_1_force_x", "plate_1_force_y", "plate_1_force_z"]
    assert described["plate_1_moment_z"] == {"Units": "N m"}
    text = gzip.decompress(Path(f"{stem}_run-1_recording-force_physio.tsv.gz").read_bytes()).decode()
    np.testing.assert_allclose(
        np.array([line.split("\t") for line in text.splitlines()], float)[:, :3],
        session()["jump_1/force"]["force"].to_numpy()[0],
        atol=0.006,
    )
    scans = pd.read_csv(folder / "sub-P01_ses-A_scans.tsv", sep="\t")
    assert len(scans) == 4
    assert set(scans["trial_id"]) == {"jump_1"}


def test_the_same_study_gives_the_same_bytes_and_a_full_folder_is_refused(results: Path, tmp_path: Path) -> None:
    first, second = (export_bids(results, tmp_path / name) for name in ("first", "second"))
    files = [path for path in sorted(first.rglob("*")) if path.is_file()]
    assert len(files) > 10
    for path in files:
        assert path.read_bytes() == (second / path.relative_to(first)).read_bytes()
    with pytest.raises(FileExistsError, match="is not empty"):
        export_bids(results, first)
    write_session(session(), results / "sessions" / "P01" / "A.nc")
    with pytest.raises(ValueError, match="P-01, P01 would have the same"):
        export_bids(results, tmp_path / "third")


def test_the_validator_of_bids_accepts_it(results: Path, tmp_path: Path) -> None:
    validator = shutil.which("bids-validator-deno", path=str(Path(sys.executable).parent))
    if validator is None:
        pytest.skip("bids-validator-deno is not installed")
    folder = export_bids(results, tmp_path / "bids")
    answer = subprocess.run([validator, folder, "--ignoreWarnings"], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout
    (folder / "dataset_description.json").write_text("{}", encoding="utf-8")
    assert subprocess.run([validator, folder], capture_output=True, check=False).returncode != 0


def test_a_crate_names_workflow_inputs_and_results_with_their_checksums(results: Path, tmp_path: Path) -> None:
    (results / "metrics.csv").write_text("a\n1\n", encoding="utf-8")
    digest = hashlib.sha256(b"a\n1\n").hexdigest()
    manifest = {"made": "2026-01-01T00:00:00+00:00", "raw_files": {"P-01/jump.c3d": "f" * 64}}
    (results / MANIFEST).write_text(json.dumps(manifest | {"results": {"metrics.csv": digest}}), encoding="utf-8")
    folder = export_crate(results, tmp_path / "crate")
    metadata = json.loads((folder / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    # The context of RO-Crate 1.1 has no term for checksums.
    assert {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"} in metadata["@context"]
    entities = {entity["@id"]: entity for entity in metadata["@graph"]}
    assert entities["README.md"]["about"] == {"@id": "./"}
    assert all("encodingFormat" in one for one in entities.values() if "File" in one["@type"])
    root = entities["./"]
    assert {one["@id"] for one in root["conformsTo"]} >= {"https://w3id.org/ro/wfrun/workflow/0.5"}
    assert root["mainEntity"] == {"@id": "Snakefile"}
    assert "ComputationalWorkflow" in entities["Snakefile"]["@type"]
    run = entities["#run"]
    assert run["@type"] == "CreateAction"
    assert run["instrument"] == {"@id": "Snakefile"}
    raw = (
        [entities[one["@id"]] for one in run["object"]]
        if isinstance(run["object"], list)
        else [entities[run["object"]["@id"]]]
    )
    assert [(one["name"], one["sha256"]) for one in raw] == [("P-01/jump.c3d", "f" * 64)]
    made = {entities[one["@id"]]["name"]: one["@id"] for one in run["result"]}
    assert set(made) == {"metrics.csv", MANIFEST}
    assert (
        hashlib.sha256((folder / made["metrics.csv"]).read_bytes()).hexdigest()
        == entities[made["metrics.csv"]]["sha256"]
    )
    assert not list(folder.rglob("*.c3d"))


def people(**columns: list[object]) -> pd.DataFrame:
    """Two rows of longitudinal.csv for each participant."""
    names = [f"P{number:02d}" for number in range(len(next(iter(columns.values()))))]
    rows = pd.DataFrame({"participant_id": names, **columns})
    return pd.concat([rows, rows])


def test_small_groups_of_participants_are_counted(tmp_path: Path) -> None:
    table = people(sex=["female"] * 5 + ["male"] * 3, level=["elite"] * 6 + ["club"] * 2, age_years=[20.0] * 8)
    table.to_csv(tmp_path / "longitudinal.csv", index=False)
    assert small_cells(tmp_path) == (
        "Small groups: 3 of 8 participants share sex and level with fewer than 4 others; age_years are given exactly. "
        "Who knows these persons may recognise them in longitudinal.csv."
    )
    people(sex=["female"] * 5 + ["male"] * 5).to_csv(tmp_path / "longitudinal.csv", index=False)
    assert small_cells(tmp_path) == ""
    people(sex=[None] * 3).to_csv(tmp_path / "longitudinal.csv", index=False)
    assert small_cells(tmp_path) == ""


def test_a_crate_names_the_risk_of_its_tables(results: Path, tmp_path: Path) -> None:
    people(sex=["female", "male"]).to_csv(results / "longitudinal.csv", index=False)
    manifest = {"made": "2026-01-01T00:00:00+00:00", "raw_files": {}, "results": {"longitudinal.csv": "0" * 64}}
    (results / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    folder = export_crate(results, tmp_path / "crate")
    metadata = json.loads((folder / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    root = next(entity for entity in metadata["@graph"] if entity["@id"] == "./")
    assert "Small groups: 2 of 2 participants share sex with fewer than 4 others" in root["description"]
