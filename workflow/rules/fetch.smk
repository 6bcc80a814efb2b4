"""Recordings that are not part of the repository, for studies whose study.yaml names a source."""


rule fetch_recordings:
    output:
        # Not the recordings: snakemake deletes the outputs of a rule before it runs, and nothing may delete these.
        listing="results/{study}/fetched.txt",
    log:
        "results/{study}/logs/fetch_recordings.txt",
    benchmark:
        "results/{study}/benchmarks/fetch_recordings.tsv"
    priority: in_order(0)
    params:
        folder=study_folder,
        recordings=fetched_recordings,
        source=source_digest("legsci.ingest.fetch"),
    message:
        "Fetch the recordings of {wildcards.study}"
    script:
        "../scripts/fetch_recordings.py"
