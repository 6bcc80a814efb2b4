"""Tables of a study -> longitudinal table, models, and a verdict on each registered claim."""

#: Results of the models of a study, as results/<study>/models/<name>.csv.
MODEL_TABLES = [
    "alignment",
    "slope_moderators",
    "points",
    "athletes",
    "reliability",
    "agreement",
    "incidence",
    "burden",
    "weeks_left_out",
    "injury_models",
    "refusals",
]
CURVE_TABLES = ["curve_differences", "curve_clusters", "curve_refusals"]
MODEL_RESULTS = [
    *expand(f"{RUN}/{{table}}.csv", study=STUDIES, table=["longitudinal", "study_flow", "claims"]),
    *expand(f"{RUN}/models/{{table}}.csv", study=STUDIES, table=MODEL_TABLES + CURVE_TABLES),
    *([f"{VIRTUAL_RUN}/claims_against_truth.csv"] if VIRTUAL in STUDIES else []),
]


def people_digest(wildcards):
    """Digest of the tables of participants, sessions, exposure, health, injuries and retests."""
    study = study_of(wildcards.study)
    names = ("participants", "sessions", "exposure", "health", "injuries", "reliability")
    return content_digest(*(getattr(study, name).to_json(orient="table", index=False) for name in names))


rule longitudinal:
    input:
        made_tables,
        metrics=f"{RUN}/metrics.csv",
    output:
        longitudinal=f"{RUN}/longitudinal.csv",
        flow=f"{RUN}/study_flow.csv",
    log:
        f"{RUN}/logs/longitudinal.txt",
    benchmark:
        f"{RUN}/benchmarks/longitudinal.tsv"
    priority: FIRST
    params:
        folder=study_folder,
        people=people_digest,
        source=source_digest("legsci.models.tables.longitudinal"),
    message:
        "Summarise the sessions of {wildcards.study}"
    script:
        "../scripts/longitudinal.py"


rule claims:
    input:
        made_tables,
        metrics=f"{RUN}/metrics.csv",
        longitudinal=f"{RUN}/longitudinal.csv",
        claims=claims_file,
    output:
        **{name: f"{RUN}/models/{name}.csv" for name in MODEL_TABLES},
        ledger=f"{RUN}/claims.csv",
    log:
        f"{RUN}/logs/claims.txt",
    benchmark:
        f"{RUN}/benchmarks/claims.tsv"
    priority: FIRST
    params:
        folder=study_folder,
        people=people_digest,
        confirm=config["confirm"],
        source=source_digest("legsci.models.claims.ledger", "legsci.models.study_results"),
    message:
        "Test the registered claims on {wildcards.study}"
    script:
        "../scripts/claims.py"


rule curve_results:
    input:
        curves=f"{RUN}/curves.nc",
        metrics=f"{RUN}/metrics.csv",
        longitudinal=f"{RUN}/longitudinal.csv",
    output:
        **{name: f"{RUN}/models/{name}.csv" for name in CURVE_TABLES},
    log:
        f"{RUN}/logs/curve_results.txt",
    benchmark:
        f"{RUN}/benchmarks/curve_results.tsv"
    params:
        source=source_digest("legsci.models.curve_results"),
    message:
        "Compare joint angle curves, {wildcards.study}"
    script:
        "../scripts/curve_results.py"


# With `parameter_recovery` the only rule that reads the truth.
rule claims_against_truth:
    input:
        ledger=f"{VIRTUAL_RUN}/claims.csv",
        claims="workflow/claims.yaml",
        metrics=f"{VIRTUAL_RUN}/metrics.csv",
        participants=f"{VIRTUAL_FOLDER}/participants.tsv",
        parameters=f"{VIRTUAL_FOLDER}/truth/parameters.tsv",
    output:
        comparison=report(
            f"{VIRTUAL_RUN}/claims_against_truth.csv",
            caption="../report/claims_against_truth.rst",
            category=VIRTUAL,
            subcategory="models",
            labels={"figure": "claims against truth, table"},
        ),
    log:
        f"{VIRTUAL_RUN}/logs/claims_against_truth.txt",
    benchmark:
        f"{VIRTUAL_RUN}/benchmarks/claims_against_truth.tsv"
    params:
        source=source_digest("legsci.models.claims.against_truth"),
    message:
        "Compare verdicts for the virtual athletes with the true effects"
    script:
        "../scripts/claims_against_truth.py"


COVERAGE = yaml.safe_load(Path(workflow.basedir, "workflow/planning.yaml").read_text(encoding="utf-8"))["coverage"]


# Not part of `all`: about ten minutes on two cores; the table is kept in the repository.
rule coverage:
    input:
        summaries=expand("results/coverage/{scenario}.csv", scenario=COVERAGE["scenarios"]),
    output:
        table="workflow/validation/coverage.csv",
    log:
        "results/coverage/logs/gather.txt",
    benchmark:
        "results/coverage/benchmarks/gather.tsv"
    params:
        source=source_digest("legsci.models.planning"),
    message:
        "Collect bias, coverage and power of the scenarios"
    script:
        "../scripts/gather_coverage.py"


rule coverage_scenario:
    input:
        claims="workflow/claims.yaml",
        options="workflow/planning.yaml",
    output:
        cohorts="results/coverage/{scenario}_cohorts.csv",
        summary="results/coverage/{scenario}.csv",
    log:
        "results/coverage/logs/{scenario}.txt",
    benchmark:
        "results/coverage/benchmarks/{scenario}.tsv"
    wildcard_constraints:
        scenario="|".join(COVERAGE["scenarios"]),
    params:
        options=config["virtual"],
        source=source_digest("legsci.models.planning", "legsci.simulate.cohort.truth"),
    message:
        "Simulate the cohorts of {wildcards.scenario} and test the claims on them"
    script:
        "../scripts/coverage_scenario.py"


rule planning:
    input:
        claims="workflow/claims.yaml",
        options="workflow/planning.yaml",
    output:
        table="results/planning/planning.csv",
        figure=report("results/planning/planning.svg", caption="../report/planning.rst", category="planning"),
    log:
        "results/planning/logs/planning.txt",
    benchmark:
        "results/planning/benchmarks/planning.tsv"
    params:
        options=config["virtual"],
        source=source_digest(
            "legsci.models.planning", "legsci.simulate.cohort.truth", "legsci.present.figures.planning"
        ),
    message:
        "Estimate statistical power by sample size in simulations"
    script:
        "../scripts/planning.py"
