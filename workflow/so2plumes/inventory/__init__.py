"""Emission inventories and what the plumes say beside them.

Contract
--------
In: EDGAR grids as distributed (NetCDF or the zip around it, yearly or monthly, fluxes or emissions, v5 to
v8.1), the plume table, and chips for the pixels of a plume. Out: an `edgar.EdgarGrid` in kg m-2 s-1 on ascending
latitudes and longitudes -180..180, the frozen results of `compare` (FP-pre 3.5), plumes on cells by the overlap of
their pixels (`overlap`), and the tables of `product`, `months` and `arithmetic`. Nothing here writes files but
`download`; only `edgar.read_edgar` and `edgar.find_edgar` read.
"""
