"""config/real-day.yaml as it is shipped, but with a store on the loopback address and a simulated eruption in it."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
import yaml
from tests.archive.s3_server import S3Server
from tests.workflow.conftest import make_campaign

from so2plumes.files import read_json
from so2plumes.simulate.level2 import Level2Options, write_level2
from so2plumes.simulate.orbits import orbits_of_day, swath_geometry
from so2plumes.simulate.plumes import PlumeSpec
from so2plumes.simulate.scenes import Emission, build_scene
from so2plumes.simulate.views import locate
from so2plumes.sources.sphere import great_circle_km
from so2plumes.table import read_plumes, read_table

pytestmark = pytest.mark.campaign

LA_PALMA = (-17.87, 28.61)
ORBIT = 20404
OFFLINE = Level2Options(stream="OFFL", collection="02", processor="02.02.01", created="20210922T055432")


@pytest.fixture(scope="module")
def granule(tmp_path_factory):
    """The orbit that sees the island on that day, around it, with an eruption."""
    (orbit,) = [orbit for orbit in orbits_of_day(date(2021, 9, 20)) if locate(orbit, *LA_PALMA)]
    assert orbit == ORBIT
    view = locate(orbit, *LA_PALMA)
    rows, columns = ((place - 64, place + 64) for place in (view.scanline, view.ground_pixel))
    plume = PlumeSpec(*LA_PALMA, emission_kg_s=300.0, wind_speed_m_s=8.0, wind_toward_deg=90.0)
    geometry = swath_geometry(orbit, rows, columns)
    scene = build_scene(geometry, [Emission("La Palma", "volcano", plume)], np.random.default_rng(1)).scene
    return write_level2(tmp_path_factory.mktemp("granule"), scene, OFFLINE)


def test_a_newcomer_sees_the_plume_of_la_palma(root, tmp_path, granule, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    config = yaml.safe_load((root / "config" / "real-day.yaml").read_text())
    with S3Server(config["archive"]["bucket"]) as store:
        store.public = True
        folder = "OFFL/L2__SO2___/2021/09/20"
        store.put(f"{folder}/{granule.name}", granule.read_bytes())
        for start in ("20210920T113443_20210920T131613_20403", "20210920T145744_20210920T163914_20405"):
            store.put(f"{folder}/S5P_OFFL_L2__SO2____{start}_02_020201_20210922T055432.nc", b"not fetched")
        config["archive"]["s3_endpoint"] = store.url
        config["archive"]["shared_folder"] = str(tmp_path / "shared")
        config["campaign"] = {
            key: str(text) if key in ("start", "end") else text for key, text in config["campaign"].items()
        }
        campaign = make_campaign(root, tmp_path / "campaign", config)
        campaign.run()
        assert campaign.planned() == {}
        assert not any("authorization" in asked.headers or "X-Amz-Signature" in asked.query for asked in store.asked)
        assert len(store.requests_of(f"{folder}/{granule.name}")) == 1
    results = campaign.folder / "results/real-day/2021"
    assert (results.parent / "campaign/report.html").is_file()
    assert read_json(results.parent / "campaign/config.json")["archive"]["prefixes"] == config["archive"]["prefixes"]
    assert list(read_table(results / "index.parquet")["granule"]) == [granule.stem]
    (receipt,) = read_json(results / "receipts/2021-09-20.json")["granules"]
    assert (receipt["status"], receipt["processor_version"]) == ("ready", "02.02.01")
    plumes = read_plumes(results / "plumes.parquet")
    distances = great_circle_km(*LA_PALMA, plumes["max_longitude"].to_numpy(), plumes["max_latitude"].to_numpy())
    assert distances.min() < 50
    assert plumes["mass_kg"].max() > 1e5
