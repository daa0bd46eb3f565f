# From compact swaths to the plume probability of every pixel.


rule detect_plumes:
    """Rolling-window U-Net over the swaths of a period."""
    input:
        swaths=f"{RESULTS}/{{year}}/swaths/{{date}}",
        model=ancient(CONFIG.detect.model),
    output:
        f"{RESULTS}/{{year}}/probability/{{date}}.nc",
    log:
        f"{LOGS}/{{year}}/detect_plumes/{{date}}.log",
    benchmark:
        f"{BENCHMARKS}/{{year}}/detect_plumes/{{date}}.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=4000,
    params:
        version=ALGORITHMS["detect_plumes"],
        model_sha256=sha256(CONFIG.detect.model),
        window=CONFIG.detect.window,
        step=CONFIG.detect.step,
        filter=FILTER,
    shell:
        "so2plumes detect-plumes --swaths {input.swaths} --model {input.model} --window {params.window} --step {params.step}"
        f" --batch {CONFIG.detect.batch} --backend {CONFIG.detect.backend}"
        " --threads {threads} {params.filter} --out {output} --log {log}"
