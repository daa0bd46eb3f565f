from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest

from so2plumes.constants import MOL_M2_PER_DU, SO2_KG_PER_MOL
from so2plumes.detect.normalise import local_statistics
from so2plumes.evaluation.crops import Place, choose_source, cut_crop, plume_signal, source_position
from so2plumes.evaluation.curve import TrialPlan, plume_core, run_trials
from so2plumes.plumes.components import ComponentRule
from so2plumes.simulate.orbits import edge_pixels, swath_geometry, to_datetime64
from so2plumes.simulate.plumes import PlumeSpec, plume_column, plume_mass_kg
from so2plumes.swath.geometry import pixel_areas_m2
from so2plumes.swath.model import Swath
from so2plumes.training.backgrounds import Background

NOISE_MOL_M2 = 5e-4
RULE = ComponentRule(min_pixels=3)


@dataclass(frozen=True)
class Above:
    """Calls plume what exceeds a column."""

    limit_mol_m2: float
    identity: str = "above"

    def probability(self, column, usable):
        return (usable & (column > self.limit_mol_m2)).astype(np.float32)


@dataclass(frozen=True)
class Always:
    """Gives every pixel the same probability."""

    value: float
    identity: str = "always"

    def probability(self, column, usable):
        return np.full(column.shape, self.value, np.float32)


def quiet_scene(orbit: int = 17000, corners: bool = True, angles: bool = True) -> Background:
    geometry = swath_geometry(orbit, (2000, 2120))
    rng = np.random.default_rng(orbit)
    column = rng.normal(0.0, NOISE_MOL_M2, geometry.shape)
    fields = {"vertical_column": column, "longitude": geometry.longitude, "latitude": geometry.latitude}
    if corners:
        fields |= {name: getattr(geometry, name) for name in ("longitude_bounds", "latitude_bounds")}
    if angles:
        fields |= {"viewing_zenith_angle": geometry.viewing_zenith_deg, "solar_zenith_angle": geometry.solar_zenith_deg}
    usable = np.ones(geometry.shape, bool)
    swath = Swath(
        granule=f"quiet_{orbit}",
        orbit=orbit,
        processor_version="020401",
        retrieval="doas",
        time=to_datetime64(geometry.time_s),
        scanline=np.arange(120) + geometry.scanline_start,
        ground_pixel=np.arange(450),
        fields=fields,
    )
    return Background(swath, usable, local_statistics(column, usable), np.zeros(geometry.shape, bool))


@pytest.fixture(scope="module")
def scenes() -> list[Background]:
    return [quiet_scene(orbit) for orbit in (17000, 17100)]


@pytest.fixture(scope="module")
def trials(scenes) -> pd.DataFrame:
    return run_trials(scenes, Above(5 * NOISE_MOL_M2), TrialPlan(trials=160, trials_per_scene=20, crop_pixels=48), RULE)


@pytest.mark.parametrize("ground_pixel", [5, 225, 440])
def test_the_injected_mass_is_the_plumes_mass_at_nadir_and_at_the_edge(scenes, ground_pixel):
    swath = scenes[0].swath
    plume = PlumeSpec(
        longitude=float(swath["longitude"][60, ground_pixel]),
        latitude=float(swath["latitude"][60, ground_pixel]),
        emission_kg_s=3.0,
        wind_speed_m_s=2.0,
        # along the flight direction, so that the plume stays in the swath at its edge
        wind_toward_deg=float(
            np.degrees(
                np.arctan2(
                    (swath["longitude"][61, ground_pixel] - swath["longitude"][60, ground_pixel])
                    * np.cos(np.radians(swath["latitude"][60, ground_pixel])),
                    swath["latitude"][61, ground_pixel] - swath["latitude"][60, ground_pixel],
                )
            )
        ),
        age_h=8.0,
        diffusivity_m2_s=1000.0,
    )
    area_m2 = pixel_areas_m2(swath["longitude_bounds"], swath["latitude_bounds"])
    mass_kg = float((plume_signal(plume, swath) * area_m2).sum() * SO2_KG_PER_MOL)
    assert mass_kg == pytest.approx(plume_mass_kg(plume), rel=0.02)


def test_a_plume_narrower_than_a_pixel_is_averaged_over_it(scenes):
    swath, row, column = scenes[0].swath, 60, 3
    at = {"longitude": float(swath["longitude"][row, column]), "latitude": float(swath["latitude"][row, column])}
    plume = PlumeSpec(
        **at, emission_kg_s=3.0, wind_speed_m_s=5.0, wind_toward_deg=0.0, age_h=3.0, source_sigma_m=2000.0
    )
    steps = (np.arange(40) + 0.5) / 40
    u, v = (part.ravel() for part in np.meshgrid(steps, steps))
    weights = np.stack([(1 - u) * (1 - v), u * (1 - v), u * v, (1 - u) * v])
    corners = [swath[name][row, column] @ weights for name in ("longitude_bounds", "latitude_bounds")]
    expected = plume_column(plume, *corners).mean()
    assert plume_signal(plume, swath)[row, column] == pytest.approx(expected, rel=0.05)
    assert plume_column(plume, swath["longitude"], swath["latitude"])[row, column] > 1.2 * expected


