"""Disks that are full and folders that cannot be written."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.archive.download_server import Fault
from tests.faults.transfer_bench import ID, NAME, Bench

from so2plumes.errors import GranuleError


def _mount(options: str, folder: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root may mount a small file system")
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True)
    if done.returncode:
        pytest.skip("mounting is not permitted here")


@pytest.fixture
def mounted(bench: Bench) -> Iterator[Bench]:
    """A bench whose target is on a file system of 64 kB."""
    bench.target.parent.mkdir()
    _mount("size=64k", bench.target.parent)
    yield bench
    subprocess.run(["umount", str(bench.target.parent)], check=True)


def test_a_disk_known_to_be_too_small_is_not_filled(mounted: Bench):
    with pytest.raises(GranuleError, match="116192 bytes free") as caught:
        mounted.fetch()
    assert caught.value.reason == "no_space"
    assert mounted.left() == []


def test_a_disk_that_fills_up_is_said_in_words(mounted: Bench):
    mounted.server.script(ID, Fault(chunked=True))
    with pytest.raises(GranuleError, match="No space left") as caught:
        mounted.fetch()
    assert caught.value.reason == "no_space"
    assert mounted.left() == [f"{NAME}.part", f"{NAME}.part.json"]
    assert mounted.part.read_bytes() == mounted.content[: mounted.part.stat().st_size]
    mounted.part.unlink()


def test_a_read_only_file_system_is_said_in_words(mounted: Bench):
    subprocess.run(["mount", "-o", "remount,ro", str(mounted.target.parent)], check=True)
    with pytest.raises(GranuleError, match="Read-only") as caught:
        mounted.fetch()
    assert caught.value.reason == "not_writable"
    assert mounted.server.seen == []


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_said_in_words(bench: Bench):
    bench.target.parent.mkdir(mode=0o555)
    with pytest.raises(GranuleError, match="Permission denied") as caught:
        bench.fetch()
    assert caught.value.reason == "not_writable"


def test_a_file_in_the_place_of_the_folder_is_said_in_words(bench: Bench):
    bench.target.parent.write_text("a file")
    with pytest.raises(GranuleError) as caught:
        bench.fetch()
    assert caught.value.reason == "not_writable"
    assert bench.server.seen == []
