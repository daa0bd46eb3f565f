"""The words and tables of a model card."""

from __future__ import annotations

import copy
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.report.made_card import GRANULE, made_card

from so2plumes.files import read_json
from so2plumes.report import card_words as words
from so2plumes.report.card_facts import attribution, caveats, limits_table, regenerate_words
from so2plumes.report.card_tables import apart, bounds_table
from so2plumes.report.card_text import card_markdown, card_parts
from so2plumes.report.card_variants import variants_table, variants_words

LATER = ("bounds", "scene_scores", "object_scores", "calibration", "precision_recall", "bands", "strong_scenes",
         "variants", "detection")  # fmt: skip


@pytest.fixture
def card() -> dict:
    return made_card()


def scores_of(**f1) -> list[dict]:
    return [
        {"method": method, "by": "all", "of": "all", "images": 9, "truth_pixels": 99, "precision": value,
         "recall": value, "f1": value}
        for method, value in f1.items()
    ]  # fmt: skip


def test_every_table_of_the_markdown_is_whole(card):
    text = card_markdown(card)
    assert text == card_markdown(copy.deepcopy(card))
    blocks = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert len(blocks) == sum(len(part.tables) for part in card_parts(card))
    for block in blocks:
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in block.strip().splitlines()}
        assert len(widths) == 1
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == [p.title for p in card_parts(card)]


def test_bounds_come_first_with_their_numbers(card):
    text = card_markdown(card)
    assert card_parts(card)[0].anchor == "verdict"
    assert "2 of 5 bounds are met." in text
    assert "Not measured: 1500 km bands" in text
    assert "| pixel F1, peak over 6 sigma, at least | 0.9 | 0.941 | met |  |" in text


def test_a_bound_missed_by_little_does_not_look_met(card):
    row = bounds_table(card["bounds"]).rows[1]
    assert row[1:4] == ("0.87", "0.8699", "not met")


@given(st.floats(0.01, 2000), st.floats(1e-5, 1e-2), st.sampled_from([-1, 1]))
def test_numbers_that_differ_are_told_apart(required, shift, sign):
    reached, shown = apart(required * (1 + sign * shift), required)
    assert reached != shown
    assert apart(required, required)[0] == apart(required, required)[1]


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ({"unet": 0.9, "ztest": 0.8, "threshold": 0.7}, "beats the local z-test and the plain threshold"),
        ({"unet": 0.9, "ztest": 0.95, "threshold": 0.7}, "beats the plain threshold but not the local z-test"),
        ({"unet": 0.6, "ztest": 0.8, "threshold": 0.7}, "does not beat the local z-test or the plain threshold"),
        ({"unet": 0.8, "ztest": 0.8}, "does not beat the local z-test"),
        ({"unet": 0.8, "ztest": 0.8 - 1e-6}, "beats the local z-test"),
        ({"unet": 0.8, "ztest": None}, ""),
        ({"ztest": 0.8, "threshold": 0.7}, ""),
    ],
)
def test_the_verdict_on_the_baselines_follows_the_numbers(scores, said):
    assert words.beats(scores) == said
    sentence = words.score_words(scores_of(**scores), "windows")[0]
    assert ("the U-Net" in sentence) == bool(said)
    assert said in sentence


def test_groups_that_the_net_loses_are_named(card):
    rows = card["pixel_scores"]
    assert words.score_words(rows, "windows")[-1] == "The U-Net has the highest F1 in each of the 24 groups below."
    lost = [row for row in rows if row["of"] == "5 DU"]
    next(row for row in lost if row["method"] == "threshold")["f1"] = 0.99
    sentence = words.score_words(rows, "windows")[-1]
    assert sentence.startswith("Of 24 groups below, the U-Net has the highest F1 in 23; not in background 5 DU (")
    assert "against 0.990, plain threshold" in sentence


