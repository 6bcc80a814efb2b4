"""legsci: from study folders to results; each include below is one package of legsci, in the order of the data."""

from snakemake.utils import min_version

min_version("9.0")


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


rule all:
    default_target: True
    input:
        TABLES,
        MODEL_RESULTS,
        FIGURES,


# What a reader of the screen wants to know at the end; a run of single files may leave a study unfinished.
onsuccess:
    from legsci.present.results import Results

    for study in STUDIES:
        results = Results(Path("results", study), run=RUN_NAME)
        if (results.folder / "metrics.csv").is_file():
            print(results.summary())
