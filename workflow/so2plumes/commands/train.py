"""Commands that make a detector: training set, training, comparison, detection curve, card."""

from __future__ import annotations

import argparse
import logging
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from so2plumes.commands.options import (
    Common,
    Subparsers,
    add_command,
    add_component_rule,
    add_paths,
    component_rule,
    optional_path,
)

if TYPE_CHECKING:
    from so2plumes.training.train import TrainingPlan

log = logging.getLogger(__name__)


def build_training_set(options: argparse.Namespace) -> None:
    """Inject plumes of known truth into quiet scenes, and cut 32 x 32 images from them and from labelled scenes."""
    from so2plumes.training.build import Recipe
    from so2plumes.training.build import build_training_set as build
    from so2plumes.training.dataset import write_training_set
    from so2plumes.training.labels import read_all_labels

    labels = read_all_labels(options.labels)
    data = build(options.folders, Recipe(seed=options.seed), labels, options.max_granules, options.threads)
    write_training_set(data, options.out)
    parts = data.table["part"].value_counts().to_dict()
    log.info("%d images, %s, from %d granules", len(data), parts, data.table["granule"].nunique())


def _plan(options: argparse.Namespace) -> TrainingPlan:
    from so2plumes.training.train import TrainingPlan

    return TrainingPlan(
        seed=options.seed,
        normalisation=options.normalisation,
        channels=2 if options.validity_channel else 1,
        loss=options.loss,
        base_width=options.base_width,
        dropout=options.dropout,
        epochs=options.epochs,
        batch=options.batch,
    )


def train_model(options: argparse.Namespace) -> None:
    """Train the U-Net on a training set; writes the weights and the log of the training."""
    _use_threads(options.threads)
    from so2plumes.files import write_json
    from so2plumes.training.dataset import read_training_set
    from so2plumes.training.train import plan_document, save_model, train

    plan = _plan(options)
    model, history = train(read_training_set(options.set), plan)
    save_model(model, options.out)
    write_json(options.history, plan_document(plan, history))


def compare_variant(options: argparse.Namespace) -> None:
    """Train one variant of the chosen network for a short time and score it, for the table of the card."""
    _use_threads(options.threads)
    from so2plumes.evaluation.variants import score_variant
    from so2plumes.files import write_json
    from so2plumes.training.dataset import read_training_set

    data = read_training_set(options.set)
    write_json(options.out, score_variant(options.variant, data, _plan(options), options.max_images))


