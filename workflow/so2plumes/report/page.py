"""The page."""

from __future__ import annotations

from pathlib import Path
from string import Template

from so2plumes.findings.inputs import ReportInputs
from so2plumes.findings.summary import period_days
from so2plumes.report import answer, text
from so2plumes.report.catalogue_section import catalogue_section
from so2plumes.report.comparison_sections import cluster_section, edgar_section, eruption_section
from so2plumes.report.method_section import method_section
from so2plumes.report.overview_sections import (
    days_section,
    histogram_section,
    key_numbers,
    label_section,
    map_section,
)
from so2plumes.report.plume_sections import gallery_section, truth_section, worked_section
from so2plumes.report.record_sections import coverage_section, reading_section, version_section
from so2plumes.report.section import Section
from so2plumes.report.strongest import strongest_section

TEMPLATE = Path(__file__).with_name("page.html")
SIMULATED = (
    '<p class="banner"><b>Simulated archive.</b> Nothing here was measured: plumes, winds and noise are '
    "made, and the truth is known.</p>"
)


def render_report(inputs: ReportInputs) -> str:
    """Render a report as one HTML file that needs nothing else.

    Parameters
    ----------
    inputs : ReportInputs

    Returns
    -------
    str
        The same text for the same inputs.
    """
    sections = report_sections(inputs)
    contents = "\n".join(f'<a href="#{section.anchor}">{section.short}</a>' for section in sections)
    period = f"{inputs.start} to {inputs.end}, {text.plural(period_days(inputs.start, inputs.end), 'day')}"
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=text.escape(inputs.title),
        kicker="Sulphur dioxide plumes in TROPOMI Level-2 data",
        subtitle=period,
        banner=SIMULATED if inputs.is_simulated else "",
        keys=answer.lead(inputs) + key_numbers(inputs) + answer.points(inputs) + _pages(inputs),
        contents=contents,
        sections="\n".join(section.html() for section in sections),
        footer=_footer(inputs),
    )


def report_sections(inputs: ReportInputs) -> list[Section]:
    """All sections in their order."""
    sections = [
        map_section(inputs),
        cluster_section(inputs),
        strongest_section(inputs),
        days_section(inputs),
        eruption_section(inputs),
        histogram_section(inputs),
        gallery_section(inputs),
        worked_section(inputs),
        label_section(inputs),
        edgar_section(inputs),
        catalogue_section(inputs),
        truth_section(inputs),
        method_section(inputs),
        coverage_section(inputs),
        reading_section(inputs),
        version_section(inputs),
    ]
    return [section for section in sections if section is not None]


def _pages(inputs: ReportInputs) -> str:
    """Ways to the other pages of the campaign, beside this one on the disk."""
    if not inputs.pages:
        return ""
    named = " · ".join(f'<a href="{text.escape(href)}">{text.escape(name)}</a>' for name, href in inputs.pages.items())
    return text.paragraph(f"Beside this page: {named}.", "note pages")


def _footer(inputs: ReportInputs) -> str:
    years = inputs.years
    span = str(years[0]) if len(years) == 1 else f"{years[0]}{text.DASH}{years[-1]}"
    data = "Simulated data." if inputs.is_simulated else f"Contains modified Copernicus Sentinel data {span}."
    if "wind_source" in inputs.plumes and (inputs.plumes["wind_source"] == "era5_10m").any():
        data += f" Contains modified Copernicus Climate Change Service information {span} (ERA5 winds)."
    return text.paragraph(
        f"{data} “The paper” is Finch and Palmer, global sulphur dioxide plumes from TROPOMI 2019 to 2024 "
        "(preprint version for "
        "rates and inventory). Coastlines: Natural Earth, public domain. Tables and figures of the "
        "campaign's page are also written as CSV, PNG and PDF files."
    )
