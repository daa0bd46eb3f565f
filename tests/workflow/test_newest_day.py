"""The daily job of docs/operations.md: the newest day, with the commands of the page."""

from __future__ import annotations

import re
from datetime import date

import pytest
from tests.workflow.conftest import TINY, make_campaign

from so2plumes.simulate.archive import simulate_archive

pytestmark = pytest.mark.campaign

FIRST, SECOND = date(2021, 12, 30), date(2021, 12, 31)


def script(root) -> str:
    """The call of Snakemake in the script of the page."""
    page = (root / "docs" / "operations.md").read_text()
    return re.search(r'^(snakemake "results-nrti.*?"campaign=[^\n]*)$', page, re.S | re.M)[1]


def test_each_day_is_made_when_its_granules_are_there(root, tmp_path):
    config = {
        **TINY,
        "results": "results-nrti",
        "archive": {"source": "local", "path": "arriving", "processors": [], "retrievals": []},
        "detect": {"method": "ztest"},
        "eruptions": {},
        "edgar": {},
    }
    campaign = make_campaign(root, tmp_path / "campaign", config)
    folder = campaign.folder / "results-nrti" / "2021"
    command = script(root)
    assert "--forcerun index_archive" in command
    before = {}
    for day in (FIRST, SECOND):
        simulate_archive(campaign.folder / "arriving", day, day, seed=3, scanlines=32, ground_pixels=64)
        target = f"results-nrti/2021/emissions/{day}.parquet"
        campaign.run(
            target, "--forcerun", "index_archive", "--config", f"campaign={{start: {day}, end: {day}}}", check=True
        )
        assert (campaign.folder / target).is_file()
        now = campaign.times("results-nrti/2021/emissions/*")
        assert now == now | before, "earlier days stay as they are"
        before = now
    assert sorted(path.stem for path in (folder / "receipts").iterdir()) == [str(FIRST), str(SECOND)]
