# Clusters, eruptions and the inventory, per year and for the campaign.

VOLCANOES = shlex.quote(str(volcano_list() or "none"))
WHOLE_CAMPAIGN = f"--start {START} --end {END}"
EVENT = (
    f"--event-speed-m-s {CONFIG.eruptions.event_speed_m_s} --event-reach-km {CONFIG.eruptions.event_reach_km}"
    f" --event-days {CONFIG.eruptions.event_days}"
)
EDGAR_TABLES = ("edgar_months", "edgar_histogram", "edgar_curve", "flux_arithmetic")


rule simulate_eruptions:
    """Eruptions of the simulated volcanoes, in the layout of the GVP website."""
    output:
        f"{RESULTS}/simulated/eruptions.csv",
    log:
        f"{LOGS}/simulate_eruptions.log",
    conda:
        "../../envs/cpu.yaml"
    message:
        "simulate a list of eruptions"
    shell:
        "so2plumes simulate-eruptions --out {output} --log {log}"


rule simulate_edgar:
    """A simulated inventory, in the layout of EDGAR v8.1."""
    output:
        f"{RESULTS}/simulated/edgar/v8.1_FT2022_AP_SO2_{{year}}_TOTALS_flx.nc",
    log:
        f"{LOGS}/{{year}}/simulate_edgar.log",
    conda:
        "../../envs/cpu.yaml"
    message:
        "simulate an inventory for {wildcards.year}"
    shell:
        "so2plumes simulate-edgar --year {wildcards.year} --out {output} --log {log}"


rule cluster_plumes:
    """Clusters of plumes and the known source nearest to each."""
    input:
        plumes=f"{RESULTS}/{{year}}/plumes.parquet",
        known=KNOWN_SOURCES,
        volcanoes=volcano_list(),
        seen=f"{RESULTS}/{{year}}/seen.nc",
    output:
        f"{RESULTS}/{{year}}/clusters.parquet",
    log:
        f"{LOGS}/{{year}}/cluster_plumes.log",
    benchmark:
        f"{BENCHMARKS}/{{year}}/cluster_plumes.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=2000,
    params:
        version=ALGORITHMS["cluster_plumes"],
        days=days_of_year,
        eps_km=f"--eps-km {CONFIG.cluster.eps_km}",
        min_samples=f"--min-samples {CONFIG.cluster.min_samples}",
        origin=CONFIG.cluster.origin,
        centre=CONFIG.cluster.centre,
    message:
        "cluster the plumes of {wildcards.year}"
    shell:
        "so2plumes cluster-plumes --plumes {input.plumes} --known {input.known}"
        f" --volcanoes {VOLCANOES} --seen {{input.seen}} {{params.days}} {{params.eps_km}}"
        " {params.min_samples} --origin {params.origin} --centre {params.centre} --out {output} --log {log}"


use rule cluster_plumes as cluster_campaign with:
    input:
        plumes=f"{RESULTS}/campaign/plumes.parquet",
        known=KNOWN_SOURCES,
        volcanoes=volcano_list(),
        seen=of_every_year("seen.nc"),
    output:
        f"{RESULTS}/campaign/clusters.parquet",
    log:
        f"{LOGS}/campaign/cluster_plumes.log",
    benchmark:
        f"{BENCHMARKS}/campaign/cluster_plumes.tsv"
    params:
        version=ALGORITHMS["cluster_plumes"],
        days=WHOLE_CAMPAIGN,
        eps_km=f"--eps-km {CONFIG.cluster.eps_km}",
        min_samples=f"--min-samples {CONFIG.cluster.min_samples}",
        origin=CONFIG.cluster.origin,
        centre=CONFIG.cluster.centre,
    message:
        "cluster the plumes of the campaign"


rule match_eruptions:
    """Eruptions of a year and the plumes near them."""
    input:
        plumes=f"{RESULTS}/{{year}}/plumes.parquet",
        eruptions=eruption_list(),
        known=KNOWN_SOURCES,
        seen=f"{RESULTS}/{{year}}/seen.nc",
    output:
        eruptions=f"{RESULTS}/{{year}}/eruptions.parquet",
        plumes=f"{RESULTS}/{{year}}/eruption_plumes.parquet",
    log:
        f"{LOGS}/{{year}}/match_eruptions.log",
    benchmark:
        f"{BENCHMARKS}/{{year}}/match_eruptions.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=1500,
    params:
        version=ALGORITHMS["match_eruptions"],
        days=days_of_year,
        list=eruption_list() or "none",
        radius_km=f"--radius-km {CONFIG.eruptions.radius_km}",
        origin=CONFIG.eruptions.origin,
        event=EVENT,
    message:
        "match the plumes of {wildcards.year} with eruptions"
    shell:
        "so2plumes match-eruptions --plumes {input.plumes} --eruptions {params.list:q} {params.days}"
        " {params.radius_km} --origin {params.origin} {params.event} --known {input.known} --seen {input.seen}"
        " --out {output.eruptions} --plumes-out {output.plumes} --log {log}"


