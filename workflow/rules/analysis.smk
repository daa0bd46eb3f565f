# What the plumes of a year (scope 2021) or of the campaign (scope campaign) are as a whole.

REGIONS = "resources/regions.csv"
PANEL = (
    f"--panel-name {shlex.quote(CONFIG.analysis.panel_name)}"
    f" --panel-box {' '.join(map(str, CONFIG.analysis.panel_box))}"
)
SPIKE_RULE = (
    f"--window-days {CONFIG.analysis.spike_window_days} --score {CONFIG.analysis.spike_score}"
    f" --least-plumes {CONFIG.analysis.spike_plumes}"
)
SCIENCE_TABLES = (
    "cluster_history cluster_origins eruption_plumes daily spikes region_panel label_shares none_clusters"
    " catalogue_eruptions catalogue_sources edgar_months edgar_histogram edgar_curve flux_arithmetic"
).split()
CAMPAIGN_SCIENCE = [*SCIENCE_TABLES, "parity"]
SCIENCE_CSV = [f"{RESULTS}/campaign/tables/{name}.csv" for name in CAMPAIGN_SCIENCE]


rule describe_clusters:
    """Clusters by year and month, and those of both origins side by side."""
    input:
        plumes=f"{RESULTS}/{{scope}}/plumes.parquet",
        clusters=f"{RESULTS}/{{scope}}/clusters.parquet",
        known=KNOWN_SOURCES,
        volcanoes=volcano_list(),
        seen=seen_of_scope,
    output:
        history=f"{RESULTS}/{{scope}}/cluster_history.parquet",
        origins=f"{RESULTS}/{{scope}}/cluster_origins.parquet",
    log:
        f"{LOGS}/{{scope}}/describe_clusters.log",
    benchmark:
        f"{BENCHMARKS}/{{scope}}/describe_clusters.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=2000,
    params:
        version=ALGORITHMS["describe_clusters"],
        days=days_of_scope,
        eps_km=f"--eps-km {CONFIG.cluster.eps_km}",
        min_samples=f"--min-samples {CONFIG.cluster.min_samples}",
        centre=CONFIG.cluster.centre,
    message:
        "describe the clusters of {wildcards.scope}"
    shell:
        "so2plumes describe-clusters --plumes {input.plumes} --clusters {input.clusters} --known {input.known}"
        f" --volcanoes {VOLCANOES} --seen {{input.seen}} {{params.days}} {{params.eps_km}}"
        " {params.min_samples} --centre {params.centre} --history {output.history} --origins {output.origins}"
        " --log {log}"


rule describe_days:
    """Plumes per day, the days that stand out with their causes, and the plumes of one box."""
    input:
        plumes=f"{RESULTS}/{{scope}}/plumes.parquet",
        coverage=f"{RESULTS}/{{scope}}/coverage.parquet",
        clusters=f"{RESULTS}/{{scope}}/clusters.parquet",
        eruptions=f"{RESULTS}/{{scope}}/eruptions.parquet",
        eruption_plumes=f"{RESULTS}/{{scope}}/eruption_plumes.parquet",
        regions=REGIONS,
        seen=seen_of_scope,
    output:
        daily=f"{RESULTS}/{{scope}}/daily.parquet",
        spikes=f"{RESULTS}/{{scope}}/spikes.parquet",
        panel=f"{RESULTS}/{{scope}}/region_panel.parquet",
    log:
        f"{LOGS}/{{scope}}/describe_days.log",
    benchmark:
        f"{BENCHMARKS}/{{scope}}/describe_days.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=2000,
    params:
        version=ALGORITHMS["describe_days"],
        days=days_of_scope,
        origin=CONFIG.cluster.origin,
        rule=SPIKE_RULE,
        panel=PANEL,
    message:
        "describe the days of {wildcards.scope}"
    shell:
        "so2plumes describe-days --plumes {input.plumes} --coverage {input.coverage} --clusters {input.clusters}"
        " --eruptions {input.eruptions} --eruption-plumes {input.eruption_plumes} --regions {input.regions}"
        " --seen {input.seen} {params.days} --origin {params.origin} {params.rule} {params.panel}"
        " --daily {output.daily} --spikes {output.spikes} --panel {output.panel} --log {log}"


