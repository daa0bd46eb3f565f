"""The plume table as a data set that others can take: partitions, GIS and text formats, catalogue, sidecar.

Contract: everything is made from the plume table of the campaign and its configuration; formats that a column does not
fit (lists, times) get it as text. Every format of a table without plumes is a valid file.
"""
