"""Losses for masks: each takes truth and weight of every pixel and the probability.

``loss(target, probability)`` with ``target`` (n, window, window, 2): truth and weight.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_EPSILON = 1e-6
FOCAL_GAMMA = 2.0
Loss = Callable[[Any, Any], Any]


def _parts(target: Any, probability: Any) -> tuple[Any, Any, Any]:
    from keras import ops

    p = ops.clip(probability[..., 0], _EPSILON, 1.0 - _EPSILON)
    return target[..., 0], target[..., 1], p


def binary_cross_entropy(target: Any, probability: Any) -> Any:
    """Weighted binary cross-entropy, mean over all pixels."""
    from keras import ops

    truth, weight, p = _parts(target, probability)
    return -ops.mean(weight * (truth * ops.log(p) + (1.0 - truth) * ops.log(1.0 - p)))


def dice(target: Any, probability: Any) -> Any:
    """One minus the Dice coefficient of all weighted pixels of a batch."""
    from keras import ops

    truth, weight, p = _parts(target, probability)
    both = ops.sum(weight * truth * p)
    return 1.0 - (2.0 * both + 1.0) / (ops.sum(weight * truth) + ops.sum(weight * p) + 1.0)


def focal(target: Any, probability: Any) -> Any:
    """Weighted focal loss of exponent 2: pixels that are already right count little."""
    from keras import ops

    truth, weight, p = _parts(target, probability)
    positive = truth * (1.0 - p) ** FOCAL_GAMMA * ops.log(p)
    negative = (1.0 - truth) * p**FOCAL_GAMMA * ops.log(1.0 - p)
    return -4.0 * ops.mean(weight * (positive + negative))


LOSSES: dict[str, Loss] = {"bce": binary_cross_entropy, "dice": dice, "focal": focal}
"""Losses by the name in the configuration."""