rule describe_labels:
    """Flag classes, and clusters of plumes without enhancement."""
    input:
        plumes=f"{RESULTS}/{{scope}}/plumes.parquet",
        clusters=f"{RESULTS}/{{scope}}/clusters.parquet",
        known=KNOWN_SOURCES,
        volcanoes=volcano_list(),
    output:
        shares=f"{RESULTS}/{{scope}}/label_shares.parquet",
        clusters=f"{RESULTS}/{{scope}}/none_clusters.parquet",
    log:
        f"{LOGS}/{{scope}}/describe_labels.log",
    benchmark:
        f"{BENCHMARKS}/{{scope}}/describe_labels.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=1500,
    params:
        version=ALGORITHMS["describe_labels"],
        origin=CONFIG.cluster.origin,
        threshold=f"--label-threshold {CONFIG.emissions.label_threshold}",
        eps_km=f"--eps-km {CONFIG.analysis.none_eps_km}",
        min_samples=f"--min-samples {CONFIG.analysis.none_min_samples}",
    message:
        "describe the labels of {wildcards.scope}"
    shell:
        "so2plumes describe-labels --plumes {input.plumes} --clusters {input.clusters} --known {input.known}"
        f" --volcanoes {VOLCANOES} --origin {{params.origin}} {{params.threshold}} {{params.eps_km}}"
        " {params.min_samples} --shares {output.shares} --out {output.clusters} --log {log}"


rule compare_catalogues:
    """Eruption masses and persistent rates of other catalogues beside ours."""
    input:
        plumes=f"{RESULTS}/{{scope}}/plumes.parquet",
        clusters=f"{RESULTS}/{{scope}}/clusters.parquet",
        eruptions=f"{RESULTS}/{{scope}}/eruptions.parquet",
        eruption_plumes=f"{RESULTS}/{{scope}}/eruption_plumes.parquet",
        known=KNOWN_SOURCES,
        volcanoes=volcano_list(),
        seen=seen_of_scope,
        masses=CONFIG.catalogues.masses or [],
        persistent=CONFIG.catalogues.persistent or [],
    output:
        masses=f"{RESULTS}/{{scope}}/catalogue_eruptions.parquet",
        rates=f"{RESULTS}/{{scope}}/catalogue_sources.parquet",
    log:
        f"{LOGS}/{{scope}}/compare_catalogues.log",
    benchmark:
        f"{BENCHMARKS}/{{scope}}/compare_catalogues.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=1500,
    params:
        version=ALGORITHMS["compare_catalogues"],
        days=days_of_scope,
        origin=CONFIG.cluster.origin,
        masses=CONFIG.catalogues.masses or "none",
        persistent=CONFIG.catalogues.persistent or "none",
    message:
        "compare {wildcards.scope} with other catalogues"
    shell:
        "so2plumes compare-catalogues --plumes {input.plumes} --clusters {input.clusters} --known {input.known}"
        f" --volcanoes {VOLCANOES}"
        " --eruptions {input.eruptions} --eruption-plumes {input.eruption_plumes} --seen {input.seen} {params.days}"
        " --origin {params.origin} --masses {params.masses:q} --persistent {params.persistent:q}"
        " --masses-out {output.masses} --rates-out {output.rates} --log {log}"


rule export_science:
    """The tables of the campaign as CSV, with the facts of each as JSON beside it."""
    input:
        [f"{RESULTS}/campaign/{name}.parquet" for name in CAMPAIGN_SCIENCE],
    output:
        SCIENCE_CSV,
    log:
        f"{LOGS}/campaign/export_science.log",
    conda:
        "../../envs/cpu.yaml"
    params:
        version=ALGORITHMS["report"],
        folder=lambda wildcards, output: os.path.dirname(output[0]),
    message:
        "write the tables of the campaign as CSV"
    shell:
        "so2plumes export-csv {input} --out {params.folder} --log {log}"
