"""Our numbers of granules, plumes, times and of the detector's card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from so2plumes.detect.windows import tiling, window_starts
from so2plumes.parity.campaign import ParityInputs
from so2plumes.parity.ours import Ours, absent, share
from so2plumes.parity.published import PublishedNumber

FULL_SWATH = (4172, 450)
_NO_CARD = "the detector has no card"
_CARD_TRUTH = "peak over 3 sigma"


def granules(run: ParityInputs, number: PublishedNumber) -> Ours:
    """Granules that were read (FP 3.1)."""
    coverage = run.found.coverage
    if coverage.empty and not coverage.attrs.get("available"):
        return absent("no table of granules was given")
    return Ours(float((coverage["status"] == "ready").sum()), note="granules with a reason not to be used do not count")


def plumes(run: ParityInputs, number: PublishedNumber) -> Ours:
    """All plumes (FP 3.1)."""
    return Ours(float(len(run.plumes)))


def plumes_of_year(run: ParityInputs, number: PublishedNumber) -> Ours:
    """Plumes of a year (FP 3.1)."""
    return Ours(float((run.plumes["date"].astype(str).str[:4] == number.when).sum()))


def windows_per_swath(run: ParityInputs, number: PublishedNumber) -> Ours:
    """Windows over a swath of 4172 x 450 pixels by the run's window and step (FP 2.2)."""
    tiles = tiling(run.setting("detect.mosaic", "rolling"), int(run.setting("detect.step", 4)))
    window = tiles.window or int(run.setting("detect.window", 32))
    along, across = (len(window_starts(side, window, tiles.step)) for side in FULL_SWATH)
    return Ours(float(along * across), note=f"{along} along, {across} across; those without a usable pixel are skipped")


def seconds_per_swath(run: ParityInputs, number: PublishedNumber) -> Ours:
    """Seconds of the jobs of detection by swath, on a GPU or not (FP 2.2)."""
    gpu = number.argument == "gpu"
    times = [time for time in run.pace.detection if (time.engine == "gpu") == gpu]
    swaths = sum(time.swaths for time in times)
    if not swaths:
        return absent(f"no swath was searched on a {'GPU' if gpu else 'CPU'} in this run, or its time is not known")
    engines = ", ".join(sorted({time.engine or "unknown" for time in times}))
    seconds = sum(time.seconds for time in times) / swaths
    return Ours(seconds, n=swaths, note=f"another machine; engine {engines}; starting and reading included")


def seconds_per_plume(run: ParityInputs, number: PublishedNumber) -> Ours:
    """Seconds of the jobs that estimate rates by plume (FP 4)."""
    if run.plumes.empty or not run.pace.estimation_s:
        return absent("no plume, or the times of the jobs are not known")
    return Ours(run.pace.estimation_s / len(run.plumes), n=len(run.plumes), note="another machine; all estimators")


def card_score(run: ParityInputs, number: PublishedNumber) -> Ours:
    """Score of the pixels of the test windows (FP 2.2)."""
    row = next(
        (
            row
            for row in run.card.get("pixel_scores", ())
            if (row["method"], row["by"], row["of"]) == ("unet", "all", _CARD_TRUTH)
        ),
        None,
    )
    if row is None:
        return absent(_NO_CARD)
    scale = 100.0 if number.unit == "%" else 1.0
    words = f"{row['images']} windows with an injected plume whose peak is over 3 standard deviations"
    return Ours(scale * float(row[number.argument]), n=int(row["images"]), note=words)


def _data(run: ParityInputs) -> Mapping[str, Any]:
    data: Mapping[str, Any] = run.card.get("data") or {}
    return data


def card_labelled_images(run: ParityInputs, number: PublishedNumber) -> Ours:
    """Images whose outline a person accepted (FP 2.2)."""
    sources = _data(run).get("sources")
    if sources is None:
        return absent(_NO_CARD)
    return Ours(float(sources.get("reviewed", 0)), note="outlines of a significance test that a person accepted")


def card_images(run: ParityInputs, number: PublishedNumber) -> Ours:
    """All images of the training set (FP 2.2)."""
    return Ours(float(_data(run)["images"])) if "images" in _data(run) else absent(_NO_CARD)


def card_test_share(run: ParityInputs, number: PublishedNumber) -> Ours:
    """Share of the images that the detector is tested on (FP 2.2)."""
    data = _data(run)
    if not {"test_images", "training_images"} <= data.keys():
        return absent(_NO_CARD)
    return share(data["test_images"], data["test_images"] + data["training_images"], note="split by orbit and region")
