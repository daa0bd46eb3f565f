"""Make training sets with known truth, train the detector and write its card.

Contract: every image has provenance (granule, orbit, plume), training and test images never share an orbit, and all
randomness comes from the seed of the configuration.
"""
