"""The list of published numbers."""

import math
from dataclasses import fields

import pytest

from so2plumes.analysis.published import LABEL_SHARES, NONE_CLUSTERS, SPIKES
from so2plumes.constants import PAPER_LIMIT_KG_H
from so2plumes.errors import TableError
from so2plumes.inventory.arithmetic import CONCLUSIONS_LIMIT_KG_H, PAPER_FLUX, TOP_FLUX
from so2plumes.parity.compare import MEASURES
from so2plumes.parity.published import GROUPS, PublishedNumber, read_published


@pytest.fixture(scope="module")
def by_id(published):
    return {number.id: number for number in published}


def test_every_key_has_a_function_and_every_function_a_number(published):
    assert {number.key for number in published} == set(MEASURES)


def test_groups_are_all_used_and_stand_together(published):
    order = list(dict.fromkeys(number.group for number in published))
    assert order == list(GROUPS)
    places = [list(GROUPS).index(number.group) for number in published]
    assert places == sorted(places)


def test_every_number_can_agree_and_can_differ(published):
    for number in published:
        tolerance = max(number.relative_tolerance * abs(number.value), number.absolute_tolerance)
        assert tolerance >= 0, number.id
        if number.value and number.unit not in ("degrees_north", "degrees_east"):
            assert tolerance < 0.5 * abs(number.value), number.id


def test_what_is_said_elsewhere_in_the_code_is_the_same(by_id):
    for spike in SPIKES:
        number = by_id[f"spike-{spike.mark.lower()}"]
        assert (number.when, number.argument) == (spike.date, spike.mark)
        assert spike.volcano in number.quantity
    for label, share in LABEL_SHARES.items():
        assert by_id[f"label-{label}"].value == pytest.approx(100 * share)
    assert by_id["none-clusters"].value == NONE_CLUSTERS["clusters"]
    assert by_id["none-share"].value == pytest.approx(100 * NONE_CLUSTERS["share"])
    assert by_id["none-overlapping"].value == NONE_CLUSTERS["overlapping"]
    assert by_id["none-farthest"].value == NONE_CLUSTERS["others_within_km"]
    assert by_id["rate-first-percentile"].value == PAPER_LIMIT_KG_H
    assert by_id["limit-conclusions"].value == CONCLUSIONS_LIMIT_KG_H
    assert by_id["edgar-flux-limit"].value == PAPER_FLUX
    assert by_id["edgar-threshold"].value == TOP_FLUX


def test_the_papers_numbers_add_up(by_id):
    assert by_id["eruptions-matched"].value + by_id["eruptions-without"].value == by_id["eruptions"].value
    share = 100 * by_id["eruptions-matched"].value / by_id["eruptions"].value
    assert share == pytest.approx(by_id["eruptions-share"].value, abs=1)
    assert by_id["none-overlapping"].value + by_id["none-others"].value == by_id["none-clusters"].value
    assert by_id["top-volcanic"].value + by_id["top-industrial"].value == 10
    precision, recall = by_id["precision"].value, by_id["recall"].value
    assert 2 * precision * recall / (precision + recall) == pytest.approx(100 * by_id["f1"].value, abs=1)


def test_errata_are_corrected_where_that_is_known(published):
    wrong = [number for number in published if number.erratum]
    assert {number.id for number in wrong if not math.isnan(number.corrected)} == {
        "limit-conclusions",
        "etna-rank",
        "rabigh-rank",
        "norilsk-text-longitude",
        "ulawun-latitude",
        "shiveluch-longitude",
        "edgar-flux-limit",
    }
    assert all(";" not in number.erratum for number in wrong), "reasons are separated by semicolons"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (("six_years", "seven_years", 1), "granules"),
        (("about", "roughly", 1), "granules"),
        (("31000", "many", 1), "many"),
        (("31000", "", 1), "granules"),
        (("granules,archive", "granules,library", 1), "granules"),
        (("plumes-2019", "plumes", 1), "plumes"),
        (("plumes of 2019", "plumes, of 2019", 1), "line 4"),
        (("erratum\n", "errata\n", 1), "errata"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused(root, tmp_path, change, found):
    text = (root / "resources" / "papers" / "finch_palmer.csv").read_text()
    path = tmp_path / "papers.csv"
    path.write_text(text.replace(*change))
    assert path.read_text() != text
    with pytest.raises(TableError, match=found):
        read_published(path)


def test_fields_are_the_columns(root):
    head = (root / "resources" / "papers" / "finch_palmer.csv").read_text().splitlines()[0]
    assert head.split(",") == [field.name for field in fields(PublishedNumber)]
