"""What an analyst asks a study: what it shows, tables, curves, figures by name."""

from __future__ import annotations

import re
import shutil
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

import legsci
from legsci.present.drawing import Selected
from legsci.present.figures.registry import figure_lists
from legsci.present.overview import SHOWN, Overview
from legsci.present.repetition_table import repetition_table
from legsci.present.results import Results
from legsci.present.selection import ResultsError
from legsci.vocabulary import STANDARD_GRAVITY
from tests.present.conftest import MASS_KG, TAKEOFF_VELOCITY

JUMP = "countermovement_jump"


def rows_of_two_squats() -> pd.DataFrame:
    """Rows of metrics.csv: two repetitions with knee angles by side; the left knee of one was not seen."""
    keys = {"participant_id": "P01", "session_id": "01", "trial_id": "set", "task": "squat", "profile": "harry"}
    values = {(1, "left"): 100.0, (1, "right"): 101.0, (2, "left"): np.nan, (2, "right"): 99.0}
    rows = [
        keys
        | {"rep": rep, "side": side, "status": "accepted", "reason": ""}
        | {"squat_depth_m": 0.4 + 0.1 * rep if side == "both" else np.nan}
        | {"knee_flexion_max_deg": values.get((rep, side), np.nan), "flight_time_s": np.nan}
        for rep in (2, 1)
        for side in ("both", "left", "right")
    ]
    return pd.DataFrame(rows)


def test_sides_stand_next_to_each_other() -> None:
    table = repetition_table(rows_of_two_squats(), ["knee_flexion_max_deg", "squat_depth_m"])
    assert list(table.columns[-3:]) == ["knee_flexion_max_deg_left", "knee_flexion_max_deg_right", "squat_depth_m"]
    assert table["rep"].to_list() == [2, 1], "in the order of the rows"
    np.testing.assert_allclose(table.iloc[:, -3:].to_numpy(float), [[np.nan, 99.0, 0.6], [100.0, 101.0, 0.5]])


def test_an_empty_metric_says_why() -> None:
    with pytest.warns(
        UserWarning, match="flight_time_s is empty: it is defined for .*jump.*these repetitions are squat"
    ):
        table = repetition_table(rows_of_two_squats(), ["squat_depth_m", "flight_time_s"])
    assert table["flight_time_s"].isna().all()
    assert "flight_time_s" not in repetition_table(rows_of_two_squats(), [])


def test_a_table_of_many_metrics_is_laid_out_without_a_warning() -> None:
    rows = rows_of_two_squats()
    many = pd.DataFrame({f"metric_{number}": np.arange(float(len(rows))) for number in range(200)})
    table = repetition_table(pd.concat([rows, many], axis="columns"), many.columns)
    assert table["metric_7_right"].to_list() == [2.0, 5.0]
    assert table.shape == (2, 8 + 600)


def test_a_table_names_what_there_is_instead(study: Results) -> None:
    with pytest.raises(
        ResultsError, match=r"no metric jump_height .*; there are \d+, among them .*jump_height_impulse_m"
    ):
        study.table("jump_height")
    with pytest.raises(ResultsError, match="no task squat; there are countermovement_jump"):
        study.table("squat_depth_m", task="squat")
    with pytest.raises(ResultsError, match=r"no participant_id P02 .*; there are P01"):
        study.table(participant="P02")


def test_a_table_has_a_row_per_repetition_and_profile(study: Results) -> None:
    heights = study.table("jump_height_impulse_m", task=JUMP)
    assert heights["jump_height_impulse_m"].to_list() == pytest.approx(
        [TAKEOFF_VELOCITY**2 / (2.0 * STANDARD_GRAVITY)], abs=0.005
    )
    every = study.table("braking_time_s", profile="all")
    assert every["profile"].to_list() == ["owen_mcmahon", "harry", "vald", "s3d"]
    assert len(set(every["braking_time_s"])) > 1
    headed = study.table("jump_height_impulse_m", "asymmetry_peak_force_percent", "peak_force_n", units=True)
    assert list(headed.columns[-2:]) == [("peak_force_n_left", "N"), ("peak_force_n_right", "N")]
    assert ("jump_height_impulse_m", "m") in headed
    assert ("asymmetry_peak_force_percent", "%") in headed


