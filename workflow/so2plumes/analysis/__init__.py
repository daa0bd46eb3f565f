"""What the plumes say as a whole: days, spikes, regions, labels, other catalogues.

Contract
--------
In: the plume table and the tables of `sources` (clusters, eruptions and their plumes), what was seen
(`so2plumes.seen`), and catalogues of others. Out: tables of the dictionary ``workflow/schemas/tables.yaml``. Pure
functions on data frames but the readers of `catalogues` and `regions`.

* `daily`: plumes per day and the days that stand out by rule (FP 3.1, Fig. 5).
* `spikes`: what lies behind those days (FP Table 1).
* `regions`: names of places, and plumes per day within a box (FP Fig. 6).
* `labels`: flag classes by the 80 % rule and clusters of plumes without a flag (FP 3.3).
* `catalogues`, `ratios`: eruption masses and persistent rates of others beside ours.
* `published`: numbers of the papers that the tables are set beside.
"""
