"""What a model card states: the net, its training, its data, the detection limits, and how far to trust all that."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from so2plumes.report import text
from so2plumes.report.card_tables import CardTable, Row, interval, listed

SIMULATED = "simulated"
ETNA = "etna"
_FACTS = {
    "name": "name",
    "sha256": "sha256 of the weights",
    "window": "window, pixels",
    "normalisation": "input",
    "channels": "channels",
    "threshold": "threshold",
    "growth_threshold": "growth threshold",
    "bridge_pixels": "bridges, pixels",
    "gap_pixels": "unusable pixels within, pixels",
    "min_pixels": "smallest plume, pixels",
    "weights": "weights",
    "truth": "truth",
    "baselines": "baselines",
}
_DATA = {
    "images": "windows",
    "training_images": "windows for training",
    "test_images": "windows for scoring",
    "granules": "granules",
    "test_granules": "granules for scoring",
    "test_orbits": "orbits for scoring",
    "sources": "windows by source of the labels",
    "split": "split",
    "archives": "windows by archive",
    "truth_definitions": "definitions of the truth",
}
_SENSED = re.compile(r"_(20\d\d)\d{4}T\d{6}")


def facts_table(names: Mapping[str, str], values: Row, caption: str = "", folded: bool = False) -> CardTable:
    """List what is stated of some names; absent ones are left out."""
    rows = tuple((word, listed(values[name])) for name, word in names.items() if values.get(name) is not None)
    return CardTable(caption, ("what", "value"), rows, (0, 1), (1,), folded)


def model_table(card: Row) -> CardTable:
    """Facts of the net."""
    table = facts_table(_FACTS, card, "The net.")
    size = card.get("bytes")
    rows = table.rows + ((("size of the file", f"{size / 1e6:.2f} MB"),) if size else ())
    return CardTable(table.caption, table.head, rows, table.text_columns, table.wrapped)


def data_table(card: Row) -> CardTable:
    """Facts of the data set."""
    return facts_table(_DATA, card["data"], "The data.")


def plan_table(plan: Row) -> CardTable:
    """List the settings of the training."""
    return facts_table({name: name.replace("_", " ") for name in plan}, plan, "The plan.")


def summary(card: Row) -> str:
    """Say in one sentence what the model is."""
    plan = card.get("training", {}).get("plan", {})
    width = f" of base width {plan['base_width']}" if "base_width" in plan else ""
    words = f"U-Net{width} on windows of {card['window']} × {card['window']} pixels, input `{card['normalisation']}`"
    size = [f"{text.whole(card['weights'])} weights"] if card.get("weights") else []
    size += [f"{card['bytes'] / 1e6:.2f} MB"] if card.get("bytes") else []
    return words + (f", {', '.join(size)}" if size else "") + "."


def archives(card: Row) -> list[str]:
    """Name the archives that the windows and the quiet scenes come from."""
    counts = card["data"].get("archives") or {}
    names = [name for name, count in counts.items() if count]
    names += [row["of"] for row in card.get("quiet_scenes", ()) if row["scenes"]]
    return list(dict.fromkeys(names))


def real_archives(card: Row) -> list[str]:
    """Name the archives of real scenes."""
    return [name for name in archives(card) if not name.startswith(SIMULATED)]


def attribution(card: Row, granules: list[str]) -> str:
    """Say whose data these are; the years are those of the granules that are named."""
    if not real_archives(card):
        return "Simulated data."
    named = [*granules, *(str(row["granule"]) for row in card.get("strong_scenes", ()))]
    years = sorted({match.group(1) for name in named if (match := _SENSED.search(name))})
    span = "" if not years else f" {years[0]}" if len(years) == 1 else f" {years[0]}{text.DASH}{years[-1]}"
    return f"Contains modified Copernicus Sentinel data{span}."


def limits_table(detection: Row) -> CardTable | None:
    """Emission rates at which a share of the plumes is found."""
    limits = detection.get("limits") or []
    shares = sorted({row["pod"] for row in limits})
    cells: dict[tuple, dict[float, Row]] = {}
    for row in limits:
        where = (row["wind_speed_m_s"], row["background_du"], bool(row["edge"]), row["noise_du"])
        cells.setdefault(where, {})[row["pod"]] = row
    rows = tuple(
        (
            f"{wind:g}",
            f"{background:g}",
            "edge" if edge else "inside",
            text.fixed(noise, 2),
            *(_limit(found.get(share)) for share in shares),
        )
        for (wind, background, edge, noise), found in cells.items()
    )
    head = ("wind, m/s", "background, DU", "swath", "noise, DU", *(f"{text.percent(s, 0)} found" for s in shares))
    caption = "Emission rate, kg/h, at which a plume is found with the given probability; 95 % interval in brackets."
    return CardTable(caption, head, rows, (2,)) if rows else None


def _limit(row: Row | None) -> str:
    return text.DASH if row is None else interval(row.get("emission_kg_h"), row.get("low"), row.get("high"))


def moves_table(detection: Row) -> CardTable | None:
    """List what raises the detection limit, as fitted."""
    fit = detection.get("fit") or {}
    rows = [(_plain(name), f"to the power {text.fixed(power, 2)}") for name, power in (fit.get("powers") or {}).items()]
    rows += [(_plain(name), f"{text.rounded(factor, 2)} times") for name, factor in (fit.get("factors") or {}).items()]
    caption = "How the limit of the emission rate grows."
    return CardTable(caption, ("with", "grows"), tuple(rows), (0, 1), folded=True) if rows else None


def _plain(name: str) -> str:
    return re.sub(r"_(m_s|du)$", "", name).replace("_", " ")


def curve_table(detection: Row) -> CardTable | None:
    """Plumes found in bins of the emission rate."""
    rows = tuple(
        (
            f"{text.rounded(row['low_kg_h'])} to {text.rounded(row['high_kg_h'])}",
            text.whole(row["trials"]),
            text.whole(row["found"]),
            f"{text.percent(row['pod'])} ({text.percent(row['pod_low'])} to {text.percent(row['pod_high'])})",
        )
        for row in detection.get("curves") or []
        if row["by"] == "all"
    )
    head = ("emission rate, kg/h", "trials", "found", "share (95 % interval)")
    return CardTable("All trials.", head, rows, folded=True) if rows else None


def regenerate_words(card: Row) -> list[str]:
    """Say how to make the card again."""
    seed = card.get("training", {}).get("plan", {}).get("seed")
    folders = ", ".join(f"<folder of {name}>" for name in real_archives(card))
    option = f" --config 'training={{folders: [{folders}]}}'" if folders else ""
    words = (
        f"`snakemake results/training/{card['name']}/card.html --cores 2{option}` makes everything again: set, net "
        "and card; with `weights: <file>` among the options the weights are scored and not trained."
    )
    if seed is not None:
        words += f" The seed is {seed}."
    return [
        words,
        f"These numbers belong to the weights with sha256 `{card['sha256']}`; others have other numbers.",
    ]


def caveats(card: Row) -> list[str]:
    """Say what the numbers do not say."""
    truth, real = str(card.get("truth") or "an injected signal").rstrip("."), real_archives(card)
    words = [
        f"The truth of the scores is: {truth}. Injected plumes are simulated, so the scores say how well such shapes "
        "are recovered from the noise; they cannot be compared with scores on labels that people drew, such as the "
        "paper's.",
    ]
    if len(real) == 1:
        region = ", one region at mid latitude" if real == [ETNA] else ""
        words.append(f"All real scenes are of one archive ({real[0]}{region}). What lies elsewhere was not tried.")
    elif real:
        words.append(f"Real scenes come from {listed(real)} only. What lies elsewhere was not tried.")
    else:
        words.append("No real scene was used: noise and backgrounds are simulated too.")
    if ETNA in real:
        words.append(
            "The columns of the real scenes are slant columns divided by one air mass factor: noise and shapes "
            "are right, masses and so emission rates over them are not calibrated."
        )
    words.append(
        "A plume on a quiet scene is called false because no enhancement is significant there; some may be real and "
        "faint."
    )
    return words


def plan_of(card: Row) -> dict[str, Any]:
    """Return the settings of the training; empty where the card holds none."""
    return dict(card.get("training", {}).get("plan", {}))
