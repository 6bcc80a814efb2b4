"""The workflow on a small made study, in a copy of the checkout that legsci is not installed from."""

from __future__ import annotations

import hashlib
import re
from contextlib import ExitStack
from pathlib import Path

import jsonschema
import netCDF4
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml

import legsci
from legsci.mechanics.motion.options import task_options
from legsci.reproduction.comparison import report, write_reference
from legsci.reproduction.manifest import read_manifest
from legsci.reproduction.trace import TraceError
from legsci.vocabulary import new_name
from tests.checkout import ROOT, TINY, copy_checkout, edited, planned, snakemake

RATE_HZ = 1000.0
MASS_KG = 70.0
GRAVITY = 9.80665
TAKEOFF_VELOCITY = 2.2

STUDY = """\
name: tiny
simulated: true
lab: {up: z, forward: x}
devices:
  plate:
    reader: delimited
    rate_hz: 1000
    text: {delimiter: ",", header_rows: 1}
    plates:
      "1": {foot: both, columns: {up: force}}
"""
TABLES = {
    "participants": "participant_id\nP01\nP02\n",
    "sessions": "participant_id\tsession_id\tday\nP01\tA\t0\nP01\tB\t7\nP02\tA\t0\n",
    "trials": "participant_id\tsession_id\ttrial_id\ttask\n"
    "P01\tA\tjump_1\tcountermovement_jump\nP01\tB\tjump_1\tcountermovement_jump\nP02\tA\tjump_1\tcountermovement_jump\n",
    "recordings": "participant_id\tsession_id\ttrial_id\tdevice\tpath\n"
    "P01\tA\tjump_1\tplate\tP01_A.csv\nP01\tB\tjump_1\tplate\tP01_B.csv\nP02\tA\tjump_1\tplate\tP02_A.csv\n",
}


def jump_force() -> np.ndarray:
    """Vertical force of a jump [N]: accelerations that add up to TAKEOFF_VELOCITY, flight, landing, standing."""
    flight_s = 2.0 * TAKEOFF_VELOCITY / GRAVITY
    pieces = [(2.0, 0.0), (0.25, -4.0), (0.4, (TAKEOFF_VELOCITY + 1.0) / 0.4), (flight_s, -GRAVITY)]
    pieces += [(0.2, TAKEOFF_VELOCITY / 0.2), (2.0, 0.0)]
    acceleration = np.concatenate([np.full(round(seconds * RATE_HZ), value) for seconds, value in pieces])
    noise = np.random.default_rng(1).normal(0.0, 0.5, acceleration.size)
    return MASS_KG * (GRAVITY + acceleration) + noise


