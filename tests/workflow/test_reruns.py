"""What a changed key reruns, by Snakemake's own plans of a campaign whose products are empty."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pydantic import BaseModel
from tests.workflow.conftest import CampaignFolder, make_campaign
from tests.workflow.plans import Plan, plan

from so2plumes.config import Config
from so2plumes.reruns import USED_BY, WHOLE
from so2plumes.table import write_table

pytestmark = pytest.mark.campaign

CARD = "results/training/net/card.html"
BASE = {
    "campaign": {"name": "plans", "start": "2021-12-29", "end": "2022-01-02"},
    "archive": {"source": "cdse", "window": 2},
    "detect": {"threshold": 0.6, "growth_threshold": 0.4},
    "eruptions": {"path": "eruptions.csv"},
    "edgar": {"path": "edgar"},
    "training": {"folders": ["granules"], "labels": ["labels.geojson"]},
    "truth": {"cases": 20},
}
S3 = {"archive": {"source": "s3"}}
BASES = {
    "archive.path": {"archive": {"source": "local", "path": "granules"}},
    "archive.s3_": S3,
    "archive.bucket": S3,
    "archive.prefixes": S3,
    "archive.anonymous": S3,
    "simulate.": {"archive": {"source": "simulated"}},
    "era5.": {"era5": {"use": "missing", "path": "winds"}},
}
"""Campaigns in which a key matters, by how it begins."""
TARGETS = {"training.": CARD, "truth.": "results/truth/closed_loop.json", "product.": "product"}
"""What has to be asked for, where it is no part of a campaign."""
CHANGES = {
    "campaign.name": "another",
    "campaign.region": [14, 37, 16, 38],
    "archive.path": "elsewhere",
    "archive.catalogue": "http://127.0.0.1/other",
    "archive.download": "http://127.0.0.1/other",
    "archive.token": "http://127.0.0.1/other",
    "archive.credentials": "other",
    "archive.s3_endpoint": "http://127.0.0.1/other",
    "archive.bucket": "other",
    "archive.prefixes": ["other/{year}/{month}/{day}/"],
    "archive.s3_region": "other",
    "archive.anonymous": True,
    "archive.connections": 2,
    "archive.quota_bytes": 1e9,
    "archive.quota_days": 3,
    "archive.shared_folder": "other",
    "archive.processors": ["020601"],
    "archive.retrievals": ["cobra"],
    "archive.window": 1,
    "archive.checksum": False,
    "filter.min_qa": 0.6,
    "filter.max_solar_zenith_deg": 70.0,
    "detect.method": "ztest",
    "detect.model": "model.keras",
    "detect.window": 48,
    "detect.step": 8,
    "detect.mosaic": "dense",
    "detect.threshold": 0.7,
    "detect.growth_threshold": 0.3,
    "detect.bridge_pixels": 10,
    "detect.gap_pixels": 4,
    "detect.engine": "keras",
    "detect.cpu_fallback": True,
    "detect.batch": 64,
    "detect.backend": "jax",
    "plumes.min_pixels": 9,
    "plumes.buffer": 5,
    "plumes.chip_margin": 20,
    "emissions.estimator": "paper",
    "emissions.background": "bbox_median",
    "emissions.wind": ["10m"],
    "emissions.wind_statistic": "median",
    "emissions.lifetime_h": 12.0,
    "emissions.lifetime_sigma_ln": 0.5,
    "emissions.draws": 50,
    "emissions.precision_factor": 1.5,
    "emissions.background_systematic_du": 0.2,
    "emissions.wind_error_m_s": 2.0,
    "emissions.height_sigma_ln": 0.4,
    "emissions.label_threshold": 0.9,
    "cluster.eps_km": 20.0,
    "cluster.min_samples": 5,
    "cluster.origin": "max",
    "cluster.centre": "mean",
    "sources.volcanoes": "volcanoes.csv",
    "eruptions.path": "other.csv",
    "eruptions.url": "http://127.0.0.1/other",
    "eruptions.radius_km": 60.0,
    "eruptions.origin": "max",
    "eruptions.event_speed_m_s": 15.0,
    "eruptions.event_reach_km": 400.0,
    "eruptions.event_days": 5.0,
    "edgar.path": "other",
    "edgar.url": "http://127.0.0.1/other",
    "edgar.top_share": 0.01,
    "edgar.radius_km": 100.0,
    "era5.use": "always",
    "era5.path": "other",
    "era5.url": "http://127.0.0.1/other",
    "era5.levels_hpa": [1000],
    "era5.max_requests": 3,
    "catalogues.masses": "masses.txt",
    "catalogues.persistent": "persistent.rc",
    "analysis.spike_window_days": 31,
    "analysis.spike_score": 5.0,
    "analysis.spike_plumes": 5.0,
    "analysis.panel_name": "Etna",
    "analysis.panel_box": [13.0, 36.0, 17.0, 39.0],
    "analysis.none_eps_km": 100.0,
    "analysis.none_min_samples": 10,
    "simulate.seed": 3,
    "simulate.scanlines": 100,
    "simulate.ground_pixels": 100,
    "training.folders": ["elsewhere"],
    "training.labels": ["other.geojson"],
    "training.simulated_days": 7,
    "training.max_granules": 9,
    "training.seed": 5,
    "training.normalisation": "window_max",
    "training.validity_channel": False,
    "training.loss": "dice",
    "training.base_width": 4,
    "training.dropout": 0.2,
    "training.epochs": 3,
    "training.batch": 32,
    "training.compare_epochs": 2,
    "training.compare_images": 500,
    "training.trials": 70,
    "training.weights": "model.keras",
    "truth.cases": 30,
    "truth.seed": 3,
    "report.gallery": 3,
    "product.licence": "CC-BY-4.0",
    "product.publisher": "another",
}
DESCRIPTIONS = {"describe_clusters", "describe_days", "describe_labels", "compare_catalogues"}
AFTER = {
    "index_archive": {"fetch_swaths"},
    "simulate_archive": {"index_archive", "score_truth"},
    "fetch_swaths": {"detect_plumes", "extract_plumes", "collect_receipts"},
    "detect_plumes": {"extract_plumes"},
    "extract_plumes": {
        "fetch_winds",
        "estimate_emissions",
        "collect_seen",
        "grid_plumes",
        "score_truth",
        "report_year",
    },
    "fetch_winds": {"estimate_emissions"},
    "estimate_emissions": {"collect_plumes"},
    "collect_plumes": {
        "collect_campaign_plumes",
        "cluster_plumes",
        "match_eruptions",
        "grid_plumes",
        "compare_edgar",
        "score_truth",
        "report_year",
        *DESCRIPTIONS,
    },
    "collect_seen": {
        "cluster_plumes",
        "cluster_campaign",
        "match_eruptions",
        "match_campaign_eruptions",
        *DESCRIPTIONS - {"describe_labels"},
    },
    "collect_receipts": {"collect_campaign_coverage", "describe_days", "report_year"},
    "collect_campaign_plumes": {
        "cluster_campaign",
        "match_campaign_eruptions",
        "compare_campaign_edgar",
        "parity",
        "report_campaign",
        "export_campaign",
        "draw_figures",
    },
    "collect_campaign_coverage": {"describe_days", "parity", "report_campaign", "export_campaign", "draw_figures"},
    "collect_campaign_truth": {"report_campaign"},
    "score_truth": {"collect_campaign_truth", "report_year"},
    "cluster_plumes": {"report_year", *DESCRIPTIONS},
    "match_eruptions": {"report_year", "describe_days", "compare_catalogues"},
    "grid_plumes": {"compare_edgar", "compare_campaign_edgar"},
    "compare_edgar": {"report_year"},
    "cluster_campaign": {"parity", "report_campaign", "export_campaign", "draw_figures", *DESCRIPTIONS},
    "match_campaign_eruptions": {
        "parity",
        "report_campaign",
        "export_campaign",
        "draw_figures",
        "describe_days",
        "compare_catalogues",
        "export_science",
    },
    "compare_campaign_edgar": {"parity", "report_campaign", "draw_figures", "export_science"},
    **dict.fromkeys(DESCRIPTIONS, {"parity", "export_science", "report_year", "report_campaign", "draw_figures"}),
    "parity": {"report_parity", "export_science"},
}
ASKED_FOR = {"detection_curve", "evaluate_model", "closed_loop", "export_product"}
"""Rules of the targets that are no part of a campaign."""
BEHIND = {"detect_plumes": {"fetch_swaths"}, "extract_plumes": {"fetch_swaths", "detect_plumes"}}
"""What has to be made again because the compact swaths are gone."""
FILES = (
    "eruptions.csv",
    "other.csv",
    "volcanoes.csv",
    "masses.txt",
    "persistent.rc",
    "labels.geojson",
    "other.geojson",
    "model.keras",
    "card.json",
)


def keys_of(section: type[BaseModel] = Config, prefix: str = "") -> set[str]:
    keys = set()
    for name, field in section.model_fields.items():
        kind = field.annotation
        inner = isinstance(kind, type) and issubclass(kind, BaseModel)
        keys |= keys_of(kind, f"{prefix}{name}.") if inner else {f"{prefix}{name}"}
    return keys


def following(rules: set[str]) -> set[str]:
    """Rules and all that follow from them."""
    found, new = set(), set(rules)
    while new:
        found |= new
        new = {name for rule in new for name in AFTER.get(rule, ())} - found
    return found


def changed(base: dict, key: str) -> dict:
    section, name = key.split(".")
    return {**base, section: {**base.get(section, {}), name: CHANGES[key]}}


def pretend(campaign: CampaignFolder, *targets: str) -> None:
    """Make every product an empty file, and let Snakemake take note of them as of finished jobs.

    Granule lists are tables without rows, as a plan reads them.
    """
    listed = campaign.run("--summary", *targets).stdout
    for name in re.findall(r"^(results/\S+)\t", listed, re.M):
        path = campaign.folder / name
        if not path.suffix:
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        if path.name == "index.parquet":
            write_table(pd.DataFrame({"date": []}), path)
    campaign.run(*targets, "--touch", "--notemp", "--forceall")
    for swaths in campaign.folder.glob("results/*/swaths"):
        shutil.rmtree(swaths)


class Pretended:
    """Finished campaigns by configuration and target, made when they are asked for."""

    def __init__(self, root: Path, folder: Path) -> None:
        self._root, self._folder = root, folder
        self._made: dict[str, CampaignFolder] = {}

    def base(self, key: str) -> dict:
        return {**BASE, **_of(BASES, key, {})}

    def plan(self, key: str) -> Plan:
        base, target = self.base(key), _of(TARGETS, key, None)
        targets = [target] if target else []
        folder = self._campaign(base, targets).folder
        (folder / "test.yaml").write_text(json.dumps(changed(base, key)))
        return plan(folder, *targets)

    def _campaign(self, base: dict, targets: list[str]) -> CampaignFolder:
        name = json.dumps([base, targets])
        if name not in self._made:
            campaign = make_campaign(self._root, self._folder / str(len(self._made)), base)
            for file in FILES:
                (campaign.folder / file).write_text("{}")
            for folder in ("granules", "elsewhere", "edgar", "winds", "other"):
                (campaign.folder / folder).mkdir()
            pretend(campaign, *targets)
            assert plan(campaign.folder, *targets).jobs == {}, "the pretended campaign is finished"
            self._made[name] = campaign
        return self._made[name]


def _of(table: dict, key: str, otherwise: Any) -> Any:
    """Value of the entry that a key begins with."""
    return next((value for start, value in table.items() if key.startswith(start)), otherwise)


@pytest.fixture(scope="module")
def pretended(root, tmp_path_factory):
    return Pretended(root, tmp_path_factory.mktemp("plans"))


def test_every_key_is_in_the_table():
    assert keys_of() == set(USED_BY)
    tried = {key for key, rules in USED_BY.items() if rules != WHOLE}
    assert tried == set(CHANGES)


@pytest.mark.parametrize("key", CHANGES)
def test_a_changed_key_reruns_the_steps_that_use_it(pretended, key):
    planned = pretended.plan(key)
    assert planned.status == 0, planned.text[-2000:]
    expected = set(USED_BY[key])
    if _of(TARGETS, key, None):
        assert planned.used_by <= expected <= set(planned.jobs)
        return
    expected -= ASKED_FOR
    assert planned.used_by <= expected | {"write_config"}
    first = expected.union(*(BEHIND.get(rule, set()) for rule in expected))
    assert set(planned.jobs) - {"all", "write_config"} == following(first) & every_rule(pretended, key)


def every_rule(pretended: Pretended, key: str) -> set[str]:
    """Rules of the campaign in which a key is changed."""
    base = pretended.base(key)
    rules = set(AFTER) | set().union(*AFTER.values())
    if base["archive"]["source"] != "simulated":
        rules -= {"score_truth", "collect_campaign_truth", "simulate_archive"}
    return rules if "era5" in base else rules - {"fetch_winds"}
