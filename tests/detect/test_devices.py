"""GPU locks with fake devices and real processes."""

import os
import select
import signal
import subprocess
import sys
from importlib.metadata import PackageNotFoundError

import pytest

from so2plumes.detect.devices import is_built_for_cpus, lock_folder, own_device, visible_devices
from so2plumes.errors import ConfigError

HOLD = """
import sys, time
from pathlib import Path
from so2plumes.detect.devices import own_device
with own_device(sys.argv[2].split(","), Path(sys.argv[1]), poll_s=0.02) as device:
    print(device, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def start(tmp_path):
    running = []

    def started(devices):
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(tmp_path), devices],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield started
    for process in running:
        process.kill()
        process.communicate()


def device_of(process):
    return process.stdout.readline().strip()


def is_waiting(process):
    answered, _, _ = select.select([process.stdout], [], [], 0.5)
    return not answered and process.poll() is None


def test_two_jobs_get_different_devices_and_a_third_waits(start):
    first, second = start("0,1"), start("0,1")
    assert {device_of(first), device_of(second)} == {"0", "1"}
    third = start("0,1")
    assert is_waiting(third)
    first.communicate("done\n")
    assert device_of(third) in "01"


def test_a_killed_holder_frees_its_device(start):
    holder = start("0")
    assert device_of(holder) == "0"
    waiting = start("0")
    assert is_waiting(waiting)
    holder.send_signal(signal.SIGKILL)
    assert device_of(waiting) == "0"


def test_a_holder_that_fails_frees_its_device(tmp_path):
    with pytest.raises(RuntimeError), own_device(["0"], tmp_path):
        raise RuntimeError
    with own_device(["0"], tmp_path) as device:
        assert device == "0"


def test_names_with_slashes_have_a_lock_of_their_own(tmp_path):
    with own_device(["MIG-GPU-1/0/0"], tmp_path) as one, own_device(["MIG-GPU-1/1/0"], tmp_path) as other:
        assert one != other


@pytest.mark.parametrize(
    ("value", "devices"),
    [
        ("0,1", ["0", "1"]),
        (" 3 , GPU-8932f937 ", ["3", "GPU-8932f937"]),
        ("", []),
        ("-1", []),
        ("1,-1,0", ["1"]),
        ("NoDevFiles", []),
    ],
)
def test_the_environment_decides_which_devices_there_are(tmp_path, value, devices):
    (tmp_path / "nvidia5").touch()
    assert visible_devices({"CUDA_VISIBLE_DEVICES": value}, tmp_path) == devices


def test_without_it_they_are_those_of_the_machine(tmp_path):
    for name in ("nvidia10", "nvidia2", "nvidiactl", "nvidia-uvm", "nvidia-caps", "null"):
        (tmp_path / name).touch()
    assert visible_devices({}, tmp_path) == ["2", "10"]
    assert visible_devices({}, tmp_path / "absent") == []


@pytest.mark.parametrize(
    ("installed", "expected"),
    [({"tensorflow-cpu"}, True), ({"tensorflow"}, False), ({"tensorflow", "tensorflow-cpu"}, False), (set(), False)],
)
def test_a_backend_for_cpus_is_told_by_its_package(monkeypatch, installed, expected):
    def version(name):
        if name not in installed:
            raise PackageNotFoundError(name)
        return "1"

    monkeypatch.setattr("so2plumes.detect.devices.version", version)
    assert is_built_for_cpus("tensorflow") is expected
    assert not is_built_for_cpus("jax")


def test_no_device_is_an_error_with_a_remedy(tmp_path):
    with pytest.raises(ConfigError, match=r"no GPU is visible(.|\n)*auto"), own_device([], tmp_path):
        pass


def test_slurm_jobs_do_not_share_locks(tmp_path):
    one, other, none = (lock_folder(e, tmp_path) for e in ({"SLURM_JOB_ID": "7"}, {"SLURM_JOB_ID": "8"}, {}))
    assert len({one, other, none}) == 3
    assert none.stat().st_mode & 0o777 == 0o700
    assert lock_folder({}, tmp_path) == none


def test_a_link_that_somebody_left_is_refused(tmp_path):
    (tmp_path / f"so2plumes-gpu-{os.getuid()}").symlink_to(tmp_path)
    with pytest.raises(ConfigError, match="belongs to somebody else"):
        lock_folder({}, tmp_path)
