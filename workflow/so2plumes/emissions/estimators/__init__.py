"""Estimators of the emission rate, side by side: one file each, found by its name.

==============  ======================================================================================
``paper``       ``E = dM ws / L``: median wind, trimmed main axis (FP-pre 2.3)
``ime_fetch``   ``E = dM U / L``: mass of the mask over its extent along the transport
``ime_decay``   mass of the mask dilated by 3 pixels, with the loss of a first-order lifetime
``csf``         one rate fitted by least squares to the masses of three or more sections, with loss
``disk``        growth of the mass with the distance from the source
==============  ======================================================================================

To add one: write ``<name>.py`` here with a function ``estimate(plume, transport) -> Estimate`` and a test with a plume
of known rate; describe its columns ``emission_<name>_kg_h`` and ``emission_<name>_reason`` in the data dictionary.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module

from so2plumes.emissions.pixels import Estimate, PlumePixels, Transport
from so2plumes.registry import look_up

Estimator = Callable[[PlumePixels, Transport], Estimate]
RECOMMENDED = "recommended"


def estimator_names() -> tuple[str, ...]:
    """Names of the estimators, in alphabetical order, without importing them."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


@cache
def estimators() -> Mapping[str, Estimator]:
    """Estimators by their configuration name."""
    return {name: import_module(f"{__name__}.{name}").estimate for name in estimator_names()}


def get_estimator(name: str) -> Estimator:
    """Look an estimator up by name; an unknown one is a `ConfigError` that lists the known ones."""
    return look_up(estimators(), name, "emissions.estimator")
