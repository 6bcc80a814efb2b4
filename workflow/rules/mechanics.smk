"""Trials of each session -> motion; and reps, scored under each definition profile, with their quality flags."""


rule motion:
    input:
        sessions="results/{study}/sessions/{participant}",
    output:
        motion=directory(f"{RUN}/motion/{{participant}}"),
    log:
        f"{RUN}/logs/motion/{{participant}}.txt",
    benchmark:
        f"{RUN}/benchmarks/motion/{{participant}}.tsv"
    priority: FIRST
    params:
        options=config["motion"],
        swapped=swapped_sides_of,
        source=source_digest("legsci.mechanics.kinetics.motion_file"),
    message:
        "Compute the motion of {wildcards.participant}, {wildcards.study}"
    script:
        "../scripts/motion.py"


rule cut_reps:
    input:
        motion=f"{RUN}/motion/{{participant}}",
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
        curation=curation_of,
        source=source_digest("legsci.mechanics.reps.session"),
    message:
        "Extract the repetitions of {wildcards.participant}, {wildcards.study}"
    script:
        "../scripts/cut_reps.py"
