"""Find, select and compact the granules of an archive.

Contract: `index` freezes the list of a year's granules with the reason for each choice; `fetch` makes compact swaths
and a receipt that accounts for every granule. A bad granule is a line in the receipt, never the end of a day.
"""
