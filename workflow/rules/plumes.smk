# From probabilities to the plume table.


rule extract_plumes:
    """A chip for every plume, all its pixels, and what was seen. After this the swaths can go."""
    input:
        swaths=f"{RESULTS}/{{year}}/swaths/{{date}}",
        probability=f"{RESULTS}/{{year}}/probability/{{date}}.nc",
    output:
        chips=f"{RESULTS}/{{year}}/chips/{{date}}.nc",
        seen=f"{RESULTS}/{{year}}/seen/{{date}}.nc",
    log:
        f"{LOGS}/{{year}}/extract_plumes/{{date}}.log",
    benchmark:
        f"{BENCHMARKS}/{{year}}/extract_plumes/{{date}}.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=2500,
    params:
        version=ALGORITHMS["extract_plumes"],
        threshold=THRESHOLDS,
        min_pixels=f"--min-pixels {CONFIG.plumes.min_pixels}",
        buffer=f"--buffer {CONFIG.plumes.buffer}",
        chip_margin=f"--chip-margin {CONFIG.plumes.chip_margin}",
        filter=FILTER,
    shell:
        "so2plumes extract-plumes --swaths {input.swaths} --probability {input.probability} {params.threshold}"
        " {params.min_pixels} {params.buffer} {params.chip_margin} {params.filter}"
        " --out {output.chips} --seen {output.seen} --log {log}"


rule collect_seen:
    """Where usable pixels were, on every day of a year."""
    input:
        of_every_period("seen/{date}.nc"),
    output:
        f"{RESULTS}/{{year}}/seen.nc",
    log:
        f"{LOGS}/{{year}}/collect_seen.log",
    benchmark:
        f"{BENCHMARKS}/{{year}}/collect_seen.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=1500,
    params:
        version=ALGORITHMS["collect_seen"],
    message:
        "collect what was seen in {wildcards.year}"
    shell:
        "so2plumes collect-seen {input} --out {output} --log {log}"


rule estimate_emissions:
    """One row per plume: geometry, mass, wind, rate, label, reason codes."""
    input:
        chips=f"{RESULTS}/{{year}}/chips/{{date}}.nc",
        known=ancient(KNOWN_SOURCES),
        winds=winds_of_period,
    output:
        f"{RESULTS}/{{year}}/emissions/{{date}}.parquet",
    log:
        f"{LOGS}/{{year}}/estimate_emissions/{{date}}.log",
    benchmark:
        f"{BENCHMARKS}/{{year}}/estimate_emissions/{{date}}.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=1500,
    params:
        version=ALGORITHMS["estimate_emissions"],
        known_sha256=KNOWN_SHA256,
        rule=EMISSION_RULE,
        winds=winds_option,
    shell:
        "so2plumes estimate-emissions --chips {input.chips} --known {input.known} {params.winds} {params.rule}"
        f" --config-sha256 {config_digest(CONFIG, KNOWN_SHA256)} --out {{output}} --log {{log}}"


rule collect_plumes:
    """The product: all plumes of a year."""
    input:
        of_every_period("emissions/{date}.parquet"),
    output:
        f"{RESULTS}/{{year}}/plumes.parquet",
    log:
        f"{LOGS}/{{year}}/collect_plumes.log",
    benchmark:
        f"{BENCHMARKS}/{{year}}/collect_plumes.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=2000,
    params:
        version=ALGORITHMS["collect_plumes"],
    message:
        "collect the plumes of {wildcards.year}"
    shell:
        "so2plumes collect-plumes {input} --out {output} --log {log}"


use rule collect_plumes as collect_campaign_plumes with:
    input:
        of_every_year("plumes.parquet"),
    output:
        f"{RESULTS}/campaign/plumes.parquet",
    log:
        f"{LOGS}/campaign/collect_plumes.log",
    benchmark:
        f"{BENCHMARKS}/campaign/collect_plumes.tsv"
    message:
        "collect the plumes of the campaign"
