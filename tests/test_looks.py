from dataclasses import replace

import pytest
from conftest import PROJECT
from msgspec import structs

from catsdogs.reports.model_card import model_card
from catsdogs.runs import layout, looks
from catsdogs.runs.looks import LockedMetrics, Look, Measured
from catsdogs.runs.result import RunResult
from catsdogs.runs.run import Run
from catsdogs.runs.store import load

METRICS = LockedMetrics(
    images=40,
    accuracy=Measured(value=0.9, low=0.77, high=0.96),
    log_loss=Measured(value=0.25, low=0.2, high=0.3),
    balanced_accuracy=Measured(value=0.875, low=0.75, high=0.95),
    neither=2,
)


def look(at: str = "2026-11-28T13:05:00+00:00", **more) -> Look:
    return Look(at=at, images=40, by="Compare", model="m", metrics=METRICS, **more)


@pytest.fixture
def run(tmp_path) -> Run:
    """A reference run as if it had a test set, in a folder of its own."""
    found = load(PROJECT / "artifacts" / "reference-custom_cnn")
    result = structs.replace(found.result, test_images=40, sha256={layout.LITERT_MODEL: "m"})
    return replace(found, folder=tmp_path, ending=structs.replace(found.ending, result=result))


def test_looks_are_kept_in_order_and_a_torn_line_costs_no_other(run):
    looks.append(run, look())
    with (run.folder / layout.LOOKS).open("a") as log:
        log.write('{"at": "2026')
    assert looks.append(run, look("2026-11-29T09:00:00+00:00"))[1].at.startswith("2026-11-29")
    found = looks.read(run)
    assert len(found) == 2
    assert looks.said(found) == "looked at 2 times, last on 29 Nov 2026"


def test_metrics_of_an_earlier_model_are_not_the_current_ones(run):
    found = looks.append(run, look())
    assert looks.latest(run.result, found) == METRICS
    another = RunResult(test_images=40, sha256={layout.LITERT_MODEL: "newer"})
    assert looks.latest(another, found) is None


def test_a_run_without_a_test_set_has_no_looks(run, tmp_path):
    looks.append(run, look())
    plain = load(PROJECT / "artifacts" / "reference-custom_cnn")
    assert looks.read(plain) == []


@pytest.mark.parametrize(
    ("looked", "expected"),
    [
        ([], "Nobody has looked at them yet"),
        ([look()], "| balanced accuracy | 87.50% | 75.00% to 95.00% |"),
        ([look(), look()], "Looked at 2 times: 28 Nov 2026, 28 Nov 2026."),
        ([Look(at="2026-11-28T13:05:00+00:00", images=3, by="x")], "Looked at 1 time: 28 Nov 2026"),
    ],
)
def test_the_model_card_has_the_latest_metrics_and_all_looks(run, looked, expected):
    assert expected in model_card(run, "finished", run.result, looked)


def test_the_card_of_a_run_without_a_test_set_does_not_mention_one():
    plain = load(PROJECT / "artifacts" / "reference-custom_cnn")
    assert "Test set" not in model_card(plain, "finished", plain.result)