def test_same_seed_same_trials_and_another_seed_others(scenes, trials):
    plan = TrialPlan(trials=160, trials_per_scene=20, crop_pixels=48)
    pd.testing.assert_frame_equal(run_trials(scenes, Above(5 * NOISE_MOL_M2), plan, RULE), trials)
    other = run_trials(scenes, Above(5 * NOISE_MOL_M2), replace(plan, seed=2), RULE)
    assert not np.isin(other["emission_kg_h"], trials["emission_kg_h"]).any()


def test_a_trial_does_not_depend_on_the_scenes_before_it(scenes, trials):
    plan = TrialPlan(trials=80, trials_per_scene=20, crop_pixels=48)
    alone = run_trials(scenes[1:], Above(5 * NOISE_MOL_M2), plan, RULE)
    same = trials[trials["granule"] == scenes[1].swath.granule].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, same)


def test_no_two_trials_are_alike_when_scenes_are_taken_again(trials):
    assert len(trials) == 160
    assert trials["emission_kg_h"].is_unique


def test_an_iterator_is_taken_once(scenes):
    plan = TrialPlan(trials=100, trials_per_scene=3, crop_pixels=48)
    assert len(run_trials(iter(scenes), Always(0.0), plan, RULE)) == 6
    assert run_trials(iter([]), Always(0.0), plan, RULE).empty


def test_all_conditions_lie_in_the_plan_and_are_all_tried(trials):
    plan = TrialPlan()
    for name in ("emission_kg_h", "wind_speed_m_s", "age_h", "lifetime_h"):
        low, high = getattr(plan, name)
        assert trials[name].between(low * 0.999999, high * 1.000001).all()
        assert trials[name].min() < low * (high / low) ** 0.2
        assert trials[name].max() > low * (high / low) ** 0.8
    assert set(trials["background_du"]) == {0.0, 1.0, 3.0, 5.0}
    assert 0.15 < trials["edge"].mean() < 0.45
    np.testing.assert_array_equal(trials["edge"], (trials["ground_pixel"] < 20) | (trials["ground_pixel"] >= 430))


def test_the_facts_of_a_trial_are_those_of_its_source(trials):
    assert trials["noise_du"].between(0.85 * NOISE_MOL_M2 / MOL_M2_PER_DU, 1.15 * NOISE_MOL_M2 / MOL_M2_PER_DU).all()
    assert trials.loc[trials["edge"], "viewing_zenith_deg"].min() > 55.0
    nadir = trials["ground_pixel"].between(215, 235)
    if nadir.any():
        assert trials.loc[nadir, "viewing_zenith_deg"].max() < 10.0
    assert trials.loc[trials["edge"], "pixel_area_km2"].min() > trials.loc[~trials["edge"], "pixel_area_km2"].min()


def test_strong_plumes_are_found_and_faint_ones_are_not(trials):
    clean = trials[trials["background_du"] == 0.0]
    assert clean.loc[clean["peak_sigma"] > 15.0, "found"].mean() > 0.9
    assert clean.loc[clean["peak_sigma"] < 2.0, "found"].mean() == 0.0


def test_the_signal_grows_with_the_rate_and_falls_with_the_wind(scenes):
    base = TrialPlan(trials=30, trials_per_scene=15, crop_pixels=48, background_du=(0.0,), edge_share=0.0)

    def peaks(**changes):
        plan = replace(base, **changes)
        return run_trials(scenes, Always(0.0), plan, RULE)["peak_sigma"].to_numpy()

    plain = peaks(emission_kg_h=(1e4, 1e4), wind_speed_m_s=(4.0, 4.0))
    np.testing.assert_allclose(peaks(emission_kg_h=(3e4, 3e4), wind_speed_m_s=(4.0, 4.0)), 3.0 * plain, rtol=1e-6)
    assert (peaks(emission_kg_h=(1e4, 1e4), wind_speed_m_s=(8.0, 8.0)) < plain).all()


def test_a_detector_that_sees_nothing_finds_nothing(scenes):
    table = run_trials(scenes, Always(0.0), TrialPlan(trials=20, crop_pixels=48), RULE)
    assert not table["found"].any()
    assert not table["skipped"].any()


def test_a_detector_that_sees_plumes_everywhere_earns_nothing(scenes):
    table = run_trials(scenes, Always(1.0), TrialPlan(trials=20, crop_pixels=48), RULE)
    assert table["found"].all()
    assert table["skipped"].all()


def test_a_plume_elsewhere_in_the_crop_is_not_the_injected_one(scenes):
    scene = scenes[0]
    column = scene.swath["vertical_column"].copy()
    column[5:9, 5:440] += 1.0
    swath = replace(scene.swath, fields={**scene.swath.fields, "vertical_column": column})
    loud = np.zeros(scene.usable.shape, bool)
    loud[:25] = True
    striped = replace(scene, swath=swath, loud=loud)
    plan = TrialPlan(trials=15, trials_per_scene=15, emission_kg_h=(50.0, 60.0), background_du=(0.0,))
    assert not run_trials([striped], Above(0.5), plan, RULE)["found"].any()
    assert choose_source(np.random.default_rng(0), striped, 0.5).row >= 25


