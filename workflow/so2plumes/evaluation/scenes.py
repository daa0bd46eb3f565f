"""Score detectors on whole scenes of unseen orbits, through the rolling window and the connected components.

From every quiet background four scenes are made: with plumes over the background as it is; with the same plumes over an
extended enhancement of 3 DU; with an enhancement of 0.5 to 5 DU and no plume; and the background alone.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from so2plumes.constants import MOL_M2_PER_DU
from so2plumes.detect.detector import Detector
from so2plumes.detect.normalise import standardised
from so2plumes.evaluation.examples import Example
from so2plumes.evaluation.histogram import ProbabilityHistogram
from so2plumes.evaluation.scores import pixel_counts
from so2plumes.plumes.components import ComponentRule, Components, find_components
from so2plumes.training.backgrounds import Background
from so2plumes.training.inject import structured_background
from so2plumes.training.scenes import SceneMix, draw_scene, faint_truth
from so2plumes.training.split import part_of

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)

CLEAN, STRUCTURED, POLLUTED, QUIET = "plumes", "plumes over 3 DU", "no plume, 0.5 to 5 DU", "quiet"
STRUCTURE_DU = 3.0
CORE_SIGMA = 3.0
MIN_OBJECT_PIXELS = 3
_MIX = SceneMix(quiet_share=0.0, structured_share=0.0)


@dataclass(frozen=True)
class TestScene:
    """A scene that detectors are run on; arrays are (scanline, ground_pixel).

    Attributes
    ----------
    name : str
        One of the four kinds of scene.
    background : Background
    column : mol m-2
    signal_sigma, truth
        Plume signal in units of the local noise, and where it exceeds 1.
    judged : bool
        Usable pixels of the part of the orbit, without a signal of the scene itself.
    counted : bool
        Those of them that count for pixel scores: not on a plume that nowhere reaches 3 sigma.
    kind : str
        Kind of the plumes.
    """

    __test__ = False

    name: str
    background: Background
    column: NDArray[np.floating]
    signal_sigma: NDArray[np.floating]
    truth: NDArray[np.bool_]
    judged: NDArray[np.bool_]
    counted: NDArray[np.bool_]
    kind: str


def test_scenes(background: Background, seed: int) -> Iterator[TestScene]:
    """Make the four scenes of a background; they depend on seed and orbit only."""
    swath, usable = background.swath, background.usable
    rng = np.random.default_rng([seed, swath.orbit, 2])
    judged = part_of(swath.orbit, swath["longitude"], swath["latitude"]) & usable & ~background.loud
    nothing = np.zeros(usable.shape)
    if judged.any():
        drawn = draw_scene(rng, background, _MIX, judged)
        counted = judged & ~faint_truth(drawn.truth, drawn.signal_sigma, usable)
        structure = structured_background(rng, usable.shape, strength_du=STRUCTURE_DU)
        plumes = (drawn.signal_sigma, drawn.truth, judged, counted, drawn.kind)
        yield TestScene(CLEAN, background, drawn.column, *plumes)
        yield TestScene(STRUCTURED, background, drawn.column + structure, *plumes)
    clear = usable & ~background.loud
    quiet = (nothing, nothing > 0, clear, clear, "none")
    polluted = swath["vertical_column"] + structured_background(rng, usable.shape)
    yield TestScene(POLLUTED, background, polluted, *quiet)
    yield TestScene(QUIET, background, swath["vertical_column"], *quiet)


test_scenes.__test__ = False  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Method:
    """A detector and what makes a plume of its probabilities."""

    detector: Detector
    rule: ComponentRule


@dataclass
class SceneScores:
    """What a run over test scenes gathers.

    Attributes
    ----------
    scenes : list of dict
        A row per scene and method: its facts and its pixel counts.
    plumes : list of dict
        A row per injected plume and method.
    histograms : dict
        Probabilities by method, of scenes with plumes.
    examples : list of Example
        Missed plumes and false plumes of the method that is asked for.
    """

    scenes: list[dict[str, Any]] = field(default_factory=list)
    plumes: list[dict[str, Any]] = field(default_factory=list)
    histograms: dict[str, ProbabilityHistogram] = field(default_factory=dict)
    examples: list[Example] = field(default_factory=list)

    def scene_table(self) -> pd.DataFrame:
        """Rows of scenes as a table."""
        import pandas as pd

        return pd.DataFrame(self.scenes)

    def plume_table(self) -> pd.DataFrame:
        """Rows of plumes as a table."""
        import pandas as pd

        return pd.DataFrame(self.plumes)


def _median(values: NDArray | None, where: NDArray[np.bool_]) -> float:
    return float(np.median(values[where])) if values is not None and where.any() else np.nan


def _facts(scene: TestScene, where: NDArray[np.bool_]) -> dict[str, Any]:
    swath = scene.background.swath
    enhanced = scene.column - swath["vertical_column"] - scene.signal_sigma * scene.background.local.sigma
    return {
        "scene": scene.name,
        "archive": scene.background.archive,
        "granule": swath.granule,
        "kind": scene.kind,
        "background_du": _median(enhanced / MOL_M2_PER_DU, where),
        "noise_du": _median(scene.background.local.sigma / MOL_M2_PER_DU, where),
        "viewing_zenith_deg": _median(swath.get("viewing_zenith_angle"), where),
        "solar_zenith_deg": _median(swath.get("solar_zenith_angle"), where),
        "peak_sigma": float(np.max(scene.signal_sigma, where=where, initial=0.0)),
        "n_truth": int((scene.truth & where).sum()),
    }


@dataclass(frozen=True)
class _Plume:
    """An injected plume: its judged pixels, and the largest signal on any usable pixel."""

    pixels: NDArray[np.bool_]
    peak_sigma: float


def _plumes(scene: TestScene) -> Iterator[_Plume]:
    """Yield the connected plumes of a scene, faint ones too."""
    import cv2

    count, labels = cv2.connectedComponents(scene.truth.astype(np.uint8), connectivity=8)
    for number in range(1, count):
        whole = labels == number
        pixels = whole & scene.judged
        if pixels.sum() >= MIN_OBJECT_PIXELS:
            peak = float(np.max(scene.signal_sigma, where=whole & scene.background.usable, initial=0.0))
            yield _Plume(pixels, peak)


def _is_found(pixels: NDArray[np.bool_], scene: TestScene, found: Components) -> bool:
    """Tell whether plumes cover half of a plume's pixels over 3 sigma, or of all where there are none."""
    core = pixels & (scene.signal_sigma >= CORE_SIGMA)
    core = core if core.any() else pixels
    return bool((found.labels[core] > 0).mean() >= 0.5)


