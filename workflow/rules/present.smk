"""Results -> figures, reports and notebooks."""


def session_figures(name):
    """Input function: the figures of a study's sessions; of a large study those of the first session and of flagged ones."""

    @gives(f"{RUN}/figures/{{figure}}/{{participant}}_{{session}}.png")
    def files(wildcards):
        keys, run = session_keys(name), RUN.format(study=name)
        large = len(keys) > config["figures"]["sessions_drawn"]
        return [
            f"{run}/figures/{figure}/{person}_{visit}.png"
            for figure in config["figures"]["session"]
            for person, visit in (sorted(keys)[:1] if large else keys)
        ] + [f"{run}/figures/flagged_sessions"] * large

    return files


@gives(f"{RUN}/metrics.csv, quality.csv and the first figure")
def first_results(wildcards):
    """Tables of the first study whose recordings are not simulated, and the first figure of its first session."""
    name = next((name for name in STUDIES if name != VIRTUAL), VIRTUAL)
    run, keys, figures = RUN.format(study=name), sorted(session_keys(name)), config["figures"]["session"]
    drawn = [f"{run}/figures/{figures[0]}/{'_'.join(keys[0])}.png"] if keys and figures else []
    return [f"{run}/metrics.csv", f"{run}/quality.csv", *drawn]


def print_summaries():
    """Say at the end of a run what each study holds; a run of single files may leave a study unfinished."""
    from legsci.present.results import Results

    for results in (Results(Path("results", study), run=RUN_NAME) for study in STUDIES):
        if (results.folder / "metrics.csv").is_file():
            print(results.summary())


#: Notebooks of every study, and those about its recordings.
NOTEBOOKS = ["01_data_quality", "03_longitudinal", "04_claims"]
RECORDING_NOTEBOOKS = ["02_rep_mechanics", "05_edit_events"]
#: The one whose questions need squats, jumps and both sides: for the virtual athletes.
QUESTIONS = "00_first_questions"
#: Studies with recordings; the others hold measurements of other systems only.
RECORDED = [name for name, study in STUDIES.items() if study is None or len(getattr(study, "trials", []))]
#: Results of the models of a study, for its figures and notebooks.
PRESENTED_RESULTS = [
    *(f"{RUN}/{table}.csv" for table in ("longitudinal", "study_flow", "onset_monitor", "claims")),
    *(f"{RUN}/models/{table}.csv" for table in [*MODEL_TABLES, *CURVE_TABLES, "sensitivity"]),
]
FIGURES = [
    *expand(f"{RUN}/figures/{{figure}}.svg", study=STUDIES, figure=config["figures"]["study"]),
    *expand(f"{RUN}/figures/{{figure}}.svg", study=STUDIES, figure=config["figures"]["models"]),
    *expand(f"{RUN}/figures/athlete_report", study=STUDIES),
    *expand(f"{RUN}/coach/athletes.pdf", study=STUDIES),
    *map(session_figures, STUDIES),
    *expand(f"{RUN}/notebooks/{{notebook}}.html", study=STUDIES, notebook=NOTEBOOKS),
    *expand(f"{RUN}/notebooks/{{notebook}}.html", study=RECORDED, notebook=RECORDING_NOTEBOOKS),
    *(
        [
            f"{VIRTUAL_RUN}/parameter_recovery.csv",
            f"{VIRTUAL_RUN}/figures/parameter_recovery.svg",
            f"{VIRTUAL_RUN}/notebooks/{QUESTIONS}.html",
        ]
        if VIRTUAL in STUDIES
        else []
    ),
]


# A rule per figure and not one for all: a caption of the report cannot be chosen by a wildcard.
for figure in config["figures"]["session"]:

    rule:
        name:
            f"draw_{figure}"
        input:
            sessions=of_participant("results/{study}/sessions/{batch}.txt"),
            reps=of_participant(f"{RUN}/reps/{{batch}}.txt"),
            motion=of_participant(f"{RUN}/motion/{{batch}}.txt"),
        output:
            figure=report(
                f"{RUN}/figures/{figure}/{{participant}}_{{session}}.png",
                caption=f"../report/{figure}.rst",
                category="{study}",
                subcategory="sessions",
                labels={
                    "figure": figure.replace("_", " "),
                    "participant": "{participant}",
                    "session": "{session}",
                },
            ),
        log:
            f"{RUN}/logs/draw_{figure}/{{participant}}_{{session}}.txt",
        benchmark:
            f"{RUN}/benchmarks/draw_{figure}/{{participant}}_{{session}}.tsv"
        priority: in_order(0)
        params:
            figure=figure,
            results="results/{study}",
            source=source_digest("legsci.present.drawing", f"legsci.present.figures.{figure}"),
        message:
            "Draw session {wildcards.session} of {wildcards.participant}, {wildcards.study}"
        script:
            "../scripts/draw_figure.py"


