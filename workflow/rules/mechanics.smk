"""The trials of a session -> its reps, scored under each definition profile, and what was found wrong with them."""


rule session_reps:
    input:
        session="results/{study}/sessions/{participant}_{session}.nc",
    output:
        reps="results/{study}/reps/{participant}_{session}.nc",
    log:
        "results/{study}/logs/session_reps/{participant}_{session}.txt",
    benchmark:
        "results/{study}/benchmarks/session_reps/{participant}_{session}.tsv"
    params:
        profile=config["profile"],
        profiles=config["profiles"],
        curation=session_curation,
        source=source_digest("legsci.mechanics.reps"),
    message:
        "Cut session {wildcards.session} of {wildcards.participant} into reps, {wildcards.study}"
    script:
        "../scripts/session_reps.py"
