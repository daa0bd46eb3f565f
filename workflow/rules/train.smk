# A detector from the archive: training set, training, comparison, detection curve, card.
# `snakemake results/training/<name>/card.html`; the folder results/training/<name>/model is what `detect.model` names.

PLAN = (
    f"--seed {T.seed} --normalisation {T.normalisation} --loss {T.loss} --base-width {T.base_width}"
    f" --dropout {T.dropout} --batch {T.batch}"
    + (" --validity-channel" if T.validity_channel else "")
)
COMPONENTS = f"{THRESHOLDS} --min-pixels {CONFIG.plumes.min_pixels}"
QUIET_START = datetime.date(2021, 1, 1)
GRANULES = {
    "real": ancient(T.folders),
    "simulated": f"{TRAINING}/simulated",
}


rule simulate_backgrounds:
    """Simulated granules without plumes."""
    output:
        directory(f"{TRAINING}/simulated"),
    log:
        f"{LOGS}/training/simulate_backgrounds.log",
    conda:
        "../../envs/cpu.yaml"
    params:
        version=ALGORITHMS["simulate_archive"],
        last=f"--end {QUIET_START + datetime.timedelta(days=T.simulated_days - 1)}",
        seed=f"--seed {T.seed}",
    message:
        "simulate quiet granules"
    shell:
        f"so2plumes simulate-archive --quiet --start {QUIET_START}"
        " {params.last} {params.seed} --out {output} --log {log}"


rule build_training_set:
    """Images of known truth: injected plumes and labelled real ones."""
    input:
        **GRANULES,
        labels=T.labels,
    output:
        directory(f"{TRAINING}/{{model}}/set"),
    log:
        f"{LOGS}/training/{{model}}/build_training_set.log",
    benchmark:
        f"{BENCHMARKS}/training/{{model}}/build_training_set.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 8
    resources:
        mem_mb=6000,
    params:
        version=ALGORITHMS["build_training_set"],
        seed=f"--seed {T.seed}",
        most=f"--max-granules {T.max_granules}" if T.max_granules else "",
    message:
        "build the training set of {wildcards.model}"
    shell:
        "so2plumes build-training-set {input.real:q} {input.simulated} --labels {input.labels:q} {params.seed}"
        " {params.most} --threads {threads} --out {output} --log {log}"


rule train_model:
    """Weights of the U-Net."""
    input:
        rules.build_training_set.output,
    output:
        weights=f"{TRAINING}/{{model}}/weights.keras",
        history=f"{TRAINING}/{{model}}/history.json",
    log:
        f"{LOGS}/training/{{model}}/train_model.log",
    benchmark:
        f"{BENCHMARKS}/training/{{model}}/train_model.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=6000,
    params:
        version=ALGORITHMS["train_model"],
        plan=PLAN,
        epochs=f"--epochs {T.epochs}",
    message:
        "train {wildcards.model}"
    shell:
        "so2plumes train-model --set {input} {params.plan} {params.epochs} --threads {threads}"
        " --out {output.weights} --history {output.history} --log {log}"


rule compare_variant:
    """A short training of another input, width or loss."""
    input:
        rules.build_training_set.output,
    output:
        f"{TRAINING}/{{model}}/variants/{{variant}}.json",
    log:
        f"{LOGS}/training/{{model}}/variants/{{variant}}.log",
    benchmark:
        f"{BENCHMARKS}/training/{{model}}/variants/{{variant}}.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=6000,
    params:
        version=ALGORITHMS["compare_variant"],
        plan=PLAN,
        length=f"--epochs {T.compare_epochs} --max-images {T.compare_images}",
    message:
        "compare {wildcards.variant}"
    shell:
        "so2plumes compare-variant --variant {wildcards.variant} --set {input} {params.plan} {params.length}"
        " --threads {threads} --out {output} --log {log}"


rule detection_curve:
    """Plumes of known rate in unseen scenes: which are found."""
    input:
        **GRANULES,
        weights=weights_of,
        history=training_log_of,
    output:
        f"{TRAINING}/{{model}}/detection_curve.parquet",
    log:
        f"{LOGS}/training/{{model}}/detection_curve.log",
    benchmark:
        f"{BENCHMARKS}/training/{{model}}/detection_curve.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 8
    resources:
        mem_mb=4000,
    params:
        version=ALGORITHMS["detection_curve"],
        trials=f"--seed {T.seed} --trials {T.trials}",
        components=COMPONENTS,
    message:
        "probability of detection of {wildcards.model}"
    shell:
        "so2plumes detection-curve {input.real:q} {input.simulated} --model {input.weights}"
        " --history {input.history} {params.trials} {params.components} --threads {threads} --out {output} --log {log}"


rule evaluate_model:
    """The model card, beside a copy of the weights: the folder that `detect.model` names."""
    input:
        **GRANULES,
        set=rules.build_training_set.output,
        weights=weights_of,
        history=training_log_of,
        variants=variants_of,
        curve=curve_of,
        known=ancient(KNOWN_SOURCES),
    output:
        directory(f"{TRAINING}/{{model}}/model"),
    log:
        f"{LOGS}/training/{{model}}/evaluate_model.log",
    benchmark:
        f"{BENCHMARKS}/training/{{model}}/evaluate_model.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 8
    resources:
        mem_mb=6000,
    params:
        version=ALGORITHMS["evaluate_model"],
        seed=f"--seed {T.seed}",
        components=COMPONENTS,
        curve=lambda wildcards, input: f"--curve {input.curve or 'none'}",
    message:
        "score {wildcards.model} on orbits and regions that it has not seen"
    shell:
        "so2plumes evaluate-model {input.real:q} {input.simulated} --name {wildcards.model} --set {input.set}"
        " --model {input.weights} --history {input.history} --known {input.known} --variants {input.variants:q} {params.curve}"
        " {params.seed} {params.components} --threads {threads} --out {output} --log {log}"


rule write_card:
    """The model card for people."""
    input:
        rules.evaluate_model.output,
    output:
        f"{TRAINING}/{{model}}/card.html",
    log:
        f"{LOGS}/training/{{model}}/write_card.log",
    conda:
        "../../envs/cpu.yaml"
    params:
        version=ALGORITHMS["write_card"],
    message:
        "model card: {output}"
    shell:
        "so2plumes write-card --model {input} --out {output} --log {log}"
