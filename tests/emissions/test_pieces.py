"""A plume that goes on under a cloud: one row whose mask has a gap."""

import numpy as np
import pytest
from tests.plume_makers import make_swath, metre_grid, only

from so2plumes.emissions.record import EmissionRule, plume_record
from so2plumes.plumes.components import ComponentRule
from so2plumes.plumes.extract import ExtractionRule, extract_plumes


@pytest.fixture(scope="module")
def record():
    grid = metre_grid(40, 70)
    shape = grid.shape
    middle = shape[0] // 2
    probability = np.zeros(shape, np.float32)
    probability[middle - 1 : middle + 2, 20:30] = probability[middle - 1 : middle + 2, 36:46] = 0.9
    probability[middle - 1 : middle + 2, 30:36] = 0.2
    qa_value = np.full(shape, 100)
    qa_value[:, 30:36] = 0
    swath = make_swath(grid, np.where(probability > 0.5, 5e-3, 0.0), qa_value=qa_value)
    rule = ExtractionRule(ComponentRule(0.6, 0.4, 8))
    chip = only(extract_plumes(swath, probability, rule, "digest"))
    return chip, plume_record(chip, EmissionRule())


def test_both_pieces_are_one_plume_without_the_gap(record):
    chip, row = record
    assert row["n_pixels"] == 60
    assert not chip.mask[:, chip.mask.shape[1] // 2].any()
    assert row["geometry"].geom_type == "MultiPolygon"


def test_the_gap_is_said(record):
    _, row = record
    assert "several_pieces" in row["quality"]
    assert np.isfinite(row["emission_kg_h"])
