"""Choose one granule per orbit by a pinned rule.

Newest-wins would mix retrievals (the SO2 column changed from DOAS to COBRA in November 2024), so the processors
that may be used are listed in the configuration.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from so2plumes.errors import GranuleError
from so2plumes.swath.product import load_product


def stream_rank(stream: str) -> int:
    """Reprocessed before offline before near-real-time; unknown streams last."""
    order = load_product().stream_order
    return order.index(stream) if stream in order else len(order)


def _reasons_before_ranking(table: pd.DataFrame, processors: Sequence[str], retrievals: Sequence[str]) -> pd.Series:
    reasons = pd.Series("", index=table.index, dtype=object)
    if retrievals:
        reasons[~table["retrieval"].isin(retrievals)] = "retrieval_not_allowed"
    if processors:
        reasons[~table["processor"].isin(processors)] = "processor_not_allowed"
    return reasons


def _tie(orbit: int, paths: pd.Series) -> GranuleError:
    return GranuleError(
        f"two granules of orbit {orbit} rank the same",
        reason="tie",
        where=" and ".join(paths),
        expected="one granule per orbit after the rule stream > processor > creation time",
        remedy="remove one of the copies from the archive",
    )


def select_granules(
    candidates: pd.DataFrame, processors: Sequence[str] = (), retrievals: Sequence[str] = ()
) -> pd.DataFrame:
    """Mark which granule stands for its orbit.

    Parameters
    ----------
    candidates : DataFrame
        Columns ``path, orbit, stream, processor, retrieval, created`` and, where known, ``time_from``: a granule
        whose times could not be read from inside it stands for its orbit only where no other one can.
    processors : sequence of str
        Allowed processor versions in six digits, best first; empty allows all and ranks none.
    retrievals : sequence of str
        Allowed retrievals; empty allows all.

    Returns
    -------
    DataFrame
        The same rows with ``selected`` (bool) and ``reason`` (empty, ``processor_not_allowed``,
        ``retrieval_not_allowed`` or ``duplicate_of_<granule>``).

    Raises
    ------
    GranuleError
        On a tie: the rule must decide, not the order of a directory listing.
    """
    table = candidates.copy()
    if table.empty:
        return table.assign(selected=pd.Series(dtype=bool), reason=pd.Series(dtype=object))
    table["reason"] = _reasons_before_ranking(table, processors, retrievals)
    ranks = {version: place for place, version in enumerate(processors)}
    keys = pd.DataFrame(
        {
            "orbit": table["orbit"],
            "unreadable": table["time_from"] != "file" if "time_from" in table else False,
            "stream": [stream_rank(stream) for stream in table["stream"]],
            "processor": [ranks.get(version, 0) for version in table["processor"]],
            "created": -pd.to_datetime(table["created"], utc=True).astype("int64"),
        },
        index=table.index,
    )
    ranked = keys[table["reason"] == ""].sort_values(list(keys.columns), kind="stable")
    best_two = ranked.groupby("orbit").head(2)
    tied = best_two[best_two.duplicated(keep=False)]
    if len(tied):
        orbit = int(tied["orbit"].iloc[0])
        raise _tie(orbit, table.loc[tied.index[tied["orbit"] == orbit], "path"])
    best = ~ranked.duplicated("orbit")
    winners = ranked.index[best]
    table["selected"] = table.index.isin(winners)
    losers = ranked.index[~best]
    stands = pd.Series(table.loc[winners, "granule"].to_numpy(), index=table.loc[winners, "orbit"])
    table.loc[losers, "reason"] = ["duplicate_of_" + stands[orbit] for orbit in table.loc[losers, "orbit"]]
    return table