def _false_labels(scene: TestScene, found: Components) -> NDArray[np.int64]:
    """Numbers of the plumes that touch no injected plume and no enhancement of the scene itself."""
    numbers = np.arange(1, len(found.boxes) + 1)
    return np.setdiff1d(numbers, np.unique(found.labels[scene.truth | scene.background.loud]))


def _holding_two(objects: Sequence[_Plume], found: Components) -> int:
    """Count the plumes that hold pixels of two or more injected ones."""
    held = [np.unique(found.labels[plume.pixels]) for plume in objects]
    return int((np.bincount(np.concatenate(held), minlength=2)[1:] > 1).sum()) if held else 0


def score_scenes(
    scenes: Iterable[TestScene],
    methods: Mapping[str, Method],
    examples_of: str = "unet",
) -> SceneScores:
    """Run detectors over scenes and gather what they find.

    Parameters
    ----------
    scenes : iterable of TestScene
    methods : mapping of name to Method
    examples_of : str
        Method whose misses and false plumes are kept as pictures.
    """
    gathered = SceneScores(histograms={method: ProbabilityHistogram() for method in methods})
    for count, scene in enumerate(scenes, 1):
        located = scene.background.swath.located
        objects = list(_plumes(scene))
        for name, method in methods.items():
            probability = method.detector.probability(scene.column, scene.background.usable)
            found = find_components(probability, scene.background.usable, located, method.rule)
            false = _false_labels(scene, found)
            counts = pixel_counts(found.labels > 0, scene.truth, scene.counted)
            gathered.scenes.append(
                {
                    **_facts(scene, scene.counted),
                    "method": name,
                    "usable_pixels": int(scene.counted.sum()),
                    "plumes": len(found.boxes),
                    "plumes_of_two": _holding_two(objects, found),
                    "false_plumes": len(false),
                    "hit": counts.hit,
                    "predicted": counts.predicted,
                    "true": counts.true,
                }
            )
            if scene.name in (CLEAN, STRUCTURED):
                gathered.histograms[name].add(probability[scene.counted], scene.truth[scene.counted])
            for plume in objects:
                seen = _is_found(plume.pixels, scene, found)
                over = int((plume.pixels & (scene.signal_sigma >= 4.0)).sum())
                facts = {**_facts(scene, plume.pixels), "peak_sigma": plume.peak_sigma}
                gathered.plumes.append({**facts, "method": name, "found": seen, "n_over_4_sigma": over})
                if name == examples_of and not seen and plume.peak_sigma >= CORE_SIGMA:
                    gathered.examples.append(_example("missed", scene, found, plume.pixels))
            if name == examples_of:
                gathered.examples += [_example("false", scene, found, found.labels == n) for n in false]
        if count % 100 == 0:
            log.info("%d scenes", count)
    return gathered


def _example(kind: str, scene: TestScene, found: Components, pixels: NDArray[np.bool_]) -> Example:
    """Cut the surroundings of some pixels as a picture."""
    rows, columns = np.nonzero(pixels)
    centre = int(np.median(rows)), int(np.median(columns))
    box = tuple(slice(max(0, c - 32), c + 32) for c in centre)
    background = scene.background
    z = standardised(scene.column, background.usable)
    largest = float(
        np.max(scene.signal_sigma if kind == "missed" else z, where=pixels & background.usable, initial=0.0)
    )
    size = int(pixels.sum())
    return Example(
        kind=kind,
        title=f"{size} pixels, peak {largest:.1f} sigma",
        z=np.where(background.usable, z, np.nan)[box].astype(np.float32),
        plume=found.labels[box] > 0,
        truth=scene.truth[box],
        granule=background.swath.granule,
        note=f"{scene.name}, scanline {int(background.swath.scanline[centre[0]])}",
    )
