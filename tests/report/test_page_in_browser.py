"""The page in a browser: what its script does, and that it fits a phone."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace

import pytest
from tests.report.made import globe_inputs

from so2plumes.report import text
from so2plumes.report.page import render_report

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = next((found for name in NAMES if (found := shutil.which(name))), None)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    """Run a script at the end of a page and return the JSON value that it gives."""
    folder = tmp_path_factory.mktemp("browser")

    def run(page: str, script: str, width: int = 1150):
        answer = (
            "<script>document.documentElement.dataset.answer = JSON.stringify((function () {%s})());</script></body>"
        )
        path = folder / "page.html"
        path.write_text(page.replace("</body>", answer % script), encoding="utf-8")
        command = [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
            f"--user-data-dir={folder / 'profile'}", f"--window-size={width},900", "--virtual-time-budget=3000",
            "--dump-dom", path.as_uri(),
        ]  # fmt: skip
        dom = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
        found = re.search(r'data-answer="([^"]*)"', dom)
        assert found, dom[-2000:]
        return json.loads(found.group(1).replace("&quot;", '"').replace("&amp;", "&"))

    return run


@pytest.fixture(scope="module")
def report():
    return render_report(replace(globe_inputs(200, 1), pages={"2020": "../2020/report.html"}))


@pytest.fixture(scope="module")
def table(report):
    """A page with one table of known rows in place of all sections."""
    rows = [(f"place {i:02d}", text.whole(1000 * (i * 7 % 30)) if i % 10 else text.DASH) for i in range(30)]
    grid = text.data_table(("place", "plumes"), rows, "Places.", (0,), 12)
    return re.sub(r"<main>.*</main>", lambda _: f"<main>{grid}</main>", report, flags=re.DOTALL)


ROWS = """
var box = document.querySelector('.data');
function shown() {
  return Array.from(box.querySelectorAll('tbody tr')).filter(function (row) { return row.offsetParent; })
    .map(function (row) { return row.cells[1].textContent.replace(/\\u202f/g, ''); });
}
"""


def test_a_table_shows_its_first_rows_until_all_are_asked_for(ask, table):
    script = (
        ROWS + "var few = shown().length; box.querySelector('.tools button').click(); return [few, shown().length];"
    )
    assert ask(table, script) == [12, 30]


def test_numbers_sort_as_numbers_and_what_is_missing_comes_last(ask, table):
    script = ROWS + (
        "box.querySelector('.tools button').click(); var head = box.querySelectorAll('th button')[1];"
        "head.click(); var down = shown(); head.click();"
        "return [down, shown(), box.querySelectorAll('th')[1].getAttribute('aria-sort')];"
    )
    down, up, state = ask(table, script)
    numbers = [int(value) for value in down if value != text.DASH]
    assert numbers == sorted(numbers, reverse=True)
    assert max(numbers) == 29000
    assert [int(value) for value in up if value != text.DASH] == numbers[::-1]
    assert down[-3:] == up[-3:] == [text.DASH] * 3
    assert state == "ascending"


def test_words_filter_rows(ask, table):
    script = ROWS + (
        "var input = box.querySelector('input'); input.value = 'PLACE 07'; input.dispatchEvent(new Event('input'));"
        "return [shown(), box.querySelector('output').textContent];"
    )
    rows, said = ask(table, script)
    assert rows == ["19000"]
    assert said == "1 of 30 rows"


def test_names_with_numbers_sort_by_the_number(ask, report):
    rows = [(f"cluster {i}", str(i)) for i in (10, 9, 2, 1, 11, 3)]
    page = re.sub(r"<main>.*</main>", lambda _: text.data_table(("place", "n"), rows), report, flags=re.DOTALL)
    script = ROWS + "box.querySelector('th button').click(); return shown();"
    assert ask(page, script) == ["1", "2", "3", "9", "10", "11"]


def test_a_short_table_has_no_tools(ask, report):
    rows = [(f"place {i}", str(i)) for i in range(3)]
    page = re.sub(r"<main>.*</main>", lambda _: text.data_table(("place", "n"), rows), report, flags=re.DOTALL)
    assert ask(page, "return document.querySelector('.tools').offsetParent === null;")


def test_without_scripts_there_are_no_dead_tools(ask, table):
    page = re.sub(r"<script>.*?</script>", "", table, flags=re.DOTALL)
    script = ROWS + "return [document.querySelector('.tools').offsetParent === null, shown().length];"
    assert ask(page, script) == [True, 30]


@pytest.mark.parametrize("width", [500, 1150])
def test_no_page_is_wider_than_its_window(ask, report, width):
    script = "return [document.documentElement.scrollWidth, window.innerWidth];"
    content, window = ask(report, script, width)
    assert content <= window


def test_a_phone_scrolls_tables_not_the_page(ask, report):
    """A frame of 375 pixels stands for a phone: browsers without a screen have a least width."""
    script = """
    if (window.top !== window) return null;
    var page = document.documentElement.outerHTML, frame = document.createElement('iframe');
    frame.style.cssText = 'width:375px;height:800px;border:0';
    document.body.appendChild(frame);
    frame.contentDocument.write(page);
    frame.contentDocument.close();
    var root = frame.contentDocument.documentElement;
    return [root.scrollWidth, root.clientWidth];
    """
    content, window = ask(report, script)
    assert 300 < window <= 375
    assert content <= window


def test_paper_breaks_no_date_and_cuts_no_table(ask):
    """The rules of print on a screen as wide as the text of a sheet of A4; real names of plumes are long."""
    inputs = globe_inputs(200, 0)
    names = [f"S5P_OFFL_L2__SO2____20210324T110000_{i:05d}_made" for i in range(len(inputs.plumes))]
    page = render_report(replace(inputs, plumes=inputs.plumes.assign(plume_id=names)))
    page = page.replace("@media print", "@media all")
    script = """
    var tables = Array.from(document.querySelectorAll('table.sorts'));
    function lines(cell) {
      var range = document.createRange();
      range.selectNodeContents(cell);
      return new Set(Array.from(range.getClientRects()).map(function (box) { return Math.round(box.top); })).size;
    }
    var dates = tables.flatMap(function (table) { return Array.from(table.querySelectorAll('td')); })
      .filter(function (cell) { return cell.offsetParent && /^\\d{4}-\\d{2}-\\d{2}$/.test(cell.textContent); });
    return [dates.length, Math.max.apply(null, dates.map(lines)),
      Math.max.apply(null, tables.map(function (table) { return table.offsetWidth; })), window.innerWidth];
    """
    count, lines, widest, paper = ask(page, script, 690)
    assert count > 30
    assert lines == 1
    assert widest <= paper


def test_nothing_is_asked_from_elsewhere(ask, report):
    script = "return performance.getEntriesByType('resource').map(function (e) { return e.name.slice(0, 5); });"
    assert all(name == "data:" for name in ask(report, script))
