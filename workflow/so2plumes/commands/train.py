"""Commands that make a detector: training set, training, card."""

from __future__ import annotations

import argparse
import logging
import shutil
from pathlib import Path

from so2plumes.commands.options import Common, Subparsers, add_command, add_paths

log = logging.getLogger(__name__)


def build_training_set(options: argparse.Namespace) -> None:
    """Inject plumes of known truth into quiet scenes and cut 32 x 32 images from them."""
    from so2plumes.training.dataset import Recipe, write_training_set
    from so2plumes.training.dataset import build_training_set as build

    data = build(options.folders, Recipe(seed=options.seed), options.max_granules)
    write_training_set(data, options.out)
    log.info("%d images, %d of them for tests", len(data.images), int(data.test.sum()))


def train_model(options: argparse.Namespace) -> None:
    """Train the U-Net on a training set; writes the weights and the log of the training."""
    from so2plumes.files import write_json
    from so2plumes.training.dataset import read_training_set
    from so2plumes.training.train import TrainingPlan, plan_document, save_model, train

    plan = TrainingPlan(seed=options.seed, base_width=options.base_width, epochs=options.epochs, batch=options.batch)
    model, history = train(read_training_set(options.set), plan)
    save_model(model, options.out)
    write_json(options.history, plan_document(plan, history))


def evaluate_model(options: argparse.Namespace) -> None:
    """Score weights on unseen orbits and write the model card beside a copy of the weights."""
    from dataclasses import asdict

    from so2plumes.detect.model import detector_of
    from so2plumes.files import atomic_directory, read_json, write_json
    from so2plumes.swath.names import parse_granule_name
    from so2plumes.training.backgrounds import granules_below, quiet_backgrounds
    from so2plumes.training.dataset import is_test_orbit, read_training_set
    from so2plumes.training.evaluate import card_text, model_card, score_images, score_quiet_scenes

    data = read_training_set(options.set)
    detector = detector_of(options.model, options.normalisation)
    quiet = []
    for folder in options.folders:
        unseen = [path for path in granules_below([folder]) if is_test_orbit(parse_granule_name(path).orbit)]
        scenes = quiet_backgrounds(unseen)
        quiet.append({"of": Path(folder).name, **asdict(score_quiet_scenes(scenes, detector))})
        log.info("%s", quiet[-1])
    card = model_card(
        name=options.name,
        detector=detector,
        plan=read_json(options.history),
        data=data,
        images=score_images(data, detector.predict),
        quiet=quiet,
    )
    with atomic_directory(options.out) as folder:
        shutil.copyfile(options.model, folder / "model.keras")
        write_json(folder / "card.json", card)
        (folder / "card.md").write_text(card_text(card))


def add_commands(commands: Subparsers, common: Common) -> None:
    """Add the commands of this stage."""
    parser = add_command(commands, common, "build-training-set", build_training_set)
    parser.add_argument("folders", type=Path, nargs="+", help="folders of Level-2 granules")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--max-granules", type=int, default=None)
    add_paths(parser, out="NumPy archive")
    parser = add_command(commands, common, "train-model", train_model)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--base-width", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch", type=int, default=64)
    add_paths(parser, set="training set", out="weights, .keras", history="JSON log of the training")
    parser = add_command(commands, common, "evaluate-model", evaluate_model)
    parser.add_argument("folders", type=Path, nargs="+", help="folders of Level-2 granules for false alarms")
    parser.add_argument("--name", required=True)
    parser.add_argument("--normalisation", default="local_robust")
    add_paths(
        parser,
        set="training set",
        model="weights",
        history="log of the training",
        out="folder of weights and card",
    )
