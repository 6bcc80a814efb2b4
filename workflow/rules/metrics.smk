"""The reps of a study -> its tables: one number per rep, side and metric, and what was rejected, corrected or flagged."""

TABLES = expand(
    "results/{study}/{table}",
    study=STUDIES,
    table=["metrics.csv", "metrics.parquet", "metrics_by_profile.csv", "reps.csv", "quality.csv", "curves.nc"],
)


rule study_tables:
    input:
        reps=per_participant("results/{study}/reps/{participant}"),
        motion=per_participant("results/{study}/motion/{participant}"),
    output:
        metrics="results/{study}/metrics.csv",
        metrics_parquet="results/{study}/metrics.parquet",
        metrics_by_profile="results/{study}/metrics_by_profile.csv",
        reps="results/{study}/reps.csv",
        quality="results/{study}/quality.csv",
    log:
        "results/{study}/logs/study_tables.txt",
    benchmark:
        "results/{study}/benchmarks/study_tables.tsv"
    priority: FIRST
    params:
        source=source_digest("legsci.metrics.tables"),
    message:
        "Compute the metrics of {wildcards.study}"
    script:
        "../scripts/study_tables.py"


rule study_curves:
    input:
        reps=per_participant("results/{study}/reps/{participant}"),
        motion=per_participant("results/{study}/motion/{participant}"),
    output:
        curves="results/{study}/curves.nc",
    log:
        "results/{study}/logs/study_curves.txt",
    benchmark:
        "results/{study}/benchmarks/study_curves.tsv"
    params:
        source=source_digest("legsci.metrics.normalised_curves"),
    message:
        "Time-normalise the movements of {wildcards.study}"
    script:
        "../scripts/study_curves.py"
