"""Small granules in the product's layout, made once, and a way to spoil copies of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import netCDF4
import numpy as np
import pytest

from so2plumes.simulate.level2 import Level2Options, write_level2
from so2plumes.simulate.orbits import swath_geometry
from so2plumes.simulate.plumes import PlumeSpec
from so2plumes.simulate.scenes import Emission, Scene, build_scene

Write = Callable[..., Path]
Edit = Callable[..., Path]


@pytest.fixture(scope="session")
def scene() -> Scene:
    """46 x 43 pixels over Etna with a plume; one pixel of each float field is fill."""
    geometry = swath_geometry(17849, (2580, 2626), (202, 245))
    middle = (23, 21)
    plume = PlumeSpec(
        longitude=float(geometry.longitude[middle]),
        latitude=float(geometry.latitude[middle]),
        emission_kg_s=60.0,
        wind_speed_m_s=4.0,
        wind_toward_deg=120.0,
    )
    scene = build_scene(geometry, [Emission("test", "volcano", plume)], np.random.default_rng(7)).scene
    spoiled = {}
    for place, name in enumerate(
        ("column", "precision", "eastward_wind", "northward_wind", "cloud_fraction", "surface_altitude")
    ):
        values = np.array(getattr(scene, name), float)
        values[3, place] = np.nan
        spoiled[name] = values
    return replace(scene, **spoiled)


@pytest.fixture(scope="session")
def write(scene, tmp_path_factory) -> Write:
    """Write the scene with `Level2Options`; the same options give the same file again."""
    made: dict[str, Path] = {}

    def make(other: Scene | None = None, **options) -> Path:
        key = repr(sorted(options.items()))
        if other is None and key in made:
            return made[key]
        path = write_level2(tmp_path_factory.mktemp("granule"), other or scene, Level2Options(**options))
        if other is None:
            made[key] = path
        return path

    return make


@pytest.fixture(scope="session")
def granule(write) -> Path:
    """The scene as a reprocessed granule of processor 02.04.01."""
    return write()


@pytest.fixture
def edit(granule, tmp_path) -> Edit:
    """Copy a granule and change the copy: ``edit(change)`` calls ``change(dataset)`` on raw values."""

    def make(change: Callable[[netCDF4.Dataset], None], source: Path | None = None) -> Path:
        path = tmp_path / (source or granule).name
        shutil.copy(source or granule, path)
        with netCDF4.Dataset(path, "a") as dataset:
            dataset.set_auto_maskandscale(False)
            change(dataset)
        return path

    return make
