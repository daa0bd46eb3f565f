"""Make Level-2 files, scenes and plumes whose truth is known.

Contract: nothing here reads the campaign's results; every random number comes from a seed that the caller
gives.
"""
