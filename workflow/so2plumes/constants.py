"""Physical constants, each with its unit in the name."""

SO2_KG_PER_MOL = 0.064066
"""Molar mass of sulphur dioxide (science: mass of a pixel = column x this x area)."""

MOL_M2_PER_DU = 1.0 / 2241.15
"""One Dobson unit; the reciprocal is the factor written in the Level-2 files."""

EARTH_RADIUS_KM = 6371.0088
"""Mean Earth radius, for great-circle distances."""

PAPER_LIMIT_KG_H = 524.0
"""What FP-pre calls the detection limit: the first percentile of its emission rates."""
