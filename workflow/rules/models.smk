"""Tables of a study -> longitudinal table, models, and a verdict on each registered claim."""

#: Results of the models of a study, as results/<study>/models/<name>.csv.
MODEL_TABLES = [
    "alignment",
    "slope_moderators",
    "points",
    "athletes",
    "reliability",
    "agreement",
    "test_battery",
    "hop_sets",
    "force_velocity",
    "incidence",
    "burden",
    "weeks_left_out",
    "injury_models",
    "refusals",
]
CURVE_TABLES = ["curve_differences", "curve_clusters", "curve_refusals"]


def has_truth(study):
    """Whether a study, or that in a folder, is simulated and its folder holds the truth."""
    folder = Path(getattr(study, "folder", study))
    settings, _ = read_settings(folder / "study.yaml", checked=True)
    return bool(settings.get("simulated")) and Path(folder, "truth/parameters.tsv").is_file()


#: Simulated studies whose truth is known.
SIMULATED = [name for name, study in STUDIES.items() if name == VIRTUAL or has_truth(study)]
MODEL_RESULTS = [
    *expand(
        f"{RUN}/{{table}}.csv",
        study=STUDIES,
        table=["longitudinal", "study_flow", "onset_monitor", "claims", "reference_scores"],
    ),
    *expand(f"{RUN}/models/{{table}}.csv", study=STUDIES, table=[*MODEL_TABLES, *CURVE_TABLES, "sensitivity"]),
    *expand(f"{RUN}/claims_against_truth.csv", study=SIMULATED),
    METRIC_ERRORS,
]


def people_digest(wildcards):
    """Digest of the tables of participants, sessions, exposure, health, injuries and retests."""
    study = study_of(wildcards.study)
    names = ("participants", "sessions", "trials", "exposure", "health", "injuries", "reliability")
    return content_digest(*(getattr(study, name).to_json(orient="table", index=False) for name in names))


def norms_digest(wildcards):
    """Digest of the norms of a study, and of the units of the metrics that it declares."""
    study = study_of(wildcards.study)
    declared = [study.layout(table).get("metrics") for table in ("measurements", "reliability")]
    return content_digest(study.reference.to_json(orient="table", index=False), json.dumps(declared, sort_keys=True))


rule longitudinal:
    input:
        made_tables,
        metrics=f"{RUN}/metrics.csv",
    output:
        longitudinal=f"{RUN}/longitudinal.csv",
        flow=report(
            f"{RUN}/study_flow.csv",
            caption="../report/study_flow.rst",
            category="{study}",
            subcategory="study",
            labels={"figure": "study flow, table"},
        ),
    log:
        f"{RUN}/logs/longitudinal.txt",
    benchmark:
        f"{RUN}/benchmarks/longitudinal.tsv"
    priority: in_order(FIRST)
    params:
        folder=study_folder,
        people=people_digest,
        source=source_digest("legsci.models.tables.longitudinal"),
    message:
        "Summarise the sessions of {wildcards.study}"
    script:
        "../scripts/longitudinal.py"


rule onset_monitor:
    input:
        metrics=f"{RUN}/metrics.csv",
    output:
        monitor=report(
            f"{RUN}/onset_monitor.csv",
            caption="../report/onset_monitor.rst",
            category="{study}",
            subcategory="models",
            labels={"figure": "onset monitor, table"},
        ),
    log:
        f"{RUN}/logs/onset_monitor.txt",
    benchmark:
        f"{RUN}/benchmarks/onset_monitor.tsv"
    priority: in_order(FIRST)
    params:
        source=source_digest("legsci.models.tables.onset_monitor"),
    message:
        "Compare onsets of muscles with the usual ones, {wildcards.study}"
    script:
        "../scripts/onset_monitor.py"


rule claims:
    input:
        made_tables,
        metrics=f"{RUN}/metrics.csv",
        longitudinal=f"{RUN}/longitudinal.csv",
        claims=claims_file,
    output:
        **{name: f"{RUN}/models/{name}.csv" for name in MODEL_TABLES},
        ledger=report(
            f"{RUN}/claims.csv",
            caption="../report/claims_table.rst",
            category="{study}",
            subcategory="models",
            labels={"figure": "claims ledger, table"},
        ),
        sensitivity=f"{RUN}/models/sensitivity.csv",
    log:
        f"{RUN}/logs/claims.txt",
    benchmark:
        f"{RUN}/benchmarks/claims.tsv"
    priority: in_order(FIRST)
    params:
        folder=study_folder,
        people=people_digest,
        confirm=config["confirm"],
        source=source_digest("legsci.models.claims.ledger", "legsci.models.study_results"),
    message:
        "Test the registered claims on {wildcards.study}"
    script:
        "../scripts/claims.py"


rule reference_scores:
    input:
        made_tables,
        metrics=f"{RUN}/metrics.csv",
        longitudinal=f"{RUN}/longitudinal.csv",
        reliability=f"{RUN}/models/reliability.csv",
    output:
        scores=f"{RUN}/reference_scores.csv",
    log:
        f"{RUN}/logs/reference_scores.txt",
    benchmark:
        f"{RUN}/benchmarks/reference_scores.tsv"
    priority: in_order(0)
    params:
        folder=study_folder,
        norms=norms_digest,
        source=source_digest("legsci.models.tables.reference_scores", "legsci.metrics.reference"),
    message:
        "Compare the sessions of {wildcards.study} with norms"
    script:
        "../scripts/reference_scores.py"


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
    priority: in_order(0)
    params:
        source=source_digest("legsci.models.curve_results"),
    message:
        "Compare joint angle curves, {wildcards.study}"
    script:
        "../scripts/curve_results.py"


def known_truth(table):
    """Input function: a table of the folder of a simulated study."""

    @gives(f"{{study folder}}/{table}.tsv")
    def file(wildcards):
        return f"{study_folder(wildcards)}/{table}.tsv"

    return file


# With `parameter_recovery` the only rule that reads the truth.
rule claims_against_truth:
    input:
        ledger=f"{RUN}/claims.csv",
        claims=claims_file,
        metrics=f"{RUN}/metrics.csv",
        participants=known_truth("participants"),
        parameters=known_truth("truth/parameters"),
    output:
        comparison=report(
            f"{RUN}/claims_against_truth.csv",
            caption="../report/claims_against_truth.rst",
            category="{study}",
            subcategory="models",
            labels={"figure": "claims against truth, table"},
        ),
    log:
        f"{RUN}/logs/claims_against_truth.txt",
    benchmark:
        f"{RUN}/benchmarks/claims_against_truth.tsv"
    priority: in_order(0)
    params:
        source=source_digest("legsci.models.claims.against_truth"),
    message:
        "Compare verdicts on {wildcards.study} with the true effects"
    script:
        "../scripts/claims_against_truth.py"


# The table is kept in the repository and shown in the README.
rule cohort_ledger:
    input:
        comparison=f"results/{COHORT}/claims_against_truth.csv",
        truths=f"{COHORT_FOLDER}/truth/claims.tsv",
        participants=f"{COHORT_FOLDER}/participants.tsv",
    output:
        ledger="workflow/validation/cohort_ledger.csv",
    log:
        f"results/{COHORT}/logs/cohort_ledger.txt",
    benchmark:
        f"results/{COHORT}/benchmarks/cohort_ledger.tsv"
    params:
        seed=PLANS[COHORT]["seed"],
        source=source_digest("legsci.models.claims.against_truth"),
    message:
        "Put the verdicts on the simulated cohort beside what was drawn"
    script:
        "../scripts/cohort_ledger.py"


# Not part of `all`.
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
