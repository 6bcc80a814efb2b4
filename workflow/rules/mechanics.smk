"""Trials of each session of a batch -> motion; and reps, scored under each definition profile, with their quality flags."""


rule motion:
    input:
        sessions="results/{study}/sessions/{batch}.txt",
    output:
        listing=f"{RUN}/motion/{{batch}}.txt",
    log:
        f"{RUN}/logs/motion/{{batch}}.txt",
    benchmark:
        f"{RUN}/benchmarks/motion/{{batch}}.tsv"
    priority: in_order(FIRST)
    resources:
        mem_mb=memory_mb,
        runtime=batch_runtime,
    params:
        options=config["motion"],
        swapped=swapped_sides_of,
        source=source_digest("legsci.mechanics.kinetics.motion_file"),
    message:
        "Compute the motion of {wildcards.batch}, {wildcards.study}"
    script:
        "../scripts/motion.py"


rule cut_reps:
    input:
        motion=f"{RUN}/motion/{{batch}}.txt",
        sessions="results/{study}/sessions/{batch}.txt",
    output:
        listing=f"{RUN}/reps/{{batch}}.txt",
    log:
        f"{RUN}/logs/cut_reps/{{batch}}.txt",
    benchmark:
        f"{RUN}/benchmarks/cut_reps/{{batch}}.tsv"
    priority: in_order(FIRST)
    resources:
        mem_mb=memory_mb,
        runtime=batch_runtime,
    params:
        scored=dict(default=config["profile"], profiles=config["profiles"]),
        curation=curation_of,
        source=source_digest("legsci.mechanics.reps.session"),
    message:
        "Extract the repetitions of {wildcards.batch}, {wildcards.study}"
    script:
        "../scripts/cut_reps.py"
