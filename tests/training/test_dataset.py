import numpy as np
import pytest

from so2plumes.simulate.archive import simulate_archive
from so2plumes.training.backgrounds import granules_below, load_background, loud_pixels, quiet_backgrounds
from so2plumes.training.dataset import (
    Recipe,
    build_training_set,
    faint_truth,
    is_test_orbit,
    read_training_set,
    write_training_set,
)
from so2plumes.training.evaluate import card_text, pixel_score
from so2plumes.training.inject import inject
from so2plumes.training.train import turn_and_flip


@pytest.fixture(scope="module")
def quiet_archive(tmp_path_factory):
    from datetime import date

    folder = tmp_path_factory.mktemp("quiet")
    simulate_archive(
        folder,
        date(2021, 1, 1),
        date(2021, 1, 6),
        seed=3,
        scanlines=64,
        ground_pixels=128,
        sources=(),
        bad_granules=False,
    )
    return folder


@pytest.fixture(scope="module")
def data(quiet_archive):
    return build_training_set([quiet_archive], Recipe(seed=7, scenes_per_granule=2))


def test_no_orbit_is_in_both_parts(data):
    assert not set(data.part(test=True).orbit) & set(data.part(test=False).orbit)


def test_about_a_fifth_of_orbits_is_for_tests():
    share = np.mean([is_test_orbit(orbit) for orbit in range(5000, 25000)])
    assert share == pytest.approx(0.2, abs=0.01)


def test_same_seed_same_set(quiet_archive, data):
    again = build_training_set([quiet_archive], Recipe(seed=7, scenes_per_granule=2))
    for name in ("images", "truth", "weight", "orbit"):
        np.testing.assert_array_equal(getattr(data, name), getattr(again, name))
    other = build_training_set([quiet_archive], Recipe(seed=8, scenes_per_granule=2))
    assert other.images.shape != data.images.shape or not np.array_equal(other.images, data.images)


def test_images_have_the_declared_shape_and_type(data):
    assert data.images.dtype == np.float32
    assert data.images.shape[1:] == (32, 32)
    assert data.truth.dtype == bool
    assert set(np.unique(data.weight)) <= {np.float32(0.0), np.float32(0.2), np.float32(1.0)}
    assert not data.truth[data.peak_sigma == 0.0].any(where=data.weight[data.peak_sigma == 0.0] == 1.0)


def test_round_trip(data, tmp_path):
    write_training_set(data, tmp_path / "set.npz")
    np.testing.assert_array_equal(read_training_set(tmp_path / "set.npz").images, data.images)


def test_truth_is_signal_over_one_sigma(quiet_archive):
    scene = next(iter(quiet_backgrounds(granules_below([quiet_archive]))))
    swath = scene.swath
    made = inject(
        np.random.default_rng(0),
        swath["vertical_column"],
        scene.usable,
        swath["longitude"],
        swath["latitude"],
        peak_sigma=(20.0, 20.0),
        local=scene.local,
    )
    assert made.peak_sigma == pytest.approx(20.0, rel=1e-3)
    added = made.column - swath["vertical_column"]
    np.testing.assert_array_equal(made.truth, made.signal_sigma > 1.0)
    np.testing.assert_allclose(added[scene.usable], (made.signal_sigma * scene.local.sigma)[scene.usable], atol=1e-9)


def test_faint_plumes_are_told_from_clear_ones():
    truth = np.zeros((20, 20), bool)
    truth[2:5, 2:5] = truth[10:15, 10:15] = True
    signal = np.where(truth, 2.0, 0.0)
    signal[12, 12] = 9.0
    faint = faint_truth(truth, signal, np.ones(truth.shape, bool))
    assert faint[3, 3]
    assert not faint[12, 12]


def test_a_real_plume_is_loud_and_noise_is_not():
    z = np.random.default_rng(0).normal(size=(80, 80))
    usable = np.ones(z.shape, bool)
    assert loud_pixels(z, usable).mean() < 0.02
    z[40:43, 40:43] += 5.0
    assert loud_pixels(z, usable)[41, 41]


def test_unusable_granules_are_no_backgrounds(tmp_path):
    path = tmp_path / "S5P_RPRO_L2__SO2____20210324T110850_20210324T125020_17849_03_020401_20230207T211525.nc"
    path.write_bytes(b"not a file")
    assert load_background(path) is None


def test_turn_and_flip_moves_all_arrays_alike():
    rng = np.random.default_rng(3)
    images = rng.normal(size=(4, 8, 8)).astype(np.float32)
    for _ in range(8):
        a, b, c = turn_and_flip(rng, images, images > 0, np.abs(images))
        np.testing.assert_array_equal(a > 0, b)
        np.testing.assert_array_equal(np.abs(a), c)
        assert np.sort(a.ravel()).tolist() == np.sort(images.ravel()).tolist()


def test_pixel_score_by_hand():
    predicted = np.array([[[True, True, False, False]]])
    truth = np.array([[[True, False, True, False]]])
    score = pixel_score(predicted, truth, np.ones(truth.shape))
    assert (score.precision, score.recall, score.f1) == (0.5, 0.5, 0.5)
    ignored = pixel_score(predicted, truth, np.array([[[1.0, 0.2, 0.0, 1.0]]]))
    assert (ignored.precision, ignored.recall) == (1.0, 1.0)


def test_card_text_of_the_shipped_model(root):
    from so2plumes.files import read_json

    folder = root / "resources" / "models" / "spine-8"
    assert (folder / "card.md").read_text() == card_text(read_json(folder / "card.json"))


def test_a_few_epochs_learn_something(data):
    from so2plumes.training.train import TrainingPlan, train

    model, history = train(data, TrainingPlan(base_width=4, epochs=3, batch=16))
    assert history[-1]["loss"] < history[0]["loss"]
    assert model.output_shape == (None, 32, 32, 1)


def test_too_small_a_set_is_an_error(data):
    from so2plumes.errors import ModelError
    from so2plumes.training.train import TrainingPlan, train

    with pytest.raises(ModelError, match="too small"):
        train(data.part(test=True), TrainingPlan())
