"""What is exported to OpenSim: read back, calculated by hand, and with a reason where something cannot be exported."""

from __future__ import annotations

import json
from itertools import chain
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import legsci
from legsci.ingest.session import write_session
from legsci.mechanics.kinetics.motion_file import write_motion
from legsci.mechanics.kinetics.session_motion import session_motion
from legsci.mechanics.reps.files import write_repetitions
from legsci.mechanics.reps.session import session_repetitions, trials_with_swapped_sides
from legsci.present.opensim_export import write_opensim
from legsci.present.results import Results, ResultsError
from tests.mechanics.athlete import ATHLETE, marker_dataset, recording
from tests.mechanics.recordings import read_signal
from tests.mechanics.trials import decisions, force_trial, session_of, trial

RATE_HZ = 1000.0
#: Force on a foot [N], its place on a surface 5 cm high [m] and its free moment [N m], and by hand the moment about the
#: origin [N m]: p x F = (0.05 * -20 - 0.2 * 500, 0.2 * 10 - 0.1 * -20, 0.1 * 500 - 0.05 * 10) = (-101, 4, 49.5).
FORCE, PLACE, FREE, MOMENT = (10.0, 500.0, -20.0), (0.1, 0.05, 0.2), 3.0, (-101.0, 7.0, 49.5)
#: The same on the left foot, mirrored at the midline: z of force and place, and the free moment, change their sign.
MIRRORED = ((10.0, 500.0, 20.0), (0.1, 0.05, -0.2), -3.0, (101.0, -7.0, 49.5))


def plates(*loads: tuple[tuple[float, ...], tuple[float, ...]], feet: tuple[str, ...], loaded: slice) -> xr.Dataset:
    """Two seconds of plates that bear a constant force [N] and moment [N m] for a while, and nothing else."""
    samples = 2000
    values = np.zeros((2, len(loads), samples, 3))
    for row, load in enumerate(loads):
        values[:, row, loaded] = np.array(load)[:, None]
    return xr.Dataset(
        {
            "force": (("plate", "time", "axis"), values[0]),
            "moment": (("plate", "time", "axis"), values[1]),
            "surface_height": ("plate", np.full(len(loads), 0.05)),
        },
        coords={
            "plate": [str(row + 1) for row in range(len(loads))],
            "foot": ("plate", list(feet)),
            "time": np.arange(samples) / RATE_HZ,
            "axis": list("xyz"),
        },
        attrs={"sampling_rate_hz": RATE_HZ},
    )


def export(session: xr.DataTree, folder: Path, **options: object) -> dict[str, tuple[list[str], str]]:
    """Export a session: trial -> files, and sentences on what is left out."""
    table = write_opensim(session, session_motion(session), folder, **options)  # type: ignore[arg-type]
    written = {str(row.trial_id): str(row.files).split(", ") if row.files else [] for row in table.itertuples()}
    assert sorted(path.name for path in folder.glob("*")) == sorted(chain.from_iterable(written.values()))
    return {str(row.trial_id): (written[str(row.trial_id)], str(row.left_out)) for row in table.itertuples()}


def columns(path: Path) -> pd.DataFrame:
    """Columns of a .mot."""
    return pd.read_csv(path, sep="\t", skiprows=6)


def athlete_session(**trials: xr.DataTree) -> xr.DataTree:
    """A session of the virtual athlete."""
    session = session_of(trials)
    session.attrs |= {"body_mass_kg": ATHLETE.mass_kg, "sex": ATHLETE.sex}
    return session


def with_feet(recorded: xr.DataTree, *feet: str) -> xr.DataTree:
    """A trial in which the study states other feet of the plates."""
    force = recorded["force"].to_dataset(inherit=False).assign_coords(foot=("plate", list(feet)))
    markers = recorded["markers"].to_dataset(inherit=False)
    return trial({"markers": markers, "force": force}, **{str(key): value for key, value in recorded.attrs.items()})


