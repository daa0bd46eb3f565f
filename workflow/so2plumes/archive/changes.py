"""What changed upstream between two frozen indexes."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

_PAIRED_BY = ["orbit", "stream", "processor", "collection"]
_CONTENT = {"size_bytes": "size", "md5": "MD5", "product_id": "product", "online": "online"}


@dataclass(frozen=True)
class Change:
    """One difference: the granule, or the orbit, that it is about, and what is different in words."""

    subject: str
    date: str
    what: str = ""


@dataclass(frozen=True)
class Changes:
    """Differences between two indexes.

    Attributes
    ----------
    new, vanished : tuple of Change
        Granules that only the later, or only the earlier index has.
    replaced : tuple of Change
        Granules of the same name with other content, or made again by the same processor at another time.
    selection : tuple of Change
        Orbits for which another granule stands now, or none.
    """

    new: tuple[Change, ...]
    vanished: tuple[Change, ...]
    replaced: tuple[Change, ...]
    selection: tuple[Change, ...]

    def __bool__(self) -> bool:
        return bool(self.new or self.vanished or self.replaced or self.selection)

    def lines(self, most: int = 20) -> list[str]:
        """Tell the differences in words, at most so many of a kind."""
        if not self:
            return ["nothing changed upstream"]
        lines = []
        for kind in ("new", "vanished", "replaced", "selection"):
            changes: tuple[Change, ...] = getattr(self, kind)
            label = "selection changed" if kind == "selection" else kind
            lines += [f"{label}: {c.date} {c.subject}" + (f" ({c.what})" if c.what else "") for c in changes[:most]]
            if len(changes) > most:
                lines.append(f"{label}: {len(changes) - most} more")
        counts = f"{len(self.new)} new, {len(self.vanished)} vanished, {len(self.replaced)} replaced"
        return [f"changed upstream: {counts}, {len(self.selection)} orbits with another selection", *lines]


def compare_indexes(before: pd.DataFrame, after: pd.DataFrame) -> Changes:
    """Compare two indexes of the same period.

    Parameters
    ----------
    before, after : DataFrame
        Tables of `read_frozen`.
    """
    old, new = (table.set_index("granule", drop=False).rename_axis(None) for table in (before, after))
    common = old.index.intersection(new.index, sort=False)
    replaced = [change for granule in common if (change := _content_change(old.loc[granule], new.loc[granule]))]
    gone, come = old.loc[old.index.difference(common)], new.loc[new.index.difference(common)]
    pairs = _remade(gone, come)
    replaced += [
        Change(later, str(come.loc[later, "date"]), f"made again, was {earlier}") for earlier, later in pairs.items()
    ]
    return Changes(
        new=_listed(come.drop(index=list(pairs.values()))),
        vanished=_listed(gone.drop(index=list(pairs))),
        replaced=tuple(sorted(replaced, key=lambda change: (change.date, change.subject))),
        selection=_selection(before, after),
    )


def _listed(table: pd.DataFrame) -> tuple[Change, ...]:
    rows = table.sort_values(["sensing_start", "granule"])
    kept = rows["selected"].map({True: "selected", False: "not selected"})
    return tuple(Change(g, d, k) for g, d, k in zip(rows["granule"], rows["date"], kept, strict=True))


def _content_change(old: pd.Series, new: pd.Series) -> Change | None:
    parts = [
        f"{word} {_shown(old[column])} -> {_shown(new[column])}"
        for column, word in _CONTENT.items()
        if old[column] != new[column]
    ]
    return Change(str(new["granule"]), str(new["date"]), ", ".join(parts)) if parts else None


def _shown(value: object) -> str:
    return str(value) if value != "" else "none"


def _remade(gone: pd.DataFrame, come: pd.DataFrame) -> dict[str, str]:
    """Pair granules that differ in their times alone, where each has one partner."""
    pairs = {}
    later = dict(list(come.groupby(_PAIRED_BY)))
    for key, group in gone.groupby(_PAIRED_BY):
        partner = later.get(key)
        if len(group) == 1 and partner is not None and len(partner) == 1:
            pairs[str(group.index[0])] = str(partner.index[0])
    return pairs


def _selection(before: pd.DataFrame, after: pd.DataFrame) -> tuple[Change, ...]:
    old, new = (table[table["selected"]].set_index("orbit") for table in (before, after))
    changes = []
    for orbit in sorted(set(old.index) | set(new.index)):
        was = str(old.loc[orbit, "granule"]) if orbit in old.index else "none"
        now = str(new.loc[orbit, "granule"]) if orbit in new.index else "none"
        if was != now:
            day = str((new if orbit in new.index else old).loc[orbit, "date"])
            changes.append(Change(f"orbit {orbit}", day, f"{was} -> {now}"))
    return tuple(changes)
