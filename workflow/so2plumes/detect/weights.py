"""Read the weights of the U-Net of `unet` from a ``.keras`` file without Keras."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from so2plumes.errors import ModelError

LEVELS = 4

_CONVOLUTION = {"kernel_size": [3, 3], "strides": [1, 1], "activation": "relu", "padding": "same", "use_bias": True}
_TRANSPOSED = {**_CONVOLUTION, "strides": [2, 2], "activation": "linear"}
_HEAD = {"kernel_size": [1, 1], "strides": [1, 1], "activation": "sigmoid", "use_bias": True}
_POOL = {"pool_size": [2, 2], "strides": [2, 2]}


@dataclass(frozen=True)
class Layer:
    """Kernel and bias of a layer, as Keras keeps them: (3, 3, in, out), transposed ones (3, 3, out, in)."""

    kernel: NDArray[np.float32]
    bias: NDArray[np.float32]


@dataclass(frozen=True)
class UNetWeights:
    """The weights of a U-Net.

    Attributes
    ----------
    window, channels, base_width : int
    layers : dict of str to Layer
        By the names of `unet.build_unet`, from the input to the output.
    """

    window: int
    channels: int
    base_width: int
    layers: Mapping[str, Layer]

    @property
    def n_weights(self) -> int:
        """Count all weights."""
        return sum(layer.kernel.size + layer.bias.size for layer in self.layers.values())


@dataclass(frozen=True)
class _Expected:
    kind: str
    name: str
    inputs: list[str]
    facts: Mapping[str, Any]


def _family() -> Iterator[_Expected]:
    """Yield the layers of `unet.build_unet`."""
    yield _Expected("InputLayer", "column", [], {})
    yield _Expected("GaussianNoise", "noise", ["column"], {})
    last = "noise"
    for block in [f"down_{level}" for level in range(LEVELS)] + ["bottom"]:
        yield _Expected("Conv2D", f"{block}_conv_a", [last], _CONVOLUTION)
        last = f"{block}_conv_b"
        yield _Expected("Conv2D", last, [f"{block}_conv_a"], _CONVOLUTION)
        if block != "bottom":
            yield _Expected("MaxPooling2D", f"{block}_pool", [last], _POOL)
            last = f"{block}_dropout"
            yield _Expected("Dropout", last, [f"{block}_pool"], {})
    for level in reversed(range(LEVELS)):
        block = f"up_{level}"
        yield _Expected("Conv2DTranspose", f"{block}_transpose", [last], _TRANSPOSED)
        yield _Expected("Concatenate", f"{block}_skip", [f"{block}_transpose", f"down_{level}_conv_b"], {})
        yield _Expected("Dropout", f"{block}_dropout", [f"{block}_skip"], {})
        yield _Expected("Conv2D", f"{block}_conv_a", [f"{block}_dropout"], _CONVOLUTION)
        yield _Expected("Conv2D", f"{block}_conv_b", [f"{block}_conv_a"], _CONVOLUTION)
        last = f"{block}_conv_b"
    yield _Expected("Conv2D", "probability", [last], _HEAD)


def _sources(node: Any) -> list[str]:
    """Return the names of the layers that feed a layer, in order."""
    if isinstance(node, Mapping):
        if "keras_history" in node:
            return [node["keras_history"][0]]
        return [name for value in node.values() for name in _sources(value)]
    return [name for value in node for name in _sources(value)] if isinstance(node, list) else []


def _difference(layers: list[Mapping[str, Any]]) -> str | None:
    """Say where a network leaves the family, or None."""
    family = list(_family())
    if len(layers) != len(family):
        return f"{len(layers)} layers instead of {len(family)}"
    for layer, expected in zip(layers, family, strict=True):
        name, config = str(layer["config"]["name"]), layer["config"]
        if (layer["class_name"], name) != (expected.kind, expected.name):
            return f"{layer['class_name']} {name} instead of {expected.kind} {expected.name}"
        if _sources(layer["inbound_nodes"]) != expected.inputs:
            return f"{name} is fed by {_sources(layer['inbound_nodes'])}"
        for fact, value in expected.facts.items():
            if config.get(fact) != value:
                return f"{fact} of {name} is {config.get(fact)}"
        if config.get("dilation_rate", [1, 1]) not in ([1, 1], 1) or config.get("groups", 1) != 1:
            return f"{name} is dilated or grouped"
    return None


def _places(layers: list[Mapping[str, Any]]) -> dict[str, str]:
    """Return the group of each layer with weights in the file: the class in snake case, counted."""
    seen: Counter[str] = Counter()
    places = {}
    for layer in layers:
        kind = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<!^)(?=[A-Z][a-z])", "_", layer["class_name"]).lower()
        if kind.startswith("conv"):
            places[layer["config"]["name"]] = (
                f"layers/{kind}_{seen[kind]}/vars" if seen[kind] else f"layers/{kind}/vars"
            )
        seen[kind] += 1
    return places


def read_weights(path: str | Path) -> UNetWeights:
    """Read a ``.keras`` file whose network is the one of `unet.build_unet`, whatever its widths.

    Raises
    ------
    ModelError
        When the file is not a whole ``.keras`` file or holds another network.
    """
    import h5py

    try:
        with zipfile.ZipFile(path) as archive:
            config = json.loads(archive.read("config.json"))["config"]
            weights = archive.read("model.weights.h5")
        different = _difference(config["layers"])
        layers = {}
        if different is None:
            with h5py.File(io.BytesIO(weights)) as file:
                for name, group in _places(config["layers"]).items():
                    layers[name] = Layer(*(np.asarray(file[f"{group}/{k}"], np.float32) for k in (0, 1)))
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        raise ModelError("the weights cannot be loaded", where=path, found=str(error)) from None
    if different is not None:
        raise ModelError("the network is not the U-Net of this package", where=path, found=different)
    _, window, _, channels = config["layers"][0]["config"]["batch_shape"]
    return UNetWeights(int(window), int(channels), int(layers["down_0_conv_a"].kernel.shape[-1]), layers)
