"""Periods cover every day of a campaign once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from so2plumes.periods import Period, campaign_years, year_bounds, year_periods


def test_days_of_a_period():
    assert Period("", date(2020, 2, 28), date(2020, 3, 1)).dates == ["2020-02-28", "2020-02-29", "2020-03-01"]
    assert Period("", date(2020, 2, 28), date(2020, 2, 28)).dates == ["2020-02-28"]


def test_the_six_year_campaign():
    start, end = date(2019, 1, 1), date(2024, 12, 31)
    years = campaign_years(start, end)
    assert years == [2019, 2020, 2021, 2022, 2023, 2024]
    assert sum(len(year_periods(start, end, year, "day")) for year in years) == 2192
    assert [len(year_periods(start, end, year, "month")) for year in years] == [12] * 6


def test_first_and_last_year_are_cut():
    start, end = date(2018, 4, 30), date(2020, 2, 10)
    assert year_bounds(start, end, 2018) == (start, date(2018, 12, 31))
    assert year_bounds(start, end, 2019) == (date(2019, 1, 1), date(2019, 12, 31))
    assert year_bounds(start, end, 2020) == (date(2020, 1, 1), end)
    months = year_periods(start, end, 2018, "month")
    assert months[0] == Period("2018-04", start, start)
    assert months[1] == Period("2018-05", date(2018, 5, 1), date(2018, 5, 31))
    assert year_periods(start, end, 2020, "month")[-1] == Period("2020-02", date(2020, 2, 1), end)


def test_names_of_days():
    (day,) = year_periods(date(2021, 3, 24), date(2021, 3, 24), 2021, "day")
    assert day == Period("2021-03-24", date(2021, 3, 24), date(2021, 3, 24))


@pytest.mark.parametrize("unit", ["day", "month"])
@pytest.mark.parametrize("year", [2017, 2022])
def test_a_year_outside_the_campaign_has_no_period(unit, year):
    assert year_periods(date(2019, 5, 1), date(2020, 5, 1), year, unit) == []


days = st.dates(date(2018, 4, 30), date(2030, 12, 31))


@settings(max_examples=30, deadline=None)
@given(days, st.integers(0, 800), st.sampled_from(["day", "month"]))
def test_every_day_is_in_one_period(start, length, unit):
    end = start + timedelta(days=length)
    periods = [period for year in campaign_years(start, end) for period in year_periods(start, end, year, unit)]
    found = [day for period in periods for day in period.dates]
    assert found == Period("", start, end).dates
    assert len({period.name for period in periods}) == len(periods)
    assert [period.name for period in periods] == sorted(period.name for period in periods)
    for period in periods:
        assert all(day.startswith(period.name) for day in period.dates)
