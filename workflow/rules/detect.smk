# From compact swaths to the plume probability of every pixel.


MODEL = CONFIG.detect.model if CONFIG.detect.method == "unet" else []


rule detect_plumes:
    """Plume probability of every pixel of a period: a rolling-window U-Net, or a significance test."""
    input:
        swaths=f"{RESULTS}/{{year}}/swaths/{{date}}",
        model=ancient(MODEL),
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
        model_sha256=sha256(CONFIG.detect.model) if MODEL else "",
        card_sha256=sha256(card_path(CONFIG.detect.model)) if MODEL else "",
        method=f"--method {CONFIG.detect.method}",
        window=f"--window {CONFIG.detect.window}",
        step=f"--step {CONFIG.detect.step}{' --mosaic dense' if CONFIG.detect.mosaic == 'dense' else ''}",
        filter=FILTER,
    shell:
        "so2plumes detect-plumes --swaths {input.swaths} {params.method} {params.window} {params.step}"
        f" --model {CONFIG.detect.model} --engine {CONFIG.detect.engine} --batch {CONFIG.detect.batch}"
        f" --backend {CONFIG.detect.backend}{' --cpu-fallback' if CONFIG.detect.cpu_fallback else ''}"
        " --threads {threads} {params.filter} --out {output} --log {log}"
