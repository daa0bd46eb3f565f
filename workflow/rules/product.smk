# What others take away: the plume table as a data set.


rule export_product:
    """The plume table in the formats that people use, with a catalogue of everything that belongs to it."""
    input:
        plumes=f"{RESULTS}/campaign/plumes.parquet",
        coverage=f"{RESULTS}/campaign/coverage.parquet",
    output:
        directory(f"{RESULTS}/campaign/product"),
    log:
        f"{LOGS}/campaign/export_product.log",
    benchmark:
        f"{BENCHMARKS}/campaign/export_product.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=3000,
    params:
        version=ALGORITHMS["export_product"],
        name=CONFIG.campaign.name,
        known_sha256=KNOWN_SHA256,
        licence=CONFIG.product.licence,
        publisher=CONFIG.product.publisher,
        config=config_of_this_run,
        results=lambda wildcards: RESULTS,
    message:
        "write the product of the campaign"
    shell:
        "so2plumes export-product --plumes {input.plumes} --coverage {input.coverage} --results {params.results}"
        " --config {params.config:q} --known-sha256 {params.known_sha256} --out {output} --log {log}"


rule product:
    """The target `snakemake product`."""
    input:
        f"{RESULTS}/campaign/product",
