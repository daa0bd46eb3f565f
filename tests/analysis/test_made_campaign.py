"""The made campaign has the papers' statistics, so that what is measured on it says something."""

import numpy as np
import pytest
from tests.analysis.made_campaign import FIRST_PERCENTILE_KG_H, MEDIAN_KG_H, YEARS, make_campaign, make_edgar

from so2plumes.analysis.published import LABEL_SHARES
from so2plumes.inventory.compare import cumulative_share


@pytest.fixture(scope="module")
def made():
    return make_campaign()


def test_the_papers_counts_and_rates(made):
    plumes = made.plumes
    assert len(plumes) == 53_993
    assert plumes["date"].str[:4].astype(int).value_counts().to_dict() == pytest.approx(YEARS, rel=0.02)
    assert plumes["emission_kg_h"].median() == pytest.approx(MEDIAN_KG_H, rel=0.05)
    assert plumes["emission_kg_h"].quantile(0.01) == pytest.approx(FIRST_PERCENTILE_KG_H, rel=0.2)
    shares = plumes["label"].value_counts(normalize=True)
    assert shares[list(LABEL_SHARES)].to_numpy() == pytest.approx(list(LABEL_SHARES.values()), abs=0.01)
    assert plumes["length_m"].median() == pytest.approx(37_300, rel=0.02)


def test_it_is_the_same_every_time(made):
    again = make_campaign(2000)
    assert again.plumes.drop(columns="geometry").equals(make_campaign(2000).plumes.drop(columns="geometry"))
    assert (np.diff(made.plumes["time"].astype("int64")) >= 0).all()


def test_the_made_inventory_is_as_uneven_as_edgar():
    share = cumulative_share(make_edgar(monthly=False, factor=5))
    assert share.top_1_percent == pytest.approx(0.85, abs=0.05)
    assert share.top_01_percent == pytest.approx(0.5, abs=0.15)
