"""Where the papers' choice and ours differ."""

from __future__ import annotations

from typing import Any

PRESETS: dict[str, dict[str, dict[str, Any]]] = {
    "paper": {
        "detect": {"threshold": 0.5, "growth_threshold": None, "bridge_pixels": None, "gap_pixels": None},
        "emissions": {
            "estimator": "paper",
            "background": "bbox_median",
            "wind": ["10m"],
            "wind_statistic": "median",
            "precision_factor": 1.0,
        },
        "cluster": {"origin": "max"},
        "eruptions": {"origin": "max"},
    },
    "recommended": {
        "detect": {"threshold": 0.6, "growth_threshold": 0.4, "bridge_pixels": 40, "gap_pixels": 2},
        "emissions": {
            "estimator": "recommended",
            "background": "ring",
            "wind": ["layer_height", "summit", "boundary_layer", "10m"],
            "wind_statistic": "vector_mean",
            "precision_factor": 1.3,
        },
        "cluster": {"origin": "upwind"},
        "eruptions": {"origin": "upwind"},
    },
}
"""Where the papers' choice and ours differ; a key that is set in the configuration wins over its preset."""
