"""Raw files of a session -> its session file."""


rule ingest_session:
    input:
        recordings=recording_files,
    output:
        session="results/{study}/sessions/{participant}_{session}.nc",
    log:
        "results/{study}/logs/ingest_session/{participant}_{session}.txt",
    benchmark:
        "results/{study}/benchmarks/ingest_session/{participant}_{session}.tsv"
    params:
        folder=study_folder,
        rows=session_digest,
        source=source_digest("legsci.ingest.trial"),
    message:
        "Read session {wildcards.session} of {wildcards.participant}, {wildcards.study}"
    script:
        "../scripts/ingest_session.py"
