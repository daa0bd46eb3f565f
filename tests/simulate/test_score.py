from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.plume_makers import block, cut, make_swath, metre_grid

from so2plumes.simulate.score import overlap_pixels, score_truth
from so2plumes.simulate.truth import TRUTH_FOLDER, plume_columns

ORIGIN = (1000, 100)
RATE_KG_H = 36_000.0


@pytest.fixture(scope="module")
def grid():
    return metre_grid(60, 50)


def truth_row(granule, source):
    plain = {"int64": 1, "float64": 1.0, "str": "text", "datetime64[ms]": np.datetime64("2021-03-10T12:00", "ms")}
    row = {name: plain[dtype] for name, dtype in plume_columns().items()}
    return row | {"granule": granule, "source": source, "emission_kg_h": RATE_KG_H}


def write_truth(folder, granules):
    """Write the truth of some granules: name -> {source: mask}."""
    (folder / TRUTH_FOLDER).mkdir(exist_ok=True)
    rows = [truth_row(granule, source) for granule, masks in granules.items() for source in masks]
    table = pd.DataFrame(rows, columns=list(plume_columns())).astype(plume_columns())
    table.to_parquet(folder / TRUTH_FOLDER / "plumes.parquet", index=False)
    for granule, masks in granules.items():
        np.savez(
            folder / TRUTH_FOLDER / f"{granule}.npz", mask=np.stack(list(masks.values())), source=np.array(list(masks))
        )


def table_of(chips):
    return pd.DataFrame(
        {"plume_id": [chip.plume_id for chip in chips], "emission_kg_h": [1000.0 * (i + 1) for i in range(len(chips))]}
    )


def score(folder, chips):
    scored = score_truth(folder, chips, table_of(chips), {chip.granule: ORIGIN for chip in chips})
    return scored.set_index(["granule", "source"])


def test_shared_pixels_are_counted_in_the_numbers_of_the_orbit(grid):
    truth = block(grid, slice(20, 26), slice(17, 23))
    for shift, shared in ((0, 36), (2, 24), (6, 0)):
        chip = cut(make_swath(grid), block(grid, slice(20 + shift, 26 + shift), slice(17, 23)))[0]
        assert overlap_pixels(truth, chip, ORIGIN) == shared


def test_found_and_missed_plumes(grid, tmp_path):
    first, second = block(grid, slice(5, 10), slice(5, 12)), block(grid, slice(30, 36), slice(30, 38))
    write_truth(tmp_path, {"a": {"Etna": first, "Taal": second}, "b": {"Etna": first}})
    chips = cut(make_swath(grid, granule="a"), block(grid, slice(32, 40), slice(30, 38)))
    scored = score(tmp_path, chips)
    assert scored["found"].tolist() == [False, True, False]
    taal = scored.loc[("a", "Taal")]
    assert (taal["plume_id"], taal["shared_pixels"], taal["estimated_kg_h"]) == (chips[0].plume_id, 32, 1000.0)
    assert taal["emission_kg_h"] == RATE_KG_H
    missed = scored.loc[("b", "Etna")]
    assert (missed["plume_id"], missed["shared_pixels"]) == ("", 0)
    assert np.isnan(missed["estimated_kg_h"])


def test_one_shared_pixel_is_enough_and_touching_is_not(grid, tmp_path):
    truth = block(grid, slice(20, 26), slice(17, 23))
    write_truth(tmp_path, {"a": {"Etna": truth}})
    for columns, found in ((slice(22, 30), True), (slice(23, 30), False)):
        chips = cut(make_swath(grid, granule="a"), block(grid, slice(25, 30), columns))
        assert score(tmp_path, chips)["found"].tolist() == [found]


def test_the_plume_that_shares_most_is_the_one(grid, tmp_path):
    write_truth(tmp_path, {"a": {"Etna": block(grid, slice(10, 40), slice(20, 24))}})
    pieces = block(grid, slice(10, 14), slice(20, 24)) | block(grid, slice(20, 30), slice(20, 24))
    chips = cut(make_swath(grid, granule="a"), pieces | block(grid, slice(45, 58), slice(2, 20)))
    row = score(tmp_path, chips).loc[("a", "Etna")]
    assert (row["plume_id"], row["shared_pixels"], row["estimated_kg_h"]) == (chips[1].plume_id, 40, 2000.0)


def test_one_plume_may_be_what_is_left_of_two(grid, tmp_path):
    masks = {"Etna": block(grid, slice(10, 20), slice(20, 24)), "Stromboli": block(grid, slice(20, 24), slice(20, 24))}
    write_truth(tmp_path, {"a": masks})
    chips = cut(make_swath(grid, granule="a"), masks["Etna"] | masks["Stromboli"])
    scored = score(tmp_path, chips)
    assert scored["plume_id"].tolist() == [chips[0].plume_id] * 2
    assert scored["shared_pixels"].tolist() == [40, 16]


def test_plumes_of_another_granule_do_not_count(grid, tmp_path):
    mask = block(grid, slice(20, 26), slice(17, 23))
    write_truth(tmp_path, {"a": {"Etna": mask}})
    assert score(tmp_path, cut(make_swath(grid, granule="b"), mask))["found"].tolist() == [False]


def test_a_swath_that_is_part_of_the_granule(grid, tmp_path):
    """Numbers of the orbit join them, wherever the granule begins."""
    mask = block(grid, slice(20, 26), slice(17, 23))
    write_truth(tmp_path, {"a": {"Etna": mask}})
    chips = cut(make_swath(grid, granule="a", origin=(0, 0)), mask)
    scored = score_truth(tmp_path, chips, table_of(chips), {"a": (0, 0)})
    assert scored["shared_pixels"].tolist() == [36]


def test_a_rate_that_could_not_be_computed_stays_unknown(grid, tmp_path):
    mask = block(grid, slice(20, 26), slice(17, 23))
    write_truth(tmp_path, {"a": {"Etna": mask}})
    chips = cut(make_swath(grid, granule="a"), mask)
    scored = score_truth(tmp_path, chips, table_of(chips).assign(emission_kg_h=np.nan), {"a": ORIGIN})
    assert scored["found"].tolist() == [True]
    assert np.isnan(scored["estimated_kg_h"]).all()


@pytest.mark.parametrize("granules", [0, 1])
def test_the_table_has_its_columns_and_types(grid, tmp_path, granules):
    write_truth(tmp_path, {"a": {"Etna": block(grid, slice(5, 10), slice(5, 12))}} if granules else {})
    scored = score_truth(tmp_path, [], table_of([]), {})
    added = {"found": "bool", "plume_id": "str", "shared_pixels": "int64", "estimated_kg_h": "float64"}
    wanted = {**plume_columns(), **added}
    assert list(scored.columns) == list(wanted)
    empty = pd.DataFrame(columns=list(wanted)).astype(wanted)
    assert scored.dtypes.astype(str).to_dict() == empty.dtypes.astype(str).to_dict()
