"""The command that searches swaths for plumes."""

from __future__ import annotations

import argparse
import logging
import os
from typing import TYPE_CHECKING

from so2plumes.commands.options import Common, Subparsers, add_command, add_filter, add_paths

if TYPE_CHECKING:
    from so2plumes.detect.detector import Detector

log = logging.getLogger(__name__)


def detect_plumes(options: argparse.Namespace) -> None:
    """Compute the plume probability of every pixel of a folder of compact swaths."""
    os.environ["KERAS_BACKEND"] = options.backend
    for variable in ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS"):
        os.environ[variable] = str(options.threads)
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    import netCDF4

    from so2plumes.detect.probability import ProbabilityWriter
    from so2plumes.detect.swaths import DetectionRule, detect_swath
    from so2plumes.files import atomic_path
    from so2plumes.made_by import extended, read_beside, to_text
    from so2plumes.swath.compact import read_compact

    paths = sorted(options.swaths.glob("*.nc"))
    detector = _detector(options) if paths else None
    rule = DetectionRule(options.min_qa, options.max_solar_zenith)
    identity = _identity(options)
    versions = extended(read_beside(options.swaths), "detect_plumes", model=identity)
    attributes = {
        "model_sha256": identity,
        "window": options.window,
        "step": options.step,
        "made_by": to_text(versions),
    }
    with atomic_path(options.out) as temporary, netCDF4.Dataset(temporary, "w") as dataset:
        writer = ProbabilityWriter(dataset, attributes)
        for count, path in enumerate(paths, 1):
            log.info("swath %d of %d: %s", count, len(paths), path.stem)
            swath = read_compact(path)
            assert detector is not None
            writer.add(swath.granule, swath.orbit, detect_swath(swath, detector, rule))


def _identity(options: argparse.Namespace) -> str:
    from so2plumes.detect.ztest import ZTest
    from so2plumes.files import sha256

    return ZTest().identity if options.method == "ztest" else sha256(options.model)


def _detector(options: argparse.Namespace) -> Detector:
    from so2plumes.detect.model import load_detector
    from so2plumes.detect.ztest import ZTest
    from so2plumes.errors import ModelError

    if options.method == "ztest":
        return ZTest()
    detector = load_detector(options.model, options.batch, options.step)
    if detector.window != options.window:
        raise ModelError(
            "the model's window is not the configured one",
            where=f"detect.window, {options.model}",
            expected=str(detector.window),
            found=str(options.window),
        )
    return detector


def add_commands(commands: Subparsers, common: Common) -> None:
    """Add the commands of this stage."""
    parser = add_command(commands, common, "detect-plumes", detect_plumes)
    add_paths(parser, swaths="folder of compact swaths", model="weights, .keras with card.json", out="NetCDF file")
    parser.add_argument("--method", choices=["unet", "ztest"], default="unet")
    parser.add_argument("--window", type=int, default=32)
    parser.add_argument("--step", type=int, default=4)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--backend", default="tensorflow", help="Keras backend")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    add_filter(parser)
