"""One run as a file, and the answers behind it: everything is in it, and nothing is fetched."""

import json

import numpy as np
import pytest
from test_comparison_report import Page

from catsdogs.cli import parser
from catsdogs.comparison.own_answers import OwnAnswers
from catsdogs.comparison.pair import Pair
from catsdogs.evaluation.slices import KINDS
from catsdogs.labels import CLASS_NAMES
from catsdogs.reports import run_report
from catsdogs.runs import layout, store
from catsdogs.runs.run import Remarks

pytestmark = pytest.mark.slow


@pytest.fixture
def run(trained_machine):
    return store.list_runs()[0][0]


def test_the_answers_of_one_run_are_those_of_a_comparison_with_itself(run):
    alone, pair = OwnAnswers.read(run), Pair.read(run, run)
    assert alone.metrics == pair.metrics["A"]
    assert alone.measured == pair.measured == ["size", "shape"]
    for kind in alone.measured:
        assert alone.slices(kind) == pair.slices(kind, 0.5)["A"]
    assert alone.weakest == pair.weakest(0.5)["A"]


def test_the_cells_and_the_slices_hold_every_photo_once(run):
    answers = OwnAnswers.read(run)
    cells = [[len(answers.cell(t, s)) for s in CLASS_NAMES] for t in CLASS_NAMES]
    assert cells == answers.evaluation.confusion_matrix
    assert len(answers.mistakes) == cells[0][1] + cells[1][0]
    errors = np.abs(answers.mistakes["p_dog"] - answers.mistakes["label"])
    assert errors.is_monotonic_decreasing
    sizes = [len(answers.of_slice("size", name)) for name in KINDS["size"].names]
    assert sum(sizes) == len(answers.table)


def test_the_report_has_everything_in_it_and_fetches_nothing(run):
    html = run_report.report(run).as_html()
    page = Page(html)
    assert page.fetched == []
    assert len(page.pictures) > 0
    assert "Confusion matrix" in page.headings
    assert run.command in html
    assert f"of {run.result.val_images} validation photos right" in html.replace("\u00a0", " ")
    assert "Use of the machine" in html
    assert "from random weights" in html
    assert (run.folder / layout.MODEL_CARD).read_text().splitlines()[0] in html


def test_an_older_run_says_that_its_use_of_the_machine_is_unknown(run):
    events = run.folder / layout.EVENTS
    kept = [line for line in events.read_text().splitlines() if '"usage"' not in line]
    events.write_text("\n".join(kept) + "\n")
    html = run_report.report(store.load(run.folder)).as_html()
    assert "did not record their use of the machine" in html
    assert "Use of the machine" not in html


def test_names_notes_and_logs_are_text_and_no_markup(run):
    store.remark(run, Remarks("<b>bold</b>", "<script>alert(1)</script>"))
    content = json.loads((run.folder / layout.CONFIG).read_text())
    content["dataset"]["name"] = "<i>photos</i>"
    (run.folder / layout.CONFIG).write_text(json.dumps(content))
    (run.folder / layout.LOG).write_text("<u>log</u> \udcff", errors="surrogateescape")
    (run.folder / layout.MODEL_CARD).write_text("<s>card</s>")
    html = run_report.report(store.load(run.folder)).as_html()
    for tag in ("<b>bold", "<script>alert", "<i>", "<u>", "<s>"):
        assert tag not in html
    assert "&lt;u&gt;log" in html
    html.encode("utf-8")


def test_the_command_writes_the_page_once(run, tmp_path, capsys):
    out = tmp_path / "run.html"
    command = ["runs", "report", run.run_id, "--out", str(out)]
    assert parser.main([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["bytes"] == out.stat().st_size
    assert parser.main(command) == 1
    assert "exists already" in capsys.readouterr().err
    assert parser.main([*command[:-1], str(tmp_path / "run.pdf")]) == 1
    assert "ends in .html" in capsys.readouterr().err
