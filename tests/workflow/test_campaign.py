"""The workflow as its users run it."""

import json
import shutil

import pytest
from tests.workflow.conftest import CampaignFolder

from so2plumes import __version__
from so2plumes.config import parse_config
from so2plumes.dictionary import table_specs
from so2plumes.files import read_json, sha256
from so2plumes.provenance import config_digest
from so2plumes.seen import read_seen
from so2plumes.table import read_plumes, read_table

pytestmark = pytest.mark.campaign


@pytest.fixture
def copy_of_finished(finished, tmp_path):
    """A finished campaign that a test may damage."""
    target = tmp_path / "copy"
    shutil.copytree(finished.folder, target, symlinks=True, copy_function=shutil.copy2)
    return CampaignFolder(target)


def test_a_campaign_ends_with_its_products(finished):
    results = finished.folder / "results"
    for year in ("2021", "2022", "campaign"):
        assert (results / year / "report.html").stat().st_size > 50_000
        assert len(read_plumes(results / year / "plumes.parquet")) >= 1
    assert not list(results.glob("*/swaths/*")), "compact swaths are temporary"
    assert not list(results.rglob("*.part")), "nothing half-written stays"
    assert {path.stem for path in (results / "campaign" / "tables").iterdir()} >= {
        "yearly",
        "clusters",
        "eruptions",
    }


def test_a_campaign_ends_with_its_tables(finished):
    results = finished.folder / "results"
    names = {path.stem for path in (results / "campaign" / "tables").glob("*.csv")}
    own = set(table_specs()) - {"clusters", "eruptions", "edgar", "plume_cells"}
    assert own <= names
    own.remove("parity")
    for scope in ("2021", "2022", "campaign"):
        for name in own:
            table = read_table(results / scope / f"{name}.parquet")
            assert list(table.columns) == table_specs()[name].names
    daily = [read_table(results / scope / "daily.parquet") for scope in ("2021", "2022", "campaign")]
    assert daily[0]["n_plumes"].sum() + daily[1]["n_plumes"].sum() == daily[2]["n_plumes"].sum() > 0
    assert (daily[2]["observable_km2"] > 0).all()
    months = read_table(results / "campaign" / "edgar_months.parquet")
    assert set(months["method"]) == {"centre", "overlap"}
    assert months.attrs["overlap_share_of_rate"] == pytest.approx(1)


def test_a_simulated_campaign_stands_beside_the_papers_and_is_not_compared(finished):
    folder = finished.folder / "results" / "campaign"
    table = read_table(folder / "parity.parquet").set_index("id")
    assert table.loc["plumes", "our_value"] == len(read_plumes(folder / "plumes.parquet"))
    assert (table.loc[["plumes", "rate-median", "label-so2", "edgar-top-1"], "verdict"] == "not comparable").all()
    assert table.loc["seconds-cpu", "our_value"] > 0, "from the benchmarks of the run"
    assert table.loc["f1", "our_value"] > 0, "from the card of the model"
    assert "Simulated archive." in (folder / "parity.html").read_text()


def test_what_was_seen_is_kept_for_every_day(finished):
    results = finished.folder / "results"
    for year, day in (("2021", "2021-12-31"), ("2022", "2022-01-01")):
        seen = read_seen(results / year / "seen.nc")
        assert day in seen.days.astype(str)
        assert (seen.percent >= 50).any()
    eruptions = read_table(results / "campaign" / "eruptions.parquet")
    assert set(eruptions["status"]) <= {"plume", "no_plume", "not_seen"}
    assert eruptions["n_observable_days"].notna().all()


def test_every_granule_is_accounted_for(finished):
    for year in ("2021", "2022"):
        folder = finished.folder / "results" / year
        index, coverage = read_table(folder / "index.parquet"), read_table(folder / "coverage.parquet")
        assert sorted(index["granule"]) == sorted(coverage["granule"])
        assert set(coverage["status"]) <= {"ready", "quarantined", "not_selected"}
        assert (coverage.loc[coverage["status"] != "ready", "reason"] != "").all()


def test_simulated_plumes_are_recovered(finished):
    truth = read_table(finished.folder / "results" / "campaign" / "truth.parquet")
    clear = truth[(truth["peak_sigma"] > 6) & (truth["n_usable"] >= 40)]
    assert len(clear) >= 3
    assert clear["found"].mean() >= 0.8
    ratio = (clear["estimated_kg_h"] / clear["emission_kg_h"]).dropna()
    assert 0.4 < ratio.median() < 1.3


def test_campaign_tables_join_the_years(finished):
    results = finished.folder / "results"
    whole = read_plumes(results / "campaign" / "plumes.parquet")
    parts = [read_plumes(results / year / "plumes.parquet") for year in ("2021", "2022")]
    assert sorted(whole["plume_id"]) == sorted(name for part in parts for name in part["plume_id"])
    assert whole["plume_id"].is_unique


def test_second_run_does_nothing(finished):
    assert finished.planned() == {}


def test_forcing_one_year_leaves_the_others(finished):
    jobs = finished.planned("results/2022/report.html", "--forcerun", "cluster_plumes")
    described = ("describe_clusters", "describe_days", "describe_labels", "compare_catalogues")
    assert jobs == dict.fromkeys(("cluster_plumes", *described, "report_year"), 1)


