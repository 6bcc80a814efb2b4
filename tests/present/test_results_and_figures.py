"""A finished study, opened and drawn: made of a jump, a trial without a flight and one that could not be read."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.table import Table
from matplotlib.text import Text

import legsci
from legsci.present.drawing import FURTHER
from legsci.present.figures import registry, style
from legsci.present.figures.force_time import flag_lines, force_time_figure
from legsci.present.figures.profile_comparison import widest_repetition
from legsci.present.figures.registry import CONFIG_LISTS, figure_lists
from legsci.present.results import Results
from legsci.present.selection import ResultsError
from legsci.quality import CODES, QualityFlag
from legsci.storage import DECIMALS
from legsci.vocabulary import STANDARD_GRAVITY
from tests.present.conftest import CLOCK, ORIGIN, RATE_HZ, TAKEOFF_VELOCITY, jump_force

QUALITY = ["severity", "code", "sentence"]
P01 = ("P01", "01")
#: Modules of figures and those that serve them; the registry, which finds them, is none.
FIGURE_MODULES = sorted(set(Path(style.__file__).parent.glob("[!_]*.py")) - {Path(registry.__file__)})


def test_a_query_gives_the_rows_that_pandas_gives(study: Results) -> None:
    found = study.query("SELECT session_id, side, jump_height_impulse_m FROM metrics WHERE status = 'accepted'")
    rows = study.metrics[study.metrics["status"] == "accepted"]
    assert found["session_id"].unique().tolist() == ["01"]
    pd.testing.assert_frame_equal(
        found.sort_values("side", ignore_index=True),
        rows[list(found.columns)].sort_values("side", ignore_index=True),
        check_dtype=False,
    )
    assert study.query("SELECT count(*) AS n FROM quality").loc[0, "n"] == len(study.quality)


def test_a_query_reads_the_tables_of_models(study: Results) -> None:
    (study.folder / "claims.csv").write_text("claim,session_id\nC1,01\n", encoding="utf-8")
    try:
        assert study.query("SELECT session_id FROM claims")["session_id"].tolist() == ["01"]
    finally:
        (study.folder / "claims.csv").unlink()


def test_a_query_that_cannot_be_answered_names_the_tables(study: Results) -> None:
    with pytest.raises(ResultsError, match="the tables are metrics, metrics_by_profile, reps, quality"):
        study.query("SELECT 1 FROM metricz")


def test_a_query_writes_nothing_and_reads_no_other_file(study: Results, tmp_path: Path) -> None:
    for sql in (f"COPY metrics TO '{tmp_path}/copy.csv'", "CREATE TABLE x AS SELECT 1", "SELECT 1; DROP VIEW metrics"):
        with pytest.raises(ResultsError, match="expected one SELECT"):
            study.query(sql)
    (tmp_path / "other.csv").write_text("a\n1\n", encoding="utf-8")
    with pytest.raises(ResultsError, match="Permission"):
        study.query(f"SELECT * FROM read_csv('{tmp_path}/other.csv')")
    assert list(tmp_path.iterdir()) == [tmp_path / "other.csv"]


def words(figure: Figure) -> str:
    """All text of a figure in one string, that of tables too."""
    texts = [text.get_text() for text in figure.findobj(Text) if isinstance(text, Text)]
    tables = [table for table in figure.findobj(Table) if isinstance(table, Table)]
    return " ".join(
        " ".join(
            [*texts, *(cell.get_text().get_text() for table in tables for cell in table.get_celld().values())]
        ).split()
    )


def drawn(figure: Figure) -> list[Axes]:
    """Axes of a figure that are not switched off, those of its subfigures too."""
    return [axes for axes in figure.findobj(Axes) if isinstance(axes, Axes) and axes.axison]


def test_tables_keep_names_as_text(study: Results) -> None:
    assert study.name == "made"
    assert study.simulated
    assert study.sessions() == [("P01", "01")]
    assert set(study.metrics["status"]) == {"accepted", "rejected"}
    assert set(study.events["profile"]) == {"owen_mcmahon", "harry", "vald", "s3d"}
    assert set(study.quality.query("trial_id == 'broken'")["code"]) == {"recording_unreadable"}


def test_dictionary_defines_the_columns_of_the_study(study: Results) -> None:
    assert list(study.dictionary.index) == list(study.metrics.columns)
    assert (study.dictionary["meaning"] != "").all()
    assert study.dictionary.loc["jump_height_impulse_m", "unit"] == "m"


def test_signals_are_those_of_the_session(study: Results) -> None:
    force = study.trial("P01", "01", "jump")["force"]["force"]
    stored_within = force.sizes["plate"] * 0.5 * 10.0 ** -DECIMALS["N"]
    np.testing.assert_allclose(force.sum("plate").sel(axis="y"), jump_force(), rtol=1e-7, atol=stored_within)
    reps = study.reps("P01", "01")
    assert reps is not None
    assert reps["trial_id"].to_numpy().tolist() == ["jump"]


def test_summary_counts_what_was_measured_and_names_the_tables(study: Results) -> None:
    sentence = study.summary()
    assert sentence.startswith(
        "made: 1 repetitions in 3 trials of 1 participants (1 accepted; trials without repetitions: 2 rejected)."
    )
    assert sentence.endswith("quality.csv")


def test_readings_tell_how_each_signal_was_read(study: Results) -> None:
    """A trial that could not be read has a row with the reason."""
    rows = study.readings.to_dict("records")
    assert [row["trial_id"] for row in rows] == ["jump", "stood", "broken"]
    assert (rows[2]["signal"], rows[2]["kind"]) == ("not read", "not read")
    assert rows[2]["assumptions"]
    reading = {"participant_id": "P01", "session_id": "01", "trial_id": "stood", "signal": "force"}
    assert rows[1] == reading | ORIGIN | {
        "rate_hz": RATE_HZ,
        "channels": "1, 2",
        "assumptions": "Rate as the study says. Unit N.",
        "clock": "clock of the recorder",
        **CLOCK,
    }


def test_errors_name_the_way_out(study: Results, tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="make study"):
        legsci.open_study(tmp_path / "nothing")
    with pytest.raises(ResultsError, match=r"metrics\.csv.* missing.*make study"):
        legsci.open_study(tmp_path)
    with pytest.raises(ResultsError, match="no session 02 of participant P01 in sessions; it has P01 01"):
        study.session("P01", "02")
    with pytest.raises(ResultsError, match="no trial hop; it has jump, stood, broken"):
        study.trial("P01", "01", "hop")


def test_a_study_is_found_from_a_folder_below(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder / "sessions")
    assert legsci.open_study(f"{folder.parent.name}/made").folder == folder


def test_force_time_shows_every_trial_and_why(study: Results) -> None:
    figure = legsci.draw(study, "force_time", "P01", "01")
    said = words(figure)
    height_m = TAKEOFF_VELOCITY**2 / (2.0 * STANDARD_GRAVITY)
    (stated,) = re.findall(r"jump height: (\d\.\d{3}) ± 0\.\d{3} m by impulse", said)
    assert float(stated) == pytest.approx(height_m, abs=0.005)
    assert "SIMULATED" in said
    assert "n = 1 repetition of 3 trials" in said
    assert "profile Owen and McMahon" in said
    assert "the file ends in the middle of a sample" in said
    assert "No flight" in said
    assert {"vertical\nforce [N]", "velocity\n[m/s]"} <= {axes.get_ylabel() for axes in drawn(figure)}
    assert {"left foot", "right foot", "both feet", "body weight", "take-off", "landing", "braking"} <= {
        text.get_text() for legend in figure.legends for text in legend.get_texts()
    }


def flag_rows(*flags: QualityFlag) -> pd.DataFrame:
    """Rows of quality.csv."""
    return pd.DataFrame([(each.severity, each.code, each.sentence) for each in flags], columns=QUALITY)


def test_many_flags_of_one_code_are_one_line() -> None:
    gaps = [QualityFlag("gap_left", f"M{place:02d}", 0.1 * (place + 1), 0.1, "from 1 s") for place in range(27)]
    flagged, noted = flag_lines(flag_rows(QualityFlag("foot_on_box", value=2.0), *gaps))
    assert flagged == "flagged: gap left: 27 gaps of 27 markers, the longest 2.7 s; see quality.csv"
    assert noted.startswith("noted: Joint kinetics are missing for 2.00 s")
    several = flag_rows(
        QualityFlag("samples_lost", "imu", 3.0), QualityFlag("no_onset", "EMG"), QualityFlag("samples_lost")
    )
    assert flag_lines(several) == ["noted: samples lost, no onset; see quality.csv"]
    absent = [QualityFlag("segment_absent", f"segment {place}", detail="no marker of it") for place in range(40)]
    (line,) = flag_lines(flag_rows(*absent))
    assert line.startswith("noted: segment 0 is absent: no marker of it.")
    assert line.endswith("...; see quality.csv")
    assert len(line) < 2 * style.LINE_LENGTH
    assert flag_lines(flag_rows()) == []


def test_flags_leave_room_for_the_panel(study: Results) -> None:
    """Sixty kinds of flag about the jump: its heading is bounded, and the axes are as high as without them."""
    (usual, _), key = [axes for axes in drawn(legsci.draw(study, "force_time", "P01", "01")) if axes.lines][:2], P01
    codes = list(CODES)
    many = pd.DataFrame(
        [{"trial_id": "jump", "rep": 1, "profile": "", "code": code, "severity": CODES[code].severity, "sentence": code}
         for code in codes if CODES[code].severity in ("flagged", "noted")]
    )  # fmt: skip
    figure = force_time_figure(study.session(*key), study.signals(*key), pd.concat([study.quality_flags(*key), many]))
    (axes, _) = [axes for axes in drawn(figure) if axes.lines][:2]
    for each in (usual, axes):
        each.figure.get_figure(root=True).canvas.draw()
    heights = [each.get_window_extent().height for each in (usual, axes)]
    assert heights[1] > 0.9 * heights[0]
    assert "further kinds of flag; see quality.csv" in words(figure)


def test_velocity_is_drawn_as_the_jump_has_it(study: Results) -> None:
    figure = legsci.draw(study, "force_time", "P01", "01")
    (lower,) = [axes for axes in drawn(figure) if axes.get_ylabel() == "velocity\n[m/s]"]
    curve = max((np.asarray(line.get_ydata()) for line in lower.lines), key=len)
    assert np.nanmax(curve) == pytest.approx(TAKEOFF_VELOCITY, abs=0.02)


def test_profiles_stand_side_by_side(study: Results) -> None:
    widest = widest_repetition(study.metrics_by_profile)
    assert widest is not None
    assert widest.to_list() == ["P01", "01", "jump", 1]
    said = words(legsci.draw(study, "profile_comparison"))
    for expected in (
        "Owen and McMahon",
        "Harry",
        "VALD ForceDecks",
        "S3D",
        "unweighting",
        "downward",
        "SIMULATED",
        "[m]",
    ):
        assert expected in said


def test_no_repetition_to_compare_is_said(study: Results) -> None:
    rejected = study.metrics_by_profile.assign(status="rejected")
    assert widest_repetition(rejected) is None
    study.metrics_by_profile = rejected
    assert "no repetition of this study" in words(legsci.draw(study, "profile_comparison"))


def test_heights_and_their_differences_are_drawn_to_scale(study: Results) -> None:
    figure = legsci.draw(study, "jump_height_agreement")
    left, right = figure.axes
    (row,) = study.metrics.query("trial_id == 'jump' and side == 'both'").itertuples()
    places = [float(line.get_xdata()[0]) for line in left.lines if line.get_marker() == "o" and len(line.get_xdata())]
    assert places[:2] == pytest.approx([row.jump_height_impulse_m, row.jump_height_flight_time_m])
    difference_cm = 100.0 * (row.jump_height_flight_time_m - row.jump_height_impulse_m)
    assert float(right.lines[0].get_xdata()[0]) == pytest.approx(difference_cm)
    assert "n = 1 repetition;" in words(figure)


def test_quality_counts_flags(study: Results) -> None:
    figure = legsci.draw(study, "data_quality")
    bars = figure.axes[0]
    assert sum(bar.get_height() for bar in bars.patches) == len(study.quality)
    said = words(figure)
    assert f"found: {len(study.quality)} flag" in said
    assert "no flight (rejected)" in said
    assert "P01 01 broken (1 rejected)" in said


def test_an_unknown_figure_lists_those_there_are(study: Results) -> None:
    with pytest.raises(
        ValueError, match="no figure pie; there are alignment_within_between, claims_ledger, claims_sensitivity, curve"
    ):
        legsci.draw(study, "pie")


@pytest.mark.parametrize("name", ["figure.png", "figure.svg"])
def test_the_same_figure_gives_the_same_bytes(study: Results, tmp_path: Path, name: str) -> None:
    for folder in ("one", "two"):
        style.save(legsci.draw(study, "jump_height_agreement"), tmp_path / folder / name)
    assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert [path.name for path in (tmp_path / "one").iterdir()] == [name]


def test_a_figure_holds_a_text_in_its_place(study: Results, tmp_path: Path) -> None:
    style.save(legsci.draw(study, "force_time", "P01", "01"), tmp_path / "force_time.svg")
    written = (tmp_path / "force_time.svg").read_text(encoding="utf-8")
    assert "<title>SIMULATED. Study" in written
    assert "vertical force [N]; velocity [m/s]; time of the trial [s]" in written


def test_a_figure_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(figure: Figure, path: Path, **_: object) -> None:
        path.write_text("half", encoding="utf-8")
        raise OSError("disk full")

    monkeypatch.setattr(Figure, "savefig", fails)
    with pytest.raises(OSError, match="disk full"):
        style.save(Figure(), tmp_path / "figure.png")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError, match=r"\.png or \.svg"):
        style.save(Figure(), tmp_path / "figure.bmp")


def test_each_figure_has_a_line_and_a_caption(repository: Path) -> None:
    options = yaml.safe_load((repository / "workflow" / "config.yaml").read_text(encoding="utf-8"))["figures"]
    listed = {figure: name for name in CONFIG_LISTS for figure in options[name]}
    assert listed == figure_lists()
    captions = {path.stem for path in (repository / "workflow" / "report").glob("*.rst")}
    assert captions >= {*listed, "parameter_recovery", "notebook", "workflow"}


@pytest.mark.parametrize("path", FIGURE_MODULES, ids=lambda path: path.stem)
def test_a_module_draws_a_figure_where_it_states_its_list(path: Path) -> None:
    """What the registry reads from the source is what the module holds, and `draw` takes what that list gives."""
    module = import_module(f"legsci.present.figures.{path.stem}")
    stated = getattr(module, "CONFIG_LIST", None)
    assert stated == figure_lists().get(path.stem)
    assert hasattr(module, "draw") == (stated is not None or path.stem in FURTHER)
    if stated is not None:
        given = ["study", "participant_id", "session_id"] if stated == "session" else ["study"]
        parameters = inspect.signature(module.draw).parameters.values()
        assert [each.name for each in parameters if each.kind is not each.KEYWORD_ONLY] == given
        assert stated in CONFIG_LISTS
        assert callable(getattr(module, f"{path.stem}_figure"))


def test_names_of_figures_are_read_without_what_draws_them(repository: Path) -> None:
    program = (
        "import sys; from legsci.present.figures.registry import figure_lists; "
        "sys.exit(not figure_lists() or any(name in sys.modules for name in ('matplotlib', 'xarray', 'pandas')))"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=repository, check=False).returncode == 0


def test_public_names_are_there_and_come_late(repository: Path) -> None:
    assert all(getattr(legsci, name) is not None for name in dir(legsci))
    with pytest.raises(AttributeError, match="no public name squat"):
        _ = legsci.squat
    program = "import sys, legsci, legsci.kernels; sys.exit(any(name in sys.modules for name in ('xarray', 'pandas')))"
    assert subprocess.run([sys.executable, "-c", program], cwd=repository, check=False).returncode == 0
