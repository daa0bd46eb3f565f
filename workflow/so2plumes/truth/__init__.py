"""Plumes of known emission rate through the real chain, and what the estimators make of them.

Contract: `cases` draws what is simulated, `scenes` makes its granule in memory, `loop` finds the plume with a detector
and computes its record, `score` says how far the rates are from the truth. Nothing here reads results of a campaign.
"""