def test_comparisons_are_counted_and_a_draw_is_no_win(card):
    assert words.comparison_words(card)[0].startswith("The U-Net is ahead of every baseline in 6 of 7 comparisons")
    assert "false plumes 1 of 2" in words.comparison_words(card)[0]
    for row in card["quiet_scenes"]:
        row["plumes_per_100_scenes"] = 5.0 if row["method"] == "unet" else 4.0
    assert "in 5 of 7" in words.comparison_words(card)[0]
    assert (
        "does not draw fewer than the local z-test or the plain threshold" in words.quiet_words(card["quiet_scenes"])[0]
    )
    assert words.comparison_words({"pixel_scores": scores_of(unet=0.9)}) == []


def test_calibration_is_said_for_pixels_in_doubt():
    bins = [
        {"low": 0.0, "high": 0.1, "mean_probability": 0.01, "observed": 0.5, "pixels": 800},
        {"low": 0.1, "high": 0.5, "mean_probability": 0.3, "observed": 0.2, "pixels": 300},
        {"low": 0.5, "high": 0.9, "mean_probability": 0.7, "observed": 0.9, "pixels": 100},
        {"low": 0.9, "high": 1.0, "mean_probability": None, "observed": None, "pixels": 0},
    ]
    said = words.calibration_words({"ece": 0.4, "pixels": 1200, "bins": bins})
    assert "66.7\u202f% have a probability below 0.1" in said[0]
    assert "Among the 400 pixels" in said[1]
    assert "the error is 0.125" in said[1]
    assert "too sure of plumes by 0.025" in said[1]


def test_strong_scenes_are_counted_at_the_bound(card):
    said = words.strong_words([{"covered_by_one": share} for share in (0.85, 0.849, 1.0, None)])[0]
    assert said.startswith("In 2 of 3 strong real scenes")
    assert "lowest 84.9" in said


def test_the_ablation_says_what_one_change_does(card):
    said = variants_words(card["variants"])
    assert "Chosen: input local_robust, channels 1, loss bce, base width 8; F1 over 3 sigma 0.915." in said
    assert "Higher: wide (+0.0028)." in said
    effects = next(sentence for sentence in said if sentence.startswith("Changing one thing"))
    assert "loss dice \u22120.007" in effects
    assert "focal" not in effects
    assert not any("Epochs" in sentence for sentence in said)
    card["variants"][1]["epochs"] = 3
    assert any("Epochs" in sentence for sentence in variants_words(card["variants"]))


def test_variants_are_ordered_with_the_chosen_one_first(card):
    table = variants_table(card["variants"])
    assert table.rows[0][0] == "shipped (chosen)"
    scores = [float(row[table.head.index("F1 over 3σ")]) for row in table.rows[1:]]
    assert scores == sorted(scores, reverse=True)
    unchosen = [row | {"chosen": False} for row in card["variants"]]
    assert "None is marked as chosen" in variants_table(unchosen).caption
    assert variants_words(unchosen) == []


def test_limits_stand_beside_their_conditions(card):
    table = limits_table(card["detection"])
    limit = next(row for row in card["detection"]["limits"] if row["pod"] == 0.9)
    assert len(table.rows) == 12
    assert table.head[-2:] == ("50\u202f% found", "90\u202f% found")
    assert table.rows[0][-1].startswith(f"{round(limit['emission_kg_h'], -2):,.0f}".replace(",", "\u202f"))
    assert "wind of 5 m/s over a clean background away from the edge" in words.limits_words(card["detection"])[-1]
    assert "There is no limit to be given." in words.limits_words({"trials": 3, "limits": []})
    assert limits_table({"trials": 3, "limits": []}) is None


@pytest.mark.parametrize("absent", LATER)
def test_what_a_card_does_not_hold_is_left_out(card, absent):
    anchors = [part.anchor for part in card_parts(card)]
    del card[absent]
    left = [part.anchor for part in card_parts(card)]
    assert set(left) < set(anchors) or absent == "precision_recall"
    assert card_markdown(card)


def test_the_smallest_card_is_still_a_card(card):
    small = {name: card[name] for name in ("name", "sha256", "window", "normalisation", "truth", "data")}
    text = card_markdown(small)
    assert "results/training/unet-8/card.html" in text
    assert "What the numbers do not say" in text
    assert "| windows | 11 435 |" in text


