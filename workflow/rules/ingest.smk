"""Raw files of a participant -> a session file for each visit."""


rule ingest:
    input:
        recordings=recording_files,
    output:
        sessions=directory("results/{study}/sessions/{participant}"),
    log:
        "results/{study}/logs/ingest/{participant}.txt",
    benchmark:
        "results/{study}/benchmarks/ingest/{participant}.tsv"
    priority: FIRST
    params:
        folder=study_folder,
        rows=participant_digest,
        source=source_digest("legsci.ingest.session"),
    message:
        "Read the sessions of {wildcards.participant}, {wildcards.study}"
    script:
        "../scripts/ingest.py"