@pytest.fixture(scope="module")
def jump() -> xr.DataTree:
    """Countermovement jump of the virtual athlete, with a gap in one marker."""
    recorded = recording("countermovement_jump")[1]
    markers = recorded["markers"].to_dataset(inherit=False).copy(deep=True)
    markers["position"][{"time": slice(100, 110), "marker": 3}] = np.nan
    return trial(
        {"markers": markers, "force": recorded["force"].to_dataset(inherit=False)}, task="countermovement_jump"
    )


def test_own_readers_read_back_markers_and_forces(jump: xr.DataTree, tmp_path: Path) -> None:
    stand = recording("standing")[1]
    written = export(athlete_session(jump=jump, stand=stand), tmp_path / "out")
    assert written["jump"] == (["jump.trc", "jump_grf.mot", "jump_external_loads.xml"], "")
    markers = read_signal(tmp_path / "out" / "jump.trc", "opensim", "markers")
    recorded = jump["markers"].to_dataset(inherit=False)
    assert markers["marker"].to_numpy().tolist() == recorded["marker"].to_numpy().tolist()
    assert markers.attrs["sampling_rate_hz"] == pytest.approx(recorded.attrs["sampling_rate_hz"], rel=1e-9)
    assert np.isnan(markers["position"].to_numpy()[100:110, 3]).all()
    # Printed are 0.0001 mm.
    np.testing.assert_allclose(markers["position"].to_numpy(), recorded["position"].to_numpy(), atol=5.1e-8)
    force = read_signal(tmp_path / "out" / "jump_grf.mot", "opensim", "force")
    plates = jump["force"].to_dataset(inherit=False).isel(plate=[1, 0])  # right, left
    assert plates["foot"].to_numpy().tolist() == ["right", "left"]
    assert force.attrs["sampling_rate_hz"] == pytest.approx(1000.0, rel=1e-9)
    loaded = plates["force"].sel(axis="y").to_numpy()[..., None] >= 20.0
    assert 0.5 < loaded.mean() < 0.95  # the flight is unloaded
    expected_force, expected_moment = (np.where(loaded, plates[name].to_numpy(), 0.0) for name in ("force", "moment"))
    # Printed are 0.0001 N, and of the place 0.000001 m, at which up to 2000 N act.
    np.testing.assert_allclose(force["force"].to_numpy(), expected_force, atol=5.1e-5)
    np.testing.assert_allclose(force["moment"].to_numpy(), expected_moment, atol=1.5e-3)


def test_place_and_free_moment_of_a_force_by_hand(tmp_path: Path) -> None:
    force = plates((FORCE, MOMENT), (MIRRORED[0], MIRRORED[3]), feet=("right", "left"), loaded=slice(500, 1500))
    session = session_of({"T": trial({"force": force}, task="countermovement_jump")})
    (files, left_out) = export(session, tmp_path / "out")["T"]
    assert files == ["T_grf.mot", "T_external_loads.xml"]
    assert left_out == "No markers were recorded."
    table = columns(tmp_path / "out" / "T_grf.mot")
    assert list(table.columns[:10]) == [
        "time",
        *(f"ground_force_1_{name}" for name in ("vx", "vy", "vz", "px", "py", "pz")),
        *(f"ground_torque_1_{axis}" for axis in "xyz"),
    ]
    right, left = table.to_numpy()[1000, 1:10], table.to_numpy()[1000, 10:]
    np.testing.assert_allclose(right, [*FORCE, *PLACE, 0.0, FREE, 0.0], atol=1e-6)
    np.testing.assert_allclose(left, [*MIRRORED[0], *MIRRORED[1], 0.0, MIRRORED[2], 0.0], atol=1e-6)
    np.testing.assert_allclose(table["time"], np.arange(2000) / RATE_HZ, atol=1e-9)


