"""Results of a study -> the manifest: checksums of what they were made from, and of the tables."""

@gives(f"{RUN}/models/{{table}}.csv")
def results_of_models(wildcards):
    """Tables of the models of a study, which are made last."""
    return [path for path in MODEL_RESULTS if path.startswith(RUN.format(study=wildcards.study) + "/")]


def rules_of_results(wildcards):
    """Path of each table and file of signals of a run, with wildcards in braces -> the rule that makes it."""
    folders, made = (RUN, RUN.format(study=wildcards.study)), {}
    for one in workflow.rules:
        for path in (re.sub(r"{(\w+),[^{}]*}", r"{\1}", str(output)) for output in one.output):
            made |= {path.removeprefix(f"{folder}/"): one.name for folder in folders if path.startswith(f"{folder}/")}
    return {path: name for path, name in made.items() if not path.startswith(("figures/", "notebooks/"))}


rule manifest:
    input:
        made_tables,
        results_of_models,
        curves=f"{RUN}/curves.nc",
    output:
        manifest=f"{RUN}/manifest.json",
    log:
        f"{RUN}/logs/manifest.txt",
    benchmark:
        f"{RUN}/benchmarks/manifest.tsv"
    priority: in_order(0)
    params:
        folder=study_folder,
        rules=rules_of_results,
        source=source_digest("legsci.reproduction.manifest"),
    message:
        "List checksums of what the results of {wildcards.study} were made from"
    script:
        "../scripts/manifest.py"


# Not part of `all`: `make paper`, of the two studies that come with legsci.
rule paper:
    input:
        TABLES,
        MODEL_RESULTS,
        FIGURES,
        text="paper/paper.typ",
        values="paper/values.yaml",
        references="paper/references.yaml",
        validation=[f"workflow/validation/{name}.csv" for name in ("metric_errors", "cohort_ledger", "verdicts")],
        benchmarks=[
            f"benchmarks/{name}.csv"
            for name in ("force_errors", "onset_errors", "clock_errors", "opensim_comparison", "recorded_angles")
        ],
    output:
        pdf="results/paper/paper.pdf",
        page="results/paper/paper.html",
    log:
        "results/paper/logs/paper.txt",
    benchmark:
        "results/paper/benchmarks/paper.tsv"
    params:
        source=source_digest("legsci.reproduction.paper"),
    message:
        "Set the paper, with its numbers from the results"
    script:
        "../scripts/paper.py"
