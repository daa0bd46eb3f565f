"""The page of a model card and its pictures."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from tests.report.made_card import made_card, made_example, made_examples
from tests.report.outline import Outline

from so2plumes.figures.style import png_bytes
from so2plumes.files import read_json
from so2plumes.report import card_figures as figures
from so2plumes.report.card_page import SHOWN, card_page
from so2plumes.report.card_pictures import FOUND, TRUTH, example_figure, pixel_edges, signal_norm
from so2plumes.report.card_text import card_parts


@pytest.fixture
def card() -> dict:
    return made_card()


@pytest.fixture(scope="module")
def html() -> str:
    return card_page(made_card(), made_examples(2))


@pytest.fixture(scope="module")
def page(html) -> Outline:
    return Outline(html)


def bare_card() -> dict:
    return {name: made_card()[name] for name in ("name", "sha256", "window", "normalisation", "truth", "data")}


def test_page_is_whole_and_alone(page):
    assert not page.open
    assert page.count["script"] == 1
    assert "link" not in page.count
    anchors = [link for link in page.links if link.startswith("#")]
    assert [link[1:] for link in anchors] == page.ids
    assert len(set(page.ids)) == len(page.ids)
    assert all(link.startswith("data:image/png;base64,") for link in page.links if link not in anchors)
    assert page.count["figure"] == page.count["figcaption"] == page.count["img"]


def test_page_opens_with_the_bounds_and_holds_every_part(page, card):
    assert page.ids[0] == "verdict"
    assert [name for name in page.ids if name not in ("misses", "alarms", "found")] == [
        part.anchor for part in card_parts(card)
    ]
    assert {"misses", "alarms", "found"} < set(page.ids)


def test_page_says_what_the_text_says(page, card):
    shown = page.text.replace("\u2011", "-").replace("\u00a0", " ").replace("\u202f", " ")
    for part in card_parts(card):
        for said in (*part.words, *(cell for table in part.tables for row in table.rows for cell in row)):
            plain = re.sub(r"\s+", " ", said.replace("\u202f", " "))
            if "`" not in plain:
                assert plain in shown


def test_page_has_a_picture_for_every_chart_and_example(page):
    assert page.count["img"] == 7 + len(made_examples(2))


def test_footer_names_the_source_of_real_scenes(page):
    assert "Contains modified Copernicus Sentinel data 2018\u20132021." in page.text


def test_smallest_card_makes_a_page_without_pictures():
    outline = Outline(card_page(bare_card(), []))
    assert not outline.open
    assert "img" not in outline.count
    assert outline.ids == ["training", "again", "limits"]


def test_card_of_the_first_version_makes_a_page(root):
    old = read_json(root / "resources" / "models" / "unet-8" / "card.json")
    assert not Outline(card_page(old, [])).open


def test_simulated_scenes_are_called_so(card):
    assert "Simulated archive." not in card_page(bare_card(), [])
    card = bare_card() | {"data": {"images": 3, "archives": {"simulated": 3}}}
    html = card_page(card, [])
    assert "Simulated archive." in html
    assert "Copernicus" not in html


def test_page_of_many_noisy_pictures_stays_small(card):
    examples = [
        made_example(kind, seed, (96, 96)) for kind in ("missed", "false", "found", "real") for seed in range(SHOWN)
    ]
    html = card_page(card, [*examples, made_example("false", 99)])
    assert len(html.encode()) < 4e6
    assert f"{SHOWN} of {SHOWN + 1} detections where nothing" in Outline(html).text
    assert "false example 99" not in html


def test_same_card_same_bytes(html):
    assert card_page(made_card(), made_examples(2)) == html


def test_names_from_files_cannot_break_the_page():
    card = bare_card() | {"name": '<script>"&', "truth": "</section>`<b>`"}
    example = replace(made_example("missed", 1), title="<script>", note="</div>", granule='"<i>')
    outline = Outline(card_page(card, [example]))
    assert outline.count["script"] == 1
    assert not outline.open


def test_real_pictures_have_their_own_section_where_no_scene_was_scored(card):
    del card["strong_scenes"]
    outline = Outline(card_page(bare_card(), [made_example("real", 1)]))
    assert "strong" in outline.ids
    assert "Black: the true plume" not in outline.text


def test_edges_go_round_the_pixels():
    mask = np.zeros((4, 5), bool)
    mask[1, 2] = True
    assert {tuple(map(tuple, edge)) for edge in pixel_edges(mask)} == {
        ((1.5, 0.5), (2.5, 0.5)), ((1.5, 1.5), (2.5, 1.5)), ((1.5, 0.5), (1.5, 1.5)), ((2.5, 0.5), (2.5, 1.5)),
    }  # fmt: skip
    mask[1, 3] = True
    assert len(pixel_edges(mask)) == 6
    assert len(pixel_edges(np.ones((4, 5), bool))) == 18
    assert len(pixel_edges(~np.ones((4, 5), bool))) == 0


def test_picture_draws_truth_and_detected_plumes():
    example = made_example("found", 3)
    axes = example_figure(example).axes[0]
    truth, found = (lines.get_segments() for lines in axes.collections)
    assert len(truth) == len(pixel_edges(example.truth))
    assert len(found) == len(pixel_edges(example.plume)) != len(pixel_edges(example.truth))
    without = example_figure(replace(example, truth=None)).axes[0]
    assert len(without.collections) == 1


def coloured(figure, colour: str) -> int:
    import io

    from matplotlib.colors import to_rgb
    from PIL import Image

    pixels = np.asarray(Image.open(io.BytesIO(png_bytes(figure, 120))), float) / 255
    return int((np.abs(pixels - to_rgb(colour)).max(axis=-1) < 0.12).sum())


def test_outlines_can_be_seen():
    example = made_example("found", 3)
    blank = replace(example, truth=None, plume=np.zeros_like(example.plume))
    assert coloured(example_figure(blank), FOUND) == 0
    assert coloured(example_figure(example), FOUND) > 100
    assert coloured(example_figure(example), TRUTH) > coloured(example_figure(blank), TRUTH) + 50


def test_all_pictures_are_of_one_size():
    sizes = {
        png_bytes(example_figure(made_example("real", 1, shape)), 120)[16:24] for shape in ((3, 90), (90, 3), (9, 9))
    }
    assert len(sizes) == 1


def test_colours_are_centred_on_the_background_and_hold_the_eruption():
    z = np.random.default_rng(1).normal(size=(60, 60))
    assert signal_norm(z)(0.0) == pytest.approx(0.5)
    assert signal_norm(z).vmax == 10
    z[:10] = 500.0
    norm = signal_norm(z)
    assert norm.vmax == pytest.approx(500, rel=0.01)
    assert 0.57 < norm(3.0) < norm(30.0) < norm(300.0) < 1
    assert signal_norm(np.full((3, 3), np.nan)).vmax == 10


def test_example_without_usable_pixel_is_drawn():
    blank = replace(made_example("real", 1), z=np.full((48, 64), np.nan, np.float32))
    assert png_bytes(example_figure(blank)).startswith(b"\x89PNG")


def test_curve_shows_every_method_and_rings_the_threshold_in_use(card):
    axes = figures.precision_recall_figure(card["precision_recall"], 0.5).axes[0]
    lines = {str(line.get_label()): line for line in axes.lines}
    assert {"U-Net", "local z-test", "plain threshold"} < set(lines)
    ring = lines["in use: threshold 0.5"]
    at = next(row for row in card["precision_recall"] if row["method"] == "unet" and row["threshold"] == 0.5)
    assert (ring.get_xdata()[0], ring.get_ydata()[0]) == (at["recall"], at["precision"])
    low, high = axes.get_xlim()
    assert 0 < low <= min(row["recall"] for row in card["precision_recall"]) < high
    broken = [row | {"precision": None} for row in card["precision_recall"]]
    assert png_bytes(figures.precision_recall_figure(broken, 0.5))


def test_a_method_that_says_yes_or_no_is_one_point():
    rows = [
        {"method": "ztest", "threshold": i / 20, "precision": 0.01 if i == 0 else 0.8, "recall": 1.0 if i == 0 else 0.7}
        for i in range(20)
    ]
    axes = figures.precision_recall_figure(rows).axes[0]
    line = next(line for line in axes.lines if line.get_label() == "local z-test")
    assert line.get_data() == ([0.7], [0.8])
    assert axes.get_xlim()[0] == pytest.approx(0.6)


def test_lines_of_equal_f1_have_that_f1(card):
    axes = figures.precision_recall_figure(card["precision_recall"], None).axes[0]
    dashed = [line for line in axes.lines if str(line.get_label()).startswith("_")]
    for line, f1 in zip(dashed, np.arange(0.1, 0.95, 0.1), strict=True):
        recall, precision = line.get_data()
        np.testing.assert_allclose(2 * recall * precision / (recall + precision), f1)


def test_groups_have_a_panel_each_and_a_dot_for_every_score(card):
    rows = card["pixel_scores"]
    drawn = figures.groups_figure(rows, "f1", "images", "F1")
    divided = [row for row in rows if row["by"] != "all"]
    assert len(drawn.axes) == len({row["by"] for row in divided})
    dots = sum(len(axes.lines) for axes in drawn.axes)
    assert dots == sum(row["f1"] is not None for row in divided) < len(divided)
    assert not figures.is_divided([row for row in rows if row["by"] == "all"])


def test_reliability_shows_bins_that_hold_pixels(card):
    calibration = card["calibration"]
    calibration["bins"][3] |= {"pixels": 0, "mean_probability": None, "observed": None}
    upper, lower = figures.reliability_figure(calibration).axes
    assert len(upper.lines[1].get_xdata()) == 9
    assert len(lower.patches) == 9
