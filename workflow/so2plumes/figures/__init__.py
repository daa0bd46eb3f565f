"""Figures: one function each, from tables to a picture; maps work offline and across 180 degrees of longitude."""
