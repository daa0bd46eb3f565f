"""The command around the engines: order, seconds, what the file says, what is imported."""

import re
import subprocess
import sys
import threading
import time
from dataclasses import replace

import netCDF4
import numpy as np
import pytest

from so2plumes.cli import main
from so2plumes.detect.ahead import prepared_ahead
from so2plumes.detect.probability import read_probabilities
from so2plumes.detect.seconds import Seconds
from so2plumes.swath.compact import write_compact
from tests.detect.test_model import plume_scene, swath_of

MODEL = "resources/models/unet-8/model.keras"


@pytest.fixture
def swaths(tmp_path):
    folder = tmp_path / "swaths"
    folder.mkdir()
    for orbit in (1, 2, 3):
        swath = replace(swath_of(plume_scene(seed=orbit)[0]), orbit=orbit, granule=f"granule-{orbit}")
        write_compact(swath, folder / f"granule-{orbit}.nc")
    return folder


def detect(root, swaths, out, *options):
    arguments = [
        "detect-plumes",
        "--swaths",
        str(swaths),
        "--model",
        str(root / MODEL),
        "--out",
        str(out),
        "--threads",
        "2",
    ]
    return main([*arguments, *options])


def test_engines_give_the_same_file_but_for_its_engine(root, swaths, tmp_path):
    made = {}
    for engine in ("compiled", "keras"):
        assert not detect(root, swaths, tmp_path / f"{engine}.nc", "--engine", engine)
        made[engine] = list(read_probabilities(tmp_path / f"{engine}.nc"))
        with netCDF4.Dataset(tmp_path / f"{engine}.nc") as dataset:
            assert dataset.engine.startswith(engine)
            assert (dataset.precision, dataset.mosaic, dataset.step) == ("fp32", "rolling", 4)
    for (granule, fast), (same, plain) in zip(*made.values(), strict=True):
        assert granule == same
        assert (plain >= 0.5).sum() > 100
        np.testing.assert_allclose(fast, plain, atol=1.1e-4, err_msg="files hold four decimals")


def test_swaths_come_in_order_and_the_log_tells_every_stage(root, swaths, tmp_path):
    log = tmp_path / "log"
    assert not detect(root, swaths, tmp_path / "out.nc", "--log", str(log))
    assert [granule for granule, _ in read_probabilities(tmp_path / "out.nc")] == [f"granule-{k}" for k in (1, 2, 3)]
    last = next(line for line in log.read_text().splitlines() if "3 swaths:" in line)
    assert re.findall(r"([a-z]+) \d+\.\d\d s", last) == [
        "import",
        "load",
        "read",
        "normalise",
        "infer",
        "mosaic",
        "write",
    ]
    assert "engine: compiled, fp32" in log.read_text()


def test_dense_says_so_and_finds_the_same_bright_plume(root, swaths, tmp_path):
    for mosaic in ("rolling", "dense"):
        assert not detect(root, swaths, tmp_path / f"{mosaic}.nc", "--mosaic", mosaic)
    with netCDF4.Dataset(tmp_path / "dense.nc") as dataset:
        assert dataset.mosaic == "dense"
    pairs = zip(*(read_probabilities(tmp_path / f"{mosaic}.nc") for mosaic in ("rolling", "dense")), strict=True)
    for (_, rolling), (_, dense) in pairs:
        both, either = ((rolling >= 0.5) & (dense >= 0.5)).sum(), ((rolling >= 0.5) | (dense >= 0.5)).sum()
        assert both / either > 0.8


def test_gpu_without_a_gpu_says_what_to_do(root, swaths, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert detect(root, swaths, tmp_path / "out.nc", "--engine", "gpu")
    assert "no GPU is visible" in capsys.readouterr().err
    assert not (tmp_path / "out.nc").exists()


ENGINES = {"tensorflow", "keras", "jax", "torch", "numba", "llvmlite"}

LIST = """
import sys
from so2plumes.cli import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
print("IMPORTED", *sorted({name.partition(".")[0] for name in sys.modules}))
"""


def imported_by(*arguments):
    done = subprocess.run([sys.executable, "-c", LIST, *arguments], capture_output=True, text=True, check=True)
    return set(done.stdout.split("IMPORTED")[1].split()) & ENGINES


def test_no_step_but_detection_imports_an_engine(root, swaths, tmp_path):
    out = tmp_path / "probability.nc"
    assert imported_by("--help") == set()
    common = ("--swaths", str(swaths), "--out", str(out))
    assert imported_by("detect-plumes", *common, "--method", "ztest", "--model", str(root / MODEL)) == set()
    assert imported_by("detect-plumes", *common, "--model", str(root / MODEL)) == {"numba", "llvmlite"}
    chips = tmp_path / "chips.nc"
    seen = ("--seen", str(tmp_path / "seen.nc"))
    cut = ("--swaths", str(swaths), "--probability", str(out), "--out", str(chips))
    assert imported_by("extract-plumes", *cut, *seen) == set()
    assert chips.exists()
    table = tmp_path / "emissions.parquet"
    assert imported_by("estimate-emissions", "--chips", str(chips), "--out", str(table)) == set()
    assert table.exists()


def test_the_next_item_is_prepared_while_one_is_worked_on():
    started = [threading.Event() for _ in range(3)]

    def prepare(k):
        started[k].set()
        return k

    seen = []
    for k in prepared_ahead(range(3), prepare):
        if k < 2:
            assert started[k + 1].wait(10)
        if k == 0:
            time.sleep(0.05)
            assert not started[2].is_set()
        seen.append(k)
    assert seen == [0, 1, 2]
    assert list(prepared_ahead([], prepare)) == []


def test_an_error_comes_where_its_item_would_have():
    def prepare(k):
        if k == 1:
            raise ValueError("broken")
        return k

    items = prepared_ahead(range(3), prepare)
    assert next(items) == 0
    with pytest.raises(ValueError, match="broken"):
        next(items)


def test_seconds_add_up_by_stage():
    seconds = Seconds()
    seconds.add("read", 1.0)
    with pytest.raises(KeyError), seconds.of("infer"):
        raise KeyError
    seconds.add("read", 0.5)
    assert seconds["read"] == 1.5
    assert 0 <= seconds["infer"] < 5
    assert str(seconds).startswith("read 1.50 s, infer ")
