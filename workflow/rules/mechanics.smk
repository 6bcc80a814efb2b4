"""The trials of each session -> its reps, scored under each definition profile, and their quality flags."""


rule cut_reps:
    input:
        sessions="results/{study}/sessions/{participant}",
    output:
        reps=directory(f"{RUN}/reps/{{participant}}"),
    log:
        f"{RUN}/logs/cut_reps/{{participant}}.txt",
    benchmark:
        f"{RUN}/benchmarks/cut_reps/{{participant}}.tsv"
    priority: FIRST
    params:
        profile=config["profile"],
        profiles=config["profiles"],
        motion=config["motion"],
        curation=curation_of,
        source=source_digest("legsci.mechanics.reps.session"),
    message:
        "Extract the repetitions of {wildcards.participant}, {wildcards.study}"
    script:
        "../scripts/cut_reps.py"
