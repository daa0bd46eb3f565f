"""The periods of a campaign: the units of work."""

from __future__ import annotations

import datetime
from dataclasses import dataclass


@dataclass(frozen=True)
class Period:
    """One unit of work: a day (``2021-03-24``) or the days of a month that belong to the campaign (``2021-03``)."""

    name: str
    start: datetime.date
    end: datetime.date

    @property
    def dates(self) -> list[str]:
        """Days of the period as YYYY-MM-DD."""
        count = (self.end - self.start).days + 1
        return [(self.start + datetime.timedelta(days=i)).isoformat() for i in range(count)]


def campaign_years(start: datetime.date, end: datetime.date) -> list[int]:
    """Calendar years of a campaign."""
    return list(range(start.year, end.year + 1))


def year_bounds(start: datetime.date, end: datetime.date, year: int) -> tuple[datetime.date, datetime.date]:
    """First and last day of a campaign within a year."""
    return max(start, datetime.date(year, 1, 1)), min(end, datetime.date(year, 12, 31))


def year_periods(start: datetime.date, end: datetime.date, year: int, unit: str) -> list[Period]:
    """Periods of one year in time order.

    Parameters
    ----------
    start, end : date
        First and last day of the campaign.
    year : int
    unit : str
        ``day`` or ``month``.
    """
    first, last = year_bounds(start, end, year)
    days = [first + datetime.timedelta(days=i) for i in range((last - first).days + 1)]
    if unit == "day":
        return [Period(day.isoformat(), day, day) for day in days]
    months = sorted({(day.year, day.month) for day in days})
    periods = []
    for month in months:
        inside = [day for day in days if (day.year, day.month) == month]
        periods.append(Period(f"{month[0]}-{month[1]:02d}", inside[0], inside[-1]))
    return periods
