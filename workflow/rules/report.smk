# What people read.

TABLE_NAMES = "yearly clusters eruptions coverage quarantined".split()
FIGURE_NAMES = (
    "fig02_gallery fig03_worked_plume fig04_map fig05_daily_counts fig06_region_panel fig07_clusters fig08_eruptions"
    " fig09_long_plume fig10_labels fig11_none_clusters fig12_distributions fig13_cumulative fig14_flux_histogram"
    " fig15_cells_without_plume figA1_outflow catalogue_ratios cluster_rates cluster_history origins_shift"
).split()
CAMPAIGN_TABLES = [f"{RESULTS}/campaign/tables/{name}.csv" for name in TABLE_NAMES]
CAMPAIGN_PAGES = " ".join(
    f"--page {year} ../{year}/report.html" for year in YEARS if len(YEARS) > 1
)
CAMPAIGN_FIGURES = [
    f"{RESULTS}/campaign/figures/{name}.{suffix}"
    for name in FIGURE_NAMES
    for suffix in ("png", "pdf", "csv")
]


rule write_config:
    """The configuration of this run, presets and defaults filled in."""
    output:
        f"{RESULTS}/campaign/config.json",
    log:
        f"{LOGS}/campaign/write_config.log",
    conda:
        "../../envs/cpu.yaml"
    params:
        config=whole_config,
    message:
        "write the configuration"
    shell:
        "printf '%s\\n' {params.config:q} > {output} 2> {log}"


rule score_truth:
    """Which simulated plumes were found, and with what rate."""
    input:
        archive=f"{RESULTS}/{{year}}/simulated",
        plumes=f"{RESULTS}/{{year}}/plumes.parquet",
        chips=of_every_period("chips/{date}.nc"),
    output:
        f"{RESULTS}/{{year}}/truth.parquet",
    log:
        f"{LOGS}/{{year}}/score_truth.log",
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=2000,
    params:
        version=ALGORITHMS["score_truth"],
    message:
        "hold the plumes of {wildcards.year} against the simulated truth"
    shell:
        "so2plumes score-truth --archive {input.archive} --plumes {input.plumes} --chips {input.chips}"
        " --out {output} --log {log}"


rule report_year:
    """The report of a year."""
    input:
        plumes=f"{RESULTS}/{{year}}/plumes.parquet",
        clusters=f"{RESULTS}/{{year}}/clusters.parquet",
        eruptions=f"{RESULTS}/{{year}}/eruptions.parquet",
        edgar=f"{RESULTS}/{{year}}/edgar.parquet",
        coverage=f"{RESULTS}/{{year}}/coverage.parquet",
        science=[f"{RESULTS}/{{year}}/{name}.parquet" for name in SCIENCE_TABLES],
        chips=of_every_period("chips/{date}.nc"),
        truth=f"{RESULTS}/{{year}}/truth.parquet" if SIMULATED else [],
    output:
        f"{RESULTS}/{{year}}/report.html",
    log:
        f"{LOGS}/{{year}}/report_year.log",
    benchmark:
        f"{BENCHMARKS}/{{year}}/report_year.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=3000,
    params:
        version=ALGORITHMS["report"],
        days=days_of_year,
        title=lambda wildcards: f"{CONFIG.campaign.name}: {wildcards.year}",
        chips=lambda wildcards: f"{RESULTS}/{wildcards.year}/chips",
        truth=truth_option,
        model=CONFIG.detect.model if CONFIG.detect.method == "unet" else "none",
        config=config_of_this_run,
        gallery=CONFIG.report.gallery,
        pages="--page 'the whole campaign' ../campaign/report.html",
    message:
        "write the report of {wildcards.year}"
    shell:
        "so2plumes report --title {params.title:q} {params.days} --plumes {input.plumes} --clusters {input.clusters}"
        " --eruptions {input.eruptions} --edgar {input.edgar} --coverage {input.coverage} --science {input.science}"
        " --chips {params.chips} {params.truth} {params.pages}"
        " --gallery {params.gallery} --config {params.config:q} --model {params.model} --out {output} --log {log}"


rule collect_campaign_coverage:
    """What happened to every granule of the campaign."""
    input:
        of_every_year("coverage.parquet"),
    output:
        f"{RESULTS}/campaign/coverage.parquet",
    log:
        f"{LOGS}/campaign/collect_coverage.log",
    benchmark:
        f"{BENCHMARKS}/campaign/collect_coverage.tsv"
    conda:
        "../../envs/cpu.yaml"
    message:
        "collect the coverage of the campaign"
    shell:
        "so2plumes collect-tables {input} --out {output} --log {log}"


