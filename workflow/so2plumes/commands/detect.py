"""The command that searches swaths for plumes."""

from __future__ import annotations

import argparse
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from so2plumes.commands.options import Common, Subparsers, add_command, add_filter, add_paths

if TYPE_CHECKING:
    from so2plumes.detect.detector import Detector
    from so2plumes.detect.seconds import Seconds

log = logging.getLogger(__name__)

ENGINES = ("auto", "gpu", "compiled", "keras")


def detect_plumes(options: argparse.Namespace) -> None:
    """Compute the plume probability of every pixel of a folder of compact swaths."""
    began = time.perf_counter()
    use_backend(options)
    import netCDF4

    from so2plumes.detect.ahead import prepared_ahead
    from so2plumes.detect.probability import ProbabilityWriter
    from so2plumes.detect.seconds import Seconds
    from so2plumes.detect.swaths import DetectionRule, detect_swath
    from so2plumes.files import atomic_path
    from so2plumes.made_by import extended, read_beside, to_text
    from so2plumes.swath.compact import read_compact
    from so2plumes.swath.model import Swath

    seconds, files = Seconds(), threading.Lock()
    seconds.add("import", time.perf_counter() - began)

    def read(path: Path) -> Swath:
        with files, seconds.of("read"):
            return read_compact(path)

    paths = sorted(options.swaths.glob("*.nc"))
    rule = DetectionRule(options.min_qa, options.max_solar_zenith)
    with (
        _own_device(options, wanted=bool(paths)) as device,
        atomic_path(options.out) as temporary,
        netCDF4.Dataset(temporary, "w") as dataset,
    ):
        detector = detector_from(options, device, seconds) if paths else None
        identity = _identity(options)
        attributes = {
            "model_sha256": identity,
            "window": options.window,
            "step": options.step,
            "mosaic": options.mosaic,
            "made_by": to_text(extended(read_beside(options.swaths), "detect_plumes", model=identity)),
        }
        writer = ProbabilityWriter(dataset, attributes)
        with closing(prepared_ahead(paths, read)) as swaths:
            for count, swath in enumerate(swaths, 1):
                log.info("swath %d of %d: %s", count, len(paths), swath.granule)
                assert detector is not None
                probability = detect_swath(swath, detector, rule)
                with files, seconds.of("write"):
                    writer.add(swath.granule, swath.orbit, probability, swath)
        dataset.setncatts(_engine_attributes(detector))
    log.info("%d swaths: %s", len(paths), seconds)


def use_backend(options: argparse.Namespace) -> None:
    """Set what the engines read when they are imported."""
    os.environ["KERAS_BACKEND"] = options.backend
    for variable in ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS"):
        os.environ[variable] = str(options.threads)
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")


@contextmanager
def _own_device(options: argparse.Namespace, wanted: bool) -> Iterator[str | None]:
    """Hold a GPU for this process and hide the others, where the engine may be on one."""
    from so2plumes.detect.devices import VARIABLE, is_built_for_cpus, lock_folder, own_device, visible_devices

    engine = options.engine if wanted and options.method == "unet" else "none"
    devices = visible_devices(os.environ) if engine in ("auto", "gpu") else []
    if engine != "gpu" and (not devices or is_built_for_cpus(options.backend)):
        yield None
        return
    with own_device(devices, lock_folder(os.environ)) as device:
        os.environ[VARIABLE] = device
        log.info("holding GPU %s", device)
        yield device


def _engine_attributes(detector: Detector | None) -> dict[str, str]:
    """Return what did the work; asked for at the end, when it is known."""
    engine = getattr(detector, "engine", None)
    return {"engine": engine.name, "precision": engine.precision} if engine is not None else {}


def _identity(options: argparse.Namespace) -> str:
    from so2plumes.detect.ztest import ZTest
    from so2plumes.files import sha256

    return ZTest().identity if options.method == "ztest" else sha256(options.model)


def detector_from(options: argparse.Namespace, device: str | None = None, seconds: Seconds | None = None) -> Detector:
    """Return the detector of the options of `add_detector`.

    Parameters
    ----------
    options : Namespace
    device : str, optional
        GPU that this process holds.
    seconds : Seconds, optional
        What importing and loading took is added.
    """
    from so2plumes.detect.seconds import Seconds
    from so2plumes.detect.windows import tiling
    from so2plumes.detect.ztest import ZTest
    from so2plumes.errors import ModelError

    if options.method == "ztest":
        return ZTest()
    tiles, seconds = tiling(options.mosaic, options.step), seconds or Seconds()
    with seconds.of("import"):
        from so2plumes.detect.engines import EngineChoice
        from so2plumes.detect.model import load_detector
    choice = EngineChoice(options.engine, options.batch, options.threads, device, options.cpu_fallback, tiles.window)
    detector = load_detector(options.model, tiles.step, choice, seconds)
    if detector.window != (tiles.window or options.window):
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
    add_paths(parser, swaths="folder of compact swaths", out="NetCDF file")
    add_detector(parser)
    add_filter(parser)


def add_detector(parser: argparse.ArgumentParser) -> None:
    """Add which detector is used."""
    add_paths(parser, model="weights, .keras with card.json")
    parser.add_argument("--method", choices=["unet", "ztest"], default="unet")
    parser.add_argument("--window", type=int, default=32)
    parser.add_argument("--step", type=int, default=4)
    parser.add_argument("--mosaic", choices=["rolling", "dense"], default="rolling")
    parser.add_argument("--engine", choices=ENGINES, default="auto", help="what runs the network")
    parser.add_argument("--cpu-fallback", action="store_true", help="go on with the CPU when the GPU fails")
    parser.add_argument("--batch", type=int, default=512, help="windows per call of Keras")
    parser.add_argument("--backend", default="tensorflow", help="Keras backend")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
