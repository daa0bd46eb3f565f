"""Where plumes come from: clusters, known sources and the eruption list.

Contract
--------
In: a table of plumes, one row each, with ``plume_id``, ``time`` (UTC, with or without a time zone),
``max_longitude``/``max_latitude`` (pixel of the largest column), ``upwind_longitude``/``upwind_latitude``
(upwind end of the mask) and ``emission_kg_h`` (NaN where no rate could be made). The table may be empty.

Out: tables. Nothing here reads swaths or chips, and nothing writes files: every function is pure but the
readers, `known.read_known_sources`, `known.read_volcanoes` and `gvp.read_eruptions`, and `download`.

* `sphere`: distances, means and neighbours on a sphere of the mean Earth radius; longitudes need no cutting
at 180.
* `origins`: the columns that the room takes from the plume table.
* `clusters`: DBSCAN on the great circle and the cluster table (FP 3.1).
* `known`: the list of known sources and the nearest one.
* `gvp`: the eruption list of the Global Volcanism Program, in every layout that it is distributed in.
* `eruptions`: which plume belongs to which eruption (FP 3.2).
* `events`: plumes that follow from those at a volcano, as its outflow.
* `cluster_product`, `cluster_facts`, `cluster_history`, `eruption_product`: the tables that the workflow keeps.
"""
