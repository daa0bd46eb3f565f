"""Scenes keep the plumes' mass, winds and flags; their truth is what was put in."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from so2plumes.constants import MOL_M2_PER_DU, SO2_KG_PER_MOL
from so2plumes.simulate.orbits import swath_geometry
from so2plumes.simulate.planning import plume_front
from so2plumes.simulate.plumes import PlumeSpec, local_metres, plume_mass_kg
from so2plumes.simulate.scenes import Emission, build_scene, pixel_mean_column
from so2plumes.simulate.sources import (
    DEFAULT_SOURCES,
    active_sources,
    is_active,
    plume_of_day,
    regional_background,
)
from so2plumes.simulate.views import orbits_seeing, window_around
from so2plumes.swath.geometry import pixel_areas_m2

DAY = date(2021, 3, 24)


def geometry_around(longitude: float, latitude: float, rows: int = 160, columns: int = 200, view: int = 0):
    seen = orbits_seeing(longitude, latitude, DAY)[view]
    return swath_geometry(
        seen.orbit, window_around(seen.scanline, rows, 4172), window_around(seen.ground_pixel, columns, 450)
    )


def emission(longitude: float, latitude: float, kind: str = "volcano", **more) -> Emission:
    defaults = {"emission_kg_s": 60.0, "wind_speed_m_s": 7.0, "wind_toward_deg": 100.0, "age_h": 6.0}
    return Emission("place", kind, PlumeSpec(longitude=longitude, latitude=latitude, **{**defaults, **more}))


@pytest.fixture(scope="module")
def etna():
    return build_scene(geometry_around(14.999, 37.748), [emission(14.999, 37.748)], np.random.default_rng(1))


@pytest.mark.parametrize(("longitude", "latitude"), [(14.999, 37.748), (179.58, 51.93), (-179.9, -16.0)])
@pytest.mark.parametrize("view", [0, -1])
def test_pixels_hold_the_mass_of_the_plume(longitude, latitude, view):
    geometry = geometry_around(longitude, latitude, 220, 450, view)
    middle = geometry.longitude[110, 225]
    toward = 90.0 if (middle - longitude + 180.0) % 360.0 > 180.0 else 270.0
    plume = emission(longitude, latitude, wind_toward_deg=toward).plume
    signal = pixel_mean_column(plume, geometry)
    areas = pixel_areas_m2(geometry.longitude_bounds, geometry.latitude_bounds)
    mass = float((signal * areas).sum() * SO2_KG_PER_MOL)
    assert mass == pytest.approx(plume_mass_kg(plume), rel=0.03)


def test_a_plume_over_the_antimeridian_is_whole():
    geometry = geometry_around(179.58, 51.93)
    simulated = build_scene(geometry, [emission(179.58, 51.93, wind_toward_deg=85.0)], np.random.default_rng(2))
    (truth,) = simulated.plumes
    longitudes = geometry.longitude[truth.mask]
    assert (longitudes > 179.0).any()
    assert (longitudes < -178.0).any()
    x, _ = local_metres(longitudes, geometry.latitude[truth.mask], 179.58, 51.93)
    assert np.ptp(x) > 100_000
    assert np.max(np.diff(np.sort(x))) < 10_000


def test_the_plume_drifts_from_the_source_with_the_wind(etna):
    (truth,) = etna.plumes
    geometry = etna.scene.geometry
    x, y = local_metres(geometry.longitude, geometry.latitude, 14.999, 37.748)
    centre = [float((truth.signal * part).sum() / truth.signal.sum()) for part in (x, y)]
    assert np.degrees(np.arctan2(*centre)) == pytest.approx(100.0, abs=5.0)
    strongest = np.unravel_index(np.argmax(truth.signal), truth.signal.shape)
    assert np.hypot(x[strongest], y[strongest]) < 15_000


def test_the_winds_are_the_plumes_own(etna):
    (truth,) = etna.plumes
    east, north = etna.scene.eastward_wind[truth.mask], etna.scene.northward_wind[truth.mask]
    assert np.median(np.hypot(east, north)) == pytest.approx(7.0, rel=0.12)
    assert np.degrees(np.arctan2(np.median(east), np.median(north))) == pytest.approx(100.0, abs=10.0)


def test_the_rate_can_be_recovered(etna):
    (truth,) = etna.plumes
    geometry = etna.scene.geometry
    areas = pixel_areas_m2(geometry.longitude_bounds, geometry.latitude_bounds)
    wide = pixel_mean_column(truth.emission.plume, geometry) > 0.05 * etna.noise_std
    mass = float((etna.scene.column * areas)[wide].sum() * SO2_KG_PER_MOL)
    wind = np.hypot(etna.scene.eastward_wind, etna.scene.northward_wind)[truth.mask]
    plume = truth.emission.plume
    decay = plume_mass_kg(plume) / (plume.emission_kg_s * plume.age_h * 3600.0)
    rate = mass * np.median(wind) / plume.length_m / decay
    assert rate == pytest.approx(plume.emission_kg_s, rel=0.25)


def test_truth_masks_are_where_the_signal_exceeds_the_noise(etna):
    (truth,) = etna.plumes
    assert np.array_equal(truth.mask, truth.signal > etna.noise_std)
    assert truth.peak_sigma > 5
    assert 0 <= truth.n_usable <= truth.mask.sum()
    residual = etna.scene.column - truth.signal
    assert residual[~truth.mask].std() == pytest.approx(residual[truth.mask].std(), rel=0.3)


@pytest.mark.parametrize(("kind", "value"), [("volcano", 2), ("anthropogenic", 3), ("unknown", 1)])
def test_flags_name_the_kind_of_the_nearby_source(kind, value):
    simulated = build_scene(
        geometry_around(14.999, 37.748),
        [emission(14.999, 37.748, kind, emission_kg_s=300.0, age_h=10.0)],
        np.random.default_rng(3),
    )
    (truth,) = simulated.plumes
    geometry, flags = simulated.scene.geometry, simulated.scene.detection_flag
    seen = truth.signal > 3 * simulated.noise_std
    distance = np.hypot(*local_metres(geometry.longitude, geometry.latitude, 14.999, 37.748))
    assert (flags[seen & (distance < 150_000)] == value).all()
    assert (flags[seen & (distance > 150_000)] == 1).all()
    assert (seen & (distance > 150_000)).any()
    assert (flags[~seen] == 0).all()


def test_low_sun_turns_flags_to_four():
    from dataclasses import replace

    geometry = geometry_around(14.999, 37.748)
    low = replace(geometry, solar_zenith_deg=np.full(geometry.shape, 77.0))
    scene = build_scene(low, [emission(14.999, 37.748, emission_kg_s=200.0)], np.random.default_rng(4)).scene
    assert set(np.unique(scene.detection_flag)) == {0, 4}


def test_a_scene_without_sources_has_noise_alone():
    simulated = build_scene(geometry_around(-120.0, -30.0, 60, 80), [], np.random.default_rng(5))
    assert simulated.plumes == ()
    assert not simulated.scene.detection_flag.any()
    assert np.abs(simulated.scene.column).max() < 7 * simulated.noise_std.max()


def test_a_far_plume_leaves_no_truth():
    far = [emission(-60.0, 10.0)]
    assert build_scene(geometry_around(-120.0, -30.0, 60, 80), far, np.random.default_rng(5)).plumes == ()


def test_the_source_table_covers_what_a_demo_needs():
    by_name = {source.name: source for source in DEFAULT_SOURCES}
    strong = plume_of_day(by_name["La Soufriere"], DAY, 1)
    assert strong.length_m > 1_000_000
    crossing = plume_front(plume_of_day(by_name["Semisopochnoi"], DAY, 1))
    assert crossing[0] < 0
    assert by_name["Norilsk"].longitude == pytest.approx(88.13)
    assert sum(source.background_du is not None for source in DEFAULT_SOURCES) == 1
    going_on = [e for source in DEFAULT_SOURCES for e in source.eruptions if e.end is None]
    assert len(going_on) == 1


def test_activity_follows_the_eruptions():
    etna_source = next(source for source in DEFAULT_SOURCES if source.name == "Etna")
    assert is_active(etna_source, date(2019, 9, 18))
    assert not is_active(etna_source, date(2019, 10, 1))
    names = {source.name for source in active_sources(DEFAULT_SOURCES, date(2019, 10, 1))}
    assert {"Norilsk", "Hebei", "Popocatepetl"} <= names


def test_the_plume_of_a_day_depends_on_seed_source_and_day():
    first, second = DEFAULT_SOURCES[:2]
    assert plume_of_day(first, DAY, 1) == plume_of_day(first, DAY, 1)
    drawn = [
        plume_of_day(first, DAY, 1),
        plume_of_day(first, DAY, 2),
        plume_of_day(first, date(2021, 3, 25), 1),
    ]
    assert len({plume.emission_kg_s for plume in drawn}) == 3
    assert plume_of_day(second, DAY, 1).emission_kg_s != drawn[0].emission_kg_s


def test_the_polluted_region_has_one_to_five_dobson_units():
    hebei = next(source for source in DEFAULT_SOURCES if source.background_du)
    lon, lat = np.meshgrid(np.linspace(112, 118, 40), np.linspace(34, 38, 40))
    column = regional_background(hebei, DAY, 1, lon, lat) / MOL_M2_PER_DU
    assert column.min() > 0.9
    assert column.max() < 5.1
    assert column.std() > 0.2
    assert regional_background(hebei, DAY, 1, np.array(0.0), np.array(0.0)) < 1e-12
    assert not regional_background(DEFAULT_SOURCES[0], DAY, 1, lon, lat).any()
