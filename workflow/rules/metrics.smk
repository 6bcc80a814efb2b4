"""The reps of a study -> its tables: one number per rep, side and metric, and what was rejected, corrected or flagged."""

TABLES = expand(
    f"{RUN}/{{table}}",
    study=STUDIES,
    table=[
        "metrics.csv",
        "metrics.parquet",
        "metrics_by_profile.csv",
        "reps.csv",
        "quality.csv",
        "dictionary.csv",
        "options.yaml",
        "about.yaml",
        "curves.nc",
    ],
)


rule study_tables:
    input:
        reps=per_participant(f"{RUN}/reps/{{participant}}"),
        motion=per_participant(f"{RUN}/motion/{{participant}}"),
        sessions=per_participant("results/{study}/sessions/{participant}"),
        measurements=measurement_file,
    output:
        metrics=f"{RUN}/metrics.csv",
        metrics_parquet=f"{RUN}/metrics.parquet",
        metrics_by_profile=f"{RUN}/metrics_by_profile.csv",
        reps=f"{RUN}/reps.csv",
        quality=f"{RUN}/quality.csv",
        dictionary=f"{RUN}/dictionary.csv",
        options=f"{RUN}/options.yaml",
        about=f"{RUN}/about.yaml",
    log:
        f"{RUN}/logs/study_tables.txt",
    benchmark:
        f"{RUN}/benchmarks/study_tables.tsv"
    priority: FIRST
    params:
        folder=study_folder,
        measured=measurement_digest,
        options=OPTIONS,
        source=source_digest("legsci.metrics.tables"),
    message:
        "Compute the metrics of {wildcards.study}"
    script:
        "../scripts/study_tables.py"


rule study_curves:
    input:
        reps=per_participant(f"{RUN}/reps/{{participant}}"),
        motion=per_participant(f"{RUN}/motion/{{participant}}"),
        sessions=per_participant("results/{study}/sessions/{participant}"),
    output:
        curves=f"{RUN}/curves.nc",
    log:
        f"{RUN}/logs/study_curves.txt",
    benchmark:
        f"{RUN}/benchmarks/study_curves.tsv"
    params:
        source=source_digest("legsci.metrics.normalised_curves"),
    message:
        "Time-normalise the movements of {wildcards.study}"
    script:
        "../scripts/study_curves.py"


#: Errors of all metrics against the second simulator, the same for all studies.
METRIC_ERRORS = "results/metric_errors/metric_errors.csv"


# The table is kept in the repository, since it takes an hour: `make errors`.
rule metric_errors:
    input:
        errors="workflow/validation/metric_errors.csv",
    output:
        table=report(
            METRIC_ERRORS,
            caption="../report/metric_errors.rst",
            category="uncertainty",
            labels={"figure": "errors of the metrics, table"},
        ),
    log:
        "results/metric_errors/logs/metric_errors.txt",
    benchmark:
        "results/metric_errors/benchmarks/metric_errors.tsv"
    params:
        source=source_digest("legsci.storage"),
    message:
        "Show the errors of the metrics against known truth"
    script:
        "../scripts/metric_errors.py"
