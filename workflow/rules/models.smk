"""Tables of a study -> a longitudinal table, models, and a verdict on each registered claim."""

#: What models say of a study, as results/<study>/models/<name>.csv.
MODEL_TABLES = ["alignment", "points", "athletes", "reliability", "incidence", "weeks_left_out", "refusals"]
FINDINGS = [
    *expand("results/{study}/{table}.csv", study=STUDIES, table=["longitudinal", "study_flow", "claims"]),
    *expand("results/{study}/models/{table}.csv", study=STUDIES, table=MODEL_TABLES),
    *([f"results/{VIRTUAL}/claims_against_truth.csv"] if VIRTUAL in STUDIES else []),
]


def people_digest(wildcards):
    """Digest of what a study says of persons, visits, training and health."""
    study = study_of(wildcards.study)
    names = ("participants", "sessions", "exposure", "health", "injuries")
    return content_digest(*(getattr(study, name).to_json(orient="table", index=False) for name in names))


rule longitudinal:
    input:
        made_tables,
        metrics="results/{study}/metrics.csv",
    output:
        longitudinal="results/{study}/longitudinal.csv",
        flow="results/{study}/study_flow.csv",
    log:
        "results/{study}/logs/longitudinal.txt",
    benchmark:
        "results/{study}/benchmarks/longitudinal.tsv"
    params:
        folder=study_folder,
        people=people_digest,
        source=source_digest("legsci.models.longitudinal"),
    message:
        "Summarise the sessions of {wildcards.study}"
    script:
        "../scripts/longitudinal.py"


rule claims:
    input:
        made_tables,
        metrics="results/{study}/metrics.csv",
        longitudinal="results/{study}/longitudinal.csv",
        claims="workflow/claims.yaml",
    output:
        **{name: f"results/{{study}}/models/{name}.csv" for name in MODEL_TABLES},
        ledger="results/{study}/claims.csv",
    log:
        "results/{study}/logs/claims.txt",
    benchmark:
        "results/{study}/benchmarks/claims.tsv"
    params:
        folder=study_folder,
        people=people_digest,
        source=source_digest("legsci.models.claims", "legsci.models.findings"),
    message:
        "Hold the registered claims against {wildcards.study}"
    script:
        "../scripts/claims.py"


# Beside `recovery` the one rule that reads the truth.
rule claims_against_truth:
    input:
        ledger=f"results/{VIRTUAL}/claims.csv",
        claims="workflow/claims.yaml",
        metrics=f"results/{VIRTUAL}/metrics.csv",
        participants=f"{VIRTUAL_FOLDER}/participants.tsv",
        parameters=f"{VIRTUAL_FOLDER}/truth/parameters.tsv",
    output:
        comparison=f"results/{VIRTUAL}/claims_against_truth.csv",
    log:
        f"results/{VIRTUAL}/logs/claims_against_truth.txt",
    benchmark:
        f"results/{VIRTUAL}/benchmarks/claims_against_truth.tsv"
    params:
        source=source_digest("legsci.models.claims_against_truth"),
    message:
        "Put the verdicts on the virtual athletes beside the truth"
    script:
        "../scripts/claims_against_truth.py"
