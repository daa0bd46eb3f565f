"""Fabricated inputs of a report."""

from __future__ import annotations

from datetime import date

import pytest
from tests.report.made import Made, etna_inputs, globe_inputs, make_chip

from so2plumes.findings.inputs import ReportInputs
from so2plumes.table import plume_frame


@pytest.fixture(scope="session")
def globe() -> ReportInputs:
    return globe_inputs()


@pytest.fixture(scope="session")
def etna() -> ReportInputs:
    return etna_inputs()


@pytest.fixture(scope="session")
def plume() -> Made:
    return make_chip("S5P_plume")


@pytest.fixture(scope="session")
def crossing() -> Made:
    return make_chip("S5P_crossing", 179.97, -16.9)


@pytest.fixture(scope="session")
def nothing() -> ReportInputs:
    return ReportInputs(title="An empty year", start=date(2020, 1, 1), end=date(2020, 12, 31), plumes=plume_frame([]))
