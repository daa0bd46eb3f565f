# From the archive to compact swaths.


rule simulate_archive:
    """Simulated granules of a year, with their truth."""
    output:
        directory(f"{RESULTS}/{{year}}/simulated"),
    log:
        f"{LOGS}/{{year}}/simulate_archive.log",
    benchmark:
        f"{BENCHMARKS}/{{year}}/simulate_archive.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=2000,
    params:
        version=ALGORITHMS["simulate_archive"],
        days=days_of_year,
        seed=f"--seed {CONFIG.simulate.seed}",
        scanlines=f"--scanlines {CONFIG.simulate.scanlines}",
        ground_pixels=f"--ground-pixels {CONFIG.simulate.ground_pixels}",
    message:
        "simulate the granules of {wildcards.year}"
    shell:
        "so2plumes simulate-archive {params.days} {params.seed} {params.scanlines}"
        " {params.ground_pixels} --out {output} --log {log}"


rule index_archive:
    """The frozen granule list of a year."""
    input:
        ARCHIVE if SIMULATED else [],
    output:
        index=f"{RESULTS}/{{year}}/index.parquet",
        days=f"{RESULTS}/{{year}}/index.json",
    log:
        f"{LOGS}/{{year}}/index_archive.log",
    benchmark:
        f"{BENCHMARKS}/{{year}}/index_archive.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=1000,
    params:
        version=ALGORITHMS["index_archive"],
        days=calendar_year,
        source=list_options,
        choice=list_choice,
        region=REGION,
        processors=",".join(CONFIG.archive.processors) or "all",
        retrievals=",".join(CONFIG.archive.retrievals) or "all",
    message:
        "freeze the granule list of {wildcards.year}"
    shell:
        "so2plumes index-archive {params.source} {params.region} {params.days} --processors {params.processors}"
        " --retrievals {params.retrievals}"
        f" {LISTED_AT} {LIMITS} {ACCOUNT}"
        " --choice {params.choice} --out {output.index} --log {log}"


rule fetch_swaths:
    """Compact swaths of a period, and a receipt for every granule."""
    input:
        index=list_of_period,
        earlier=chips_of_earlier_period,
    output:
        swaths=temp(directory(f"{RESULTS}/{{year}}/swaths/{{date}}")),
        receipt=f"{RESULTS}/{{year}}/receipts/{{date}}.json",
    log:
        f"{LOGS}/{{year}}/fetch_swaths/{{date}}.log",
    benchmark:
        f"{BENCHMARKS}/{{year}}/fetch_swaths/{{date}}.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=2500,
        cdse=int(FETCHED),
    params:
        version=ALGORITHMS["fetch_swaths"],
        days=DAYS_OF_PERIOD,
        source=ARCHIVE_OPTION,
        region=REGION,
        filter=FILTER,
    shell:
        "so2plumes fetch-swaths --index {input.index} {params.source} {params.region} --period {wildcards.date} {params.days}"
        " {params.filter}"
        f" {CHECKSUM} {DOWNLOAD}"
        " --out {output.swaths} --receipt {output.receipt} --log {log}"


rule collect_receipts:
    """What happened to every granule of a year."""
    input:
        of_every_period("receipts/{date}.json"),
    output:
        f"{RESULTS}/{{year}}/coverage.parquet",
    log:
        f"{LOGS}/{{year}}/collect_receipts.log",
    benchmark:
        f"{BENCHMARKS}/{{year}}/collect_receipts.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=1000,
    params:
        version=ALGORITHMS["collect_receipts"],
    message:
        "collect the receipts of {wildcards.year}"
    shell:
        "so2plumes collect-receipts {input} --out {output} --log {log}"
