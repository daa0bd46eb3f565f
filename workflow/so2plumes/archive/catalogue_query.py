"""What the OData catalogue is asked: the filter, and the months of a period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

CDSE_PRODUCTS = "https://catalogue.dataspace.copernicus.eu/odata/v1/Products"
MAX_TOP = 1000
MARGIN = timedelta(hours=2)
"""Asked for on both sides of a period, so that copies of one orbit that begin on either side of midnight meet."""


@dataclass(frozen=True)
class CatalogueQuery:
    """What is asked for.

    Near-real-time slices of five minutes are left out by ``streams``.
    """

    url: str = CDSE_PRODUCTS
    collection: str = "SENTINEL-5P"
    product_type: str = "L2__SO2___"
    streams: tuple[str, ...] = ("OFFL", "RPRO")
    page_size: int = MAX_TOP

    def filter_text(self, start: datetime, end: datetime) -> str:
        """Return the `$filter` for products whose sensing starts at or after ``start`` and before ``end`` (UTC)."""
        names = " or ".join(f"contains(Name,'S5P_{stream}_')" for stream in self.streams)
        return (
            f"Collection/Name eq '{self.collection}'"
            " and Attributes/OData.CSC.StringAttribute/any(att:att/Name eq 'productType'"
            f" and att/OData.CSC.StringAttribute/Value eq '{self.product_type}')"
            + (f" and ({names})" if names else "")
            + f" and ContentDate/Start ge {instant_text(start)} and ContentDate/Start lt {instant_text(end)}"
        )


@dataclass(frozen=True)
class Window:
    """A part of the period that is asked for at once; ``month`` is its name, such as ``2020-03``."""

    month: str
    start: datetime
    end: datetime


def instant_text(moment: datetime) -> str:
    """Return an instant as the catalogue writes it, in UTC with milliseconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def month_windows(start: date, end: date, margin: timedelta = MARGIN) -> list[Window]:
    """Return the calendar months of a period, both days included, with a margin at its ends."""
    windows, first = [], start
    while first <= end:
        after = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
        stop = min(after, end + timedelta(days=1))
        windows.append(Window(f"{first:%Y-%m}", _midnight(first), _midnight(stop)))
        first = after
    if windows:
        windows[0] = Window(windows[0].month, windows[0].start - margin, windows[0].end)
        windows[-1] = Window(windows[-1].month, windows[-1].start, windows[-1].end + margin)
    return windows


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)
