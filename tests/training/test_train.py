import numpy as np
import pytest

from so2plumes.detect.inputs import divide_by_maximum
from so2plumes.detect.model import detector_of
from so2plumes.errors import ModelError
from so2plumes.training.losses import LOSSES
from so2plumes.training.train import TrainingPlan, save_model, train, turn_and_flip
from so2plumes.training.variants import VARIANTS, variant_plan


def test_turn_and_flip_moves_all_arrays_alike():
    rng = np.random.default_rng(3)
    images = rng.normal(size=(4, 8, 8, 1)).astype(np.float32)
    for _ in range(8):
        turned, target = turn_and_flip(rng, images, np.concatenate([images > 0, np.abs(images)], axis=-1))
        np.testing.assert_array_equal(turned[..., 0] > 0, target[..., 0])
        np.testing.assert_array_equal(np.abs(turned[..., 0]), target[..., 1])
        assert np.sort(turned.ravel()).tolist() == np.sort(images.ravel()).tolist()


def losses_of(truth, weight, probability):
    target = np.stack([truth, weight], axis=-1).astype(np.float32)[None]
    p = np.asarray(probability, np.float32)[None, ..., None]
    return {name: float(loss(target, p)) for name, loss in LOSSES.items()}


def test_cross_entropy_by_hand():
    truth, p = np.array([[1.0, 0.0]]), np.array([[0.8, 0.4]])
    expected = -(np.log(0.8) + np.log(0.6)) / 2
    assert losses_of(truth, np.ones((1, 2)), p)["bce"] == pytest.approx(expected, rel=1e-5)


def test_focal_by_hand():
    truth, p = np.array([[1.0, 0.0]]), np.array([[0.8, 0.4]])
    expected = -4.0 * (0.2**2 * np.log(0.8) + 0.4**2 * np.log(0.6)) / 2
    assert losses_of(truth, np.ones((1, 2)), p)["focal"] == pytest.approx(expected, rel=1e-5)


def test_dice_by_hand():
    truth, p = np.array([[1.0, 0.0]]), np.array([[0.8, 0.4]])
    assert losses_of(truth, np.ones((1, 2)), p)["dice"] == pytest.approx(1 - (1.6 + 1) / (1 + 1.2 + 1), rel=1e-5)


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_pixels_without_weight_do_not_count(name):
    truth = np.array([[1.0, 0.0, 1.0]])
    weight = np.array([[1.0, 1.0, 0.0]])
    right = losses_of(truth, weight, np.array([[0.9, 0.1, 0.9]]))[name]
    wrong = losses_of(truth, weight, np.array([[0.9, 0.1, 0.1]]))[name]
    assert right == pytest.approx(wrong, rel=1e-5)


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_a_better_answer_costs_less(name):
    truth = (np.random.default_rng(0).random((8, 8)) > 0.7).astype(float)
    better, worse = (losses_of(truth, np.ones((8, 8)), 0.5 + sign * (truth - 0.5) * 0.8)[name] for sign in (1, -1))
    assert better < worse


@pytest.mark.parametrize(("normalisation", "channels", "loss"), [("local_robust", 1, "bce"), ("window_max", 2, "dice")])
def test_a_few_epochs_learn_something(data, normalisation, channels, loss):
    plan = TrainingPlan(normalisation=normalisation, channels=channels, loss=loss, base_width=4, epochs=3, batch=16)
    model, history = train(data, plan)
    assert history[-1]["loss"] < history[0]["loss"]
    assert model.input_shape == (None, 32, 32, channels)
    assert model.output_shape == (None, 32, 32, 1)


def test_saved_weights_give_the_same_answers(data, tmp_path):
    model, _ = train(data, TrainingPlan(base_width=2, epochs=1, batch=16))
    save_model(model, tmp_path / "model.keras")
    detector = detector_of(tmp_path / "model.keras", "local_robust")
    images = data.inputs("local_robust")[:8]
    expected = model.predict(images, verbose=0)[..., 0]
    np.testing.assert_allclose(detector.network(images), expected, atol=1e-5)
    assert detector.n_weights == model.count_params()


def test_too_small_a_set_is_an_error(data):
    with pytest.raises(ModelError, match="too small"):
        train(data.part("test"), TrainingPlan())


@pytest.mark.parametrize("name", sorted(VARIANTS))
def test_a_variant_differs_in_one_respect(name):
    plan = TrainingPlan()
    other = variant_plan(name, plan)
    differing = [key for key in vars(plan) if getattr(plan, key) != getattr(other, key)]
    assert len(differing) == (0 if name == "chosen" else 1)


def test_windows_are_divided_by_their_maximum():
    windows = np.array([[[2.0, 1.0], [0.0, -8.0]], [[-1.0, 0.0], [0.0, 0.0]]], np.float32)
    np.testing.assert_allclose(divide_by_maximum(windows), [[[1.0, 0.5], [0.0, -1.0]], [[0.0, 0.0], [0.0, 0.0]]])
