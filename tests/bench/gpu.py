"""Measure a full swath on a GPU, transfers included: ``make bench-gpu BACKEND=jax``.

Needs Keras with one of its backends, numpy, numba and h5py; neither TensorFlow nor an installation of this package.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / "workflow"), str(Path(__file__).resolve().parent)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--backend", default=os.environ.get("KERAS_BACKEND", "jax"), choices=["tensorflow", "jax", "torch"]
    )
    parser.add_argument("--batch", type=int, nargs="+", default=[2048, 8192])
    parser.add_argument("--scanlines", type=int, default=4172)
    parser.add_argument("--allow-cpu", action="store_true", help="try the benchmark where there is no GPU")
    options = parser.parse_args()
    os.environ["KERAS_BACKEND"] = options.backend
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    start = time.perf_counter()

    import numpy as np

    from so2plumes.detect.device import DeviceMosaic
    from so2plumes.detect.engines import EngineChoice, compiled_engine, load_keras
    from so2plumes.detect.gpu import seen_device
    from so2plumes.detect.inputs import unchanged
    from so2plumes.detect.model import UNet
    from swath import MODEL, STEP, peak_memory_gb, swath_image

    device = seen_device(options.backend)
    if device is None and not options.allow_cpu:
        sys.exit(f"{options.backend} sees no GPU")
    model = load_keras(MODEL)
    print(f"{options.backend} on {device or 'the CPU'}: import and load {time.perf_counter() - start:.1f} s")
    short = swath_image(200)
    expected = UNet(compiled_engine(MODEL, EngineChoice()), "local_robust", "").mosaic(short).probability
    image = swath_image(options.scanlines)
    print(f"{'batch':>6} {'first s':>8} {'swath s':>8} {'windows/s':>10} {'difference':>10}")
    for batch in options.batch:
        mosaic = DeviceMosaic(model, batch)
        difference = float(np.abs(mosaic(short, unchanged, STEP).probability - expected).max())
        runs = []
        for _ in range(4):
            began = time.perf_counter()
            made = mosaic(image, unchanged, STEP)
            runs.append(time.perf_counter() - began)
        quick = min(runs[1:])
        print(f"{batch:6} {runs[0]:8.2f} {quick:8.3f} {made.n_windows / quick:10.0f} {difference:10.1e}")
    print(f"{options.scanlines} x 450 pixels, a quarter without data; memory of the host {peak_memory_gb():.1f} GB")


if __name__ == "__main__":
    main()