def test_a_changed_estimate_reruns_from_chips(finished):
    jobs = finished.planned("--config", "emissions={background: bbox_median}")
    assert not {"fetch_swaths", "detect_plumes", "extract_plumes", "simulate_archive"} & set(jobs)
    assert jobs["estimate_emissions"] == 2


def test_a_changed_radius_reruns_the_match_only(finished):
    jobs = finished.planned("--config", "eruptions={radius_km: 60}")
    assert "match_eruptions" in jobs
    assert not {"estimate_emissions", "cluster_plumes", "compare_edgar"} & set(jobs)


def test_a_changed_detection_reaches_every_period(finished):
    jobs = finished.planned("--config", "detect={step: 8}")
    assert jobs["detect_plumes"] == jobs["extract_plumes"] == jobs["estimate_emissions"] == 2
    assert "simulate_archive" not in jobs


def test_another_simulation_reaches_the_plumes(finished):
    jobs = finished.planned("--config", "simulate={seed: 7, scanlines: 64, ground_pixels: 128}")
    assert jobs["simulate_archive"] == jobs["fetch_swaths"] == jobs["detect_plumes"] == 2


def test_looking_at_the_folder_again_fetches_again(finished):
    jobs = finished.planned("results/2022/report.html", "--forcerun", "index_archive")
    assert jobs["index_archive"] == jobs["fetch_swaths"] == jobs["report_year"] == 1


def test_what_only_the_report_uses_reruns_the_reports(finished):
    jobs = finished.planned("--config", "report={gallery: 2}")
    assert set(jobs) <= {"report_year", "report_campaign", "draw_figures", "write_config", "all"}
    assert jobs["report_year"] == 2


def test_deleting_a_year_touches_that_year_and_the_campaign_only(copy_of_finished):
    campaign = copy_of_finished
    before, products = campaign.times("results/2021/**/*"), campaign.products()
    shutil.rmtree(campaign.folder / "results" / "2022")
    campaign.run()
    assert campaign.times("results/2021/**/*") == before
    assert campaign.products() == products


def test_emissions_rerun_from_chips_without_swaths(copy_of_finished):
    campaign = copy_of_finished
    products = campaign.products()
    shutil.rmtree(campaign.folder / "results" / "2022" / "emissions")
    (campaign.folder / "results" / "2022" / "plumes.parquet").unlink()
    shutil.rmtree(campaign.folder / "results" / "2022" / "simulated")
    campaign.run("results/2022/plumes.parquet", "--allowed-rules", "estimate_emissions", "collect_plumes")
    assert campaign.products() == products


def test_rows_name_their_configuration_and_code(root, finished):
    rows = read_plumes(finished.folder / "results" / "campaign" / "plumes.parquet")
    made_with = parse_config(json.loads((finished.folder / "test.yaml").read_text()))
    assert set(rows["config_sha256"]) == {config_digest(made_with, sha256(root / "resources" / "known_sources.csv"))}
    assert {text.split("+")[0] for text in rows["code_version"]} == {__version__}
    assert (rows["model_sha256"].str.len() == 64).all()


def test_another_list_of_known_sources_makes_the_rows_again(root, copy_of_finished):
    campaign = copy_of_finished
    (campaign.folder / "resources").unlink()
    shutil.copytree(root / "resources", campaign.folder / "resources", copy_function=shutil.copy2)
    with (campaign.folder / "resources" / "known_sources.csv").open("a") as known:
        known.write("# another\n")
    jobs = campaign.planned("results/campaign/plumes.parquet")
    assert jobs["estimate_emissions"] == 2
    assert "extract_plumes" not in jobs


def test_the_product_is_published(copy_of_finished):
    campaign = copy_of_finished
    assert campaign.planned("product") == {"export_product": 1, "product": 1}
    campaign.run("product")
    assert campaign.planned("product") == {}
    for change in ("product={publisher: Me}", "campaign={name: Another}"):
        assert campaign.planned("product", "--config", change) == {"export_product": 1, "product": 1}
    folder = campaign.folder / "results" / "campaign" / "product"
    plumes = read_plumes(folder.parent / "plumes.parquet")
    assert read_json(folder / "plumes.json")["rows"] == len(plumes) >= 1
    items = [read_json(path) for path in sorted(folder.glob("items/*/*.json"))]
    assert [item["id"] for item in items] == ["2021-12-31", "2022-01-01"]
    assert sum(item["properties"]["so2plumes:plumes"] for item in items) == len(plumes)
    for item in items:
        assert set(item["assets"]) == {"plumes", "chips", "probability", "receipts"}
        for asset in item["assets"].values():
            assert (folder / "items" / item["id"][:4] / asset["href"]).resolve().is_file()


def test_a_wrong_configuration_stops_before_the_first_job(tiny_campaign):
    done = tiny_campaign.run("-n", "--config", "cluster={eps: 3}", check=False)
    assert done.returncode != 0
    assert "cluster.eps" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_the_configuration_is_kept_with_the_results(finished):
    kept = read_json(finished.folder / "results" / "campaign" / "config.json")
    assert kept["cluster"]["min_samples"] == 2
    assert kept["emissions"]["background"] == "ring"
