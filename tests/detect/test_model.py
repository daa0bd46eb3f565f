import numpy as np
import pytest

from so2plumes.detect.model import load_detector
from so2plumes.detect.swaths import DetectionRule, detect_swath
from so2plumes.errors import ModelError
from so2plumes.files import write_json
from so2plumes.swath.model import Swath

MODEL = "resources/models/unet-8"


@pytest.fixture(scope="module")
def detector(root):
    return load_detector(root / MODEL / "model.keras")


def swath_of(column, usable=None):
    shape = column.shape
    qa = np.where(np.ones(shape, bool) if usable is None else usable, 100, 0).astype(np.uint8)
    latitude, longitude = np.meshgrid(np.linspace(30, 34, shape[0]), np.linspace(10, 14, shape[1]), indexing="ij")
    fields = {"vertical_column": column, "qa_value": qa, "latitude": latitude, "longitude": longitude}
    time = np.full(shape[0], np.datetime64("2021-03-24T12:00", "ms"))
    return Swath("test", 1, "02.04.01", "doas", time, np.arange(shape[0]), np.arange(shape[1]), fields)


def plume_scene(peak_sigma=15.0, seed=0):
    column = np.random.default_rng(seed).normal(0.0, 3e-4, (80, 90))
    y, x = np.mgrid[:80, :90]
    signal = 3e-4 * peak_sigma * np.exp(-0.5 * (((y - 40) / 4) ** 2 + ((x - 45) / 12) ** 2))
    return (column + signal).astype(np.float32), signal > 3e-4


def test_a_bright_plume_is_found_and_its_surroundings_are_quiet(detector):
    column, truth = plume_scene()
    probability = detect_swath(swath_of(column), detector, DetectionRule())
    found = probability >= 0.5
    overlap = (found & truth).sum() / (found | truth).sum()
    assert overlap > 0.75
    far = np.ones(truth.shape, bool)
    far[15:65, 5:85] = False
    assert found[far].mean() < 0.01


def test_noise_alone_is_quiet(detector):
    column, _ = plume_scene(peak_sigma=0.0, seed=5)
    assert (detect_swath(swath_of(column), detector, DetectionRule()) >= 0.5).mean() < 0.005


def test_a_swath_without_usable_pixels_has_probability_zero(detector):
    column = np.full((40, 50), np.nan, np.float32)
    assert np.all(detect_swath(swath_of(column), detector, DetectionRule()) == 0.0)


def test_pixels_without_position_have_no_probability(detector):
    column, _ = plume_scene()
    swath = swath_of(column)
    swath.fields["latitude"][:10] = np.nan
    probability = detect_swath(swath, detector, DetectionRule())
    assert np.isnan(probability[:10]).all()
    assert np.isfinite(probability[10:]).all()


def test_batches_do_not_change_the_answer(detector):
    images = np.random.default_rng(0).normal(size=(70, 32, 32)).astype(np.float32)
    whole, single = detector.predict(images), detector.predict(images[69:])
    np.testing.assert_allclose(whole[69:], single, atol=1e-6)


def test_missing_weights_name_the_key(tmp_path):
    with pytest.raises(ModelError, match=r"detect\.model"):
        load_detector(tmp_path / "model.keras")


def test_missing_card_is_said(tmp_path):
    (tmp_path / "model.keras").write_bytes(b"x")
    with pytest.raises(ModelError, match="no card"):
        load_detector(tmp_path / "model.keras")


def test_weights_that_are_not_the_cards_are_refused(tmp_path):
    (tmp_path / "model.keras").write_bytes(b"x")
    write_json(tmp_path / "card.json", {"normalisation": "local_robust", "sha256": "0" * 64})
    with pytest.raises(ModelError, match="not the ones"):
        load_detector(tmp_path / "model.keras")


def test_unreadable_weights_are_said(tmp_path):
    (tmp_path / "model.keras").write_bytes(b"not a model")
    write_json(tmp_path / "card.json", {"normalisation": "local_robust"})
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_detector(tmp_path / "model.keras")


def test_shipped_model_is_small_and_its_card_belongs_to_it(root, detector):
    from so2plumes.files import read_json, sha256

    folder = root / MODEL
    assert (folder / "model.keras").stat().st_size < 10_000_000
    assert read_json(folder / "card.json")["sha256"] == sha256(folder / "model.keras") == detector.sha256
