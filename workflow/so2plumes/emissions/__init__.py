"""From chips to plume records: background, winds, estimators and the row of the plume table.

Contract: a chip always becomes a row; what cannot be computed is not-a-number with a reason code in ``quality``.
"""