rule collect_campaign_truth:
    """Which simulated plumes of the campaign were found."""
    input:
        of_every_year("truth.parquet"),
    output:
        f"{RESULTS}/campaign/truth.parquet",
    log:
        f"{LOGS}/campaign/collect_truth.log",
    conda:
        "../../envs/cpu.yaml"
    message:
        "collect the truth of the campaign"
    shell:
        "so2plumes collect-tables {input} --out {output} --log {log}"


use rule report_year as report_campaign with:
    input:
        plumes=f"{RESULTS}/campaign/plumes.parquet",
        clusters=f"{RESULTS}/campaign/clusters.parquet",
        eruptions=f"{RESULTS}/campaign/eruptions.parquet",
        edgar=f"{RESULTS}/campaign/edgar.parquet",
        coverage=f"{RESULTS}/campaign/coverage.parquet",
        science=[f"{RESULTS}/campaign/{name}.parquet" for name in SCIENCE_TABLES],
        truth=f"{RESULTS}/campaign/truth.parquet" if SIMULATED else [],
    output:
        f"{RESULTS}/campaign/report.html",
    log:
        f"{LOGS}/campaign/report.log",
    benchmark:
        f"{BENCHMARKS}/campaign/report.tsv"
    params:
        version=ALGORITHMS["report"],
        days=WHOLE_CAMPAIGN,
        title=CONFIG.campaign.name,
        chips=of_every_year("chips"),
        truth=truth_option,
        model=CONFIG.detect.model if CONFIG.detect.method == "unet" else "none",
        config=config_of_this_run,
        gallery=CONFIG.report.gallery,
        pages=CAMPAIGN_PAGES
        + " --page 'the numbers of the papers beside ours' parity.html --page tables tables/ --page figures figures/",
    message:
        "write the report of the campaign"


rule export_campaign:
    """Tables of the campaign's report as files."""
    input:
        plumes=f"{RESULTS}/campaign/plumes.parquet",
        clusters=f"{RESULTS}/campaign/clusters.parquet",
        eruptions=f"{RESULTS}/campaign/eruptions.parquet",
        coverage=f"{RESULTS}/campaign/coverage.parquet",
    output:
        CAMPAIGN_TABLES,
    log:
        f"{LOGS}/campaign/export.log",
    benchmark:
        f"{BENCHMARKS}/campaign/export.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=2000,
    params:
        version=ALGORITHMS["report"],
        days=WHOLE_CAMPAIGN,
        tables=lambda wildcards, output: os.path.dirname(output[0]),
    message:
        "write the tables of the campaign"
    shell:
        "so2plumes export-tables {params.days} --plumes {input.plumes} --clusters {input.clusters}"
        " --eruptions {input.eruptions} --coverage {input.coverage} --tables {params.tables} --log {log}"


rule draw_figures:
    """The figures of the papers, and ours, with the data behind each."""
    input:
        plumes=f"{RESULTS}/campaign/plumes.parquet",
        clusters=f"{RESULTS}/campaign/clusters.parquet",
        eruptions=f"{RESULTS}/campaign/eruptions.parquet",
        edgar=f"{RESULTS}/campaign/edgar.parquet",
        coverage=f"{RESULTS}/campaign/coverage.parquet",
        science=[f"{RESULTS}/campaign/{name}.parquet" for name in SCIENCE_TABLES],
    output:
        CAMPAIGN_FIGURES,
    log:
        f"{LOGS}/campaign/draw_figures.log",
    benchmark:
        f"{BENCHMARKS}/campaign/draw_figures.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=3000,
    params:
        version=ALGORITHMS["draw_figures"],
        days=WHOLE_CAMPAIGN,
        chips=of_every_year("chips"),
        gallery=CONFIG.report.gallery,
        figures=lambda wildcards, output: os.path.dirname(output[0]),
    message:
        "draw the figures of the campaign"
    shell:
        "so2plumes draw-figures {params.days} --plumes {input.plumes} --clusters {input.clusters}"
        " --eruptions {input.eruptions} --edgar {input.edgar} --coverage {input.coverage} --science {input.science}"
        " --chips {params.chips} --gallery {params.gallery} --figures {params.figures}"
        f" --source {CONFIG.archive.source} --log {{log}}"
