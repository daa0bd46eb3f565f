"""Measure the search of a swath: the plain way and ours, each in a process of its own.

``python tests/bench/detection.py`` prints the tables of docs/performance.md. The ways take turns, so that a load on the
machine meets all of them; the quietest turn of each counts.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "workflow")]

from swath import MODEL, STEP, best, cloudy, peak_memory_gb, plain_detection, spent, swath_image  # noqa: E402


@dataclass(frozen=True)
class Way:
    what: str
    engine: str
    width: int
    mosaic: str = "rolling"


WAYS = {
    "plain-16": Way("model.predict + numpy.median", "plain", 16),
    "plain-8": Way("model.predict + numpy.median", "plain", 8),
    "keras-8": Way("ours, engine keras", "keras", 8),
    "compiled-16": Way("ours, engine compiled", "compiled", 16),
    "compiled-8": Way("ours, engine compiled", "compiled", 8),
    "dense-8": Way("ours, engine compiled, dense", "compiled", 8, "dense"),
}


@dataclass(frozen=True)
class Measured:
    start_s: float
    wall_s: float
    cpu_s: float
    memory_gb: float
    skipped: float


def untrained(path: Path) -> None:
    """The network of base width 16: its cost counts, not its answers."""
    from so2plumes.detect.unet import build_unet

    build_unet(base_width=16, channels=2).save(path)


def measure(way: Way, model: Path, scanlines: int, turns: int, answer: Path) -> Measured:
    began, image = time.perf_counter(), swath_image(scanlines)
    made = time.perf_counter() - began
    skipped = 0.0
    if way.engine == "plain":
        from so2plumes.detect.engines import load_keras

        network = load_keras(model)
        network.predict(np.zeros((256, 32, 32, 2), np.float32), batch_size=256, verbose=0)
        start = time.perf_counter() - began - made
        runs = [spent(lambda: np.save(answer, plain_detection(image, network, 2)))]
    else:
        from so2plumes.detect.engines import EngineChoice
        from so2plumes.detect.model import detector_of
        from so2plumes.detect.windows import tiling

        tiles = tiling(way.mosaic, STEP)
        choice = EngineChoice(way.engine, threads=os.cpu_count() or 1, window=tiles.window)
        detector = detector_of(model, "local_robust", tiles.step, choice)
        start = time.perf_counter() - began - made
        runs = [spent(lambda: np.save(answer, detector.mosaic(image).probability)) for _ in range(turns)]
        skipped = _skipped(image, tiles.window, tiles.step)
    run = best(runs)
    return Measured(start, run.wall_s, run.cpu_s, peak_memory_gb(), skipped)


def _skipped(image: np.ndarray, window: int | None, step: int) -> float:
    from so2plumes.detect.mosaic import informed_windows
    from so2plumes.detect.windows import window_starts

    side = window or 32
    rows, columns = (window_starts(size, side, step) for size in image.shape)
    return 1.0 - float(informed_windows(image, rows, columns, side).mean())


def turn(name: str, folder: Path, scanlines: int, turns: int) -> Measured:
    model = MODEL if WAYS[name].width == 8 else folder / "16.keras"
    command = [sys.executable, __file__, "--way", name, "--model", str(model), "--answer", str(folder / f"{name}.npy")]
    command += ["--scanlines", str(scanlines), "--turns", str(turns)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def table(found: dict[str, Measured], scanlines: int) -> None:
    print(f"\n{scanlines} x 450 pixels, 75 % of the scanlines valid, windows of 32 every 4 pixels\n")
    print("| way | base width | s per swath | CPU s | start s | memory GB | skipped | plain / this | plain 16 / this |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, m in found.items():
        way = WAYS[name]
        same, wide = found[f"plain-{way.width}"].wall_s / m.wall_s, found["plain-16"].wall_s / m.wall_s
        print(
            f"| {way.what} | {way.width} | {m.wall_s:.1f} | {m.cpu_s:.1f} | {m.start_s:.1f} | {m.memory_gb:.1f} "
            f"| {m.skipped:.0%} | {same:.1f} | {wide:.1f} |"
        )


def check(folder: Path) -> None:
    """End with an error when an exact way differs from the plain one."""
    for name in ("keras-8", "compiled-8", "compiled-16"):
        plain, ours = (np.load(folder / f"{way}.npy") for way in (f"plain-{WAYS[name].width}", name))
        difference = float(np.abs(plain - ours).max())
        print(f"largest difference of {name} to the plain way: {difference:.1e}")
        if difference > 1e-5:
            sys.exit(f"{name} and the plain way differ")


def growth(scanlines: int) -> None:
    """How the cost of the compiled engine grows."""
    from so2plumes.detect.engines import EngineChoice
    from so2plumes.detect.model import detector_of

    def line(what: str, image: np.ndarray, step: int = STEP) -> None:
        detector = detector_of(MODEL, "local_robust", step, EngineChoice("compiled", threads=os.cpu_count() or 1))
        run = best([spent(lambda: detector.mosaic(image)) for _ in range(2)])
        print(f"| {what} | {run.wall_s:.1f} | {run.cpu_s:.1f} | {_skipped(image, None, step):.0%} |", flush=True)

    full = swath_image(scanlines)
    print("\n| compiled, base width 8 | s | CPU s | skipped |\n|---|---|---|---|")
    for share in (4, 2, 1):
        line(f"{scanlines // share} scanlines, 75 % valid", swath_image(scanlines // share))
    for valid in (0.25, 0.5, 1.0):
        line(f"{valid:.0%} of the scanlines valid, the rest night", swath_image(scanlines, valid))
    for valid in (0.25, 0.5, 0.75):
        line(f"{valid:.0%} of the pixels valid, the rest clouds", cloudy(swath_image(scanlines, 1.0), valid))
    for step in (8, 16):
        line(f"step {step}", full, step)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scanlines", type=int, default=4172)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--way", choices=list(WAYS), help="measure this one here")
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--answer", type=Path, default=Path(os.devnull))
    parser.add_argument("--make", type=Path, help="write an untrained network of base width 16")
    options = parser.parse_args()
    if options.make:
        untrained(options.make)
        return
    if options.way:
        found = measure(WAYS[options.way], options.model, options.scanlines, options.turns, options.answer)
        print(json.dumps(asdict(found)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([sys.executable, __file__, "--make", str(folder / "16.keras")], check=True)
        turns: dict[str, list[Measured]] = {name: [] for name in WAYS}
        for _ in range(options.turns):
            for way in WAYS:
                if len(turns[way]) < (1 if WAYS[way].engine != "compiled" else options.turns):
                    turns[way].append(turn(way, folder, options.scanlines, 2))
        table({way: min(seen, key=lambda m: m.wall_s) for way, seen in turns.items()}, options.scanlines)
        check(folder)
    growth(options.scanlines)


if __name__ == "__main__":
    main()
