"""Which steps use which key of the configuration: a changed value reruns these rules and what follows from them.

The table is shown in ``config/README.md`` and held against Snakemake's own plans by a test, so a key that is added to
the configuration needs its entry here.
"""

from __future__ import annotations

_REPORTS = ("report_year", "report_campaign")
_LOOP = "closed_loop"
_FILTERED = ("fetch_swaths", "detect_plumes", "extract_plumes", _LOOP)
_DETECTED = ("detect_plumes", _LOOP)
_RATES = ("estimate_emissions", _LOOP)
_CLUSTERS = ("cluster_plumes", "cluster_campaign")
_DESCRIBED = (*_CLUSTERS, "describe_clusters")
_ERUPTIONS = ("match_eruptions", "match_campaign_eruptions")
_EDGAR = ("compare_edgar", "compare_campaign_edgar")
_LEARNT = ("train_model", "compare_variant")
_SCORED = ("detection_curve", "evaluate_model")
_EXTRACTED = ("extract_plumes", *_SCORED, _LOOP)
_TRAINING_SEED = ("simulate_backgrounds", "build_training_set", *_LEARNT, *_SCORED)

WHOLE = ("the campaign",)
"""For keys that decide which files there are: those that are missing are made, and no others."""

NONE: tuple[str, ...] = ()

USED_BY: dict[str, tuple[str, ...]] = {
    "preset": WHOLE,
    "results": WHOLE,
    "campaign.name": (*_REPORTS, "report_parity", "export_product"),
    "campaign.start": WHOLE,
    "campaign.end": WHOLE,
    "campaign.unit": WHOLE,
    "campaign.region": ("index_archive", "fetch_swaths"),
    "archive.source": WHOLE,
    "archive.path": ("index_archive", "fetch_swaths"),
    "archive.catalogue": NONE,
    "archive.download": NONE,
    "archive.token": NONE,
    "archive.credentials": NONE,
    "archive.s3_endpoint": NONE,
    "archive.bucket": ("index_archive",),
    "archive.prefixes": ("index_archive",),
    "archive.s3_region": NONE,
    "archive.anonymous": NONE,
    "archive.connections": NONE,
    "archive.quota_bytes": NONE,
    "archive.quota_days": NONE,
    "archive.shared_folder": NONE,
    "archive.processors": ("index_archive",),
    "archive.retrievals": ("index_archive",),
    "archive.window": ("fetch_swaths",),
    "archive.checksum": NONE,
    "filter.min_qa": _FILTERED,
    "filter.max_solar_zenith_deg": _FILTERED,
    "detect.method": (*_DETECTED, *_REPORTS),
    "detect.model": (*_DETECTED, *_REPORTS),
    "detect.window": _DETECTED,
    "detect.step": _DETECTED,
    "detect.mosaic": _DETECTED,
    "detect.threshold": _EXTRACTED,
    "detect.growth_threshold": _EXTRACTED,
    "detect.bridge_pixels": _EXTRACTED,
    "detect.gap_pixels": _EXTRACTED,
    "detect.engine": NONE,
    "detect.cpu_fallback": NONE,
    "detect.batch": NONE,
    "detect.backend": NONE,
    "plumes.min_pixels": _EXTRACTED,
    "plumes.buffer": ("extract_plumes", _LOOP),
    "plumes.chip_margin": ("extract_plumes", _LOOP),
    "emissions.estimator": _RATES,
    "emissions.background": _RATES,
    "emissions.wind": ("estimate_emissions",),
    "emissions.wind_statistic": ("estimate_emissions",),
    "emissions.lifetime_h": ("estimate_emissions",),
    "emissions.lifetime_sigma_ln": _RATES,
    "emissions.draws": _RATES,
    "emissions.precision_factor": _RATES,
    "emissions.background_systematic_du": _RATES,
    "emissions.wind_error_m_s": _RATES,
    "emissions.height_sigma_ln": _RATES,
    "emissions.label_threshold": ("estimate_emissions", "describe_labels"),
    "cluster.eps_km": _DESCRIBED,
    "cluster.min_samples": _DESCRIBED,
    "cluster.origin": (*_CLUSTERS, "describe_days", "describe_labels", "compare_catalogues"),
    "cluster.centre": _DESCRIBED,
    "sources.volcanoes": (*_DESCRIBED, "describe_labels", "compare_catalogues"),
    "eruptions.path": _ERUPTIONS,
    "eruptions.url": NONE,
    "eruptions.radius_km": _ERUPTIONS,
    "eruptions.origin": _ERUPTIONS,
    "eruptions.event_speed_m_s": _ERUPTIONS,
    "eruptions.event_reach_km": _ERUPTIONS,
    "eruptions.event_days": _ERUPTIONS,
    "edgar.path": _EDGAR,
    "edgar.url": NONE,
    "edgar.top_share": _EDGAR,
    "edgar.radius_km": _EDGAR,
    "era5.use": ("fetch_winds", "estimate_emissions"),
    "era5.path": ("fetch_winds",),
    "era5.url": NONE,
    "era5.levels_hpa": ("fetch_winds",),
    "era5.max_requests": NONE,
    "catalogues.masses": ("compare_catalogues",),
    "catalogues.persistent": ("compare_catalogues",),
    "analysis.spike_window_days": ("describe_days",),
    "analysis.spike_score": ("describe_days",),
    "analysis.spike_plumes": ("describe_days",),
    "analysis.panel_name": ("describe_days",),
    "analysis.panel_box": ("describe_days",),
    "analysis.none_eps_km": ("describe_labels",),
    "analysis.none_min_samples": ("describe_labels",),
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
    "truth.cases": (_LOOP,),
    "truth.seed": (_LOOP,),
    "report.gallery": (*_REPORTS, "draw_figures"),
    "product.licence": ("export_product",),
    "product.publisher": ("export_product",),
}


def used_by_text(key: str) -> str:
    """Text for the table of keys: rules of years stand for those of the campaign too."""
    rules = [name for name in USED_BY.get(key, ()) if "campaign" not in name or name == WHOLE[0]]
    return ", ".join(f"`{name}`" if name != WHOLE[0] else name for name in rules) or "none"
