"""Score detectors: images, scenes, quiet scenes, probability of detection.

Contract: every score has its truth by construction or by a person, counts what it leaves out and states its interval;
the same scenes, detector and seed give the same numbers.
"""
