"""The virtual athletes: tables of their study, recordings of each of them, and parameter recovery."""

#: Options on which the recordings of an athlete depend; a larger cohort does not change them.
ATHLETE_OPTIONS = {name: value for name, value in config["virtual"].items() if name != "athletes"}


# All runs share the recordings: a named run takes them as the default run made them.
if RUN_NAME is None:

    checkpoint simulate_cohort:
        output:
            settings=f"{VIRTUAL_FOLDER}/study.yaml",
            tables=expand(
                "{folder}/{table}.tsv",
                folder=VIRTUAL_FOLDER,
                table=[
                    "participants",
                    "sessions",
                    "trials",
                    "recordings",
                    "wearables",
                    "exposure",
                    "health",
                    "injuries",
                ],
            ),
            truth=expand(
                "{folder}/truth/{table}.tsv",
                folder=VIRTUAL_FOLDER,
                table=["parameters", "athletes", "weeks", "reps"],
            ),
        log:
            f"results/{VIRTUAL}/logs/simulate_cohort.txt",
        benchmark:
            f"results/{VIRTUAL}/benchmarks/simulate_cohort.tsv"
        priority: FIRST
        params:
            options=config["virtual"],
            source=source_digest(
                "legsci.simulate.cohort.recording_plan",
                "legsci.simulate.recordings.session_files",
                "legsci.simulate.cohort.truth",
            ),
        message:
            "Simulate the cohort of virtual athletes"
        script:
            "../scripts/simulate_cohort.py"

    rule simulate_athlete:
        output:
            recordings=directory(f"{VIRTUAL_FOLDER}/{{participant}}"),
            truth=f"{VIRTUAL_FOLDER}/truth/trials/{{participant}}.tsv",
        log:
            f"results/{VIRTUAL}/logs/simulate_athlete/{{participant}}.txt",
        benchmark:
            f"results/{VIRTUAL}/benchmarks/simulate_athlete/{{participant}}.tsv"
        priority: FIRST
        params:
            options=ATHLETE_OPTIONS,
            source=source_digest("legsci.simulate.cohort.recording_plan", "legsci.simulate.recordings.session_files"),
        message:
            "Simulate the recordings of virtual athlete {wildcards.participant}"
        script:
            "../scripts/simulate_athlete.py"


# Only this rule reads the truth.
rule parameter_recovery:
    input:
        metrics=f"{VIRTUAL_RUN}/metrics.csv",
        truth=virtual_truth,
    output:
        pairs=f"{VIRTUAL_RUN}/parameter_recovery_pairs.csv",
        recovery_table=report(
            f"{VIRTUAL_RUN}/parameter_recovery.csv",
            caption="../report/parameter_recovery_table.rst",
            category=VIRTUAL,
            subcategory="study",
            labels={"figure": "recovery, table"},
        ),
    log:
        f"{VIRTUAL_RUN}/logs/parameter_recovery.txt",
    benchmark:
        f"{VIRTUAL_RUN}/benchmarks/parameter_recovery.tsv"
    params:
        source=source_digest("legsci.models.parameter_recovery"),
    message:
        "Compare metrics of the virtual athletes with their true values"
    script:
        "../scripts/parameter_recovery.py"