def test_a_plume_that_was_there_before_does_not_count_as_found(scenes):
    column = np.ones(scenes[0].usable.shape)
    swath = replace(scenes[0].swath, fields={**scenes[0].swath.fields, "vertical_column": column})
    plan = TrialPlan(trials=10, crop_pixels=48)
    assert run_trials([replace(scenes[0], swath=swath)], Above(0.5), plan, RULE)["skipped"].all()
    emptied = replace(swath, fields={**swath.fields, "vertical_column": 0.0 * column})
    strong = replace(plan, emission_kg_h=(1e9, 1e9))
    clear = run_trials([replace(scenes[0], swath=emptied)], Above(0.1), strong, RULE)
    assert clear["found"].all()
    assert not clear["skipped"].any()


def test_components_are_made_by_the_given_rule(scenes):
    plan = TrialPlan(trials=20, crop_pixels=48)
    assert not run_trials(scenes, Always(0.4), plan, ComponentRule(threshold=0.5))["found"].any()
    assert run_trials(scenes, Always(0.4), plan, ComponentRule(threshold=0.3))["found"].all()
    assert not run_trials(scenes, Always(1.0), plan, ComponentRule(min_pixels=48 * 48 + 1))["found"].any()


def test_scenes_are_left_as_they_are():
    scene = quiet_scene()
    before = scene.swath["vertical_column"].copy()
    run_trials([scene], Always(1.0), TrialPlan(trials=8, crop_pixels=48), RULE)
    np.testing.assert_array_equal(scene.swath["vertical_column"], before)


def test_without_angles_and_corners_the_trials_go_on():
    plan = TrialPlan(trials=12, crop_pixels=48, emission_kg_h=(3e5, 3e5), background_du=(0.0,), edge_share=0.0)
    table = run_trials([quiet_scene(corners=False, angles=False)], Above(5 * NOISE_MOL_M2), plan, RULE)
    assert table[["viewing_zenith_deg", "solar_zenith_deg", "pixel_area_km2"]].isna().all(axis=None)
    assert table["found"].any()


def test_sources_are_usable_and_quiet_and_there_may_be_none(scenes):
    scene, rng = scenes[0], np.random.default_rng(1)
    quiet = np.zeros(scene.usable.shape, bool)
    quiet[30:32, 100:104] = quiet[50, 445] = True
    few = replace(scene, usable=quiet, loud=np.zeros(quiet.shape, bool))
    places = [choose_source(rng, few, 0.5) for _ in range(60)]
    assert all(quiet[place.row, place.column] for place in places)
    assert 10 < sum(place.column == 445 for place in places) < 50
    noisy = replace(scene, loud=np.ones(quiet.shape, bool))
    assert choose_source(rng, noisy, 0.5) is None
    assert run_trials([noisy], Always(0.0), TrialPlan(trials=5), RULE).empty


def test_a_source_lies_in_its_pixel_and_not_always_at_its_centre(scenes):
    rng, swath = np.random.default_rng(2), scenes[0].swath
    place = Place(60, 100)
    longitude = swath["longitude_bounds"][60, 100]
    points = [source_position(rng, swath, place) for _ in range(50)]
    assert all(longitude.min() <= point.longitude <= longitude.max() for point in points)
    assert np.ptp([point.longitude for point in points]) > 0.5 * np.ptp(longitude)


@pytest.mark.parametrize(("row", "column"), [(0, 0), (60, 225), (119, 449), (3, 447)])
def test_crops_keep_their_size_and_hold_the_source(scenes, row, column):
    crop = cut_crop(scenes[0], Place(row, column), 48, structure=1.0)
    assert crop.column.shape == crop.sigma.shape == crop.usable.shape == crop.swath.shape == (48, 48)
    assert scenes[0].swath.scanline[row] in crop.swath.scanline
    assert column in crop.swath.ground_pixel
    np.testing.assert_allclose(crop.column, crop.swath["vertical_column"] + 1.0)


def test_small_scenes_are_taken_whole(scenes):
    assert cut_crop(scenes[0], Place(60, 225), 300).usable.shape == (120, 300)


def test_the_core_is_half_the_peak_on_usable_pixels_and_its_neighbours():
    signal = np.zeros((9, 9))
    signal[4, 4], signal[4, 5], signal[4, 6] = 10.0, 4.0, 2.5
    every = np.ones(signal.shape, bool)
    core = plume_core(signal, every)
    assert core.sum() == 9
    assert core[3:6, 3:6].all()
    hidden = every.copy()
    hidden[4, 4] = False
    np.testing.assert_array_equal(np.flatnonzero(plume_core(signal, hidden).any(axis=0)), [4, 5, 6, 7])
    assert not plume_core(np.zeros(signal.shape), every).any()


def test_edge_pixels_are_the_twenty_outermost_of_either_side():
    edge = edge_pixels(np.arange(450))
    assert edge.sum() == 40
    assert edge[[0, 19, 430, 449]].all()
    assert not edge[[20, 429]].any()
