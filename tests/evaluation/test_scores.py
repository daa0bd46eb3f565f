import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from so2plumes.evaluation.bins import PEAK, score_groups
from so2plumes.evaluation.histogram import ProbabilityHistogram
from so2plumes.evaluation.images import best_limit, false_pixel_share, score_images
from so2plumes.evaluation.scores import Counts, Share, pixel_counts
from so2plumes.training.dataset import TABLE_COLUMNS, TrainingSet


def test_counts_by_hand():
    predicted = np.array([[True, True, False, False]])
    truth = np.array([[True, False, True, False]])
    counts = pixel_counts(predicted, truth, np.ones(truth.shape, bool))
    assert (counts.precision, counts.recall, counts.f1) == (0.5, 0.5, 0.5)
    few = pixel_counts(predicted, truth, np.array([[True, False, False, True]]))
    assert (few.precision, few.recall) == (1.0, 1.0)
    assert counts + few == Counts(2, 3, 3)
    assert Counts().f1 is None


def test_wilson_interval_of_known_cases():
    share = Share(9, 10)
    assert (share.low, share.high) == (pytest.approx(0.5958, abs=1e-3), pytest.approx(0.9821, abs=1e-3))
    assert Share(0, 20).low == 0.0
    assert np.isnan(Share(0, 0).value)


@given(st.integers(1, 500), st.data())
def test_a_share_lies_in_its_interval(total, data):
    share = Share(data.draw(st.integers(0, total)), total)
    assert 0.0 <= share.low <= share.value + 1e-12
    assert share.value - 1e-12 <= share.high <= 1.0


def test_bins_cover_every_value_once():
    table = pd.DataFrame({"peak_sigma": [1.0, 1.49, 1.5, 6.0, 14.99, 15.0, 900.0]})
    rows = np.stack([group.rows for group in PEAK.groups(table)])
    np.testing.assert_array_equal(rows.sum(axis=0), 1)
    assert [group.of for group in PEAK.groups(table)][-1] == "50 sigma and more"


def test_groups_other_than_peak_hold_clear_plumes_only():
    table = pd.DataFrame({"peak_sigma": [2.0, 9.0], "n_truth": [20, 20], "kind": ["steady", "steady"]})
    sizes = [group for group in score_groups(table) if group.by == "size"]
    assert [(group.of, group.rows.tolist()) for group in sizes] == [("13 to 51 pixels", [False, True])]
    shapes = [group for group in score_groups(table) if group.by == "shape"]
    assert [(group.of, group.rows.tolist()) for group in shapes] == [("steady", [False, True])]


def test_a_calibrated_forecast_has_no_calibration_error():
    rng = np.random.default_rng(0)
    p = rng.random(400_000)
    histogram = ProbabilityHistogram()
    histogram.add(p, rng.random(p.shape) < p)
    found = histogram.calibration()
    assert found["ece"] < 0.005
    assert found["pixels"] == p.size
    too_sure = ProbabilityHistogram()
    too_sure.add(p, rng.random(p.shape) < 0.5 * p)
    assert too_sure.calibration()["ece"] == pytest.approx(0.25, abs=0.01)


def test_precision_recall_curve_by_hand():
    histogram = ProbabilityHistogram()
    histogram.add(np.array([0.9, 0.8, 0.6, 0.1, 0.05]), np.array([True, True, False, True, False]))
    points = {point["threshold"]: point for point in histogram.precision_recall()}
    assert (points[0.5]["precision"], points[0.5]["recall"]) == (
        pytest.approx(2 / 3, abs=1e-4),
        pytest.approx(2 / 3, abs=1e-4),
    )
    assert points[0.0]["recall"] == 1.0


def made_set(z, truth):
    table = pd.DataFrame({name: ["x"] * len(z) for name in TABLE_COLUMNS})
    table["peak_sigma"] = np.where(truth, z, 0).max(axis=(1, 2))
    for name in ("n_truth", "viewing_zenith_deg", "solar_zenith_deg", "background_du", "noise_du"):
        table[name] = 1.0
    table["edge"] = False
    table["source"] = "injected"
    return TrainingSet(z, z * 1e-3, truth, np.ones(z.shape, np.float32), table)


def test_the_best_plain_limit_is_found():
    rng = np.random.default_rng(1)
    truth = rng.random((5, 32, 32)) > 0.8
    z = np.where(truth, 5.0, 0.0) + rng.uniform(-1.9, 1.9, truth.shape)
    limit = best_limit(made_set(z.astype(np.float32), truth))
    assert 1.9 <= limit <= 3.1


def test_images_are_scored_by_method():
    truth = np.zeros((2, 32, 32), bool)
    truth[:, 5:10, 5:10] = True
    z = np.where(truth, 8.0, 0.0).astype(np.float32)
    rows = score_images(made_set(z, truth), {"right": truth, "blind": np.zeros_like(truth)})
    scored = {(row["method"], row["of"]): row for row in rows}
    assert scored["right", "peak over 6 sigma"]["f1"] == 1.0
    assert scored["blind", "peak over 6 sigma"]["recall"] == 0.0
    assert scored["right", "6 to 15 sigma"]["images"] == 2


def test_labelled_images_have_recall_but_no_precision():
    truth = np.ones((2, 32, 32), bool)
    data = made_set(np.full(truth.shape, 8.0, np.float32), truth)
    data.table["source"] = "reviewed"
    rows = score_images(data, {"half": np.tile(np.arange(32) < 16, (2, 32, 1))})
    reviewed = next(row for row in rows if row["by"] == "truth" and row["of"] == "reviewed")
    assert (reviewed["recall"], reviewed["precision"], reviewed["f1"]) == (0.5, None, None)
    assert all(row["images"] == 0 for row in rows if row["by"] == "all")


def test_false_pixels_are_counted_where_there_is_no_plume():
    truth = np.zeros((4, 32, 32), bool)
    data = made_set(np.zeros(truth.shape, np.float32), truth)
    data.table["source"] = ["none", "none", "injected", "injected"]
    predicted = np.ones(truth.shape, bool)
    predicted[0] = False
    assert false_pixel_share(data, {"unet": predicted}) == {"unet": 0.5}
