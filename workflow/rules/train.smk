# A detector: training set, training, card. `snakemake results/training/<name>/model`

TRAINING = f"{RESULTS}/training"


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
        last=lambda wildcards: datetime.date(2021, 1, 1)
        + datetime.timedelta(days=CONFIG.training.simulated_days - 1),
        seed=f"--seed {CONFIG.training.seed}",
    message:
        "simulate quiet granules"
    shell:
        "so2plumes simulate-archive --quiet --start 2021-01-01 --end {params.last} {params.seed} --out {output} --log {log}"


rule build_training_set:
    """Images with injected plumes of known truth."""
    input:
        real=ancient(CONFIG.training.folders),
        simulated=rules.simulate_backgrounds.output,
    output:
        f"{TRAINING}/{{model}}/set.npz",
    log:
        f"{LOGS}/training/{{model}}/build_training_set.log",
    benchmark:
        f"{BENCHMARKS}/training/{{model}}/build_training_set.tsv"
    conda:
        "../../envs/cpu.yaml"
    params:
        version=ALGORITHMS["build_training_set"],
        seed=f"--seed {CONFIG.training.seed}",
        most=(
            f"--max-granules {CONFIG.training.max_granules}"
            if CONFIG.training.max_granules
            else ""
        ),
    message:
        "build the training set of {wildcards.model}"
    shell:
        "so2plumes build-training-set {input.real:q} {input.simulated} {params.seed} {params.most} --out {output} --log {log}"


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
    params:
        version=ALGORITHMS["train_model"],
        seed=f"--seed {CONFIG.training.seed}",
        base_width=f"--base-width {CONFIG.training.base_width}",
        epochs=f"--epochs {CONFIG.training.epochs}",
        batch=f"--batch {CONFIG.training.batch}",
    message:
        "train {wildcards.model}"
    shell:
        "so2plumes train-model --set {input} {params.seed} {params.base_width} {params.epochs}"
        " {params.batch} --out {output.weights} --history {output.history} --log {log}"


rule evaluate_model:
    """The model card, beside a copy of the weights: the folder that `detect.model` names."""
    input:
        set=rules.build_training_set.output,
        weights=rules.train_model.output.weights,
        history=rules.train_model.output.history,
        real=ancient(CONFIG.training.folders),
        simulated=rules.simulate_backgrounds.output,
    output:
        directory(f"{TRAINING}/{{model}}/model"),
    log:
        f"{LOGS}/training/{{model}}/evaluate_model.log",
    benchmark:
        f"{BENCHMARKS}/training/{{model}}/evaluate_model.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 8
    params:
        version=ALGORITHMS["evaluate_model"],
    message:
        "score {wildcards.model} on orbits that it has not seen"
    shell:
        "so2plumes evaluate-model {input.real:q} {input.simulated} --name {wildcards.model} --set {input.set}"
        " --model {input.weights} --history {input.history} --out {output} --log {log}"
