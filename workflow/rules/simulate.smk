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


#: Plans of simulated cohorts.
PLANS = yaml.safe_load(Path(workflow.basedir, "workflow/planning.yaml").read_text(encoding="utf-8"))
COHORT = "cohort"
COHORT_FOLDER = f"data/raw/{COHORT}"

# A run of the cohort reads its folder and does not write it. Not part of `all`: `make cohort`.
if Path(config.get("study", "")) != Path(COHORT_FOLDER):

    rule simulate_cohort_tables:
        output:
            settings=f"{COHORT_FOLDER}/study.yaml",
            tables=expand(
                "{folder}/{table}.tsv",
                folder=COHORT_FOLDER,
                table=["participants", "sessions", "measurements", "exposure", "health", "injuries"],
            ),
            truth=expand("{folder}/truth/{table}.tsv", folder=COHORT_FOLDER, table=["parameters", "athletes", "claims"]),
        log:
            f"results/{COHORT}/logs/simulate_cohort_tables.txt",
        benchmark:
            f"results/{COHORT}/benchmarks/simulate_cohort_tables.tsv"
        params:
            options=config["virtual"],
            plan=PLANS[COHORT],
            source=source_digest("legsci.models.plans", "legsci.simulate.cohort.study_of_tables"),
        message:
            "Simulate the tables of a cohort"
        script:
            "../scripts/simulate_cohort_tables.py"


# With `claims_against_truth` the only rule that reads the truth.
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
