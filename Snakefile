"""legsci: from study folders to results; each include below is one package of legsci, in the order of the data."""

from snakemake.utils import min_version

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
include: "workflow/rules/reproduction.smk"


rule all:
    default_target: True
    input:
        TABLES,
        MODEL_RESULTS,
        FIGURES,


rule first:
    input:
        first_results,


onsuccess:
    print_summaries()
