import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy.ndimage import uniform_filter

from so2plumes.evaluation.real import band_case, band_scores, quiet_scores, strong_score
from so2plumes.evaluation.scenes import CLEAN, POLLUTED, QUIET, STRUCTURED, Method, score_scenes, test_scenes
from so2plumes.evaluation.unseen import near_sources
from so2plumes.plumes.components import ComponentRule
from so2plumes.sources.sphere import great_circle_km
from so2plumes.training.split import part_of

from .conftest import Limit, Silent

RULE = ComponentRule()


@pytest.fixture(scope="module")
def background(backgrounds):
    """A background of which a good part is scored."""
    shares = [part_of(b.swath.orbit, b.swath["longitude"], b.swath["latitude"]).mean() for b in backgrounds]
    return backgrounds[int(np.argmax(shares))]


def test_the_four_scenes_of_a_background(background):
    scenes = {scene.name: scene for scene in test_scenes(background, seed=1)}
    assert list(scenes) == [CLEAN, STRUCTURED, POLLUTED, QUIET]
    clean, structured = scenes[CLEAN], scenes[STRUCTURED]
    np.testing.assert_array_equal(clean.truth, structured.truth)
    assert (structured.column - clean.column)[clean.counted].mean() > 0
    assert not scenes[QUIET].truth.any()
    np.testing.assert_array_equal(scenes[QUIET].column, background.swath["vertical_column"])


def test_scenes_depend_on_seed_and_orbit_only(background):
    first, again = (next(test_scenes(background, seed=4)) for _ in range(2))
    np.testing.assert_array_equal(first.column, again.column)
    other = next(test_scenes(background, seed=5))
    assert not np.array_equal(first.column[background.usable], other.column[background.usable])


def test_scored_pixels_are_usable_quiet_and_of_the_own_part(background):
    scene = next(test_scenes(background, seed=1))
    assert scene.counted.any()
    assert not (scene.counted & (~background.usable | background.loud)).any()
    swath = background.swath
    assert not (scene.counted & ~part_of(swath.orbit, swath["longitude"], swath["latitude"])).any()


@pytest.fixture(scope="module")
def scores(backgrounds):
    scenes = [scene for b in backgrounds[:5] for scene in test_scenes(b, seed=1)]
    detectors = {"unet": Limit(2.0), "eager": Limit(0.2), "silent": Silent()}
    return score_scenes(scenes, {name: Method(detector, RULE) for name, detector in detectors.items()})


def test_a_silent_detector_finds_nothing_and_invents_nothing(scores):
    table = scores.scene_table()
    silent = table[table["method"] == "silent"]
    assert silent["predicted"].sum() == silent["false_plumes"].sum() == 0
    assert silent["true"].sum() > 0
    plumes = scores.plume_table()
    assert not plumes.loc[plumes["method"] == "silent", "found"].any()


def test_bright_plumes_are_found_by_a_limit(scores):
    plumes = scores.plume_table()
    bright = plumes[(plumes["method"] == "unet") & (plumes["n_over_4_sigma"] >= 12)]
    assert len(bright) > 0
    assert bright["found"].mean() > 0.6


def test_an_eager_detector_invents_more(scores):
    counted = {row["method"]: row for row in quiet_scores(scores.scene_table(), QUIET)}
    assert counted["eager"]["plumes"] > counted["unet"]["plumes"]
    assert counted["silent"]["plumes_per_million_pixels"] == 0.0
    assert counted["eager"]["scenes"] == 5


def test_pictures_are_of_misses_and_inventions(scores, backgrounds):
    scenes = list(test_scenes(backgrounds[0], seed=1))
    missing = score_scenes(scenes, {"unet": Method(Silent(), RULE)}).examples
    assert missing
    assert all(example.kind == "missed" for example in missing)
    inventing = score_scenes(scenes, {"unet": Method(Limit(-1.0), RULE)}).examples
    assert any(example.kind == "false" for example in inventing)
    for example in inventing:
        assert example.z.shape == example.plume.shape == example.truth.shape


def test_one_plume_over_two_injected_ones_is_counted(background):
    scene = next(test_scenes(background, seed=1))
    truth = np.zeros(scene.truth.shape, bool)
    rows, columns = np.nonzero(scene.counted)
    row, column = rows[len(rows) // 2], columns[len(rows) // 2]
    truth[row - 4 : row + 5, column - 6 : column - 2] = truth[row - 4 : row + 5, column + 3 : column + 7] = True
    scene = dataclasses.replace(scene, truth=truth, signal_sigma=np.where(truth, 9.0, 0.0), judged=np.ones_like(truth))

    class Blob:
        identity = "blob"

        def probability(self, column_mol_m2, usable):
            wide = np.zeros(usable.shape, np.float32)
            wide[row - 8 : row + 9, column - 12 : column + 13] = 1.0
            return wide

    class Oracle(Blob):
        def probability(self, column_mol_m2, usable):
            return truth.astype(np.float32)

    any_size = ComponentRule(min_pixels=1)
    methods = {"unet": Method(Blob(), any_size), "oracle": Method(Oracle(), any_size)}
    rows_of = {row["method"]: row for row in score_scenes([scene], methods).scenes}
    assert (rows_of["unet"]["plumes"], rows_of["unet"]["plumes_of_two"]) == (1, 1)
    assert rows_of["oracle"]["plumes_of_two"] == 0


def test_a_strong_plume_is_covered_by_one_plume(background):
    column = background.swath["vertical_column"].copy()
    clear = uniform_filter(background.usable.astype(float), 13)
    row, at = np.unravel_index(np.argmax(clear[20:-20, 20:-20]), (260, 260)) + np.array(20)
    column[row - 6 : row + 6, at - 6 : at + 6] += 0.03
    fields = {**background.swath.fields, "vertical_column": column}
    strong = dataclasses.replace(background, swath=dataclasses.replace(background.swath, fields=fields))
    score = strong_score(strong, Limit(2.0), RULE)
    assert score["pixels_over_6_sigma"] > 50
    assert score["covered_by_one"] > 0.8
    assert strong_score(strong, Silent(), RULE)["covered_by_all"] == 0.0


def test_bands_are_long_and_in_one_piece(backgrounds):
    cases = [band_case(np.random.default_rng(i), b) for i, b in enumerate(backgrounds[:6])]
    found = [case for case in cases if case is not None]
    assert found
    for case in found:
        rows = np.flatnonzero(case.truth.any(axis=1))
        columns = np.flatnonzero(case.truth.any(axis=0))
        assert max(np.ptp(rows), np.ptp(columns)) > 80


def test_growth_can_only_keep_more_bands_whole(backgrounds):
    rule = dataclasses.replace(RULE, growth_threshold=0.05, bridge_pixels=40)

    class Unsure(Limit):
        def probability(self, column, usable):
            return np.where(usable, super().probability(column, usable), np.float32(0.1))

    scores = band_scores(backgrounds[:6], Unsure(2.0), rule, seed=1)
    assert scores["cases"] > 2
    assert scores["share"] > scores["threshold_only_share"]
    assert band_scores([], Silent(), rule, seed=1)["share"] is None


def test_near_a_known_source_nothing_is_quiet(background):
    swath = background.swath
    row, column = (size // 2 for size in swath.shape)
    source = pd.DataFrame(
        {"longitude": [swath["longitude"][row, column]], "latitude": [swath["latitude"][row, column]]}
    )
    near = near_sources(background, source)
    distance = great_circle_km(swath["longitude"], swath["latitude"], *source.iloc[0])
    np.testing.assert_array_equal(near, distance < 100.0)
    assert near.any()
    assert not near.all()
