# How far the rates are from the truth, on simulated plumes through the whole chain.


rule closed_loop:
    """Plumes of known rate, simulated, detected, extracted and estimated: a row per plume."""
    input:
        model=ancient(MODEL),
    output:
        f"{RESULTS}/truth/cases.parquet",
    log:
        f"{LOGS}/truth/closed_loop.log",
    benchmark:
        f"{BENCHMARKS}/truth/closed_loop.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 8
    resources:
        mem_mb=4000,
    params:
        version=ALGORITHMS["closed_loop"],
        steps=[
            ALGORITHMS[name]
            for name in ("detect_plumes", "extract_plumes", "estimate_emissions")
        ],
        model_sha256=sha256(CONFIG.detect.model) if MODEL else "",
        card_sha256=sha256(card_path(CONFIG.detect.model)) if MODEL else "",
        method=f"--method {CONFIG.detect.method} --window {CONFIG.detect.window} --step {CONFIG.detect.step}"
        f" --mosaic {CONFIG.detect.mosaic}",
        cases=f"--cases {CONFIG.truth.cases} --seed {CONFIG.truth.seed}",
        components=COMPONENTS,
        chips=f"--buffer {CONFIG.plumes.buffer} --chip-margin {CONFIG.plumes.chip_margin}",
        filter=FILTER,
        rule=RATE_RULE,
    message:
        "put plumes of known rate through the chain"
    shell:
        "so2plumes closed-loop {params.cases} {params.method}"
        f" --model {CONFIG.detect.model} --engine {CONFIG.detect.engine} --batch {CONFIG.detect.batch} --backend {CONFIG.detect.backend}"
        " --threads {threads} {params.components} {params.chips} {params.filter} {params.rule}"
        f" --config-sha256 {config_digest(CONFIG, KNOWN_SHA256)}"
        " --out {output} --log {log}"


rule score_closed_loop:
    """Bias and coverage per estimator, and the bias of the backgrounds."""
    input:
        f"{RESULTS}/truth/cases.parquet",
    output:
        f"{RESULTS}/truth/closed_loop.json",
    log:
        f"{LOGS}/truth/score_closed_loop.log",
    conda:
        "../../envs/cpu.yaml"
    params:
        version=ALGORITHMS["score_closed_loop"],
    message:
        "score the closed loop"
    shell:
        "so2plumes score-closed-loop --cases {input} --out {output} --log {log}"
