"""Versions of the algorithms, one per rule, and of the code.

A rule reruns when its number changes, and only then: an edit of the code alone never recomputes six years. Raise the
number of a rule in the commit that changes what it computes, and say so in the changelog.
"""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

ALGORITHMS: dict[str, int] = {
    "simulate_archive": 1,
    "index_archive": 1,
    "fetch_swaths": 1,
    "detect_plumes": 1,
    "extract_plumes": 3,
    "fetch_winds": 1,
    "estimate_emissions": 6,
    "collect_plumes": 2,
    "collect_receipts": 1,
    "collect_seen": 1,
    "cluster_plumes": 2,
    "describe_clusters": 1,
    "match_eruptions": 2,
    "describe_days": 1,
    "describe_labels": 1,
    "compare_catalogues": 1,
    "download_eruptions": 1,
    "download_volcanoes": 1,
    "download_edgar": 1,
    "grid_plumes": 1,
    "compare_edgar": 3,
    "score_truth": 1,
    "parity": 1,
    "report": 2,
    "draw_figures": 2,
    "export_product": 2,
    "build_training_set": 2,
    "train_model": 2,
    "compare_variant": 1,
    "detection_curve": 1,
    "evaluate_model": 3,
    "write_card": 1,
    "closed_loop": 1,
    "score_closed_loop": 2,
}


@cache
def code_version() -> str:
    """Version of the code that runs: of the package, and of the commit where it runs from a checkout.

    ``0.1.0`` installed, ``0.1.0+g0123456789ab`` in a checkout, ``0.1.0+g0123456789ab.dirty`` where the library or its
    schemas were changed since. The same checkout always gives the same text.
    """
    from so2plumes import __version__

    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists() or not (root / "workflow" / "so2plumes").is_dir():
        return __version__
    commit = _git(root, "rev-parse", "--short=12", "HEAD")
    if not commit:
        return __version__
    changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--", "workflow")
    return f"{__version__}+g{commit}{'.dirty' if changed else ''}"


def _git(root: Path, *arguments: str) -> str:
    """Output of git; nothing where it fails or is not installed."""
    try:
        done = subprocess.run(
            ["git", "--no-optional-locks", "-C", str(root), *arguments],
            capture_output=True,
            text=True,
            check=True,
            timeout=20,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