def test_curves_are_aligned_at_the_event(study: Results) -> None:
    """Take-off is where the force ends; flight lasts twice the velocity over gravity."""
    force = study.curves("force", task=JUMP, align="takeoff").sel(side="both")
    assert force.dims == ("rep", "time")
    assert force["time"].attrs["units"] == "s"
    assert force.attrs["units"] == "N"
    (curve,) = force
    flight_s = 2.0 * TAKEOFF_VELOCITY / STANDARD_GRAVITY
    assert float(abs(curve.sel(time=slice(0.005, flight_s - 0.005))).max()) < 5.0
    assert float(curve.sel(time=-0.005, method="nearest")) > 1.5 * MASS_KG * STANDARD_GRAVITY
    assert str(curve["status"].item()) == "accepted"
    assert str(curve["rep"].item()) == "P01/01/jump/1"


def test_curves_in_percent_span_the_movement(study: Results) -> None:
    speed = study.curves("velocity", task=JUMP, unit="%")
    np.testing.assert_array_equal(speed["percent"], np.arange(101.0))
    assert float(speed.isel(rep=0).sel(percent=100.0)) == pytest.approx(TAKEOFF_VELOCITY, abs=0.05)
    backwards = study.curves("velocity", task=JUMP, unit="%", align="takeoff")
    np.testing.assert_array_equal(backwards["percent"], np.arange(-100.0, 1.0))
    np.testing.assert_allclose(backwards.to_numpy(), speed.to_numpy(), atol=1e-6)


def test_curves_that_are_not_there_are_named(study: Results) -> None:
    with pytest.raises(ResultsError, match=r"no signal forces \(did you mean force\?\); there are force, "):
        study.curves("forces", task=JUMP)
    with pytest.raises(ResultsError, match=r"no event take_off.*there are .*takeoff"):
        study.curves("force", task=JUMP, align="take_off")
    with pytest.raises(ResultsError, match=r"no unit ms .*; there are s, %"):
        study.curves("force", task=JUMP, unit="ms")
    with pytest.raises(ResultsError, match="no repetition of the selection has angle and a start of the movement"):
        study.curves("angle", task=JUMP)


def test_a_study_shows_itself(study: Results) -> None:
    for shown in (repr(study), re.sub("<[^>]+>", " ", study._repr_html_())):
        assert "made" in shown
        assert "SIMULATED" in shown
        assert "2 without repetitions, rejected; 1 accepted" in shown
        assert re.search(r"study\.table\(.{1,6}jump_height_impulse_m", shown)
    # each call that it proposes can be made
    for call in study._overview().calls():
        assert eval(call, {"study": study, "legsci": legsci}) is not None


def test_of_many_participants_the_first_are_shown_and_html_is_escaped() -> None:
    people = [f"<P{place:03d}>" for place in range(SHOWN + 3)]
    rows = pd.DataFrame({"participant_id": people, "session_id": "1", "trial_id": "t", "rep": 1, "task": "squat"})
    shown = Overview("many", simulated=False, rows=rows.assign(profile="vald", status="flagged"), sessions=[])
    assert "and 3 more" in shown.text()
    assert "curves" not in shown.text(), "there are no recordings"
    assert "&lt;P000&gt;" in shown.html()
    assert "<P000>" not in shown.html()


def words(figure: Figure) -> str:
    """All text of a figure in one string."""
    return " ".join(text.get_text() for text in figure.findobj(Text) if isinstance(text, Text))


def test_one_trial_or_repetition_is_drawn(study: Results) -> None:
    whole, trial = (
        legsci.draw(study, "force_time", "P01", "01"),
        legsci.draw(study, "force_time", "P01", "01", trial="jump"),
    )
    assert "stood" in words(whole)
    assert "stood" not in words(trial)
    rep = legsci.draw(study, "force_time", "P01", "01", trial="jump", rep=1, align="takeoff")
    assert "time from take-off [s]" in words(rep)
    (upper,) = [axes for axes in rep.findobj(Axes) if isinstance(axes, Axes) and "force" in axes.get_ylabel()]
    assert any(line.get_marker() == "^" and float(line.get_xdata()[0]) == 0.0 for line in upper.lines)
    assert Selected(study, "stood", None).reps("P01", "01") is None
    assert set(Selected(study, "jump", 1).quality_flags("P01", "01")["trial_id"]) <= {"jump"}