def test_unloaded_feet_have_zeros_in_every_column(tmp_path: Path) -> None:
    load = plates((FORCE, MOMENT), ((0.0,) * 3, (0.0,) * 3), feet=("right", "left"), loaded=slice(500, 1500))
    load["force"][{"plate": 1}] = 15.0  # below the threshold, where a centre of pressure is not defined
    nothing = plates((FORCE, MOMENT), (FORCE, MOMENT), feet=("right", "left"), loaded=slice(0, 0))
    trials = {
        "one": trial({"force": load}, task="countermovement_jump"),
        "none": trial({"force": nothing}, task="countermovement_jump"),
    }
    export(session_of(trials), tmp_path / "out")
    one, none = (columns(tmp_path / "out" / f"{name}_grf.mot").to_numpy()[:, 1:] for name in ("one", "none"))
    assert not one[:500].any()
    assert not one[1500:].any()
    assert not one[:, 9:].any()
    assert one[500:1500, 1] == pytest.approx(500.0)
    assert none.shape == (2000, 18)
    assert not none.any()


def test_external_loads_name_the_bodies_of_the_feet(tmp_path: Path) -> None:
    force = plates((FORCE, MOMENT), (MIRRORED[0], MIRRORED[3]), feet=("right", "left"), loaded=slice(500, 1500))
    session = session_of({"T": trial({"force": force}, task="countermovement_jump")})
    export(session, tmp_path / "usual")
    export(session, tmp_path / "named", bodies={"right": "foot & toes", "left": "left_foot"})
    for folder, expected in (("usual", ["calcn_r", "calcn_l"]), ("named", ["foot & toes", "left_foot"])):
        root = ElementTree.parse(tmp_path / folder / "T_external_loads.xml").getroot()
        forces = root.findall(".//ExternalForce")
        assert [force.findtext("applied_to_body") for force in forces] == expected
        table = columns(tmp_path / folder / "T_grf.mot")
        for force_of, number in zip(forces, (1, 2), strict=True):
            for key, axes in (("force_identifier", "xyz"), ("point_identifier", "xyz"), ("torque_identifier", "xyz")):
                names = [f"{force_of.findtext(key)}{axis}" for axis in axes]
                assert set(names) <= set(table.columns)
                assert all(f"_{number}_" in name for name in names)
        assert root.findtext(".//datafile") == "T_grf.mot"


def test_exchanged_sides_are_exchanged(tmp_path: Path) -> None:
    force = plates((FORCE, MOMENT), (MIRRORED[0], MIRRORED[3]), feet=("left", "right"), loaded=slice(500, 1500))
    session = session_of({"T": trial({"force": force}, task="countermovement_jump")})
    motion = session_motion(session, swapped={"T"})
    write_opensim(session, motion, tmp_path / "out", swapped={"T"})
    table = columns(tmp_path / "out" / "T_grf.mot")
    assert table["ground_force_1_pz"][1000] == pytest.approx(0.2)
    assert table["ground_force_2_pz"][1000] == pytest.approx(-0.2)


def test_feet_that_the_study_does_not_state_are_found_by_their_markers(jump: xr.DataTree, tmp_path: Path) -> None:
    stand = recording("standing")[1]
    export(athlete_session(jump=jump, stand=stand), tmp_path / "stated")
    export(athlete_session(jump=with_feet(jump, "both", "both"), stand=stand), tmp_path / "found")
    stated, found = (columns(tmp_path / name / "jump_grf.mot") for name in ("stated", "found"))
    pd.testing.assert_frame_equal(stated, found)


def test_plates_of_the_wrong_feet_are_withheld(jump: xr.DataTree, tmp_path: Path) -> None:
    stand = recording("standing")[1]
    wrong = with_feet(jump, "right", "left")
    files, left_out = export(athlete_session(jump=wrong, stand=stand), tmp_path / "out")["jump"]
    assert files == ["jump.trc"]
    assert left_out.startswith("Forces are left out.")


