"""The choices that a card compares: each variant differs in one respect from the chosen plan."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from so2plumes.training.train import TrainingPlan

VARIANTS: dict[str, str] = {
    "chosen": "as configured",
    "other-input": "the other normalisation",
    "double-width": "twice the filters",
    "other-channels": "with the validity channel, or without it",
    "dice": "Dice loss",
    "focal": "focal loss",
}
"""Variants by name. Where the configured plan already has a variant's loss, that variant uses cross-entropy."""


def variant_plan(name: str, plan: TrainingPlan) -> TrainingPlan:
    """Return the plan of a variant.

    Parameters
    ----------
    name : str
        Key of `VARIANTS`.
    plan : TrainingPlan
        The chosen plan, with the epochs of the short trainings.
    """
    changes: dict[str, dict[str, Any]] = {
        "chosen": {},
        "other-input": {"normalisation": "window_max" if plan.normalisation == "local_robust" else "local_robust"},
        "double-width": {"base_width": 2 * plan.base_width},
        "other-channels": {"channels": 3 - plan.channels},
        "dice": {"loss": "bce" if plan.loss == "dice" else "dice"},
        "focal": {"loss": "bce" if plan.loss == "focal" else "focal"},
    }
    return replace(plan, **changes[name])
