"""Rows say which configuration and which code made them."""

from __future__ import annotations

import hashlib
import json
import subprocess

import pytest

from so2plumes import __version__, versions
from so2plumes.config import Config
from so2plumes.provenance import OTHER_SECTIONS, ROW_SECTIONS, Provenance, config_digest, row_config
from tests.product.rows import config


def test_every_section_is_decided():
    """A new section of the configuration either enters the digest or is named as one that no row depends on."""
    assert set(ROW_SECTIONS) | OTHER_SECTIONS == set(Config.model_fields)
    assert not set(ROW_SECTIONS) & OTHER_SECTIONS
    for section, left_out in ROW_SECTIONS.items():
        assert left_out <= set(Config.model_fields[section].annotation.model_fields), section


@pytest.mark.parametrize(
    "change",
    [
        {"detect": {"threshold": 0.55}},
        {"emissions": {"background": "bbox_median"}},
        {"filter": {"min_qa": 0.4}},
        {"plumes": {"min_pixels": 7}},
        {"preset": "paper"},
        {"campaign": {"name": "A", "start": "2021-12-30", "end": "2022-01-01", "region": [13, 36, 17, 39]}},
    ],
)
def test_what_changes_a_row_changes_the_digest(change):
    assert config_digest(config(**change)) != config_digest(config())


@pytest.mark.parametrize(
    "change",
    [
        {"results": "elsewhere"},
        {"archive": {"source": "local", "path": "other", "connections": 2}},
        {"detect": {"batch": 64, "backend": "jax"}},
        {"campaign": {"name": "B", "start": "2020-01-01", "end": "2022-01-01"}},
        {"cluster": {"eps_km": 20}},
        {"report": {"gallery": 1}},
        {"simulate": {"seed": 3}},
        {"product": {"publisher": "Me"}},
        {"era5": {"levels_hpa": [850]}},
    ],
)
def test_what_changes_no_row_leaves_the_digest(change):
    assert config_digest(config(**change)) == config_digest(config())


def test_era5_counts_where_it_is_used():
    used = {"use": "always", "path": "era5"}
    assert config_digest(config(era5=used)) != config_digest(config())
    assert config_digest(config(era5={**used, "levels_hpa": [850]})) != config_digest(config(era5=used))


def test_the_list_of_known_sources_changes_the_digest():
    assert len({config_digest(config(), digest) for digest in ("", "1", "2")}) == 3


def test_the_documentation_names_what_the_digest_holds_and_leaves_out(root):
    words = (root / "docs" / "product.md").read_text()
    line = next(line for line in words.splitlines() if line.startswith("| `config_sha256`"))
    for section, left_out in ROW_SECTIONS.items():
        assert f"`{section}`" in line
        for key in left_out:
            assert f"`{key}`" in line, (section, key)


def test_a_simulated_row_depends_on_the_simulation():
    digests = {config_digest(config(archive={"source": "simulated"}, simulate={"seed": seed})) for seed in (1, 2)}
    assert len(digests) == 2


def test_the_digest_can_be_recomputed_from_its_content():
    text = json.dumps(row_config(config()), sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(text.encode()).hexdigest() == config_digest(config())


def test_code_version_begins_with_the_version_and_does_not_change():
    versions.code_version.cache_clear()
    first = versions.code_version()
    versions.code_version.cache_clear()
    assert versions.code_version() == first == Provenance().code_version
    assert first.split("+")[0] == __version__


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout of its own that the package believes to be in."""
    package = tmp_path / "workflow" / "so2plumes"
    package.mkdir(parents=True)
    (package / "versions.py").write_text("# one\n")
    monkeypatch.setattr(versions, "__file__", str(package / "versions.py"))

    def git(*arguments: str) -> str:
        names = ["-c", "user.name=a", "-c", "user.email=a@b"]
        return subprocess.run(
            ["git", "-C", str(tmp_path), *names, *arguments], check=True, capture_output=True, text=True
        ).stdout

    versions.code_version.cache_clear()
    yield tmp_path, git
    versions.code_version.cache_clear()


def test_code_version_names_the_commit_and_changes_to_it(checkout):
    folder, git = checkout
    assert versions.code_version() == __version__, "no checkout"
    versions.code_version.cache_clear()
    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "x")
    commit = git("rev-parse", "--short=12", "HEAD").strip()
    assert versions.code_version() == f"{__version__}+g{commit}"
    (folder / "README").write_text("not code")
    versions.code_version.cache_clear()
    assert versions.code_version() == f"{__version__}+g{commit}"
    (folder / "workflow" / "so2plumes" / "versions.py").write_text("# two\n")
    versions.code_version.cache_clear()
    assert versions.code_version() == f"{__version__}+g{commit}.dirty"
