"""A detector from nothing, by the rules; and a campaign without a network."""

import json

import pytest
from tests.workflow.conftest import TINY, make_campaign

from so2plumes.files import read_json
from so2plumes.table import read_plumes

pytestmark = pytest.mark.campaign

TRAINING = {
    "simulated_days": 8,
    "base_width": 2,
    "epochs": 1,
    "batch": 16,
    "compare_epochs": 1,
    "compare_images": 100,
    "trials": 12,
}
CARD = "results/training/tiny/card.html"


@pytest.fixture(scope="module")
def trained(root, tmp_path_factory):
    campaign = make_campaign(root, tmp_path_factory.mktemp("train") / "campaign", {**TINY, "training": TRAINING})
    campaign.run(CARD)
    return campaign


def test_a_card_and_a_model_come_out(trained):
    folder = trained.folder / "results" / "training" / "tiny"
    card = read_json(folder / "model" / "card.json")
    assert {row["variant"] for row in card["variants"]} == {path.stem for path in (folder / "variants").glob("*.json")}
    assert len(card["variants"]) == 6
    assert card["detection"]["trials"] + card["detection"]["skipped"] == 12
    assert card["training"]["plan"]["base_width"] == 2
    assert {row["method"] for row in card["pixel_scores"]} == {"unet", "ztest", "threshold"}
    page = (folder / "card.html").read_text()
    assert "data:image/png" in page
    assert all(bound["bound"] in (folder / "model" / "card.md").read_text() for bound in card["bounds"])


def test_a_second_run_does_nothing(trained):
    assert trained.planned(CARD) == {}


def test_more_trials_reach_the_card_without_training_again(trained):
    path = trained.folder / "test.yaml"
    before = path.read_text()
    path.write_text(json.dumps({**TINY, "training": {**TRAINING, "trials": 13}}))
    planned = trained.planned(CARD)
    path.write_text(before)
    assert planned == {"detection_curve": 1, "evaluate_model": 1, "write_card": 1}


def test_the_card_of_given_weights_is_the_card_that_came_with_them(trained, root, tmp_path):
    model = trained.folder / "results" / "training" / "tiny" / "model"
    config = {**TINY, "training": {**TRAINING, "weights": str(model / "model.keras")}}
    again = make_campaign(root, tmp_path / "again", config)
    again.run(CARD)
    done = again.folder / "results" / "training" / "tiny"
    assert not (done / "weights.keras").exists()
    for name in ("card.json", "card.md", "model.keras"):
        assert (done / "model" / name).read_bytes() == (model / name).read_bytes()


def test_the_trained_model_serves_a_campaign_and_so_does_none(trained, root, tmp_path):
    model = trained.folder / "results" / "training" / "tiny" / "model" / "model.keras"
    for name, detect in (("trained", {"model": str(model)}), ("ztest", {"method": "ztest"})):
        campaign = make_campaign(root, tmp_path / name, {**TINY, "detect": detect})
        campaign.run("results/2021/plumes.parquet")
        plumes = read_plumes(campaign.folder / "results" / "2021" / "plumes.parquet")
        if name == "ztest":
            assert len(plumes) > 0