rule draw_flagged_sessions:
    input:
        quality=f"{RUN}/quality.csv",
        tables=multiext(f"{RUN}/", "metrics.csv", "metrics_by_profile.csv", "reps.csv"),
        sessions=per_batch("results/{study}/sessions/{batch}.txt"),
        reps=per_batch(f"{RUN}/reps/{{batch}}.txt"),
        motion=per_batch(f"{RUN}/motion/{{batch}}.txt"),
    output:
        figures=report(
            directory(f"{RUN}/figures/flagged_sessions"),
            patterns=["{figure}_{key}.png"],
            caption="../report/flagged_sessions.rst",
            category="{study}",
            subcategory="sessions",
            labels={"figure": "{figure}", "session": "{key}"},
        ),
    log:
        f"{RUN}/logs/draw_flagged_sessions.txt",
    benchmark:
        f"{RUN}/benchmarks/draw_flagged_sessions.tsv"
    priority: in_order(0)
    params:
        figures=config["figures"]["session"],
        results="results/{study}",
        source=source_digest(
            "legsci.present.drawing",
            *(f"legsci.present.figures.{figure}" for figure in config["figures"]["session"]),
        ),
    message:
        "Draw the flagged sessions of {wildcards.study}"
    script:
        "../scripts/draw_flagged_sessions.py"


for figure in config["figures"]["study"]:

    rule:
        name:
            f"draw_{figure}"
        input:
            tables=multiext(
                f"{RUN}/",
                "metrics.csv",
                "metrics_by_profile.csv",
                "reps.csv",
                "quality.csv",
            ),
            curves=f"{RUN}/curves.nc",
            sessions=per_batch("results/{study}/sessions/{batch}.txt"),
            reps=per_batch(f"{RUN}/reps/{{batch}}.txt"),
            motion=per_batch(f"{RUN}/motion/{{batch}}.txt"),
        output:
            figure=report(
                f"{RUN}/figures/{figure}.svg",
                caption=f"../report/{figure}.rst",
                category="{study}",
                subcategory="study",
                labels={"figure": figure.replace("_", " ")},
            ),
        log:
            f"{RUN}/logs/draw_{figure}.txt",
        benchmark:
            f"{RUN}/benchmarks/draw_{figure}.tsv"
        priority: in_order(0)
        params:
            figure=figure,
            results="results/{study}",
            source=source_digest("legsci.present.drawing", f"legsci.present.figures.{figure}"),
        message:
            f"Draw {figure.replace('_', ' ')}, {{wildcards.study}}"
        script:
            "../scripts/draw_figure.py"


for figure in config["figures"]["models"]:

    rule:
        name:
            f"draw_{figure}"
        input:
            PRESENTED_RESULTS,
        output:
            figure=report(
                f"{RUN}/figures/{figure}.svg",
                caption=f"../report/{figure}.rst",
                category="{study}",
                subcategory="models",
                labels={"figure": figure.replace("_", " ")},
            ),
        log:
            f"{RUN}/logs/draw_{figure}.txt",
        benchmark:
            f"{RUN}/benchmarks/draw_{figure}.tsv"
        priority: in_order(0)
        params:
            figure=figure,
            results="results/{study}",
            source=source_digest("legsci.present.drawing", f"legsci.present.figures.{figure}"),
        message:
            f"Draw {figure.replace('_', ' ')}, {{wildcards.study}}"
        script:
            "../scripts/draw_figure.py"


