import base64
import io
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from so2plumes.evaluation.limits import summarise
from so2plumes.figures.curve import PANELS, draw_detection_curves
from so2plumes.figures.inventory import PAPER_LIMIT_KG_H
from so2plumes.report.card_curve import detection_curve_figure


@pytest.fixture(scope="module")
def summary():
    rng, n = np.random.default_rng(4), 900
    table = pd.DataFrame(
        {
            "emission_kg_h": 10.0 ** rng.uniform(2.0, 5.5, n),
            "wind_speed_m_s": rng.uniform(1.0, 15.0, n),
            "noise_du": rng.uniform(0.8, 1.5, n),
            "background_du": rng.choice([0.0, 1.0, 3.0, 5.0], n),
            "edge": rng.random(n) < 0.3,
            "granule": [f"g{number}" for number in rng.integers(40, size=n)],
            "archive": "made",
            "skipped": np.arange(n) < 7,
        }
    )
    table["found"] = np.log10(table["emission_kg_h"]) + 0.3 * rng.normal(size=n) > 4.2
    return summarise(table, resamples=10)


def test_every_panel_shows_its_groups_lines_and_the_papers_limit(summary):
    figure = draw_detection_curves(summary)
    assert [axes.get_title(loc="left") for axes in figure.axes] == list(PANELS.values())
    for axes, by in zip(figure.axes, PANELS, strict=True):
        names = list(dict.fromkeys(row["of"] for row in summary["curves"] if row["by"] == by))
        assert [text.get_text() for text in axes.get_legend().get_texts()] == names
        assert len(axes.containers) == len(names)
        drawn = [line for line in axes.lines if line.get_linestyle() == "-"]
        assert len(drawn) == len(names)
        assert any(np.allclose(line.get_xdata(), PAPER_LIMIT_KG_H) for line in axes.lines)
        assert axes.get_xlim()[0] < PAPER_LIMIT_KG_H < axes.get_xlim()[1]


def test_points_are_the_shares_of_the_summary(summary):
    axes = draw_detection_curves(summary).axes[0]
    rows = [row for row in summary["curves"] if row["by"] == "background" and row["of"] == "3 DU"]
    names = list(dict.fromkeys(row["of"] for row in summary["curves"] if row["by"] == "background"))
    points = axes.containers[names.index("3 DU")].lines[0]
    np.testing.assert_allclose(points.get_ydata(), [100 * row["pod"] for row in rows])
    assert all(row["low_kg_h"] < rate < row["high_kg_h"] for row, rate in zip(rows, points.get_xdata(), strict=True))


def test_the_caption_tells_the_numbers(summary):
    page = detection_curve_figure(summary)
    assert "893 injected plumes" in page
    assert "7 trials" in page
    inside = next(row for row in summary["curves"] if row["by"] == "all" and row["low_kg_h"] < 524 < row["high_kg_h"])
    assert f"of {inside['trials']} plumes of 464 to 1\u202f000 kg/h none were found" in page
    assert "less than 0.1 %" in page


def test_the_picture_is_inside_the_page(summary):
    page = detection_curve_figure(summary)
    data = re.search(r"data:image/png;base64,([A-Za-z0-9+/=]+)", page)
    assert data
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(data[1]))))
    assert picture.std() > 10.0
    assert "http" not in page.replace(data[1], "")


def test_a_share_found_at_the_papers_limit_is_told(summary):
    seen = {**summary, "paper_limit": [{**row, "pod": 0.42} for row in summary["paper_limit"]]}
    assert "42 %" in detection_curve_figure(seen)


def test_without_a_fit_the_points_stay(summary):
    bare = {**summary, "lines": [], "limits": [], "paper_limit": [], "fit": {"text": "too few"}}
    assert "regression says" not in detection_curve_figure(bare)
    assert not [line for line in draw_detection_curves(bare).axes[0].lines if line.get_linestyle() == "-"]


def test_without_trials_it_is_said_in_words():
    assert "No plume was injected" in detection_curve_figure({"trials": 0, "skipped": 0, "curves": []})
