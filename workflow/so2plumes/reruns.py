"""Which steps use which key of the configuration: a changed value reruns these rules and what follows from them.

The table is shown in ``config/README.md`` and held against Snakemake's own plans by a test, so a key that is added to
the configuration needs its entry here.
"""

from __future__ import annotations

_REPORTS = ("report_year", "report_campaign", "export_campaign")
_FILTERED = ("fetch_swaths", "detect_plumes", "extract_plumes")
_CLUSTERS = ("cluster_plumes", "cluster_campaign")
_ERUPTIONS = ("match_eruptions", "match_campaign_eruptions")
_EDGAR = ("compare_edgar", "compare_campaign_edgar")
_LEARNT = ("train_model", "compare_variant")
_SCORED = ("detection_curve", "evaluate_model")
_TRAINING_SEED = ("simulate_backgrounds", "build_training_set", *_LEARNT, *_SCORED)

WHOLE = ("the campaign",)
"""For keys that decide which files there are: those that are missing are made, and no others."""

NONE: tuple[str, ...] = ()

USED_BY: dict[str, tuple[str, ...]] = {
    "preset": WHOLE,
    "results": WHOLE,
    "campaign.name": _REPORTS,
    "campaign.start": WHOLE,
    "campaign.end": WHOLE,
    "campaign.unit": WHOLE,
    "campaign.region": ("index_archive", "fetch_swaths"),
    "archive.source": WHOLE,
    "archive.path": ("index_archive", "fetch_swaths"),
    "archive.catalogue": ("index_archive",),
    "archive.download": NONE,
    "archive.token": NONE,
    "archive.credentials": NONE,
    "archive.connections": NONE,
    "archive.quota_bytes": NONE,
    "archive.quota_days": NONE,
    "archive.shared_folder": NONE,
    "archive.processors": ("index_archive",),
    "archive.retrievals": ("index_archive",),
    "archive.window": ("fetch_swaths",),
    "archive.checksum": ("fetch_swaths",),
    "filter.min_qa": _FILTERED,
    "filter.max_solar_zenith_deg": _FILTERED,
    "detect.method": ("detect_plumes", *_REPORTS),
    "detect.model": ("detect_plumes", *_REPORTS),
    "detect.window": ("detect_plumes",),
    "detect.step": ("detect_plumes",),
    "detect.threshold": ("extract_plumes", *_SCORED),
    "detect.growth_threshold": ("extract_plumes", *_SCORED),
    "detect.bridge_pixels": ("extract_plumes", *_SCORED),
    "detect.gap_pixels": ("extract_plumes", *_SCORED),
    "detect.batch": NONE,
    "detect.backend": NONE,
    "plumes.min_pixels": ("extract_plumes", *_SCORED),
    "plumes.buffer": ("extract_plumes",),
    "plumes.chip_margin": ("extract_plumes",),
    "emissions.estimator": ("estimate_emissions",),
    "emissions.background": ("estimate_emissions",),
    "emissions.label_threshold": ("estimate_emissions",),
    "cluster.eps_km": _CLUSTERS,
    "cluster.min_samples": _CLUSTERS,
    "cluster.origin": _CLUSTERS,
    "cluster.centre": _CLUSTERS,
    "eruptions.path": _ERUPTIONS,
    "eruptions.url": NONE,
    "eruptions.radius_km": _ERUPTIONS,
    "eruptions.origin": _ERUPTIONS,
    "edgar.path": _EDGAR,
    "edgar.url": NONE,
    "edgar.top_share": _EDGAR,
    "edgar.radius_km": _EDGAR,
    "simulate.seed": ("simulate_archive",),
    "simulate.scanlines": ("simulate_archive",),
    "simulate.ground_pixels": ("simulate_archive",),
    "training.folders": ("build_training_set", *_SCORED),
    "training.labels": ("build_training_set",),
    "training.simulated_days": ("simulate_backgrounds",),
    "training.max_granules": ("build_training_set",),
    "training.seed": _TRAINING_SEED,
    "training.normalisation": _LEARNT,
    "training.validity_channel": _LEARNT,
    "training.loss": _LEARNT,
    "training.base_width": _LEARNT,
    "training.dropout": _LEARNT,
    "training.epochs": ("train_model",),
    "training.batch": _LEARNT,
    "training.compare_epochs": ("compare_variant",),
    "training.compare_images": ("compare_variant",),
    "training.trials": ("detection_curve",),
    "training.weights": _SCORED,
    "report.gallery": ("report_year", "report_campaign"),
}


def used_by_text(key: str) -> str:
    """Text for the table of keys: rules of years stand for those of the campaign too."""
    rules = [name for name in USED_BY.get(key, ()) if "campaign" not in name or name == WHOLE[0]]
    return ", ".join(f"`{name}`" if name != WHOLE[0] else name for name in rules) or "none"
