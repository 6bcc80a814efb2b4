"""The reps of a study -> its tables: one number per rep, side and metric, and what was rejected, corrected or flagged."""

#: Tables that parts of a study have as well, in the order of legsci.metrics.parts.TABLES.
JOINED = ("metrics", "metrics_by_profile", "reps", "quality")
TABLES = [
    *expand(f"{RUN}/{{table}}.{{suffix}}", study=STUDIES, table=JOINED, suffix=["csv", "parquet"]),
    *expand(
        f"{RUN}/{{table}}",
        study=STUDIES,
        table=["dictionary.csv", "options.yaml", "about.yaml", "curves.nc", "manifest.json"],
    ),
]
#: The part of a study that is measured as one, and that of what other systems measured.
WHOLE, MEASURED_PART = "whole_study", "of_other_systems"


def is_whole(study):
    """Whether all participants of a study are measured by one job, since each is a batch of his or her own."""
    return all(people == [batch] for batch, people in batches_of(study).items())


def part_members(wildcards):
    """Participants of a part."""
    return participants_of(wildcards) if wildcards.part == WHOLE else batches_of(wildcards.study)[wildcards.part]


def of_part(pattern):
    """Input function: the files of the batches of a part, named by a pattern with {study}, {batch}."""

    @gives(pattern)
    def files(wildcards):
        batches = batches_of(wildcards.study) if wildcards.part == WHOLE else [wildcards.part]
        return [pattern.format(study=wildcards.study, batch=batch) for batch in batches]

    return files


def part_folders(wildcards):
    """Folders of the parts of a study."""
    batches = batches_of(wildcards.study)
    parts = [WHOLE] if batches and is_whole(wildcards.study) else list(batches)
    return [f"{RUN.format(study=wildcards.study)}/parts/{part}" for part in parts]


def measured_folder(wildcards):
    """Folder of the part of what other systems measured, where a study has such measurements."""
    return f"{RUN.format(study=wildcards.study)}/parts/{MEASURED_PART}" if measurement_file(wildcards) else ""


@gives(f"{RUN}/parts/{{part}}/{{table}}.parquet")
def part_tables(wildcards):
    """Tables of all parts of a study."""
    folders = [*part_folders(wildcards), *filter(None, [measured_folder(wildcards)])]
    return [f"{folder}/{table}.parquet" for folder in folders for table in JOINED]


rule measure:
    input:
        reps=of_part(f"{RUN}/reps/{{batch}}.txt"),
        motion=of_part(f"{RUN}/motion/{{batch}}.txt"),
        sessions=of_part("results/{study}/sessions/{batch}.txt"),
    output:
        **{table: f"{RUN}/parts/{{part}}/{table}.parquet" for table in JOINED},
    log:
        f"{RUN}/logs/measure/{{part}}.txt",
    benchmark:
        f"{RUN}/benchmarks/measure/{{part}}.tsv"
    wildcard_constraints:
        part=f"{WHOLE}|batch_[0-9]+",
    priority: in_order(FIRST)
    resources:
        mem_mb=memory_mb,
        runtime=part_runtime,
    params:
        participants=part_members,
        source=source_digest("legsci.metrics.parts"),
    message:
        "Measure the repetitions of {wildcards.part}, {wildcards.study}"
    script:
        "../scripts/measure.py"


rule measurements:
    input:
        measurements=measurement_file,
    output:
        **{table: f"{RUN}/parts/{MEASURED_PART}/{table}.parquet" for table in JOINED},
    log:
        f"{RUN}/logs/measurements.txt",
    benchmark:
        f"{RUN}/benchmarks/measurements.tsv"
    priority: in_order(FIRST)
    params:
        folder=study_folder,
        measured=measurement_digest,
        source=source_digest("legsci.metrics.parts"),
    message:
        "Read the measurements of {wildcards.study}"
    script:
        "../scripts/measurements.py"


rule study_tables:
    input:
        part_tables,
    output:
        **{table: f"{RUN}/{table}.csv" for table in JOINED},
        parquet=[f"{RUN}/{table}.parquet" for table in JOINED],
        dictionary=f"{RUN}/dictionary.csv",
        options=f"{RUN}/options.yaml",
        about=f"{RUN}/about.yaml",
    log:
        f"{RUN}/logs/study_tables.txt",
    benchmark:
        f"{RUN}/benchmarks/study_tables.tsv"
    priority: in_order(FIRST)
    params:
        folder=study_folder,
        decided=decided_folder,
        parts=part_folders,
        measured=measured_folder,
        participants=participants_of,
        said=measurement_digest,
        options=OPTIONS,
        source=source_digest("legsci.metrics.parts"),
    message:
        "Join the tables of {wildcards.study}"
    script:
        "../scripts/study_tables.py"


rule study_curves:
    input:
        reps=per_batch(f"{RUN}/reps/{{batch}}.txt"),
        motion=per_batch(f"{RUN}/motion/{{batch}}.txt"),
        sessions=per_batch("results/{study}/sessions/{batch}.txt"),
    output:
        curves=f"{RUN}/curves.nc",
    log:
        f"{RUN}/logs/study_curves.txt",
    benchmark:
        f"{RUN}/benchmarks/study_curves.tsv"
    priority: in_order(0)
    params:
        participants=participants_of,
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
