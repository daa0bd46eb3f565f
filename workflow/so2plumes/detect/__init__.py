"""Plume probability of every pixel: normalisation, windows, the U-Net and the median mosaic.

Contract: `mosaic.rolling_median` takes any predictor that maps (n, window, window, 1) float32 images to
(n, window, window) probabilities; engines differ in speed only.
"""
