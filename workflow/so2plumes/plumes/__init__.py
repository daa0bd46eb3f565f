"""From probabilities to plumes: components, outlines, ellipses and the chips from which all later steps rerun.

Contract: a chip holds every pixel of a plume's bounding box and its surroundings, so swaths can go after this.
"""