def test_forces_are_exported_only_while_the_load_of_each_foot_is_known(tmp_path: Path) -> None:
    force = plates((FORCE, MOMENT), (MIRRORED[0], MIRRORED[3]), feet=("right", "both"), loaded=slice(0, 700))
    session = session_of({"T": trial({"force": force}, task="countermovement_jump")})
    files, left_out = export(session, tmp_path / "out")["T"]
    assert "T_grf.mot" in files
    assert "Plate 2 bears an unknown foot for 0.70 s" in left_out
    assert "from 0.700 to 1.999 s" in left_out
    assert "load of the left foot is not known" in left_out
    assert columns(tmp_path / "out" / "T_grf.mot")["time"].iloc[[0, -1]].tolist() == [0.7, 1.999]
    always = plates((FORCE, MOMENT), feet=("both",), loaded=slice(0, 2000))
    files, left_out = export(
        session_of({"T": trial({"force": always}, task="countermovement_jump")}), tmp_path / "never"
    )["T"]
    assert files == []
    assert "At no time" in left_out


def test_what_cannot_be_exported_has_a_sentence(tmp_path: Path) -> None:
    markers = recording("standing")[1]["markers"].to_dataset(inherit=False)
    faults = json.dumps([["unreadable", "the file ends in the middle of a sample."]])
    fy = np.r_[np.zeros(1000), np.full(2000, 700.0)]
    session = athlete_session(
        no_plates=trial({"markers": markers}, task="standing"),
        vertical=force_trial(fy, feet=("left",)),
        broken=trial({}, faults=faults),
    )
    written = export(session, tmp_path / "out")
    assert written["no_plates"] == (["no_plates.trc"], "No plates were recorded.")
    assert written["vertical"][0] == []
    assert "recorded no moments" in written["vertical"][1]
    assert written["broken"] == ([], "The trial could not be read: the file ends in the middle of a sample.")


def test_one_trial_that_fails_does_not_keep_the_others_from_being_exported(tmp_path: Path) -> None:
    markers = recording("standing")[1]["markers"].to_dataset(inherit=False)
    bad = markers.drop_vars("position")
    session = athlete_session(bad=trial({"markers": bad}, task="squat"), good=trial({"markers": markers}, task="squat"))
    written = export(session, tmp_path / "out")
    assert written["good"][0] == ["good.trc"]
    assert written["bad"][0] == []
    assert "The export failed: KeyError" in written["bad"][1]


def test_no_names_of_persons_are_written(tmp_path: Path) -> None:
    labels, position = ["sacrum", "Ana:LASI", "Ben:LASI"], np.zeros((50, 3, 3))
    session = session_of({"T": trial({"markers": marker_dataset(labels, position)}, task="squat")})
    session.attrs |= {"participant_id": "Ana", "study": "Clinic"}
    files, left_out = export(session, tmp_path / "out")["T"]
    text = "".join((tmp_path / "out" / name).read_text(encoding="utf-8") for name in files)
    assert "sacrum" in text
    assert not any(name in text for name in ("Ana", "Ben", "Clinic", str(tmp_path)))
    assert "2 markers of several persons are left out." in left_out


def test_forces_can_have_the_low_pass_of_the_task(tmp_path: Path) -> None:
    force = plates((FORCE, MOMENT), (MIRRORED[0], MIRRORED[3]), feet=("right", "left"), loaded=slice(0, 2000))
    ripple = 1.0 + 0.2 * np.sin(2.0 * np.pi * 125.0 * np.arange(2000) / RATE_HZ)
    force["force"] *= xr.DataArray(ripple, dims="time")
    force["moment"] *= xr.DataArray(ripple, dims="time")
    session = session_of({"T": trial({"force": force}, task="squat")})
    export(session, tmp_path / "recorded")
    export(session, tmp_path / "filtered", filtered=True)
    recorded, filtered = (columns(tmp_path / name / "T_grf.mot") for name in ("recorded", "filtered"))
    middle = slice(500, 1500)
    assert np.ptp(recorded["ground_force_1_vy"][middle]) == pytest.approx(200.0, rel=1e-3)
    assert np.ptp(filtered["ground_force_1_vy"][middle]) < 0.1
    assert filtered["ground_force_1_px"][1000] == pytest.approx(0.1, abs=1e-5)


