from __future__ import annotations

import pytest
from tests.parity.made_run import Compared, make_run

from so2plumes.parity.compare import parity_table
from so2plumes.parity.published import PublishedNumber, read_published


@pytest.fixture(scope="session")
def published(root) -> tuple[PublishedNumber, ...]:
    return read_published(root / "resources" / "papers" / "finch_palmer.csv")


@pytest.fixture(scope="session")
def six_years(root, published) -> Compared:
    """The six years of the papers, with their statistics."""
    run = make_run(root)
    return Compared(run, parity_table(run, published))


@pytest.fixture(scope="session")
def one_year(root, published) -> Compared:
    """2021 of a thinned campaign."""
    import datetime

    run = make_run(root, 6000, datetime.date(2021, 1, 1), datetime.date(2021, 12, 31))
    return Compared(run, parity_table(run, published))