def test_a_card_of_the_first_version_is_read(root):
    text = card_markdown(read_json(root / "resources" / "models" / "unet-8" / "card.json"))
    assert "## Net, data and training" in text


def test_a_score_without_method_is_the_nets():
    old = [{"f1": 0.9479, "images": 975, "of": "peak over 3 sigma", "precision": 0.9534, "recall": 0.9424,
            "truth_pixels": 141003}]  # fmt: skip
    quiet = [{"of": "etna", "plumes": 2, "plumes_per_million_pixels": 3.34, "plumes_per_scene": 0.0187, "scenes": 107,
              "usable_pixels": 598595}]  # fmt: skip
    card = {"name": "old", "sha256": "0", "window": 32, "normalisation": "local_robust", "data": {"images": 1},
            "pixel_scores": old, "quiet_scenes": quiet}  # fmt: skip
    text = card_markdown(card)
    assert "| peak over 3 sigma | 975 | 141 003 | 0.953 | 0.942 | 0.948 |" in text
    assert "U-Net 1.87." in text


def test_a_bar_in_a_name_does_not_break_the_table(card):
    card["bounds"][0]["note"] = "a | b\nc"
    assert "| a \\| b c |" in card_markdown(card)


def test_real_scenes_are_attributed_with_the_years_of_sensing(card):
    assert attribution(card, [GRANULE]) == "Contains modified Copernicus Sentinel data 2018\u20132021."
    del card["strong_scenes"]
    assert attribution(card, [GRANULE]) == "Contains modified Copernicus Sentinel data 2021."
    assert attribution(card, []) == "Contains modified Copernicus Sentinel data."


def test_a_card_of_simulated_scenes_does_not_speak_of_real_ones(card):
    assert "one archive (etna, one region" in " ".join(caveats(card))
    assert "air mass factor" in " ".join(caveats(card))
    card["data"]["archives"] = {"simulated": 49, "etna": 0}
    card["quiet_scenes"] = [row for row in card["quiet_scenes"] if row["of"] == "simulated"]
    assert attribution(card, []) == "Simulated data."
    said = " ".join(caveats(card))
    assert "No real scene was used" in said
    assert "air mass factor" not in said


def test_the_card_says_how_to_make_it_again(card):
    said = " ".join(regenerate_words(card))
    assert "results/training/unet-8/card.html" in said
    assert "seed is 1" in said
    assert card["sha256"] in said


def test_scenes_of_two_kinds_in_one_archive_are_kept_apart():
    rows = [
        {"method": method, "of": "etna", "scene": scene, "scenes": 50, "usable_pixels": 10**6, "plumes": plumes,
         "plumes_per_100_scenes": 2.0 * plumes, "plumes_per_million_pixels": 1.0 * plumes}
        for scene, per_method in (("quiet", (1, 4)), ("no plume, 3 DU", (9, 4)))
        for method, plumes in zip(("unet", "ztest"), per_method, strict=True)
    ]  # fmt: skip
    said = words.quiet_words(rows)
    assert said[0].startswith("False plumes per 100 scenes, etna, quiet (50 scenes): U-Net 2.00 and local z-test 8.00")
    assert "etna, no plume, 3 DU (50 scenes): U-Net 18.00" in said[1]
    assert "1 of 2 comparisons" in words.comparison_words({"quiet_scenes": rows})[0]


def test_a_bound_says_in_which_way_it_holds(card):
    bounds = [{"bound": "false plumes", "words": "at most", "required": 1.0, "reached": 1.4, "met": False, "note": ""}]
    assert bounds_table(bounds).rows[0][1:4] == ("at most 1", "1.4", "not met")
    assert "(reached 1.4, required at most 1)" in words.verdict_words(bounds)[1]


def test_plumes_of_two_and_false_pixels_are_said(card):
    said = card_markdown(card)
    assert "7 of 240 plumes in scenes with injections hold two injected plumes" in said
    assert "in windows without one: U-Net 0.210 %" in said


def test_the_shipped_text_is_that_of_the_shipped_card(root):
    folder = root / "resources" / "models" / "unet-8"
    assert (folder / "card.md").read_text(encoding="utf-8") == card_markdown(read_json(folder / "card.json"))