rule athlete_report:
    input:
        PRESENTED_RESULTS,
        scores=f"{RUN}/reference_scores.csv",
    output:
        pages=report(
            directory(f"{RUN}/figures/athlete_report"),
            patterns=["{participant}.png"],
            caption="../report/athlete_report.rst",
            category="{study}",
            subcategory="athletes",
            labels={"participant": "{participant}"},
        ),
    log:
        f"{RUN}/logs/athlete_report.txt",
    benchmark:
        f"{RUN}/benchmarks/athlete_report.tsv"
    priority: in_order(0)
    params:
        results="results/{study}",
        source=source_digest("legsci.present.report.athlete_report", "legsci.present.drawing"),
    message:
        "Write the athlete reports of {wildcards.study}"
    script:
        "../scripts/athlete_report.py"


rule coach_pages:
    input:
        made_tables,
        metrics=f"{RUN}/metrics.csv",
        quality=f"{RUN}/quality.csv",
        longitudinal=f"{RUN}/longitudinal.csv",
        reliability=f"{RUN}/models/reliability.csv",
        onsets=f"{RUN}/onset_monitor.csv",
    output:
        multiext(f"{RUN}/coach/athletes", ".pdf", ".html"),
        multiext(f"{RUN}/coach/team", ".pdf", ".html"),
    log:
        f"{RUN}/logs/coach_pages.txt",
    benchmark:
        f"{RUN}/benchmarks/coach_pages.tsv"
    priority: in_order(0)
    params:
        results="results/{study}",
        folder=study_folder,
        people=people_digest,
        source=source_digest("legsci.present.report.coach_page", "legsci.present.results"),
    message:
        "Write the pages for coaches, {wildcards.study}"
    script:
        "../scripts/coach_pages.py"


rule draw_parameter_recovery:
    input:
        pairs=f"{VIRTUAL_RUN}/parameter_recovery_pairs.csv",
        recovery_table=f"{VIRTUAL_RUN}/parameter_recovery.csv",
    output:
        figure=report(
            f"{VIRTUAL_RUN}/figures/parameter_recovery.svg",
            caption="../report/parameter_recovery.rst",
            category=VIRTUAL,
            subcategory="study",
            labels={"figure": "parameter recovery"},
        ),
    log:
        f"{VIRTUAL_RUN}/logs/draw_parameter_recovery.txt",
    benchmark:
        f"{VIRTUAL_RUN}/benchmarks/draw_parameter_recovery.tsv"
    params:
        figure="parameter_recovery",
        results=f"results/{VIRTUAL}",
        source=source_digest("legsci.present.drawing", "legsci.present.figures.parameter_recovery"),
    message:
        "Draw parameter recovery of the virtual athletes"
    script:
        "../scripts/draw_figure.py"


rule run_notebook:
    input:
        PRESENTED_RESULTS,
        notebook="notebooks/{notebook}.ipynb",
        tables=multiext(
            f"{RUN}/",
            "metrics.csv",
            "metrics_by_profile.csv",
            "reps.csv",
            "quality.csv",
        ),
        sessions=per_batch("results/{study}/sessions/{batch}.txt"),
        motion=per_batch(f"{RUN}/motion/{{batch}}.txt"),
        reps=per_batch(f"{RUN}/reps/{{batch}}.txt"),
    output:
        page=report(
            f"{RUN}/notebooks/{{notebook}}.html",
            caption="../report/notebook.rst",
            category="{study}",
            subcategory="notebooks",
            labels={"notebook": "{notebook}"},
        ),
    log:
        f"{RUN}/logs/run_notebook/{{notebook}}.txt",
    benchmark:
        f"{RUN}/benchmarks/run_notebook/{{notebook}}.tsv"
    priority: in_order(0)
    params:
        results="results/{study}",
        source=source_digest(
            "legsci.present.report.notebooks",
            # what notebooks import; tests/test_notebooks.py holds the list
            "legsci.kernels.integrals",
            "legsci.mechanics.force.plates",
            "legsci.present.drawing",
            "legsci.present.editing.event_editor",
            "legsci.present.editing.study_choice",
            "legsci.present.file_measurement",
            "legsci.present.viewer.skeleton_viewer",
            "legsci.vocabulary",
            # what legsci.draw finds by name
            *(f"legsci.present.figures.{figure}" for figure in figure_lists()),
        ),
    message:
        "Run notebook {wildcards.notebook} on {wildcards.study}"
    script:
        "../scripts/run_notebook.py"