def detection_curve(options: argparse.Namespace) -> None:
    """Inject plumes of known emission rate into scenes of unseen orbits and say which are found."""
    _use_threads(options.threads)
    from so2plumes.detect.model import detector_of
    from so2plumes.evaluation.curve import TrialPlan, run_trials
    from so2plumes.evaluation.unseen import unseen_scenes
    from so2plumes.table import write_table

    detector = detector_of(options.model, _training_log(options)["plan"]["normalisation"])
    plan = TrialPlan(seed=options.seed, trials=options.trials)
    scenes = unseen_scenes(options.folders).quiet().spread(max(1, plan.trials // plan.trials_per_scene))
    trials = run_trials(scenes, detector, plan, component_rule(options))
    write_table(trials, options.out)
    log.info("%d trials, %d found", len(trials), int(trials["found"].sum()))


def evaluate_model(options: argparse.Namespace) -> None:
    """Score weights on unseen orbits and regions and write the model card beside a copy of the weights."""
    _use_threads(options.threads)
    from so2plumes.detect.model import detector_of
    from so2plumes.evaluation.card import evaluate
    from so2plumes.evaluation.examples import write_examples
    from so2plumes.evaluation.unseen import unseen_scenes
    from so2plumes.files import atomic_directory, read_json, write_json
    from so2plumes.report.card_text import card_markdown
    from so2plumes.sources.known import read_known_sources
    from so2plumes.training.dataset import read_training_set

    facts = _facts(options)
    detector = detector_of(options.model, facts["training"]["plan"]["normalisation"])
    data, unseen = read_training_set(options.set), unseen_scenes(options.folders, read_known_sources(options.known))
    done = evaluate(detector, data, unseen, component_rule(options), options.seed, facts)
    with atomic_directory(options.out) as folder:
        shutil.copyfile(options.model, folder / "model.keras")
        write_json(folder / "card.json", done.card)
        (folder / "card.md").write_text(card_markdown(read_json(folder / "card.json")), encoding="utf-8")
        write_examples(folder / "examples.npz", done.examples)
    for bound in done.card["bounds"]:
        log.info(
            "%s: %s (%s %s)%s",
            bound["bound"],
            bound["reached"],
            bound["words"],
            bound["required"],
            "" if bound["met"] else "  NOT MET",
        )


def write_card(options: argparse.Namespace) -> None:
    """Write the model card as one HTML file with figures and pictures."""
    from so2plumes.evaluation.examples import read_examples
    from so2plumes.files import read_json, write_text
    from so2plumes.report.card_page import card_page

    examples = options.model / "examples.npz"
    page = card_page(read_json(options.model / "card.json"), read_examples(examples) if examples.is_file() else [])
    write_text(options.out, page)
    log.info("card: %s", options.out)


def _use_threads(threads: int) -> None:
    for variable in ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS"):
        os.environ[variable] = str(threads)
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")


def _training_log(options: argparse.Namespace) -> dict[str, Any]:
    """Return plan and history, from a log or from the card of weights that are scored again."""
    from so2plumes.files import read_json

    document = read_json(options.history)
    return document.get("training", document)


def _facts(options: argparse.Namespace) -> dict[str, Any]:
    """Gather what the card says besides scores; weights that are scored again keep their training log and variants."""
    from so2plumes.evaluation.limits import summarise
    from so2plumes.files import read_json
    from so2plumes.table import read_table

    facts = {
        "name": options.name,
        "bytes": options.model.stat().st_size,
        "training": _training_log(options),
        "variants": [read_json(path) for path in options.variants] or read_json(options.history).get("variants", []),
    }
    if options.curve is not None:
        facts["detection"] = summarise(read_table(options.curve), options.seed)
    return facts


def _add_plan(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--normalisation", choices=["local_robust", "window_max"], default="local_robust")
    parser.add_argument("--validity-channel", action="store_true", help="second input: which pixels are usable")
    parser.add_argument("--loss", choices=["bce", "dice", "focal"], default="bce")
    parser.add_argument("--base-width", type=int, default=8)
    parser.add_argument("--dropout", type=float, default=0.05)
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument("--batch", type=int, default=64)


def _add_threads(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)


def add_commands(commands: Subparsers, common: Common) -> None:
    """Add the commands of this stage."""
    folders = "folders of Level-2 granules"
    history = "log of the training, or the card of weights that are scored again"
    parser = add_command(commands, common, "build-training-set", build_training_set)
    parser.add_argument("folders", type=Path, nargs="+", help=folders)
    parser.add_argument("--labels", type=Path, nargs="*", default=[], help="files of labels, see docs/labels.md")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--max-granules", type=int, default=None)
    _add_threads(parser)
    add_paths(parser, out="folder of images and their table")
    parser = add_command(commands, common, "train-model", train_model)
    _add_plan(parser)
    _add_threads(parser)
    add_paths(parser, set="training set", out="weights, .keras", history="JSON log of the training")
    parser = add_command(commands, common, "compare-variant", compare_variant)
    parser.add_argument("--variant", required=True, help="name of a variant")
    parser.add_argument("--max-images", type=int, default=6000, help="train on this many images")
    _add_plan(parser)
    _add_threads(parser)
    add_paths(parser, set="training set", out="JSON file")
    parser = add_command(commands, common, "detection-curve", detection_curve)
    parser.add_argument("folders", type=Path, nargs="+", help=folders)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--trials", type=int, default=2000)
    add_component_rule(parser)
    _add_threads(parser)
    add_paths(parser, model="weights", history=history, out="Parquet table of trials")
    parser = add_command(commands, common, "evaluate-model", evaluate_model)
    parser.add_argument("folders", type=Path, nargs="+", help=folders)
    parser.add_argument("--name", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--variants", type=Path, nargs="*", default=[], help="scores of compare-variant")
    parser.add_argument("--curve", type=optional_path, default=None, help="trials of detection-curve")
    add_component_rule(parser)
    _add_threads(parser)
    add_paths(
        parser,
        set="training set",
        model="weights",
        history=history,
        known="CSV of known sources: near them a real scene is not quiet",
        out="folder of weights and card",
    )
    parser = add_command(commands, common, "write-card", write_card)
    add_paths(parser, model="folder of weights and card", out="HTML file")
