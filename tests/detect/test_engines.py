"""Engines give the same answers; the plain way is Keras and the median of everything that each pixel got."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from so2plumes.detect.engines import EngineChoice, load_engine, load_keras, logistic
from so2plumes.detect.inputs import INPUTS
from so2plumes.detect.model import detector_of
from so2plumes.errors import ModelError
from tests.detect.reference import plain_rolling_median

MODEL = "resources/models/unet-8/model.keras"
FP32 = 1e-5


def untrained(folder, **sizes):
    """Save a network with random weights and biases whose answers are spread between 0 and 1."""
    import keras

    from so2plumes.detect.unet import build_unet

    keras.utils.set_random_seed(7)
    model = build_unet(**sizes)
    rng = np.random.default_rng(7)
    for layer in model.layers:
        values = layer.get_weights()
        if values:
            layer.set_weights([values[0], rng.normal(0.0, 0.1, values[1].shape).astype(np.float32)])
    path = folder / "model.keras"
    model.save(path)
    return path


def windows_of(seed, count, size=32):
    rng = np.random.default_rng(seed)
    windows = rng.normal(0.0, 2.0, (count, size, size)).astype(np.float32)
    windows[rng.random(windows.shape) < 0.3] = 0.0
    windows[: count // 4, :, size // 2 :] = 0.0
    return windows


@pytest.mark.parametrize(
    "sizes",
    [
        {"base_width": 8, "channels": 2},
        {"base_width": 4, "channels": 1},
        {"base_width": 12, "channels": 2},
        {"base_width": 8, "channels": 1, "window": 64},
    ],
)
@pytest.mark.parametrize("normalisation", sorted(INPUTS))
def test_the_compiled_engine_answers_like_keras(tmp_path, sizes, normalisation):
    path = untrained(tmp_path, **sizes)
    windows = windows_of(1, 37, sizes.get("window", 32))
    plain, fast = (
        detector_of(path, normalisation, choice=EngineChoice(name, batch=16, threads=2))
        for name in ("keras", "compiled")
    )
    expected = plain.predict(windows)
    assert expected.std() > 0.02
    np.testing.assert_allclose(fast.predict(windows), expected, atol=FP32)
    assert (fast.window, fast.channels, fast.n_weights) == (plain.window, plain.channels, plain.n_weights)


@pytest.mark.parametrize("scale", [1e-3, 3.0])
def test_faint_and_eruptive_columns_are_as_exact(root, scale):
    plain, fast = (detector_of(root / MODEL, "local_robust", choice=EngineChoice(n)) for n in ("keras", "compiled"))
    windows = windows_of(2, 48) * np.float32(scale)
    np.testing.assert_allclose(fast.predict(windows), plain.predict(windows), atol=FP32)


@pytest.fixture(scope="module")
def shipped(root):
    choice = EngineChoice("compiled", threads=2)
    return load_keras(root / MODEL), detector_of(root / MODEL, "local_robust", choice=choice)


@settings(max_examples=6, deadline=None)
@given(st.integers(1, 90), st.integers(1, 80), st.sampled_from([4, 6, 8, 16]), st.integers(0, 99))
def test_whole_scenes_equal_the_plain_way(shipped, rows, columns, step, seed):
    model, fast = shipped
    rng = np.random.default_rng(seed)
    image = np.arcsinh(rng.normal(0.0, 3.0, (rows, columns))).astype(np.float32)
    image[rng.random(image.shape) < rng.random()] = 0.0
    image[rng.integers(rows) :, rng.integers(columns) :] = 0.0

    def plain_answers(windows):
        return np.asarray(model(INPUTS["local_robust"].prepare(windows, 2), training=False))[..., 0]

    expected = plain_rolling_median(image, plain_answers, 32, step)
    np.testing.assert_allclose(replace(fast, step=step).mosaic(image).probability, expected, atol=FP32)


@pytest.mark.parametrize("window", [64, 128])
def test_the_network_runs_on_larger_windows_than_it_was_trained_on(root, window):
    windows = windows_of(5, 5, window)
    choices = (EngineChoice(name, batch=8, window=window) for name in ("keras", "compiled"))
    plain, fast = (detector_of(root / MODEL, "local_robust", choice=choice).predict(windows) for choice in choices)
    np.testing.assert_allclose(fast, plain, atol=FP32)


def test_threads_do_not_change_the_answer(root):
    windows = windows_of(3, 200)
    answers = [
        detector_of(root / MODEL, "local_robust", choice=EngineChoice("compiled", threads=n)).predict(windows)
        for n in (1, 3)
    ]
    np.testing.assert_array_equal(*answers)


def test_auto_takes_the_compiled_engine(root):
    assert load_engine(root / MODEL, EngineChoice()).name == "compiled"


def test_auto_leaves_a_network_of_another_kind_to_keras(tmp_path, caplog):
    from keras import Model, layers

    inputs = layers.Input((32, 32, 1), name="column")
    Model(inputs, layers.Conv2D(1, 1, activation="sigmoid")(inputs)).save(tmp_path / "model.keras")
    caplog.set_level("INFO")
    engine = load_engine(tmp_path / "model.keras", EngineChoice())
    assert engine.name.startswith("keras on ")
    assert "2 layers instead of" in caplog.text
    with pytest.raises(ModelError, match="not the U-Net of this package"):
        load_engine(tmp_path / "model.keras", EngineChoice("compiled"))


@pytest.mark.parametrize(("change", "said"), [("activation", "tanh"), ("padding", "valid"), ("dilation_rate", 2)])
def test_a_network_that_differs_in_one_layer_is_not_run_as_if_it_did_not(tmp_path, change, said):
    import keras

    from so2plumes.detect.unet import build_unet

    def clone(layer):
        if layer.name != "up_0_conv_b" or change == "padding":
            return layer.__class__.from_config(layer.get_config())
        return layer.__class__.from_config(layer.get_config() | {change: said})

    model = keras.models.clone_model(build_unet(base_width=4), clone_function=clone)
    if change == "padding":
        model.get_layer("up_0_conv_b").padding = said
    model.save(tmp_path / "model.keras")
    with pytest.raises(ModelError, match="up_0_conv_b"):
        load_engine(tmp_path / "model.keras", EngineChoice("compiled"))


def test_a_width_that_does_not_fit_is_said(tmp_path):
    with pytest.raises(ModelError, match="multiple of 4"):
        load_engine(untrained(tmp_path, base_width=6), EngineChoice("compiled"))
    assert load_engine(tmp_path / "model.keras", EngineChoice()).name.startswith("keras")


@pytest.mark.parametrize("window", [48, 96])
def test_a_window_that_does_not_fit_is_said(root, window):
    with pytest.raises(ModelError, match="32 or a multiple of 64"):
        load_engine(root / MODEL, EngineChoice("compiled", window=window))


def test_sigmoid_of_extremes():
    scores = np.array([-1e4, -20.0, 0.0, 20.0, 1e4], np.float32)
    with np.errstate(all="raise", under="ignore"):
        found = logistic(scores)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [0.0, 2.0611537e-09, 0.5, 1.0, 1.0], rtol=1e-6)
    assert all(a <= b for a, b in itertools.pairwise(found))
