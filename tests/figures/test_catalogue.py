"""Every figure of the catalogue on every kind of campaign, and as files."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text
from PIL import Image

from so2plumes.cli import main
from so2plumes.dictionary import write_described
from so2plumes.figures import style
from so2plumes.figures.catalogue import FIGURES, PaperFigure, figure_named
from so2plumes.figures.files import SIMULATED, write_figures
from so2plumes.table import write_plumes, write_table

KINDS = ("campaign", "at_180", "at_85_north")
LEAST_PT = 7.0


def ids(figure: PaperFigure) -> str:
    return figure.name


@pytest.mark.filterwarnings("error:constrained_layout")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("figure", FIGURES, ids=ids)
def test_every_figure_is_drawn_and_can_be_read(figure, kind, request):
    inputs = request.getfixturevalue(kind)
    assert figure.absent(inputs) == ""
    drawn = figure.draw(inputs)
    pixels = style.png_bytes(drawn, dpi=40)
    assert len(pixels) > 1000
    assert drawn.get_figwidth() <= 183 / 25.4
    assert drawn.get_figheight() <= 247 / 25.4
    for text in drawn.findobj(Text):
        assert not text.get_visible() or not text.get_text().strip() or text.get_fontsize() >= LEAST_PT, text.get_text()


@pytest.mark.filterwarnings("error:constrained_layout")
@pytest.mark.parametrize("figure", FIGURES, ids=ids)
def test_words_below_a_figure_are_in_room_of_their_own(figure, campaign):
    drawn = figure.draw(campaign)
    before = drawn.get_size_inches()
    style.write_below(drawn, SIMULATED)
    style.png_bytes(drawn, dpi=60)
    assert drawn.get_figheight() <= 247 / 25.4
    assert drawn.get_size_inches() - before == pytest.approx([0.0, style.STRIP_IN])
    (words,) = (item for item in drawn.texts if item.get_text() == SIMULATED)
    own = words.get_window_extent()
    assert own.x0 >= 0
    assert own.y0 >= 0
    others = [axes.get_tightbbox() for axes in drawn.axes] + [
        item.get_window_extent() for item in drawn.texts if item is not words
    ]
    assert not [box for box in others if box is not None and box.width > 0 and own.overlaps(box)]


def test_files_of_a_simulated_archive_say_so(campaign, tmp_path):
    names = [figure_named(name) for name in ("fig02_gallery", "fig05_daily_counts", "fig10_labels")]
    simulated = replace(campaign, config={"archive": {"source": "simulated"}})
    measured = write_figures(campaign, tmp_path / "measured", names, dpi=60)
    marked = write_figures(simulated, tmp_path / "simulated", names, dpi=60)
    for one, other in zip(measured, marked, strict=True):
        if one.suffix == ".png":
            with Image.open(one) as without, Image.open(other) as with_words:
                assert with_words.height > without.height
        assert (one.read_bytes() == other.read_bytes()) == (one.suffix == ".csv")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("figure", FIGURES, ids=ids)
def test_every_figure_has_its_data(figure, kind, request):
    table = figure.data(request.getfixturevalue(kind))
    assert len(table)
    assert table.columns.is_unique
    bare = {"longitude", "latitude", "emission", "length", "mass", "distance", "column", "rate", "flux"}
    assert not bare & set(table.columns)
    assert not table.map(lambda value: isinstance(value, list | tuple | np.ndarray)).any(axis=None)


@pytest.mark.parametrize("figure", FIGURES, ids=ids)
def test_an_empty_campaign_says_why(figure, empty):
    why = figure.absent(empty)
    assert re.fullmatch(r"(no|nothing|the list) [^.]+", why), why


def test_names_are_in_the_papers_order_and_unique():
    names = [figure.name for figure in FIGURES]
    assert len(set(names)) == len(names)
    numbered = [figure for figure in FIGURES if figure.paper]
    assert [int(figure.paper.split(",")[0]) for figure in numbered[:-1]] == list(range(2, 16))
    assert numbered[-1].paper == "A1"
    assert all(re.match(rf"fig0?{figure.paper.split(',')[0]}_", figure.name) for figure in numbered)
    assert figure_named("fig04_map").title
    with pytest.raises(KeyError):
        figure_named("fig99")


def test_the_rule_lists_every_figure(root):
    text = (root / "workflow" / "rules" / "report.smk").read_text()
    listed = re.search(r"FIGURE_NAMES = \((.*?)\)\.split", text, re.S).group(1)
    assert re.findall(r"[A-Za-z0-9_]+", listed) == [figure.name for figure in FIGURES]


def test_the_documentation_lists_every_figure(root):
    text = (root / "docs" / "figures.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| ([^|]*) \| ([^|]*) \|", text, re.M)
    assert rows == [(figure.name, figure.paper, figure.title) for figure in FIGURES]


@pytest.mark.parametrize("figure", FIGURES, ids=ids)
def test_the_same_picture_and_data_in_two_runs(figure, at_180):
    first, second = figure.draw(at_180), figure.draw(at_180)
    assert style.png_bytes(first, dpi=40) == style.png_bytes(second, dpi=40)
    assert figure.data(at_180).to_csv() == figure.data(at_180).to_csv()
    if figure.name in ("fig02_gallery", "fig05_daily_counts", "fig07_clusters"):
        assert style.pdf_bytes(first) == style.pdf_bytes(second)


def test_files_are_the_same_in_another_process(at_180, tmp_path, root):
    chosen = ("fig12_distributions", "figA1_outflow")
    write_figures(at_180, tmp_path / "here", [figure_named(name) for name in chosen], dpi=60)
    code = (
        "import sys; from tests.figures.findings import regional_findings;"
        "from so2plumes.figures.catalogue import figure_named; from so2plumes.figures.files import write_figures;"
        "write_figures(regional_findings(179.9, -17.0), sys.argv[1], map(figure_named, sys.argv[2:]), dpi=60)"
    )
    environment = os.environ | {"PYTHONHASHSEED": "5", "PYTHONPATH": os.pathsep.join([str(root), f"{root}/workflow"])}
    command = [sys.executable, "-c", code, str(tmp_path / "there"), *chosen]
    subprocess.run(command, env=environment, check=True)
    for path in (tmp_path / "here").iterdir():
        assert path.read_bytes() == (tmp_path / "there" / path.name).read_bytes(), path.name


def test_files_of_an_empty_campaign_are_sheets_that_say_why(empty, tmp_path):
    for path in write_figures(empty, tmp_path, FIGURES[:3], dpi=60):
        if path.suffix == ".csv":
            (why,) = pd.read_csv(path)["not_drawn"]
            assert why == figure_named(path.stem).absent(empty)
        assert path.stat().st_size > 20


def test_the_command_draws_an_empty_campaign(empty, tmp_path):
    write_plumes(empty.plumes, tmp_path / "plumes.parquet")
    tables = ("clusters", "coverage", "eruptions", "edgar")
    for name in tables:
        write_table(getattr(empty, name), tmp_path / f"{name}.parquet")
    write_described(empty.table("spikes"), "spikes", tmp_path / "spikes.parquet")
    named = [part for name in ("plumes", *tables) for part in (f"--{name}", str(tmp_path / f"{name}.parquet"))]
    period = ["--start", "2020-01-01", "--end", "2020-12-31", "--science", str(tmp_path / "spikes.parquet")]
    assert main(["draw-figures", *named, *period, "--figures", str(tmp_path / "figures")]) == 0
    assert len(list((tmp_path / "figures").iterdir())) == 3 * len(FIGURES)


def test_a_png_has_its_resolution_and_nothing_else(at_180, tmp_path):
    png, _, _ = write_figures(at_180, tmp_path, [figure_named("fig05_daily_counts")])
    with Image.open(png) as image:
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)
        assert set(image.info) == {"dpi"}
        assert 2000 < image.width <= round(183 / 25.4 * 300) + 20


def test_a_pdf_has_embedded_truetype_fonts_and_no_date(at_180):
    pdf = style.pdf_bytes(figure_named("fig05_daily_counts").draw(at_180))
    assert b"/FontFile2" in pdf
    assert b"/Type3" not in pdf
    assert b"/CreationDate" not in pdf


def test_only_crowds_are_images_in_a_pdf(campaign, at_180):
    assert len(campaign.plumes) > style.RASTER_POINTS > len(at_180.plumes)
    crowd, few = (style.pdf_bytes(figure_named("fig08_eruptions").draw(inputs)) for inputs in (campaign, at_180))
    assert b"/Subtype /Image" in crowd
    assert b"/Subtype /Image" not in few
    assert len(style.pdf_bytes(figure_named("fig04_map").draw(campaign))) < 2e6
