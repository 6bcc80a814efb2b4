"""Raw files of a session -> its session file."""

CHECKS = expand("results/{study}/study_check.txt", study=STUDIES)


rule check_study:
    input:
        tables=study_files,
        recordings=recording_files,
    output:
        check="results/{study}/study_check.txt",
    log:
        "results/{study}/logs/check_study.txt",
    benchmark:
        "results/{study}/benchmarks/check_study.tsv"
    params:
        folder=study_folder,
        source=source_digest("legsci.ingest.study", "legsci.ingest.check"),
    message:
        "Check {wildcards.study} against its recordings"
    script:
        "../scripts/check_study.py"


rule ingest_session:
    input:
        recordings=recording_files,
        # The check comes first, but passing it once more changes no session.
        check=ancient("results/{study}/study_check.txt"),
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
