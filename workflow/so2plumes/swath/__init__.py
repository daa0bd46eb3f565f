"""Read Level-2 swaths: a typed `Swath`, its geometry and the compact file that later steps read.

Contract: `read_level2` accepts every layout described in ``product.yaml`` and either returns a `Swath` or raises
`GranuleError` with a reason code; what a file lacks is listed in `Swath.unavailable`, never guessed.
"""
