"""legsci: from study folders to results; each include below is one package of legsci, in the order of the data."""

from snakemake.utils import min_version

# Priorities that depend on the wildcards of a job.
min_version("9.27")


configfile: "workflow/config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/batches.smk"
include: "workflow/rules/simulate.smk"
include: "workflow/rules/fetch.smk"
include: "workflow/rules/ingest.smk"
include: "workflow/rules/mechanics.smk"
include: "workflow/rules/metrics.smk"
include: "workflow/rules/models.smk"
include: "workflow/rules/present.smk"


show_progress(workflow)


# The first table and figure, before anything is simulated: `make first`.
rule first:
    input:
        first_results,


rule all:
    default_target: True
    input:
        TABLES,
        METRIC_ERRORS,
        MODEL_RESULTS,
        FIGURES,


# What a reader of the screen wants to know at the end; a run of single files may leave a study unfinished.
onsuccess:
    from legsci.present.results import Results

    for results in (Results(Path("results", study), run=RUN_NAME) for study in STUDIES):
        if (results.folder / "metrics.csv").is_file():
            print(results.summary())
