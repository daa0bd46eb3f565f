"""What became of a campaign so far, read from its files at any moment.

Contract: the ledger only reads, and it needs no running workflow. It knows the names of the results and the logs
(docs/steps.md) and nothing of Snakemake.
"""
