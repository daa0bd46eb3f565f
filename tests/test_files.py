"""Files are whole or not there."""

from __future__ import annotations

import hashlib
import json
import os

import pytest

from so2plumes.files import atomic_directory, atomic_path, read_json, sha256, write_json


class Interruption(BaseException):
    """Stands for Ctrl-C and a scheduler's signal."""


def test_the_file_appears_at_the_end(tmp_path):
    target = tmp_path / "new" / "folder" / "a.txt"
    with atomic_path(target) as temporary:
        assert temporary.parent == target.parent
        temporary.write_text("half")
        assert not target.exists()
        temporary.write_text("whole")
    assert target.read_text() == "whole"
    assert os.listdir(target.parent) == ["a.txt"]


@pytest.mark.parametrize("error", [ValueError, OSError, KeyboardInterrupt, Interruption])
def test_a_failure_leaves_nothing(tmp_path, error):
    def work():
        with atomic_path(tmp_path / "a.txt") as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        work()
    assert list(tmp_path.iterdir()) == []


def test_a_failure_keeps_the_earlier_file(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("earlier")

    def work():
        with atomic_path(target) as temporary:
            temporary.write_text("half")
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        work()
    assert target.read_text() == "earlier"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_reader_sees_the_earlier_file_until_the_end(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("earlier")
    with atomic_path(target) as temporary:
        temporary.write_text("later")
        assert target.read_text() == "earlier"
    assert target.read_text() == "later"


def test_the_temporary_name_is_hidden_and_keeps_no_data_suffix(tmp_path):
    with atomic_path(tmp_path / "a.nc") as temporary:
        assert temporary.name.startswith(".")
        assert temporary.suffix == ".part"
        assert str(os.getpid()) in temporary.name
        temporary.touch()


def test_writing_nothing_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "a.txt"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_folder_appears_at_the_end(tmp_path):
    target = tmp_path / "up" / "folder"
    with atomic_directory(target) as temporary:
        (temporary / "a").write_text("1")
        assert not target.exists()
    assert [path.name for path in target.iterdir()] == ["a"]
    assert os.listdir(target.parent) == ["folder"]


def test_a_folder_takes_the_place_of_the_earlier_one(tmp_path):
    target = tmp_path / "folder"
    target.mkdir()
    (target / "old").write_text("1")
    with atomic_directory(target) as temporary:
        (temporary / "new").write_text("1")
        assert (target / "old").exists()
    assert [path.name for path in target.iterdir()] == ["new"]


@pytest.mark.parametrize("error", [ValueError, Interruption])
def test_a_failure_leaves_the_earlier_folder(tmp_path, error):
    target = tmp_path / "folder"
    target.mkdir()
    (target / "old").write_text("1")

    def work():
        with atomic_directory(target) as temporary:
            (temporary / "new").write_text("1")
            raise error

    with pytest.raises(error):
        work()
    assert [path.name for path in target.iterdir()] == ["old"]
    assert os.listdir(tmp_path) == ["folder"]


def test_leftovers_of_a_killed_run_with_the_same_number_do_not_get_in(tmp_path):
    leftover = tmp_path / f".folder.{os.getpid()}.part"
    leftover.mkdir()
    (leftover / "stale").write_text("1")
    with atomic_directory(tmp_path / "folder") as temporary:
        (temporary / "fresh").write_text("1")
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["fresh"]


def test_json_is_the_same_for_the_same_content(tmp_path):
    write_json(tmp_path / "a.json", {"b": [1, 2.5, None], "a": {"y": "ü", "x": True}})
    write_json(tmp_path / "b.json", {"a": {"x": True, "y": "ü"}, "b": [1, 2.5, None]})
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert read_json(tmp_path / "a.json") == {"b": [1, 2.5, None], "a": {"y": "ü", "x": True}}
    assert (tmp_path / "a.json").read_text().endswith("}\n")


@pytest.mark.parametrize("content", [{"a": float("nan")}, {"a": float("inf")}, {"a": object()}])
def test_json_that_others_cannot_read_is_refused(tmp_path, content):
    with pytest.raises((ValueError, TypeError)):
        write_json(tmp_path / "a.json", content)
    assert list(tmp_path.iterdir()) == []


def test_half_json_is_an_error(tmp_path):
    (tmp_path / "a.json").write_text('{"a": 1')
    with pytest.raises(json.JSONDecodeError):
        read_json(tmp_path / "a.json")


@pytest.mark.parametrize("content", [b"", b"abc", bytes(range(256)) * 5000])
def test_the_digest_is_sha256(tmp_path, content):
    (tmp_path / "a").write_bytes(content)
    assert sha256(tmp_path / "a") == hashlib.sha256(content).hexdigest()


def test_a_full_disk_is_named_whatever_the_library_says(tmp_path, monkeypatch):
    class Full:
        f_bavail, f_frsize = 0, 4096

    monkeypatch.setattr(os, "statvfs", lambda folder: Full)
    with pytest.raises(OSError, match="No space left") as caught, atomic_path(tmp_path / "a"):
        raise RuntimeError("NetCDF: HDF error")
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert os.listdir(tmp_path) == []
