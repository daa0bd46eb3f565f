"""Readers of catalogues of volcanic sulphur dioxide that others keep."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from so2plumes.errors import ExternalDataError

MSVOL_COLUMNS = (
    "volcano", "latitude", "longitude", "altitude_km", "year", "month", "day", "type", "vei",
    "observed_height_km", "estimated_height_km", "mass_kt",
)  # fmt: skip
_MSVOL_HEADER = (
    "volcano",
    "lat",
    "lon",
    "v_alt",
    "yyyy",
    "mm",
    "dd",
    "type",
    "vei",
    "p_alt_obs",
    "p_alt_est",
    "so2(kt)",
)
_MISSING = -999.0
SO2_PER_S = 64.066 / 32.06
"""Mass of sulphur dioxide by mass of sulphur."""


def read_msvolso2l4(path: str | Path) -> pd.DataFrame:
    """Read NASA's catalogue of eruption masses, MSVOLSO2L4 (text, columns apart by blanks or tabs).

    Returns
    -------
    DataFrame
        `MSVOL_COLUMNS` and ``date`` (YYYY-MM-DD); -999 is not-a-number; ``type`` is exp or eff. Masses of explosive
        eruptions are those of the cloud, of effusive ones those of the day, kilotonnes of SO2.

    Raises
    ------
    ExternalDataError
        The header is another, a row has other columns or a value is no number.
    """
    lines = _lines(path)
    head = tuple(lines[0].casefold().split()) if lines else ()
    if head != _MSVOL_HEADER:
        raise ExternalDataError(
            "the file is not the catalogue MSVOLSO2L4",
            where=path,
            expected="a header " + " ".join(_MSVOL_HEADER),
            found=" ".join(head)[:200] or "an empty file",
        )
    rows = [line.split() for line in lines[1:]]
    odd = next((i for i, row in enumerate(rows) if len(row) != len(MSVOL_COLUMNS)), None)
    if odd is not None:
        raise ExternalDataError(
            "a row of MSVOLSO2L4 has other columns",
            where=f"{path}, row {odd + 2}",
            expected=f"{len(MSVOL_COLUMNS)} values",
            found=lines[odd + 1][:200],
        )
    table = pd.DataFrame(rows, columns=list(MSVOL_COLUMNS))
    numbers = [name for name in MSVOL_COLUMNS if name not in ("volcano", "type")]
    try:
        table[numbers] = table[numbers].astype(float)
        table["date"] = pd.to_datetime(table[["year", "month", "day"]]).dt.strftime("%Y-%m-%d")
    except ValueError as error:
        raise ExternalDataError("MSVOLSO2L4 has a value that is no number", where=path, found=str(error)) from None
    table[numbers] = table[numbers].replace(_MISSING, np.nan)
    table["volcano"] = table["volcano"].str.replace("_", " ")
    return table.astype({"year": int, "month": int, "day": int})


def read_persistent(path: str | Path) -> pd.DataFrame:
    """Read a table of persistent volcanic degassing (Carn et al., as distributed for models, ``.rc``).

    The block ``volcano::`` ... ``::`` holds latitude, longitude, kg of **sulphur** per second, elevation and column
    height in metres. A column higher than the volcano is an eruption of that day and no persistent source.

    Returns
    -------
    DataFrame
        ``latitude, longitude, sulphur_kg_s, elevation_m, column_height_m, emission_kg_h`` (of SO2) and ``eruptive``.

    Raises
    ------
    ExternalDataError
        There is no such block, or a row has other columns.
    """
    lines = _lines(path)
    body: list[list[str]] = []
    inside = closed = False
    for line in lines:
        text = line.split("#")[0].strip()
        if text == "volcano::":
            inside = True
        elif text == "::":
            closed = inside
            break
        elif inside and text:
            body.append(text.split())
    if not closed or any(len(row) != 5 for row in body):
        raise ExternalDataError(
            "the file is not a table of persistent degassing",
            where=path,
            expected="rows of latitude, longitude, kg S/s, elevation, column height between 'volcano::' and '::'",
            found=(lines[0] if lines else "an empty file")[:200],
        )
    columns = ["latitude", "longitude", "sulphur_kg_s", "elevation_m", "column_height_m"]
    try:
        table = pd.DataFrame(body, columns=columns).astype(float)
    except ValueError as error:
        raise ExternalDataError(
            "the table of degassing has a value that is no number", where=path, found=str(error)
        ) from None
    return table.assign(
        emission_kg_h=3600.0 * SO2_PER_S * table["sulphur_kg_s"],
        eruptive=table["column_height_m"] > table["elevation_m"],
    )


def _lines(path: str | Path) -> list[str]:
    try:
        text = Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ExternalDataError("a catalogue cannot be read", where=path, found=str(error)) from None
    return [line for line in text.splitlines() if line.strip()]
