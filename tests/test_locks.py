"""The locks hold what pyproject.toml asks for."""

from __future__ import annotations

import re
import tomllib

import pytest


def names(requirements) -> set[str]:
    return {re.match(r"[A-Za-z0-9._-]+", line)[0].lower().replace("_", "-") for line in requirements}


@pytest.mark.parametrize(
    ("lock", "extras"), [("dev", ("cpu", "dev")), ("cpu", ("cpu",)), ("gpu", ("gpu",)), ("slurm", ("slurm",))]
)
def test_every_dependency_is_locked_with_its_digest(root, lock, extras):
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    asked = names(project["dependencies"]).union(*(names(project["optional-dependencies"][extra]) for extra in extras))
    text = (root / "envs" / f"{lock}.lock").read_text()
    locked = names(line for line in text.splitlines() if re.match(r"[A-Za-z0-9]", line))
    assert asked <= locked, "make lock"
    assert all(" \\\n    --hash=sha256:" in f"{line}\n" for line in re.findall(r"^[a-z0-9].*\n.*$", text, re.M))


def test_a_package_has_one_version_in_all_locks(root):
    versions: dict[str, set[str]] = {}
    for path in (root / "envs").glob("*.lock"):
        for name, version in re.findall(r"^([a-z0-9._-]+)==(\S+)", path.read_text(), re.M):
            versions.setdefault(name, set()).add(version)
    assert len(versions) > 80
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


def test_the_executor_of_slurm_is_apart(root):
    """It loads pandas into every process of Snakemake, also where there is no SLURM."""
    holds = {
        path.stem for path in (root / "envs").glob("*.lock") if "snakemake-executor-plugin-slurm==" in path.read_text()
    }
    assert holds == {"slurm"}
