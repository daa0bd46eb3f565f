# The papers' numbers beside those of the campaign.

PAPERS = "resources/papers/finch_palmer.csv"


rule parity:
    """Every number of the papers beside ours."""
    input:
        plumes=f"{RESULTS}/campaign/plumes.parquet",
        clusters=f"{RESULTS}/campaign/clusters.parquet",
        eruptions=f"{RESULTS}/campaign/eruptions.parquet",
        edgar=f"{RESULTS}/campaign/edgar.parquet",
        coverage=f"{RESULTS}/campaign/coverage.parquet",
        science=[f"{RESULTS}/campaign/{name}.parquet" for name in SCIENCE_TABLES],
        known=KNOWN_SOURCES,
        papers=PAPERS,
    output:
        f"{RESULTS}/campaign/parity.parquet",
    log:
        f"{LOGS}/campaign/parity.log",
    benchmark:
        f"{BENCHMARKS}/campaign/parity.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=3000,
    params:
        version=ALGORITHMS["parity"],
        days=WHOLE_CAMPAIGN,
        config=config_of_this_run,
        card=card_of_this_run,
    message:
        "set the numbers of the papers beside those of the campaign"
    shell:
        "so2plumes parity {params.days} --plumes {input.plumes} --clusters {input.clusters}"
        " --eruptions {input.eruptions} --edgar {input.edgar} --coverage {input.coverage} --science {input.science}"
        " --known {input.known} --papers {input.papers} --card {params.card:q} --config {params.config:q}"
        f" --results {RESULTS} --out {{output}} --log {{log}}"


rule report_parity:
    """The page of the papers' numbers beside ours."""
    input:
        f"{RESULTS}/campaign/parity.parquet",
    output:
        f"{RESULTS}/campaign/parity.html",
    log:
        f"{LOGS}/campaign/report_parity.log",
    conda:
        "../../envs/cpu.yaml"
    params:
        version=ALGORITHMS["report"],
        title=CONFIG.campaign.name,
    message:
        "write the page of the papers' numbers"
    shell:
        "so2plumes report-parity --title {params.title:q} --table {input} --out {output} --log {log}"