use rule match_eruptions as match_campaign_eruptions with:
    input:
        plumes=f"{RESULTS}/campaign/plumes.parquet",
        eruptions=eruption_list(),
        known=KNOWN_SOURCES,
        seen=of_every_year("seen.nc"),
    output:
        eruptions=f"{RESULTS}/campaign/eruptions.parquet",
        plumes=f"{RESULTS}/campaign/eruption_plumes.parquet",
    log:
        f"{LOGS}/campaign/match_eruptions.log",
    benchmark:
        f"{BENCHMARKS}/campaign/match_eruptions.tsv"
    params:
        version=ALGORITHMS["match_eruptions"],
        days=WHOLE_CAMPAIGN,
        list=eruption_list() or "none",
        radius_km=f"--radius-km {CONFIG.eruptions.radius_km}",
        origin=CONFIG.eruptions.origin,
        event=EVENT,
    message:
        "match the plumes of the campaign with eruptions"


rule grid_plumes:
    """The cells of 0.1 degrees that every plume of a year spreads over."""
    input:
        plumes=f"{RESULTS}/{{year}}/plumes.parquet",
        chips=of_every_period("chips/{date}.nc"),
    output:
        f"{RESULTS}/{{year}}/plume_cells.parquet",
    log:
        f"{LOGS}/{{year}}/grid_plumes.log",
    benchmark:
        f"{BENCHMARKS}/{{year}}/grid_plumes.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=2000,
    params:
        version=ALGORITHMS["grid_plumes"],
        chips=lambda wildcards: f"{RESULTS}/{wildcards.year}/chips",
    message:
        "spread the plumes of {wildcards.year} over cells"
    shell:
        "so2plumes grid-plumes --plumes {input.plumes} --chips {params.chips} --out {output} --log {log}"


rule compare_edgar:
    """The plumes of a year beside the EDGAR inventory."""
    input:
        plumes=f"{RESULTS}/{{year}}/plumes.parquet",
        edgar=edgar_grid,
        cells=f"{RESULTS}/{{year}}/plume_cells.parquet" if CONFIG.edgar.path else [],
    output:
        edgar=f"{RESULTS}/{{year}}/edgar.parquet",
        tables=[f"{RESULTS}/{{year}}/{name}.parquet" for name in EDGAR_TABLES],
    log:
        f"{LOGS}/{{year}}/compare_edgar.log",
    benchmark:
        f"{BENCHMARKS}/{{year}}/compare_edgar.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=3000,
    params:
        version=ALGORITHMS["compare_edgar"],
        edgar=lambda wildcards, input: input.edgar or "none",
        year=lambda wildcards: wildcards.year,
        top_share=f"--top-share {CONFIG.edgar.top_share}",
        radius_km=f"--radius-km {CONFIG.edgar.radius_km}",
        folder=lambda wildcards, output: os.path.dirname(output.edgar),
    message:
        "compare the plumes of {wildcards.year} with EDGAR"
    shell:
        "so2plumes compare-edgar --plumes {input.plumes} --edgar {params.edgar:q} --year {params.year}"
        " {params.top_share} {params.radius_km} --cells {input.cells} --folder {params.folder} --out {output.edgar}"
        " --log {log}"


use rule compare_edgar as compare_campaign_edgar with:
    input:
        plumes=f"{RESULTS}/campaign/plumes.parquet",
        edgar=edgar_grid,
        cells=of_every_year("plume_cells.parquet") if CONFIG.edgar.path else [],
    output:
        edgar=f"{RESULTS}/campaign/edgar.parquet",
        tables=[f"{RESULTS}/campaign/{name}.parquet" for name in EDGAR_TABLES],
    log:
        f"{LOGS}/campaign/compare_edgar.log",
    benchmark:
        f"{BENCHMARKS}/campaign/compare_edgar.tsv"
    params:
        version=ALGORITHMS["compare_edgar"],
        edgar=lambda wildcards, input: input.edgar or "none",
        year=END.year,
        top_share=f"--top-share {CONFIG.edgar.top_share}",
        radius_km=f"--radius-km {CONFIG.edgar.radius_km}",
        folder=lambda wildcards, output: os.path.dirname(output.edgar),
    message:
        "compare the plumes of the campaign with EDGAR"


rule download_eruptions:
    """The eruption list of the Global Volcanism Program, with `.json` beside it that says when and from where."""
    output:
        f"{RESULTS}/external/gvp_eruptions.geojson",
    log:
        f"{LOGS}/external/download_eruptions.log",
    conda:
        "../../envs/cpu.yaml"
    params:
        version=ALGORITHMS["download_eruptions"],
    message:
        "download the GVP eruption list"
    shell:
        f"so2plumes download-eruptions --url {CONFIG.eruptions.url} --out {{output}} --log {{log}}"


rule download_volcanoes:
    """The list of Holocene volcanoes of the Global Volcanism Program, with `.json` beside it."""
    output:
        f"{RESULTS}/external/gvp_volcanoes.geojson",
    log:
        f"{LOGS}/external/download_volcanoes.log",
    conda:
        "../../envs/cpu.yaml"
    params:
        version=ALGORITHMS["download_volcanoes"],
    message:
        "download the GVP volcano list"
    shell:
        f"so2plumes download-volcanoes --url {CONFIG.eruptions.url} --out {{output}} --log {{log}}"


rule download_edgar:
    """The EDGAR grids of the years of the campaign; 2022 stands for later ones."""
    output:
        directory(f"{RESULTS}/external/edgar"),
    log:
        f"{LOGS}/external/download_edgar.log",
    conda:
        "../../envs/cpu.yaml"
    params:
        version=ALGORITHMS["download_edgar"],
        years=" ".join(map(str, YEARS)),
    message:
        "download EDGAR"
    shell:
        "so2plumes download-edgar {params.years}"
        f" --url {CONFIG.edgar.url} --out {{output}} --log {{log}}"
