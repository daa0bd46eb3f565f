"""The chain on real scenes of Etna (skipped where the folder with them is absent)."""

import pytest
import shapely
from tests.workflow.conftest import make_campaign

from so2plumes.sources.sphere import great_circle_km
from so2plumes.table import read_plumes, read_table

pytestmark = [pytest.mark.real, pytest.mark.campaign]

ETNA = (14.999, 37.748)


@pytest.fixture(scope="module")
def march(root, shared_data, tmp_path_factory):
    """Eight days around the paroxysm of 24 March 2021."""
    gvp = next(path for path in (shared_data / "gvp").glob("*.csv") if "Eruption" in path.name)
    config = {
        "campaign": {"name": "Etna", "start": "2021-03-20", "end": "2021-03-27", "unit": "month"},
        "archive": {"source": "local", "path": str(shared_data / "etna")},
        "cluster": {"min_samples": 2},
        "eruptions": {"path": str(gvp)},
    }
    campaign = make_campaign(root, tmp_path_factory.mktemp("etna") / "campaign", config)
    campaign.run()
    return campaign.folder / "results"


def test_the_plume_of_24_march_2021(march):
    plumes = read_plumes(march / "2021" / "plumes.parquet")
    day = plumes[plumes["date"] == "2021-03-24"].sort_values("n_pixels", ascending=False)
    plume = day.iloc[0]
    assert plume["n_pixels"] > 1000
    assert plume["length_m"] > 300_000
    longitude, latitude = shapely.get_coordinates(plume.geometry).T
    assert great_circle_km(*ETNA, longitude, latitude).min() < 30
    assert plume.geometry.centroid.x > ETNA[0] + 0.5
    assert plume.geometry.centroid.y < ETNA[1] - 1.0
    assert plume["label"] == "unavailable"


def test_eruption_of_etna_is_named(march):
    eruptions = read_table(march / "2021" / "eruptions.parquet")
    etna = eruptions[(eruptions["volcano_number"] == 211060) & eruptions["matched"]]
    assert len(etna) == 1
    assert etna.iloc[0]["n_plumes"] >= 1


def test_coverage_counts_the_granules(march):
    coverage = read_table(march / "2021" / "coverage.parquet")
    assert (coverage["status"] == "ready").all()
    assert coverage["date"].min() == "2021-03-20"
    assert len(coverage) == 6
