"""Versions of the algorithms, one per rule.

A rule reruns when its number changes, and only then: an edit of the code alone never recomputes six years. Raise the
number of a rule in the commit that changes what it computes, and say so in the changelog.
"""

from __future__ import annotations

ALGORITHMS: dict[str, int] = {
    "simulate_archive": 1,
    "index_archive": 1,
    "fetch_swaths": 1,
    "detect_plumes": 1,
    "extract_plumes": 2,
    "estimate_emissions": 2,
    "collect_plumes": 1,
    "collect_receipts": 1,
    "collect_seen": 1,
    "cluster_plumes": 2,
    "describe_clusters": 1,
    "match_eruptions": 2,
    "describe_days": 1,
    "describe_labels": 1,
    "compare_catalogues": 1,
    "download_eruptions": 1,
    "download_volcanoes": 1,
    "download_edgar": 1,
    "grid_plumes": 1,
    "compare_edgar": 2,
    "score_truth": 1,
    "report": 1,
    "build_training_set": 2,
    "train_model": 2,
    "compare_variant": 1,
    "detection_curve": 1,
    "evaluate_model": 3,
    "write_card": 1,
}
