"""The eruption list and the inventory, fetched by the rules from stand-ins."""

import pytest
from tests.inventory.edgar_server import ROOT, EdgarServer, annual_name, grid_file, zipped
from tests.sources.gvp_server import GvpServer, eruption
from tests.workflow.conftest import TINY, make_campaign

from so2plumes.files import read_json
from so2plumes.table import read_table

pytestmark = pytest.mark.campaign

TARGETS = ("results/2021/eruptions.parquet", "results/2021/edgar.parquet")


def campaign_of(root, tmp_path, gvp, edgar):
    config = {
        **TINY,
        "detect": {"method": "ztest"},
        "eruptions": {"path": "download", "url": gvp.url},
        "edgar": {"path": "download", "url": edgar.bases[0]},
    }
    return make_campaign(root, tmp_path / "campaign", config)


@pytest.fixture
def edgar(tmp_path):
    (tmp_path / "made").mkdir()
    files = {}
    for year in (2021, 2022):
        content = grid_file(tmp_path / "made", year, shape=(1800, 3600))
        files[f"{ROOT}/SO2/TOTALS/flx_nc/{annual_name(year)}"] = zipped({annual_name(year, "_flx.nc"): content})
    with EdgarServer(files) as running:
        yield running


def test_list_and_grids_are_fetched_once_and_used(root, tmp_path, edgar):
    with GvpServer([eruption(211060, "20211201", "20220131")]) as gvp:
        campaign = campaign_of(root, tmp_path, gvp, edgar)
        campaign.run(*TARGETS)
        assert campaign.planned(*TARGETS) == {}
    assert len(read_table(campaign.folder / TARGETS[0])) == 1
    compared = read_table(campaign.folder / TARGETS[1]).attrs
    assert (compared["available"], compared["used_year"]) == (True, 2021)
    origin = read_json(campaign.folder / "results/external/gvp_eruptions.geojson.json")
    assert origin["eruptions"] == 1
