"""The path for GPUs, on the CPU: same code, other device. Failures are those of a stand-in."""

import os
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

from so2plumes.detect.engines import EngineChoice, FunctionEngine, load_engine, load_keras
from so2plumes.detect.gpu import GpuEngine, failure
from so2plumes.detect.inputs import INPUTS
from so2plumes.detect.model import UNet, detector_of
from so2plumes.detect.mosaic import Mosaic
from so2plumes.errors import ModelError
from tests.detect.reference import plain_rolling_median, position_dependent

MODEL = "resources/models/unet-8/model.keras"

COMPARE = """
import sys
from dataclasses import replace
import numpy as np
from so2plumes.detect.device import DeviceMosaic
from so2plumes.detect.engines import EngineChoice, load_keras
from so2plumes.detect.inputs import INPUTS
from so2plumes.detect.model import detector_of

path = sys.argv[1]
rng = np.random.default_rng(0)
model = load_keras(path)
for name, rows, columns, step in (("local_robust", 300, 41, 8), ("local_robust", 70, 61, 7), ("window_max", 5, 40, 4)):
    image = rng.normal(0.0, 1.5, (rows, columns)).astype(np.float32)
    image[rng.random(image.shape) < 0.3] = 0.0
    image[: rows // 2, : columns // 2] = 0.0
    fast = detector_of(path, name, step, EngineChoice("compiled")).mosaic(image)
    device = DeviceMosaic(model, 64)(image, INPUTS[name].window, step)
    assert device.probability.dtype == np.float32
    np.testing.assert_allclose(device.probability, fast.probability, atol=1e-5)
    assert fast.n_predicted <= device.n_predicted <= device.n_windows == fast.n_windows
"""


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_the_device_mosaic_equals_the_compiled_engine(root, backend):
    if find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    environment = os.environ | {"KERAS_BACKEND": backend, "CUDA_VISIBLE_DEVICES": "-1"}
    command = [sys.executable, "-c", COMPARE, str(root / MODEL)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_blank_batches_are_not_gathered(root):
    from so2plumes.detect.device import DeviceMosaic

    image = np.zeros((400, 40), np.float32)
    image[330:] = 1.0
    mosaic = DeviceMosaic(load_keras(root / MODEL), 64)(image, INPUTS["local_robust"].window, 8)
    assert 0 < mosaic.n_predicted <= 64 < mosaic.n_windows


WINDOWS = FunctionEngine(lambda images: position_dependent(images[..., 0]), 32, 1, "stand-in GPU")
IMAGE = np.random.default_rng(0).normal(size=(40, 50)).astype(np.float32)
EXPECTED = plain_rolling_median(IMAGE, position_dependent, 32, 8)


def failing(error, works_up_to):
    """A device that fails with more windows at once than it can; asks for each batch are written down."""
    asked = []

    def make(batch):
        def mosaic(image, stage, step):
            asked.append(batch)
            if batch > works_up_to:
                raise error
            return Mosaic(plain_rolling_median(image, position_dependent, 32, step), 1, 1)

        return mosaic

    return make, asked


def detector(make, fallback=None):
    return UNet(GpuEngine(make, WINDOWS, 512, fallback), "local_robust", "digest", step=8)


NO_MEMORY = RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 8589934592 bytes.")


def test_out_of_memory_goes_on_with_smaller_batches_for_the_rest_of_the_job():
    make, asked = failing(NO_MEMORY, 128)
    unet = detector(make)
    for _ in range(2):
        np.testing.assert_allclose(unet.mosaic(IMAGE).probability, EXPECTED, atol=1e-6)
    assert asked == [512, 128, 128]


def test_out_of_memory_twice_is_an_error_with_a_remedy():
    make, asked = failing(NO_MEMORY, 0)
    with pytest.raises(ModelError, match=r"out of memory(.|\n)*stand-in GPU(.|\n)*detect\.batch"):
        detector(make).mosaic(IMAGE)
    assert asked == [512, 128]


@pytest.mark.parametrize("error", [NO_MEMORY, RuntimeError("CUDA error: unspecified launch failure")])
def test_with_permission_the_cpu_takes_over_once(error):
    make, asked = failing(error, 0)
    unet = detector(make, lambda: FunctionEngine(WINDOWS.network, 32, 1, "stand-in CPU"))
    for _ in range(2):
        np.testing.assert_allclose(unet.mosaic(IMAGE).probability, EXPECTED, atol=1e-6)
    assert len(asked) == (2 if error is NO_MEMORY else 1)
    assert unet.engine.name == "stand-in GPU, then stand-in CPU"


def test_a_lost_device_is_said():
    make, _ = failing(RuntimeError("CUDA_ERROR_ILLEGAL_ADDRESS: an illegal memory access"), 0)
    with pytest.raises(ModelError, match="the GPU is lost"):
        detector(make).mosaic(IMAGE)


def test_other_errors_are_not_hidden():
    make, asked = failing(ValueError("shapes do not fit"), 0)
    with pytest.raises(ValueError, match="shapes"):
        detector(make, lambda: WINDOWS).mosaic(IMAGE)
    assert asked == [512]
    assert failure(KeyError("probability")) is None


def test_no_gpu_is_an_error_when_asked_for_and_a_note_otherwise(root, caplog):
    with pytest.raises(ModelError, match="sees no GPU"):
        load_engine(root / MODEL, EngineChoice("gpu"))
    caplog.set_level("INFO")
    assert load_engine(root / MODEL, EngineChoice("auto", device="0")).name == "compiled"
    assert "sees no GPU" in caplog.text
    assert detector_of(root / MODEL, "local_robust", choice=EngineChoice("auto", device="0")).window == 32
