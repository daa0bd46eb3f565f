"""The papers' numbers beside ours.

Contract
--------
In: what a campaign found (`so2plumes.findings`), the list of published numbers ``resources/papers/finch_palmer.csv``,
the known sources, the detector's card and the times of the jobs. Out: the table ``parity`` of the dictionary, a row a
published number. Pure functions on data frames but the readers of `published` and `timing`.

* `published`: the numbers of Finch and Palmer, each with what it needs and how ours is computed.
* `campaign`: what a run brings, and the clusters by the papers' own choices.
* `scope`: whether a run covers what a number needs.
* `archive_numbers`, `plume_numbers`, `cluster_numbers`, `event_numbers`, `edgar_numbers`: our numbers by key.
* `judge`, `compare`: verdict and reason, and the table.
"""
