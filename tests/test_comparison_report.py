"""A comparison as a file: everything is in it, nothing is fetched, names are shown as they are."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from catsdogs.cli import parser
from catsdogs.comparison.pair import Pair
from catsdogs.reports import comparison
from catsdogs.runs import layout, store
from catsdogs.runs.command import repeating
from catsdogs.runs.run import Remarks

pytestmark = pytest.mark.slow


class Page(HTMLParser):
    """Notes what a page would fetch, and its pictures and headings."""

    def __init__(self, text):
        super().__init__()
        self.fetched, self.pictures, self.headings, self._tag = [], [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self._tag = tag
        for name, value in attributes:
            if name in ("src", "href"):
                (self.pictures if (value or "").startswith("data:") else self.fetched).append(value)

    def handle_data(self, data):
        if self._tag in ("h2", "h3"):
            self.headings.append(data)
        self._tag = ""


@pytest.fixture
def pair(trained_machine):
    return Pair.read(*store.list_runs()[0])


def report(pair):
    return comparison.report(pair, threshold=0.5, margin=0.01)


def test_a_page_has_everything_in_it_and_fetches_nothing(pair):
    html = report(pair).as_html()
    page = Page(html)
    assert page.fetched == []
    assert len(page.pictures) > 0
    assert f"Confusion matrix of {pair.names['A']}" in page.headings
    for run in pair.runs.values():
        assert run.title in html
        assert repeating(run.config) in html
    assert html.count("Plotly.newPlot(") == len(comparison.chart_names(pair))
    assert "McNemar" in html


def test_names_and_notes_are_text_and_no_markup(pair):
    for run in pair.runs.values():
        store.remark(run, Remarks("<b>bold</b> | *x*", "<script>alert(1)</script>\nand \udcff"))
        content = json.loads((run.folder / layout.CONFIG).read_text())
        content["dataset"]["name"] = "<i>photos</i> | [of](mine)"
        content["config"]["data"] = "/photos\n```\n# of\udcffmine"
        (run.folder / layout.CONFIG).write_text(json.dumps(content))
    pair = Pair.read(*store.list_runs()[0])
    made = report(pair)
    html, markdown = made.as_html(), made.as_markdown()
    assert "<script>alert" not in html
    assert "<b>bold" not in html
    assert "&lt;b&gt;bold" in html
    assert r"\<b\>bold\</b\> \| \*x\*" in markdown
    assert "<i>" not in html
    assert r"\<i\>photos\</i\> \| \[of\](mine)" in markdown
    assert "\n# of" not in markdown
    for text in (html, markdown):
        text.encode("utf-8")


def test_the_markdown_has_the_figures_and_every_row_as_many_cells_as_its_head(pair):
    markdown = report(pair).as_markdown()
    right = pair.metrics["A"].whole["accuracy"]
    assert f"{right.value:.2%} ({right.low:.2%} to {right.high:.2%})" in markdown
    tables = re.findall(r"(?:^\|.*\|\n)+", markdown, re.MULTILINE)
    assert len(tables) == 7
    for table in tables:
        assert len({line.count("|") for line in table.splitlines()}) == 1


def test_photos_that_are_gone_are_named(pair):
    gone = replace(pair, roots=dict.fromkeys(pair.roots))
    made = report(gone)
    html = made.as_html()
    assert Page(html).pictures == []
    assert "not available" in html
    names = [photo.name for photos in made.galleries.values() for photo in photos]
    assert names
    assert all(name in html for name in names)


def test_the_charts_are_those_that_are_offered(pair):
    assert list(comparison.charts(pair, 0.5)) == comparison.chart_names(pair)
    page = comparison.chart_page(pair, 0.5, "ROC")
    assert page.count("Plotly.newPlot(") == 1
    assert Page(page).fetched == []


def test_runs_that_share_nothing_have_a_report_that_says_so(pair):
    predictions = {**pair.predictions, "B": pair.predictions["B"].assign(digest="other")}
    made = report(replace(pair, predictions=predictions))
    assert made.verdict == []
    assert "share validation images" in made.as_html()
    assert made.galleries == {}


def test_the_command_line_writes_both(trained_machine, capsys):
    compare = ["compare", *(run.run_id for run in store.list_runs()[0]), "--report"]
    for name, begin in (("report.html", "<!doctype html>"), ("report.md", "# Two runs compared")):
        out = str(trained_machine / name)
        assert parser.main([*compare, out]) == 0
        assert Path(out).read_text("utf-8").startswith(begin)
        assert parser.main([*compare, out]) == 1
        assert "--force" in capsys.readouterr().err
        assert parser.main([*compare, out, "--force"]) == 0
    assert parser.main([*compare, str(trained_machine / "report.pdf")]) == 1
    assert ".html or .md" in capsys.readouterr().err
