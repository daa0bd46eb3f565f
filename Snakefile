# The campaign: from the archive of Level-2 swaths to reports. Each step is a rule under workflow/rules.
#
#   snakemake --cores 32 --resources gpu=2 cdse=4      the campaign of config/config.yaml
#   snakemake results/2021/report.html --cores 32      one year
#   snakemake product --cores 32                       the plume table as a data set to publish
#   snakemake results/truth/closed_loop.json           rates of simulated plumes against the truth
#   snakemake --configfile config/demo.yaml --cores 2  the demonstration (make demo)
#   snakemake --configfile config/real-day.yaml --cores 2  one real orbit from a public bucket

from snakemake.utils import min_version

min_version("9.5")

# Only a configuration file that is named on the command line replaces the six-year campaign: Snakemake would
# merge it into this one, and a demonstration would inherit what it does not set.
if not workflow.configfiles:

    configfile: "config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/archive.smk"
include: "workflow/rules/detect.smk"
include: "workflow/rules/plumes.smk"
include: "workflow/rules/weather.smk"
include: "workflow/rules/sources.smk"
include: "workflow/rules/analysis.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/parity.smk"
include: "workflow/rules/product.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/truth.smk"


rule all:
    default_target: True
    input:
        f"{RESULTS}/campaign/report.html",
        f"{RESULTS}/campaign/parity.html",
        f"{RESULTS}/campaign/plumes.parquet",
        f"{RESULTS}/campaign/config.json",
        CAMPAIGN_TABLES,
        CAMPAIGN_FIGURES,
        SCIENCE_CSV,
        expand(f"{RESULTS}/{{year}}/{{name}}.parquet", year=YEARS, name=SCIENCE_TABLES),
        expand(f"{RESULTS}/{{year}}/report.html", year=YEARS),
