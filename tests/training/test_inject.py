from dataclasses import replace

import numpy as np
import pytest

from so2plumes.constants import MOL_M2_PER_DU, SO2_KG_PER_MOL
from so2plumes.simulate.plumes import local_metres, plume_column, plume_mass_kg
from so2plumes.training.backgrounds import granules_below
from so2plumes.training.inject import PLUME_KINDS, inject, random_group, random_plume, structured_background


@pytest.fixture(scope="module")
def background(quiet_archive):
    return granules_below([quiet_archive])[0].load()


def inject_into(background, **options):
    swath = background.swath
    rng = np.random.default_rng(options.pop("seed", 0))
    where = (swath["vertical_column"], background.usable, swath["longitude"], swath["latitude"])
    return inject(rng, *where, local=background.local, **options)


def test_shares_of_kinds_add_up():
    assert sum(PLUME_KINDS.values()) == pytest.approx(1.0)


def test_truth_is_signal_over_one_sigma_of_the_local_noise(background):
    made = inject_into(background, kind="steady", peak_sigma=(15.0, 15.0))
    assert made.peak_sigma == pytest.approx(15.0, rel=1e-3)
    added = made.column - background.swath["vertical_column"]
    np.testing.assert_array_equal(made.truth, made.signal_sigma > 1.0)
    expected = (made.signal_sigma * background.local.sigma)[background.usable]
    np.testing.assert_allclose(added[background.usable], expected, atol=1e-9)


@pytest.mark.parametrize("kind", sorted(PLUME_KINDS))
def test_every_kind_can_be_injected(background, kind):
    made = [inject_into(background, kind=kind, seed=seed) for seed in range(6)]
    assert {one.kind for one in made} == {kind}
    assert any(one.truth.any() for one in made)
    assert all(np.isfinite(one.signal_sigma[background.usable]).all() for one in made)


def test_merged_plumes_are_several_and_drift_alike():
    for seed in range(10):
        group = random_group(np.random.default_rng(seed), 10.0, 20.0, "merged")
        assert 2 <= len(group) <= 3
        turns = [abs(plume.wind_toward_deg - group[0].wind_toward_deg) for plume in group]
        assert max(turns) < 60.0


def test_bands_are_longer_than_a_thousand_kilometres():
    lengths = [random_plume(np.random.default_rng(seed), 0.0, 0.0, "band").length_m for seed in range(50)]
    assert min(lengths) > 1e6


def test_detached_plumes_have_left_their_source():
    for seed in range(20):
        plume = random_plume(np.random.default_rng(seed), 0.0, 0.0, "detached")
        assert 0.0 < plume.start_m < plume.length_m
        attached = replace(plume, ended_h=0.0)
        at_source = (np.array([0.0]), np.array([0.0]))
        left = 1.0 - np.tanh(plume.start_m / plume.source_sigma_m)
        assert plume_column(plume, *at_source) <= (left + 1e-9) * plume_column(attached, *at_source) * 1.001


def test_mass_of_a_detached_plume_is_that_of_its_remaining_part():
    plume = replace(random_plume(np.random.default_rng(1), 0.0, 0.0, "steady"), ended_h=3.0, age_h=12.0, bend=0.4)
    spacing_m = 2_000.0
    degrees = np.arange(-900e3, 900e3, spacing_m) / 111_194.9
    longitude, latitude = np.meshgrid(degrees, degrees)
    area_m2 = spacing_m**2 * np.cos(np.radians(latitude))
    mass = (plume_column(plume, longitude, latitude) * area_m2).sum() * SO2_KG_PER_MOL
    assert mass == pytest.approx(plume_mass_kg(plume), rel=0.02)


def test_sheared_plumes_bend_to_one_side():
    plume = random_plume(np.random.default_rng(2), 0.0, 0.0, "sheared")
    longitude, latitude = np.meshgrid(np.linspace(-8, 8, 320), np.linspace(-8, 8, 320))
    column = plume_column(plume, longitude, latitude)
    x, y = local_metres(longitude, latitude, 0.0, 0.0)
    toward = np.radians(plume.wind_toward_deg)
    along, across = x * np.sin(toward) + y * np.cos(toward), x * np.cos(toward) - y * np.sin(toward)

    def offset(low, high):
        inside = (along > low * plume.length_m) & (along < high * plume.length_m)
        return np.average(across[inside], weights=column[inside])

    assert np.sign(offset(0.6, 0.8)) == np.sign(plume.bend)
    assert abs(offset(0.6, 0.8)) > 3 * abs(offset(0.1, 0.3))


def test_some_scenes_saturate(background):
    flat = 0
    for seed in range(120):
        made = inject_into(background, kind="steady", peak_sigma=(300.0, 300.0), seed=seed)
        flat += made.peak_sigma < 299.0
    assert 1 <= flat <= 20


def test_structure_has_the_strength_that_is_asked_for():
    fields = [structured_background(np.random.default_rng(s), (200, 300), strength_du=3.0) for s in range(20)]
    stacked = np.stack(fields) / MOL_M2_PER_DU
    assert stacked.mean() == pytest.approx(3.0, abs=0.5)
    assert 0.0 <= stacked.min() < 1.0
    assert 5.0 < stacked.max() <= 7.5
