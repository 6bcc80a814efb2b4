"""Raw files of a batch of participants -> a session file for each visit.

Session files, motion files and reps files lie in a folder per participant. The rules of a batch give a list of its files
with their digests: the folders do not depend on how participants are divided into batches.
"""


rule ingest:
    input:
        recordings=recording_files,
    output:
        listing="results/{study}/sessions/{batch}.txt",
    log:
        "results/{study}/logs/ingest/{batch}.txt",
    benchmark:
        "results/{study}/benchmarks/ingest/{batch}.tsv"
    priority: in_order(FIRST)
    resources:
        mem_mb=memory_mb,
        runtime=batch_runtime,
    params:
        folder=study_folder,
        participants=members,
        rows=batch_digest,
        source=source_digest("legsci.ingest.session"),
    message:
        "Read the sessions of {wildcards.batch}, {wildcards.study}"
    script:
        "../scripts/ingest.py"
