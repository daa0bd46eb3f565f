"""The closed loop by its rules, with the z-test in place of the network."""

import pytest
from tests.workflow.conftest import TINY, make_campaign

from so2plumes.files import read_json
from so2plumes.table import read_table

pytestmark = pytest.mark.campaign

SCORES = "results/truth/closed_loop.json"


def test_rates_are_held_against_the_truth_once(root, tmp_path):
    config = {**TINY, "detect": {"method": "ztest"}, "truth": {"cases": 12, "seed": 4}}
    campaign = make_campaign(root, tmp_path / "campaign", config)
    campaign.run(SCORES)
    cases = read_table(campaign.folder / "results" / "truth" / "cases.parquet")
    assert len(cases) == 12
    assert cases["found"].any()
    scores = read_json(campaign.folder / SCORES)
    assert scores["groups"]["all"]["cases"] == 12
    assert set(scores["background"]) == {"bbox_median", "ring", "normalised_convolution"}
    assert campaign.planned(SCORES) == {}