def test_refused_before_anything_is_written(tmp_path: Path) -> None:
    session = session_of({"T": force_trial(np.full(2000, 700.0))})
    motion = session_motion(session)
    with pytest.raises(ValueError, match="one body for each of right, left"):
        write_opensim(session, motion, tmp_path / "out", bodies={"right": "calcn_r", "left": "calcn_r"})
    assert not (tmp_path / "out").exists()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "raw.trc").write_text("recorded", encoding="utf-8")
    with pytest.raises(ValueError, match="not an empty folder"):
        write_opensim(session, motion, tmp_path / "full")
    assert (tmp_path / "full" / "raw.trc").read_text(encoding="utf-8") == "recorded"


def test_arguments_of_another_type_are_all_named(tmp_path: Path) -> None:
    with pytest.raises(TypeError) as caught:
        legsci.export_opensim("results/made", 1, "01", tmp_path / "out", bodies="calcn_r", filtered="yes")  # type: ignore[arg-type]
    assert str(caught.value) == (
        "export_opensim: expected study: what legsci.open_study returns, not 'results/made'; participant_id: a text, "
        "not 1; bodies: body of the model by side, not 'calcn_r'; filtered: True or False, not 'yes'"
    )
    (tmp_path / "tables").mkdir()
    with pytest.raises(ResultsError, match="it has none: only measurements of other systems, or the run is not"):
        legsci.export_opensim(Results(tmp_path / "tables"), "P01", "01", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_export_of_a_finished_study_follows_curation(tmp_path: Path) -> None:
    force = plates((FORCE, MOMENT), (MIRRORED[0], MIRRORED[3]), feet=("left", "right"), loaded=slice(500, 1500))
    session = session_of({"T": trial({"force": force}, task="countermovement_jump")})
    session.attrs |= {"study": "made", "simulated": 1, "session_id": "01"}
    curation = decisions(("T", np.nan, "swap_sides", "", np.nan, "cables exchanged", "AB"))
    motion = session_motion(session, swapped=trials_with_swapped_sides(curation))
    reps, flags = session_repetitions(motion, default="owen_mcmahon", profiles=["harry"], curation=curation)
    for kind in ("sessions", "motion", "reps"):
        (tmp_path / "made" / kind / "P01").mkdir(parents=True)
    write_session(session, tmp_path / "made" / "sessions" / "P01" / "01.nc")
    write_motion(motion, tmp_path / "made" / "motion" / "P01" / "01.nc")
    write_repetitions(reps, flags, tmp_path / "made" / "reps" / "P01" / "01.nc")
    table = legsci.export_opensim(Results(tmp_path / "made"), "P01", "01", tmp_path / "out")
    assert table["files"].tolist() == ["T_grf.mot, T_external_loads.xml"]
    assert columns(tmp_path / "out" / "T_grf.mot")["ground_force_1_pz"][1000] == pytest.approx(0.2)


def test_opensim_reads_the_files(jump: xr.DataTree, tmp_path: Path) -> None:
    opensim = pytest.importorskip("opensim", reason="OpenSim is installed with the extra bench only")
    opensim.Logger.removeFileSink()  # no opensim.log in the working directory
    export(athlete_session(jump=jump, stand=recording("standing")[1]), tmp_path / "out")
    markers = opensim.TimeSeriesTableVec3(str(tmp_path / "out" / "jump.trc"))
    recorded = jump["markers"].to_dataset(inherit=False)
    assert list(markers.getColumnLabels()) == recorded["marker"].to_numpy().tolist()
    assert markers.getNumRows() == recorded.sizes["time"]
    gap = markers.getRowAtIndex(105)[3]
    assert np.isnan([gap[axis] for axis in range(3)]).all()
    seen = markers.getRowAtIndex(50)[3]
    in_mm = 1000.0 * recorded["position"].to_numpy()[50, 3]
    np.testing.assert_allclose([seen[axis] for axis in range(3)], in_mm, atol=1e-4)
    loads = opensim.ExternalLoads(str(tmp_path / "out" / "jump_external_loads.xml"), True)
    assert [loads.get(row).get_applied_to_body() for row in range(loads.getSize())] == ["calcn_r", "calcn_l"]
    forces = opensim.Storage(str(tmp_path / "out" / "jump_grf.mot"))
    assert forces.getSize() == jump["force"].sizes["time"]
