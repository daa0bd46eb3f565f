"""Winds of the ERA5 reanalysis over plumes.

Contract
--------
In: chips, and ERA5 files of any NetCDF layout that the Climate Data Store has distributed (fetched by `request`, or a
folder of one's own). Out: one file of boxes (`winds.write_winds`) and, for a plume, an `interpolate.WindField` that
answers at 10 m, at a pressure, at a height above sea level and as the mean of the boundary layer. Outside its box,
hours and levels a field is not-a-number and says how often. Only `request` and `account` know the service.

Hersbach et al. (2020), The ERA5 global reanalysis, Q. J. R. Meteorol. Soc. 146, 1999-2049, doi 10.1002/qj.3803.
"""
