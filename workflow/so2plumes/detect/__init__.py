"""Plume probability of every pixel: by a U-Net over rolling windows, or by a local significance test.

Contract: a `detector.Detector` turns a column field into probabilities and knows nothing of files.
`mosaic.rolling_median` takes any predictor that maps (n, window, window) float32 windows to (n, window, window)
probabilities; engines differ in speed only.
"""