def write_study(folder: Path) -> None:
    """Write the study: two sessions with a jump, one whose recording is no recording."""
    folder.mkdir(parents=True)
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    for name, text in TABLES.items():
        (folder / f"{name}.tsv").write_text(text, encoding="utf-8")
    force = "force\n" + "\n".join(f"{value:.3f}" for value in jump_force()) + "\n"
    (folder / "P01_A.csv").write_text(force, encoding="utf-8")
    (folder / "P01_B.csv").write_text(force, encoding="utf-8")
    (folder / "P02_A.csv").write_text("force\nthis is no number\n", encoding="utf-8")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout with the small study, before any run."""
    folder = tmp_path_factory.mktemp("checkout")
    copy_checkout(folder)
    write_study(folder / "data" / "raw" / "tiny")
    return folder


@pytest.fixture(scope="module")
def finished(checkout: Path) -> Path:
    """The copy after a run."""
    answer = snakemake(checkout)
    logs = "\n".join(path.read_text(encoding="utf-8") for path in checkout.glob("results/tiny/logs/**/*.txt"))
    assert answer.returncode == 0, answer.stdout + answer.stderr + logs
    assert "tiny: 2 repetitions in 3 trials of 2 participants" in answer.stdout
    last = [line for line in answer.stderr.splitlines() if " jobs, " in line][-1]
    assert re.match(r"(\d+) of \1 jobs, \d+:\d\d min$", last)
    assert "Reason:" not in answer.stderr, "snakemake's own words are in its log alone"
    assert "Reason:" in "".join(path.read_text() for path in checkout.glob(".snakemake/log/*.log"))
    return checkout


def test_first_is_the_first_table_and_figure(finished: Path) -> None:
    jobs = planned(finished, "first", "--forceall", *TINY)
    batches = dict.fromkeys(("ingest", "motion", "cut_reps"), 2)
    assert jobs == {**batches, "measure": 1, "study_tables": 1, "draw_force_time": 1, "first": 1}


def test_a_run_measures_each_good_session_and_names_the_bad_one(finished: Path) -> None:
    results = finished / "results" / "tiny"
    metrics = pd.read_csv(results / "metrics.csv").query("side == 'both'").set_index(["participant_id", "session_id"])
    for session in ("A", "B"):
        height_m = metrics.loc[("P01", session), "jump_height_impulse_m"]
        assert height_m == pytest.approx(TAKEOFF_VELOCITY**2 / (2.0 * GRAVITY), abs=0.005)
    quality = pd.read_csv(results / "quality.csv").set_index("participant_id")
    assert quality.loc[["P02"], "severity"].tolist() == ["rejected"]
    assert "P02_A.csv" in quality.loc["P02", "sentence"]
    assert len(pd.read_parquet(results / "metrics.parquet")) == len(pd.read_csv(results / "metrics.csv"))


def test_a_study_of_tables_runs_without_recordings(checkout: Path) -> None:
    folder = checkout / "data" / "raw" / "squad"
    folder.mkdir()
    (folder / "study.yaml").write_text("name: squad\nsimulated: true\n", encoding="utf-8")
    rows = [
        f"P{person}\t{7 * visit}\tcountermovement_jump\t{0.25 + 0.01 * person + 0.001 * ((person * visit) % 7):.3f}"
        for person in range(1, 9)
        for visit in range(3)
    ]
    header = "participant_id\tday\ttask\tjump_height_impulse_m"
    (folder / "measurements.tsv").write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    study = "study=data/raw/squad"
    targets = [f"results/squad/{name}" for name in ("claims.csv", "models/reliability.csv", "curves.nc")]
    answer = snakemake(checkout, "--cores", "2", *targets, "--config", study)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    opened = legsci.open_study(checkout / "results" / "squad")
    assert opened.simulated
    assert opened.sessions() == []
    assert opened.readings.empty
    assert "24 repetitions in 24 trials of 8 participants (24 accepted)" in opened.summary()
    calculated = legsci.analyse_measurements(folder, claims=checkout / "workflow" / "claims.yaml")
    assert len(calculated["reliability"]) == 1
    for name in ("reliability", "claims"):
        written = opened.model_table(name)
        pd.testing.assert_frame_equal(
            written.select_dtypes("number"),
            calculated[name][written.select_dtypes("number").columns],
            check_dtype=False,
        )
    assert "draw_force_time" not in planned(checkout, "--config", study)
    with edited(folder / "reliability.tsv", f"{header}\n{rows[0]}\n{rows[1]}\n"):
        assert {"longitudinal", "claims"} <= set(planned(checkout, *targets, "--config", study))
    (folder / "measurements.tsv").write_text(f"{header}x\n{rows[0]}\n", encoding="utf-8")
    said = refusal(checkout, "--config", study)
    assert "jump_height_impulse_mx (did you mean jump_height_impulse_m?)" in said


def test_a_number_is_followed_to_its_raw_file(finished: Path) -> None:
    study = legsci.open_study(finished / "results" / "tiny")
    found = study.trace("metrics", "peak_force_n", participant_id="P01", session_id="B", side="both")
    raw = finished / "data" / "raw" / "tiny" / "P01_B.csv"
    assert [(file.path, file.sha256, file.state) for file in found.raw_files] == [
        ("P01_B.csv", hashlib.sha256(raw.read_bytes()).hexdigest(), "unchanged")
    ]
    assert found.of_session == ()
    assert found.rule == "study_tables"
    assert found.value == study.metrics.set_index(["session_id", "side"]).loc[("B", "both"), "peak_force_n"]
    assert found.definition["function"].endswith("peak_force")
    assert found.options["profile"] == "owen_mcmahon"
    with edited(raw, raw.read_text(encoding="utf-8") + "700.000\n"):
        moved = study.trace("metrics", "peak_force_n", participant_id="P01", session_id="B", side="both")
        assert [file.state for file in moved.raw_files] == ["changed since"]
    for table, keys, said in (
        ("metrics", {"participant_id": "P09"}, "it has P01"),
        ("metrics", {}, "choose by participant_id: P01, P02; session_id: A, B"),
        ("metrics", {"sid": "A"}, "has no column sid"),
        ("metric", {}, "has no table metric: one of claims"),
    ):
        with pytest.raises(TraceError, match=said):
            study.trace(table, "peak_force_n", **keys)


def test_a_run_agrees_with_itself_and_names_an_edited_raw_file(finished: Path, tmp_path: Path) -> None:
    results = finished / "results" / "tiny"
    write_reference(results, tmp_path)
    text, agrees = report(results, tmp_path)
    assert agrees
    assert text.endswith("0 differences to the reference run")
    manifest = read_manifest(results)
    assert manifest["rules"]["models/incidence.csv"] == "claims"
    for path in ("sessions/P01/A.nc", "motion/P01/A.nc", "reps/P01/A.nc", "curves.nc"):
        with netCDF4.Dataset(str(results / path)) as file:
            assert re.fullmatch("[0-9a-f]{16}", file.legsci_sources)
    assert b"legsci_sources" in pq.read_schema(results / "metrics.parquet").metadata
    recordings = {"P01_A.csv", "P01_B.csv", "P02_A.csv"}
    assert set(manifest["raw_files"]) == {*recordings, "study.yaml", *(f"{name}.tsv" for name in TABLES)}


def test_a_second_run_does_nothing_whatever_was_edited_that_no_result_depends_on(finished: Path) -> None:
    with ExitStack() as edits:
        for path, text in {
            "legsci/metrics/tables.py": "# A comment.\n",
            "legsci/ingest/fetch.py": "PLANTED = 1\n",
            "legsci/cli.py": "PLANTED = 1\n",
        }.items():
            edits.enter_context(edited(finished / path, text))
        assert planned(finished) == {}


def test_a_run_draws_each_session_and_shows_the_study(finished: Path) -> None:
    results = finished / "results" / "tiny"
    sessions = {"P01_A.png", "P01_B.png", "P02_A.png"}
    assert {path.name for path in (results / "figures" / "force_time").iterdir()} == sessions
    figures = {path.name for path in (results / "figures").glob("*.svg")}
    assert figures == {f"{name.removeprefix('draw_')}.svg" for name in (*STUDY_FIGURES, *MODEL_FIGURES)}
    assert {path.name for path in (results / "figures" / "athlete_report").glob("*.png")} == {"P01.png"}
    for page in ("01_data_quality", "02_rep_mechanics", "03_longitudinal", "04_claims"):
        html = (results / "notebooks" / f"{page}.html").read_text(encoding="utf-8")
        assert "data:image/png;base64" in html
        assert "<script src=" not in html
        assert str(finished) not in html
    editor = (results / "notebooks" / "05_edit_events.html").read_text(encoding="utf-8")
    assert "works in JupyterLab" in editor, "a page has no kernel"
    assert "widget-view" not in editor


STUDY_FIGURES = (
    "draw_profile_comparison",
    "draw_jump_height_agreement",
    "draw_data_quality",
    "draw_raw_streams",
    "draw_joint_angles",
    "draw_joint_moments",
)
SESSION_FIGURES = ("draw_force_time", "draw_skeleton", "draw_energy_flow")
MODEL_FIGURES = (
    "draw_study_flow",
    "draw_alignment_within_between",
    "draw_incidence",
    "draw_reliability",
    "draw_curve_differences",
    "draw_muscle_onsets",
    "draw_claims_ledger",
    "draw_claims_sensitivity",
)
#: Figures of curves over normalised time, which share the look of joint_angles.
BANDS = ("draw_joint_angles", "draw_joint_moments", "draw_curve_differences")
FOUND = dict.fromkeys(
    ("longitudinal", "claims", "curve_results", "reference_scores", "athlete_report", "manifest", "coach_pages"), 1
)
MODELLED = {**FOUND, **dict.fromkeys(MODEL_FIGURES, 1), "run_notebook": 5}
JUDGED = {rule: count for rule, count in MODELLED.items() if rule != "longitudinal"}
MONITORED = {"onset_monitor": 1}
PAGES = {**dict.fromkeys((*STUDY_FIGURES, *MODEL_FIGURES), 1), "run_notebook": 5}
ALL_MEASURED = {"measure": 1, "study_tables": 1, **dict.fromkeys(SESSION_FIGURES, 3), **MONITORED, **MODELLED, **PAGES}
#: P01 came twice, P02 once.
P01_MEASURED = {"measure": 1, "study_tables": 1, **dict.fromkeys(SESSION_FIGURES, 2), **MONITORED, **MODELLED, **PAGES}
ALL_SESSIONS = {"ingest": 2, "motion": 2, "cut_reps": 2, "study_curves": 1, **ALL_MEASURED}
P01_SESSIONS = {"ingest": 1, "motion": 1, "cut_reps": 1, "study_curves": 1, **P01_MEASURED}


@pytest.mark.parametrize(
    ("path", "text", "jobs"),
    [
        # Opened results measure a session anew with other decisions: all that opens them depends on the metrics.
        (
            "legsci/metrics/tables.py",
            "PLANTED = 1\n",
            {"measure": 1, "study_tables": 1, **dict.fromkeys(SESSION_FIGURES, 3), **MONITORED, **MODELLED, **PAGES},
        ),
        ("legsci/present/figures/force_time.py", "PLANTED = 1\n", {"draw_force_time": 3, "run_notebook": 5}),
        ("legsci/present/figures/joint_angles.py", "PLANTED = 1\n", {**dict.fromkeys(BANDS, 1), "run_notebook": 5}),
        (
            "legsci/present/drawing.py",
            "PLANTED = 1\n",
            {**dict.fromkeys(SESSION_FIGURES, 3), **PAGES, "athlete_report": 1},
        ),
        ("legsci/present/report/notebooks.py", "PLANTED = 1\n", {"run_notebook": 5}),
        ("legsci/models/claims/verdicts.py", "PLANTED = 1\n", JUDGED),
        ("legsci/mechanics/reps/session.py", "PLANTED = 1\n", {"cut_reps": 2, "study_curves": 1, **ALL_MEASURED}),
        ("legsci/ingest/session.py", "PLANTED = 1\n", ALL_SESSIONS),
        ("data/raw/tiny/P01_B.csv", "680.0\n", P01_SESSIONS),
        ("data/raw/tiny/sessions.tsv", "P02\tB\t9\n", MODELLED),
        ("data/raw/tiny/study.yaml", "title: A tiny study\n", ALL_SESSIONS),
        (
            "data/raw/tiny/reference.tsv",
            "metric\ttask\tmean\tsd\tn\tsource\njump_height_impulse_m\tcountermovement_jump\t0.3\t0.05\t40\tA 2020\n",
            {"reference_scores": 1, "athlete_report": 1, "manifest": 1},
        ),
        (
            "data/raw/tiny/curation.tsv",
            "participant_id\tsession_id\ttrial_id\trep\twhat\treason\tinitials\nP01\tB\tjump_1\t1\texclude\tstumbled\tXY\n",
            {"cut_reps": 1, "study_curves": 1, **P01_MEASURED},
        ),
    ],
)
def test_an_edit_remakes_what_depends_on_it_and_no_more(
    finished: Path, path: str, text: str, jobs: dict[str, int]
) -> None:
    with edited(finished / path, text):
        assert planned(finished) == jobs


def test_the_profile_of_slurm_asks_for_more_when_a_job_is_sent_again() -> None:
    profile = yaml.safe_load((ROOT / "profiles/slurm/config.yaml").read_text(encoding="utf-8"))
    default = yaml.safe_load((ROOT / "profiles/default/config.yaml").read_text(encoding="utf-8"))
    assert profile["executor"] == "slurm"
    assert profile["retries"] > 0
    same = ("rerun-triggers", "rerun-incomplete", "keep-going")
    assert [profile[key] for key in same] == [default[key] for key in same]
    asked = [profile["default-resources"], *profile["set-resources"].values()]
    assert all(value.endswith("* attempt") for resources in asked for value in resources.values())


def test_a_job_on_a_node_reads_the_workflow_anew(checkout: Path) -> None:
    """Slurm starts each job as a process of its own, which takes the folder of a study in place of its tables."""
    job = ("--mode", "remote", "--target-jobs", "ingest:study=tiny,batch=P01", "--nolock")
    answer = snakemake(checkout, "--dry-run", *job, *TINY)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_who_joins_and_what_is_edited_remakes_one_batch(finished: Path) -> None:
    # P01 and P02 are in two of seven batches, P08 in that of one of them.
    two = ("--until", "measure", *TINY, "batches=7")
    folder = finished / "data/raw/tiny"
    batch = ("ingest", "motion", "cut_reps", "measure")
    assert planned(finished, *two) == dict.fromkeys(batch, 2)
    answer = snakemake(finished, *two)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert planned(finished, *two) == {}
    with edited(folder / "P01_B.csv", "680.0\n"):
        assert planned(finished, *two) == dict.fromkeys(batch, 1)
    with (
        edited(folder / "participants.tsv", "P08\n"),
        edited(folder / "sessions.tsv", "P08\tA\t0\n"),
        edited(folder / "trials.tsv", "P08\tA\tjump_1\tcountermovement_jump\n"),
        edited(folder / "recordings.tsv", "P08\tA\tjump_1\tplate\tP08_A.csv\n"),
        edited(folder / "P08_A.csv", (folder / "P01_A.csv").read_text(encoding="utf-8")),
    ):
        assert planned(finished, *two) == dict.fromkeys(batch, 1)


def test_a_named_run_makes_everything_but_the_sessions(finished: Path) -> None:
    named = {rule: count for rule, count in ALL_SESSIONS.items() if rule != "ingest"}
    assert planned(finished, *TINY, "run=harry", "profile=harry") == named


def test_the_name_of_the_default_run_is_reserved(checkout: Path) -> None:
    answer = snakemake(checkout, "--dry-run", *TINY, "run=default")
    assert answer.returncode == 1
    assert "run: 'default' is reserved for the run without a name" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_all_faults_of_the_choices_are_sentences(checkout: Path) -> None:
    answer = snakemake(checkout, "--dry-run", "--config", "nonsense=1", "profiles=[]", "run=../elsewhere")
    assert answer.returncode == 1
    assert "'nonsense' was unexpected" in answer.stderr
    assert "profiles: [] should be non-empty" in answer.stderr
    assert "run: '../elsewhere' is not a name: letters, digits, - and _" in answer.stderr
    assert "Traceback" not in answer.stderr


def refusal(checkout: Path, *arguments: str) -> str:
    """What a dry run says that ends before any job, without a traceback."""
    answer = snakemake(checkout, "--dry-run", *(arguments or TINY))
    assert answer.returncode == 1
    assert "Traceback" not in answer.stderr
    assert "Exception" not in answer.stderr
    return answer.stderr


def test_replaced_keys_are_refused_with_the_new_name(checkout: Path, options: dict) -> None:
    options["figures"]["Findings"] = options["figures"].pop("models")
    for block, old in (("squat", "lowering_time_s"), ("jump", "gain_share_per_log_lowering_time")):
        options["virtual"][block][old] = options["virtual"][block].pop(new_name(old))
    del options["virtual"]["squat"]["velocity_loss_share"]
    file = checkout / "workflow/config.yaml"
    with edited(file, ""):
        file.write_text(yaml.safe_dump(options), encoding="utf-8")
        said = refusal(checkout)
    assert "Findings (now called models)" in said
    assert "lowering_time_s (now called eccentric_time_s)" in said
    assert "gain_share_per_log_lowering_time (now called gain_share_per_log_eccentric_time)" in said
    # That the new key is missing as well follows from the old one; of other keys it is said.
    assert "'velocity_loss_share' is a required property" in said
    assert said.count("is a required property") == 1


def test_figures_are_checked_against_those_that_there_are(checkout: Path) -> None:
    lists = "figures={models: [recovery, parameter_recovery, skeleton, incidense], session: [Force_time], study: []}"
    said = refusal(checkout, "--config", lists)
    assert "'recovery' is not one of ['alignment_within_between'" in said
    assert "(now called parameter_recovery, which is drawn whenever the virtual athletes are in studies" in said
    assert "'parameter_recovery' is not one of" in said
    assert "(which is drawn whenever the virtual athletes are in studies" in said
    assert "(which belongs to figures.session)" in said
    assert "(did you mean incidence?)" in said
    assert "(did you mean force_time?)" in said


#: A figure that is its module, its line in the config and its caption.
PLANTED = """\
from matplotlib.figure import Figure

