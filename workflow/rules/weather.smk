# What the weather was over the plumes.


rule fetch_winds:
    """ERA5 winds over the plumes that need them; not among the jobs with `era5.use: never`."""
    input:
        f"{RESULTS}/{{year}}/chips/{{date}}.nc",
    output:
        f"{RESULTS}/{{year}}/winds/{{date}}.nc",
    log:
        f"{LOGS}/{{year}}/fetch_winds/{{date}}.log",
    benchmark:
        f"{BENCHMARKS}/{{year}}/fetch_winds/{{date}}.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=3000,
        cds=1,
    params:
        version=ALGORITHMS["fetch_winds"],
        use=CONFIG.era5.use,
        source=CONFIG.era5.path or "none",
        levels=",".join(map(str, CONFIG.era5.levels_hpa)),
    shell:
        "so2plumes fetch-winds --chips {input} --use {params.use} --source {params.source:q} --levels-hpa {params.levels:q}"
        f" {ERA5}"
        " --out {output} --log {log}"
