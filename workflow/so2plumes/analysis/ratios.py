"""Eruption masses and persistent rates of other catalogues beside ours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from so2plumes.dictionary import empty, shaped
from so2plumes.seen import SeenPlaces
from so2plumes.sources.origins import Origin, origin_coordinates, utc_days
from so2plumes.sources.sphere import nearest, neighbours_within

_KG_PER_KT = 1e6
_SAME_VOLCANO_KM = 25.0


def eruption_masses(
    plumes: pd.DataFrame,
    catalogue: pd.DataFrame,
    start: object,
    end: object,
    eruptions: pd.DataFrame | None = None,
    eruption_plumes: pd.DataFrame | None = None,
    seen: SeenPlaces | None = None,
    radius_km: float = 300.0,
    days_after: int = 2,
    origin: Origin = "max",
) -> pd.DataFrame:
    """Set the masses of a catalogue (MSVOLSO2L4) beside those of our plumes.

    Ours are the plumes within the radius of the volcano, and those of the outflow of an eruption there. Swaths
    overlap, so the mass of a day is that of the orbit with most. An explosive cloud may be seen a day late:
    `ratio_best` takes the largest mass from the day to `days_after` later.

    Parameters
    ----------
    plumes : DataFrame
        Plume table.
    catalogue : DataFrame
        From `catalogues.read_msvolso2l4`.
    start, end : date-like
        Period; rows of other days are left out.
    eruptions, eruption_plumes : DataFrame, optional
        Tables of `sources.eruption_product`.
    seen : SeenPlaces, optional
        What was seen at the places of the rows that remain (`within_period`), in their order.

    Returns
    -------
    DataFrame
        Table ``catalogue_eruptions``, a row a row of the catalogue.
    """
    rows = within_period(catalogue, start, end)
    if rows.empty:
        return empty("catalogue_eruptions", available=True, radius_km=radius_km, days_after=days_after)
    masses = _daily_masses(plumes, rows, eruptions, eruption_plumes, radius_km, origin)
    day = pd.to_datetime(rows["date"]).to_numpy().astype("datetime64[D]").astype(np.int64)
    spans = [_of_days(masses, len(rows), day + later) for later in range(days_after + 1)]
    same, number = spans[0]
    best = np.max([mass for mass, _ in spans], axis=0)
    mass = rows["mass_kt"].to_numpy(float)
    table = rows[["volcano", "longitude", "latitude", "date", "type", "vei", "mass_kt"]].assign(
        n_plumes=number,
        our_mass_kt=same,
        our_best_mass_kt=best,
        ratio=_ratio(same, mass),
        ratio_best=_ratio(best, mass),
        observable=pd.array([pd.NA] * len(rows), dtype="boolean")
        if seen is None
        else pd.array(_seen_on(seen, day), dtype="boolean"),
    )
    table["vei"] = table["vei"].astype("Int64")
    found = table["ratio"].to_numpy() > 0
    table.attrs = {
        "available": True,
        "radius_km": radius_km,
        "days_after": days_after,
        "n_rows": len(table),
        "n_found": int(found.sum()),
        "median_ratio": float(table.loc[found, "ratio"].median()) if found.any() else None,
    }
    return shaped(table, "catalogue_eruptions")


def within_period(catalogue: pd.DataFrame, start: object, end: object) -> pd.DataFrame:
    """Return the rows of a catalogue of dated eruptions that lie in a period, both days included."""
    return catalogue[catalogue["date"].between(str(start), str(end))].reset_index(drop=True)


def _daily_masses(
    plumes: pd.DataFrame,
    rows: pd.DataFrame,
    eruptions: pd.DataFrame | None,
    eruption_plumes: pd.DataFrame | None,
    radius_km: float,
    origin: Origin,
) -> pd.DataFrame:
    """Mass (kt) and plumes by row of the catalogue and day, of the orbit with most."""
    lon, lat = origin_coordinates(plumes, origin)
    near = neighbours_within(lon, lat, rows["longitude"], rows["latitude"], radius_km)
    pairs = pd.DataFrame({"plume": near.first, "row": near.second})
    if eruptions is not None and eruption_plumes is not None and len(eruption_plumes):
        at = neighbours_within(
            eruptions["longitude"], eruptions["latitude"], rows["longitude"], rows["latitude"], _SAME_VOLCANO_KM
        )
        link = pd.DataFrame({"eruption_number": eruptions["eruption_number"].array[at.first], "row": at.second})
        flows = eruption_plumes.loc[eruption_plumes["by_event"], ["plume_id", "eruption_number"]]
        flows = flows.merge(link, on="eruption_number")
        place = pd.Series(np.arange(len(plumes)), index=plumes["plume_id"].to_numpy())
        far = pd.DataFrame({"plume": place.reindex(flows["plume_id"]).to_numpy(), "row": flows["row"].to_numpy()})
        pairs = pd.concat([pairs, far], ignore_index=True).drop_duplicates()
    plume = pairs["plume"].to_numpy(dtype=np.int64)
    mass = plumes["mass_kg"].to_numpy(float)[plume] if len(plumes) else np.empty(0)
    pairs = pairs.assign(
        day=utc_days(plumes["time"])[plume].astype(np.int64) if len(plumes) else [],
        orbit=plumes["orbit"].to_numpy()[plume] if "orbit" in plumes else 0,
        mass_kt=np.nan_to_num(mass) / _KG_PER_KT,
    )
    orbits = pairs.groupby(["row", "day", "orbit"], as_index=False).agg(
        mass_kt=("mass_kt", "sum"), n=("mass_kt", "size")
    )
    return orbits.groupby(["row", "day"]).agg(mass_kt=("mass_kt", "max"), n=("n", "sum"))


def _of_days(masses: pd.DataFrame, n: int, day: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    found = masses.reindex(pd.MultiIndex.from_arrays([np.arange(n), day]))
    return found["mass_kt"].fillna(0.0).to_numpy(float), found["n"].fillna(0).to_numpy(np.int64)


def _seen_on(seen: SeenPlaces, day: NDArray[np.int64]) -> NDArray[np.bool_]:
    place = day - seen.days[0].astype(np.int64)
    inside = (place >= 0) & (place < len(seen.days))
    return inside & seen.observable[np.where(inside, place, 0), np.arange(len(day))]


def _ratio(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(ours, theirs, out=np.full(len(ours), np.nan), where=(theirs > 0) & (ours > 0))


def persistent_rates(
    plumes: pd.DataFrame,
    clusters: pd.DataFrame,
    catalogue: pd.DataFrame,
    known: pd.DataFrame,
    radius_km: float = 50.0,
    origin: Origin = "max",
) -> pd.DataFrame:
    """Set persistent rates of a catalogue beside the cluster nearest to each source.

    Parameters
    ----------
    plumes : DataFrame
        Plume table.
    clusters : DataFrame
        Table ``clusters``.
    catalogue : DataFrame
        From `catalogues.read_persistent`; rows of eruptions are left out.
    known : DataFrame
        Known sources, to name the rows.
    radius_km : float
        Farthest cluster, and farthest plumes that are counted.
    origin : {'max', 'upwind'}
        Place of a plume.

    Returns
    -------
    DataFrame
        Table ``catalogue_sources``. `ratio` is our median rate, which is of the days with a plume, by theirs, which is
        of all days; `ratio_persistent` takes ours times the share of the days on which a plume was seen, a lower bound.
    """
    rows = catalogue[~catalogue["eruptive"]].reset_index(drop=True)
    if rows.empty:
        return empty("catalogue_sources", available=True, radius_km=radius_km)
    name = nearest(rows["longitude"], rows["latitude"], known["longitude"], known["latitude"])
    names = np.where(name.distance_km <= _SAME_VOLCANO_KM, known["name"].to_numpy(object)[name.index], "")
    found = nearest(rows["longitude"], rows["latitude"], clusters["longitude"], clusters["latitude"])
    near = found.distance_km <= radius_km
    lon, lat = origin_coordinates(plumes, origin)
    around = neighbours_within(rows["longitude"], rows["latitude"], lon, lat, radius_km)
    table = rows[["longitude", "latitude", "emission_kg_h"]].assign(
        name=names,
        n_plumes=np.bincount(around.first, minlength=len(rows)),
        cluster=_taken(clusters, "source_name", found.index, near, ""),
        cluster_distance_km=found.distance_km,
        our_median_kg_h=_taken(clusters, "median_emission_kg_h", found.index, near, np.nan).astype(float),
    )
    persistence = _taken(clusters, "observable_persistence_percent", found.index, near, np.nan).astype(float)
    calendar = _taken(clusters, "persistence_percent", found.index, near, np.nan).astype(float)
    share = np.where(np.isfinite(persistence), persistence, calendar)
    table["our_persistence_percent"] = share
    theirs = table["emission_kg_h"].to_numpy(float)
    table["ratio"] = table["our_median_kg_h"] / theirs
    table["ratio_persistent"] = table["ratio"] * share / 100.0
    table.attrs = {
        "available": True,
        "radius_km": radius_km,
        "n_sources": len(table),
        "n_with_cluster": int(near.sum()),
        "median_ratio": float(table["ratio"].median()) if near.any() else None,
        "median_ratio_persistent": float(table["ratio_persistent"].median()) if near.any() else None,
    }
    return shaped(table.sort_values("emission_kg_h", ascending=False, kind="stable"), "catalogue_sources")


def _taken(
    clusters: pd.DataFrame, column: str, index: NDArray[np.int64], near: NDArray[np.bool_], otherwise: Any
) -> NDArray[np.object_]:
    if clusters.empty:
        return np.full(len(index), otherwise, dtype=object)
    return np.where(near, clusters[column].to_numpy(object)[index], otherwise)
