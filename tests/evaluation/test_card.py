import copy

import numpy as np
import pytest

from so2plumes.detect.model import detector_of
from so2plumes.errors import ModelError
from so2plumes.evaluation.bounds import verdict
from so2plumes.evaluation.card import evaluate
from so2plumes.evaluation.scenes import CLEAN, STRUCTURED
from so2plumes.evaluation.unseen import UnseenScenes, unseen_scenes
from so2plumes.evaluation.variants import held_out, score_variant
from so2plumes.plumes.components import ComponentRule
from so2plumes.training.build import Recipe, build_training_set
from so2plumes.training.split import is_test_orbit
from so2plumes.training.train import TrainingPlan, plan_document, save_model, train

RULE = ComponentRule(growth_threshold=0.3)
PLAN = TrainingPlan(base_width=2, epochs=2, batch=16)


@pytest.fixture(scope="module")
def data(simulated_folder):
    return build_training_set([simulated_folder], Recipe(seed=2))


@pytest.fixture(scope="module")
def made(data, simulated_folder, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.keras"
    model, history = train(data, PLAN)
    save_model(model, path)
    facts = {"name": "tiny", "bytes": path.stat().st_size, "training": plan_document(PLAN, history), "variants": []}
    return path, facts


@pytest.fixture(scope="module")
def done(made, data, simulated_folder):
    path, facts = made
    return evaluate(detector_of(path, "local_robust"), data, unseen_scenes([simulated_folder]), RULE, 1, facts)


def test_only_unseen_orbits_are_scored(simulated_folder):
    scenes = unseen_scenes([simulated_folder])
    orbits = [background.swath.orbit for background in scenes]
    assert orbits
    assert all(is_test_orbit(orbit) for orbit in orbits)
    assert [background.swath.orbit for background in scenes] == orbits
    assert {background.archive for background in scenes} == {"simulated"}
    assert list(scenes.of(real=True)) == []
    assert len(list(scenes.spread(2))) == 2


def test_nothing_to_score_on_is_said(made, data):
    path, facts = made
    with pytest.raises(ModelError, match="nothing to score"):
        evaluate(detector_of(path, "local_robust"), data, UnseenScenes(()), RULE, 1, facts)


def test_weights_scored_again_give_the_same_card(made, done, data, simulated_folder):
    path, facts = made
    again = evaluate(detector_of(path, "local_robust"), data, unseen_scenes([simulated_folder]), RULE, 1, facts)
    assert again.card == done.card


def test_all_methods_are_scored_on_the_same_pixels(done):
    for rows, unit in ((done.card["pixel_scores"], "images"), (done.card["scene_scores"], "scenes")):
        groups = {}
        for row in rows:
            groups.setdefault((row["by"], row["of"]), []).append((row[unit], row["truth_pixels"]))
        assert all(len(set(values)) == 1 and len(values) == 3 for values in groups.values())


def test_precision_recall_and_calibration_count_the_same_pixels(done):
    assert done.card["calibration"]["pixels"] == sum(b["pixels"] for b in done.card["calibration"]["bins"])
    assert {point["method"] for point in done.card["precision_recall"]} == {"unet", "ztest", "threshold"}


def test_a_card_goes_through_json_unchanged(done, tmp_path):
    from so2plumes.files import read_json, write_json

    write_json(tmp_path / "card.json", done.card)
    assert read_json(tmp_path / "card.json") == done.card


def perfect(card):
    """A card on which every bound is met."""
    card = copy.deepcopy(card)
    for row in card["pixel_scores"] + card["scene_scores"]:
        score = 0.99 if row["method"] == "unet" else 0.5
        row.update(f1=score, recall=score, precision=score)
    for row in card["object_scores"]:
        row.update(recall=0.99)
    groups = ("12 pixels over 4 sigma", "12 pixels, peak over 4 sigma")
    card["object_scores"] += [{"method": "unet", "by": "all", "of": of, "recall": 0.99} for of in groups]
    for name in ("scene_scores", "object_scores"):
        card[name] += [
            {"method": "unet", "by": "scene", "of": of, "recall": 0.99, "f1": 0.9} for of in (CLEAN, STRUCTURED)
        ]
    card["quiet_scenes"] = [{"method": "unet", "of": "etna", "scene": "quiet", "scenes": 200, "plumes": 1}]
    card["strong_scenes"] = [{"covered_by_one": 0.9}]
    card["bands"] = {"share": 0.9, "cases": 40}
    return card


def test_a_perfect_card_meets_every_bound(done):
    assert [bound["bound"] for bound in verdict(perfect(done.card), 1000) if not bound["met"]] == []


@pytest.mark.parametrize(
    ("section", "changes", "words"),
    [
        ("quiet_scenes", {"plumes": 3}, "false plumes"),
        ("strong_scenes", {"covered_by_one": 0.5}, "strong real"),
        ("bands", {"share": 0.7}, "bands"),
    ],
)
def test_a_bound_that_is_missed_is_said(done, section, changes, words):
    card = perfect(done.card)
    target = card[section]
    (target if isinstance(target, dict) else target[0]).update(changes)
    missed = [bound["bound"] for bound in verdict(card, 1000) if not bound["met"]]
    assert len(missed) == 1
    assert words in missed[0]


def test_a_tie_with_a_baseline_does_not_beat_it(done):
    card = perfect(done.card)
    for row in card["pixel_scores"]:
        row["f1"] = 0.99
    missed = [bound["bound"] for bound in verdict(card, 1000) if not bound["met"]]
    assert len(missed) == 1
    assert "lead" in missed[0]


def test_what_was_not_measured_is_not_met(done):
    card = {**perfect(done.card), "strong_scenes": [], "quiet_scenes": [], "bands": {}}
    missed = [bound for bound in verdict(card, 20_000_000) if not bound["met"]]
    assert sorted(bound["reached"] is None for bound in missed) == [False, True, True, True]


def test_variants_are_chosen_without_a_test_image(data):
    few = held_out(data, 40, seed=1)
    parts = few.table.groupby("part")["orbit"].unique()
    assert (few.table["part"] == "train").sum() == 40
    assert not set(parts["train"]) & set(parts["test"])
    assert set(few.table["orbit"]) <= set(data.part("train").table["orbit"])
    np.testing.assert_array_equal(few.z, held_out(data, 40, seed=1).z)


def test_a_variant_row_says_what_was_trained(data):
    row = score_variant("double-width", data, TrainingPlan(base_width=2, epochs=1, batch=16), 64)
    assert (row["base_width"], row["images"], row["epochs"], row["chosen"]) == (4, 64, 1, False)
    assert row["weights"] > 4000
