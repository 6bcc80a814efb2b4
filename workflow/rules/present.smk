"""Findings -> figures and notebooks for people."""

NOTEBOOKS = ["01_data_quality", "02_rep_mechanics"]
FIGURES = [
    *expand("results/{study}/figures/{figure}.svg", study=STUDIES, figure=config["figures"]["study"]),
    *(
        f"results/{name}/figures/{figure}/{participant}_{session}.png"
        for name, study in STUDIES.items()
        for figure in config["figures"]["session"]
        for participant, session in session_keys(study)
    ),
    *expand("results/{study}/notebooks/{notebook}.html", study=STUDIES, notebook=NOTEBOOKS),
]


# A rule per figure and not one for all: a caption of the report cannot be chosen by a wildcard.
for figure in config["figures"]["session"]:

    rule:
        name:
            f"draw_{figure}"
        input:
            session="results/{study}/sessions/{participant}_{session}.nc",
            reps="results/{study}/reps/{participant}_{session}.nc",
        output:
            figure=report(
                f"results/{{study}}/figures/{figure}/{{participant}}_{{session}}.png",
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
            f"results/{{study}}/logs/draw_{figure}/{{participant}}_{{session}}.txt",
        benchmark:
            f"results/{{study}}/benchmarks/draw_{figure}/{{participant}}_{{session}}.tsv"
        params:
            figure=figure,
            results="results/{study}",
            source=source_digest("legsci.present.figures"),
        message:
            "Draw the reps of session {wildcards.session} of {wildcards.participant}, {wildcards.study}"
        script:
            "../scripts/draw_figure.py"


for figure in config["figures"]["study"]:

    rule:
        name:
            f"draw_{figure}"
        input:
            tables=multiext(
                "results/{study}/",
                "metrics.csv",
                "metrics_by_profile.csv",
                "reps.csv",
                "quality.csv",
            ),
            sessions=per_session("results/{study}/sessions/{participant}_{session}.nc"),
            reps=per_session("results/{study}/reps/{participant}_{session}.nc"),
        output:
            figure=report(
                f"results/{{study}}/figures/{figure}.svg",
                caption=f"../report/{figure}.rst",
                category="{study}",
                subcategory="study",
                labels={"figure": figure.replace("_", " ")},
            ),
        log:
            f"results/{{study}}/logs/draw_{figure}.txt",
        benchmark:
            f"results/{{study}}/benchmarks/draw_{figure}.tsv"
        params:
            figure=figure,
            results="results/{study}",
            source=source_digest("legsci.present.figures"),
        message:
            f"Draw {figure.replace('_', ' ')}, {{wildcards.study}}"
        script:
            "../scripts/draw_figure.py"


rule run_notebook:
    input:
        notebook="notebooks/{notebook}.ipynb",
        tables=multiext(
            "results/{study}/",
            "metrics.csv",
            "metrics_by_profile.csv",
            "reps.csv",
            "quality.csv",
        ),
        sessions=per_session("results/{study}/sessions/{participant}_{session}.nc"),
        reps=per_session("results/{study}/reps/{participant}_{session}.nc"),
    output:
        page=report(
            "results/{study}/notebooks/{notebook}.html",
            caption="../report/notebook.rst",
            category="{study}",
            subcategory="notebooks",
            labels={"notebook": "{notebook}"},
        ),
    log:
        "results/{study}/logs/run_notebook/{notebook}.txt",
    benchmark:
        "results/{study}/benchmarks/run_notebook/{notebook}.tsv"
    params:
        results="results/{study}",
        source=source_digest("legsci.present.notebooks", "legsci.present.figures"),
    message:
        "Run notebook {wildcards.notebook} on {wildcards.study}"
    script:
        "../scripts/run_notebook.py"