def test_a_session_is_drawn_before_the_tables_are_made(study: Results, tmp_path: Path) -> None:
    for kind in ("sessions", "motion", "reps"):
        shutil.copytree(study.folder / kind, tmp_path / kind)
    for figure in (name for name, of in figure_lists().items() if of == "session"):
        assert legsci.draw(Results(tmp_path), figure, "P01", "01") is not None


def test_a_missing_argument_is_named(study: Results) -> None:
    for given, missing in (((), "participant, session"), (("P01",), "session")):
        with pytest.raises(TypeError, match=rf'missing: {missing}: draw\(study, "force_time", "P01", "01"\)'):
            legsci.draw(study, "force_time", *given)
    with pytest.raises(TypeError, match="athlete_report needs participant; missing: participant"):
        legsci.draw(study, "athlete_report")
    with pytest.raises(TypeError, match="missing: trial"):
        legsci.draw(study, "force_time", "P01", "01", rep=1)


def test_an_argument_too_much_is_named(study: Results) -> None:
    with pytest.raises(TypeError, match="data_quality has no participant or session"):
        legsci.draw(study, "data_quality", "P01", "01")
    with pytest.raises(TypeError, match="skeleton has no align"):
        legsci.draw(study, "skeleton", "P01", "01", align="takeoff")
    for names, said in (
        ({"trial": "hop"}, "no trial in P01 01 hop; there are jump, stood, broken"),
        ({"trial": "jump", "rep": 2}, "no repetition of jump 2; there are 1"),
        ({"trial": "jump", "align": "take_off"}, "no event take_off"),
    ):
        with pytest.raises(ResultsError, match=said):
            legsci.draw(study, "force_time", "P01", "01", **names)
    with pytest.raises(ResultsError, match=r"no figure forcetime \(did you mean force_time\?\)"):
        legsci.draw(study, "forcetime", "P01", "01")


def test_decisions_are_tried_before_they_are_written(study: Results) -> None:
    """A take-off 10 ms early lowers the height; an excluded jump stays in the table, rejected."""
    jump = study.events[study.events["profile"] == "owen_mcmahon"].iloc[[0]]
    said = {"event": "takeoff", "value": jump["takeoff_s"] - 0.01, "reason": "seen", "initials": "AB"}
    before, after = study.with_decisions(jump.assign(what="move_event", **said)).to_dict("records")
    assert (before["decisions"], after["decisions"]) == ("none", "followed")
    assert before["jump_height_impulse_m"] == pytest.approx(
        study.table("jump_height_impulse_m")["jump_height_impulse_m"][0]
    )
    assert after["jump_height_flight_time_m"] > before["jump_height_flight_time_m"] + 0.01, "the flight is longer"
    assert "curated" in after["reason"]
    _, left = study.with_decisions(jump.assign(what="exclude", **said | {"event": None, "value": None})).to_dict(
        "records"
    )
    assert left["status"] == "rejected"


def test_decisions_that_cannot_be_tried_are_refused(study: Results) -> None:
    jump = study.events.iloc[[0]]
    with pytest.raises(ResultsError, match="missing: what, event, value, reason, initials"):
        study.with_decisions(jump)
    said = {"event": None, "value": None, "reason": "seen", "initials": "AB"}
    with pytest.raises(ResultsError, match="swap_sides takes a run of the workflow"):
        study.with_decisions(jump.assign(what="swap_sides", **said))
    with pytest.raises(ResultsError, match="decisions about one session with repetitions"):
        study.with_decisions(pd.concat([jump, jump.assign(session_id="02")]).assign(what="exclude", **said))


def test_the_version_is_that_of_the_package(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "legsci.__version__"}
    assert re.fullmatch(r"\d+\.\d+\.\d+", legsci.__version__)
    assert "__version__" in dir(legsci)