from legsci.present.results import Results

CONFIG_LIST = "study"


def draw(study: Results) -> Figure:
    return Figure()
"""


def test_a_figure_is_a_module_a_line_and_a_caption(finished: Path) -> None:
    config = finished / "workflow/config.yaml"
    module = finished / "legsci/present/figures/planted.py"
    with edited(config, ""):
        text = config.read_text(encoding="utf-8")
        config.write_text(text.replace("  study:\n", "  study:\n    - planted\n"), encoding="utf-8")
        assert "figures.study[0]: 'planted' is not one of" in refusal(finished)
        with edited(module, PLANTED), edited(finished / "workflow/report/planted.rst", "A planted figure.\n"):
            assert planned(finished) == {"draw_planted": 1, "run_notebook": 5}
        with edited(module, PLANTED.replace('"study"', '"models"')):
            assert "(which belongs to figures.models)" in refusal(finished)


def test_claims_and_plans_are_checked_before_any_job(checkout: Path) -> None:
    claims, plans = (checkout / "workflow" / name for name in ("claims.yaml", "planning.yaml"))
    with edited(claims, ""), edited(plans, ""):
        for path, old, new in (
            (claims, "metric: eccentric_time_s", "metric: lowering_time_s"),
            (
                claims,
                "time, abduction_within, abduction_between, load_same_week, load, load_four_weeks]",
                "time, abduction_within, load_before]",
            ),
            (plans, "effect: jump.percent_per_abduction_deg_within", "effect: jump.gain_share_per_log_lowering_time"),
        ):
            text = path.read_text(encoding="utf-8")
            assert old in text
            path.write_text(text.replace(old, new, 1), encoding="utf-8")
        said = refusal(checkout)
    assert "variables.log_eccentric.metric: expected a metric of squat; found 'lowering_time_s' (now called" in said
    assert "C1.model.terms: " in said
    assert "now called previous_week_load, named load here" in said
    assert "no gain_share_per_log_lowering_time (now called gain_share_per_log_eccentric_time)" in said


def test_unknown_profiles_are_sentences(checkout: Path) -> None:
    answer = snakemake(checkout, "--dry-run", "--config", "profile=hary")
    assert answer.returncode == 1
    assert "profile: 'hary' is not one of profiles" in answer.stderr
    assert "profiles: 'hary' is not one of" in refusal(checkout, "--config", "profiles=[owen_mcmahon, hary]")
    assert "(did you mean harry?)" in refusal(checkout, "--config", "profiles=[owen_mcmahon, hary]")


def test_all_faults_of_all_studies_come_before_anything_runs(checkout: Path) -> None:
    folder = "data/raw/tiny"
    with (
        edited(checkout / folder / "trials.tsv", "P03\tA\tjump_1\tcountermovment_jump\n"),
        edited(checkout / "workflow/config.yaml", f"studies: [{folder}, data/raw/nowhere]\n"),
    ):
        answer = snakemake(checkout, "--dry-run", "--configfile", "workflow/config.yaml")
    assert answer.returncode == 1
    assert "row 5, task" in answer.stderr
    assert "P03" in answer.stderr
    assert "study data/raw/nowhere: 1 fault" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_trials_of_a_task_that_legsci_lacks_are_told_at_the_start_and_stop_nothing(checkout: Path) -> None:
    folder = checkout / "data/raw/tiny"
    with (
        edited(folder / "trials.tsv", "P02\tA\twalk\tgait\n"),
        edited(folder / "recordings.tsv", "P02\tA\twalk\tplate\twalk.csv\n"),
        edited(folder / "walk.csv", "no recording of a jump\n"),
    ):
        answer = snakemake(checkout, "--dry-run", *TINY)
    assert answer.returncode == 0, answer.stderr
    assert "trials.tsv, row 5: legsci has no task gait; its tasks are standing, countermovement_jump" in answer.stderr


@pytest.fixture(scope="module")
def schema() -> dict[str, object]:
    return yaml.safe_load((ROOT / "workflow" / "schemas" / "config.schema.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def options() -> dict[str, object]:
    return yaml.safe_load((ROOT / "workflow" / "config.yaml").read_text(encoding="utf-8"))


def test_the_schema_allows_the_choices_that_come_with_legsci(schema: dict, options: dict) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(options, schema)
    jsonschema.validate(options | {"run": "cutoff-20_Hz"}, schema)
    assert all(rule["description"].endswith(".") for rule in schema["properties"].values())


def test_the_options_of_motion_are_those_without_a_config(options: dict) -> None:
    assert task_options(**options["motion"]) == task_options()
    with pytest.raises(ValueError, match="'squats'"):
        task_options(cutoff_hz={"squats": 6.0})


def test_a_cut_off_is_a_number_for_each_task(checkout: Path) -> None:
    said = refusal(checkout, "--config", "motion={cutoff_hz: 20}")
    assert "motion.cutoff_hz: 20 is not of type 'object'; expected a number for each task" in said
    said = refusal(checkout, "--config", "motion={cutoff_hz: {squats: 20}}")
    assert "motion.cutoff_hz" in said
    assert "squat" in said
    assert "-3" in refusal(checkout, "--config", "motion={cutoff_hz: {squat: -3}}")


@pytest.mark.parametrize(
    "change",
    [
        *({"profil": "harry"}, {"studies": []}, {"profiles": ["harry", "harry"]}, {"figures": "all"}, {"profile": 3}),
        *({"run": name} for name in ("", ".", "..", "a/b", "a\\b", "a b", "a.b", "-a", "a\n", "default", 20, None)),
    ],
)
def test_the_schema_refuses(schema: dict, options: dict, change: dict) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(options | change, schema)
