"""Our numbers of the inventory (FP-pre 3.5)."""

from __future__ import annotations

import numpy as np

from so2plumes.constants import PAPER_LIMIT_KG_H
from so2plumes.inventory.compare import detection_limit_flux
from so2plumes.parity.campaign import ParityInputs
from so2plumes.parity.ours import Ours, absent, quantile, share
from so2plumes.parity.published import PublishedNumber

NO_INVENTORY = "no inventory was given"


def _year(run: ParityInputs) -> str:
    return f"inventory of {run.found.edgar.attrs.get('used_year')}"


def edgar_top_share(run: ParityInputs, number: PublishedNumber) -> Ours:
    """Share of the emission in the strongest cells (FP-pre Fig. 13)."""
    value = run.found.edgar.attrs.get(number.argument)
    return absent(NO_INVENTORY) if value is None else Ours(100.0 * float(value), note=_year(run))


def edgar_threshold(run: ParityInputs, number: PublishedNumber) -> Ours:
    """Least flux of the strongest cells (FP-pre Fig. 15)."""
    facts = run.found.edgar.attrs
    if facts.get("threshold_flux") is None:
        return absent(NO_INVENTORY)
    return Ours(float(facts["threshold_flux"]), note=f"{_year(run)}; top {100 * facts.get('top_share', 0.001):g} %")


def edgar_below_limit(run: ParityInputs, number: PublishedNumber) -> Ours:
    """Share of the cells that emit less than 524 kg/h, each by its own area."""
    above = run.found.edgar.attrs.get("share_cells_above_paper_limit")
    if above is None:
        return absent(NO_INVENTORY)
    return Ours(100.0 * (1.0 - float(above)), note=f"{_year(run)}; every cell by its own area")


def limit_flux(run: ParityInputs, number: PublishedNumber) -> Ours:
    """524 kg/h over the 0.1 degree cell at the equator."""
    return Ours(float(detection_limit_flux(PAPER_LIMIT_KG_H)), note="arithmetic")


def edgar_orders(run: ParityInputs, number: PublishedNumber) -> Ours:
    """Decimal logarithm of the median ratio of plume flux and inventory flux, cell by cell (FP-pre Fig. 14)."""
    edgar = run.found.edgar
    if edgar.empty or "ratio" not in edgar:
        return absent(NO_INVENTORY)
    ratios = edgar.loc[~edgar["is_top"].astype(bool), "ratio"].to_numpy(dtype=float)
    ratios = ratios[ratios > 0]
    if not ratios.size:
        return absent("no cell of the inventory with an emission has a plume")
    return quantile(np.log10(ratios), 0.5, note="median over cells and months; the configured rates")


def edgar_reached(run: ParityInputs, number: PublishedNumber) -> Ours:
    """Share of the strongest cells with a plume within the radius (FP-pre 3.5)."""
    facts = run.found.edgar.attrs
    if not facts.get("n_top_cells"):
        return absent(NO_INVENTORY)
    note = "a cell counts when it has one plume in the period; neighbouring cells are not independent"
    return share(int(facts["n_top_with_plume"]), int(facts["n_top_cells"]), note=note)
