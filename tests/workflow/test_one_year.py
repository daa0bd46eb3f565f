"""The operations on one year of docs/operations.md: which jobs run, and that other years stay as they are."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest
from tests.workflow.conftest import TINY, CampaignFolder
from tests.workflow.plans import jobs_of, plan

from so2plumes.files import read_json
from so2plumes.made_by import read_field
from so2plumes.table import read_plumes, read_table

pytestmark = pytest.mark.campaign

ANALYSIS = {
    "collect_plumes",
    "cluster_plumes",
    "compare_edgar",
    "grid_plumes",
    "match_eruptions",
    "report_year",
    "score_truth",
}
DESCRIPTION = {"describe_clusters", "describe_days", "describe_labels", "compare_catalogues"}
"""Rules that serve a year and the campaign under one name."""
DETECTION = {
    "fetch_swaths",
    "detect_plumes",
    "extract_plumes",
    "estimate_emissions",
    "collect_receipts",
    "collect_seen",
}


@pytest.fixture
def copy(finished, tmp_path):
    """A finished campaign of the last day of 2021 and the first of 2022."""
    target = tmp_path / "copy"
    shutil.copytree(finished.folder, target, symlinks=True, copy_function=shutil.copy2)
    return CampaignFolder(target)


def state(campaign: CampaignFolder, year: str) -> tuple[dict, dict]:
    """Checksums and times of everything of a year."""
    return campaign.digests(f"results/{year}/**/*"), campaign.times(f"results/{year}/**/*")


def configure(folder: CampaignFolder, **sections: dict) -> None:
    (folder.folder / "test.yaml").write_text(json.dumps({**TINY, **sections}))


def run(campaign: CampaignFolder, *arguments: str) -> dict[str, int]:
    done = campaign.run(*arguments)
    return jobs_of(done.stdout + done.stderr)


def test_rates_of_a_year_again_from_its_chips(copy):
    """A new estimator: from chips, without swaths and without the archive."""
    shutil.rmtree(copy.folder / "results" / "2021" / "simulated" / "truth")
    other, chips = state(copy, "2022"), copy.digests("results/2021/chips/*")
    before = read_plumes(copy.folder / "results/2021/plumes.parquet")["background_mol_m2"]
    configure(copy, emissions={"background": "bbox_median"})
    jobs = run(copy, "results/2021/plumes.parquet")
    assert jobs == {"estimate_emissions": 1, "collect_plumes": 1}
    assert state(copy, "2022") == other
    assert copy.digests("results/2021/chips/*") == chips
    assert not read_plumes(copy.folder / "results/2021/plumes.parquet")["background_mol_m2"].equals(before)


def test_detection_of_a_year_again_fetches_that_year_only(copy):
    """Another detector: needs the swaths, and says beforehand how many bytes that is and from where."""
    index = read_table(copy.folder / "results/2021/index.parquet")
    wanted = index[index["selected"] & (index["date"] == "2021-12-31")]
    told = subprocess.run(
        [sys.executable, "-m", "so2plumes", "fetch-size", "2021", "test.yaml"],
        cwd=copy.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"2021: {len(wanted)} granules, {wanted['size_bytes'].sum() / 1e6:.3g} MB" in told.stdout
    assert "from results/2021/simulated" in told.stdout

    other = state(copy, "2022")
    configure(copy, detect={"method": "ztest"})
    jobs = run(copy, "results/2021/report.html")
    assert set(jobs) == DETECTION | ANALYSIS | DESCRIPTION
    assert all(jobs[rule] == 1 for rule in DESCRIPTION)
    assert jobs["fetch_swaths"] == jobs["detect_plumes"] == 1
    assert state(copy, "2022") == other
    (record,) = read_field(copy.folder / "results/2021/plumes.parquet")
    assert record.versions["model"].startswith("ztest")


def test_a_year_is_dropped_and_the_campaign_extended_by_it_again(copy):
    products, kept = copy.products(), state(copy, "2021")
    configure(copy, campaign={"name": "tiny", "start": "2021-12-31", "end": "2021-12-31"})
    shutil.rmtree(copy.folder / "results" / "2022")
    jobs = run(copy)
    assert not (DETECTION | ANALYSIS) & set(jobs), "only the campaign's own tables are made again"
    assert state(copy, "2021") == kept
    assert set(read_plumes(copy.folder / "results/campaign/plumes.parquet")["date"]) <= {"2021-12-30", "2021-12-31"}

    configure(copy)
    jobs = run(copy)
    assert all(jobs[rule] == 1 for rule in DETECTION | ANALYSIS), "the new year only"
    assert state(copy, "2021") == kept
    assert copy.products() == products


def test_results_that_moved_to_another_disk_are_not_made_again(copy, tmp_path):
    subprocess.run(["cp", "-a", copy.folder / "results", tmp_path / "disk"], check=True)
    shutil.rmtree(copy.folder / "results")
    os.symlink(tmp_path / "disk", copy.folder / "results")
    assert plan(copy.folder).jobs == {}
    configure(copy, cluster={"min_samples": 3})
    changed = plan(copy.folder).jobs
    assert changed["cluster_plumes"] == 2, "parameters are still known"
    assert not DETECTION & set(changed)


def test_a_new_version_of_the_code_alone_recomputes_nothing(copy):
    """A checkout gives every source file a new time."""
    workflow = copy.folder / "workflow"
    target = workflow.resolve()
    workflow.unlink()
    shutil.copytree(target, workflow, ignore=shutil.ignore_patterns("__pycache__"), copy_function=shutil.copyfile)
    (workflow / "rules" / "plumes.smk").write_text((target / "rules" / "plumes.smk").read_text() + "\n# edited\n")
    assert plan(copy.folder).jobs == {}


def test_the_tables_say_which_version_made_which_day(finished):
    results = finished.folder / "results"
    (record,) = read_field(results / "campaign" / "plumes.parquet")
    assert record.periods == ("2021-12-31", "2022-01-01")
    assert set(record.versions) == {"fetch_swaths", "detect_plumes", "extract_plumes", "estimate_emissions", "model"}
    card = read_json(finished.folder / "resources/models/unet-8/card.json")
    assert record.versions["model"] == card["sha256"]
    assert "2021-12-31 to 2022-01-01" in (results / "campaign" / "report.html").read_text()
