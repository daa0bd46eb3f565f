from __future__ import annotations

from datetime import date

import pytest
from tests.figures.findings import campaign_findings, regional_findings

from so2plumes.findings.inputs import ReportInputs
from so2plumes.table import plume_frame


@pytest.fixture(scope="session")
def campaign() -> ReportInputs:
    return campaign_findings()


@pytest.fixture(scope="session")
def at_180() -> ReportInputs:
    return regional_findings(179.9, -17.0)


@pytest.fixture(scope="session")
def at_85_north() -> ReportInputs:
    return regional_findings(20.0, 85.0)


@pytest.fixture(scope="session")
def empty() -> ReportInputs:
    return ReportInputs(title="An empty year", start=date(2020, 1, 1), end=date(2020, 12, 31), plumes=plume_frame([]))
