"""The range test beside a run's settings, with tasks on a real disk and without their process."""

import os

import pytest
from streamlit.testing.v1 import AppTest

from catsdogs.background import job, tasks
from catsdogs.errors import DatasetError
from catsdogs.runs import range_test
from catsdogs.system import processes
from catsdogs.system.processes import identity_of

pytestmark = pytest.mark.page

RATES = range_test.rising()
CURVE = [0.2 + 0.5 / (1 + rate / 1e-3) for rate in RATES]
RESULT = {"rates": RATES, "losses": CURVE, "smoothed": CURVE, "suggested": 0.0012, "images": 64}


@pytest.fixture
def process(monkeypatch):
    """Return a function that says what the task's process does: by default, it stays at work."""

    def stand_in(work=None):
        def launch(module, folder, *, log, on_exit=None):
            assert module == "catsdogs.learning.range_test"
            if work is not None:
                tasks.main(folder, work)
            return identity_of(os.getpid())

        monkeypatch.setattr(processes, "launch", launch)

    stand_in()
    return stand_in


def script():
    import streamlit as st

    from catsdogs.runs.config import RunConfig
    from catsdogs.ui.train import rate_finder

    batch_size = st.number_input("Batch size", value=32, key="batch_size")
    config = RunConfig("custom_cnn", "/photos", batch_size=batch_size)
    rate_finder.show(config, take_over=lambda rate: st.session_state.update(taken=rate))


def opened() -> AppTest:
    return run(AppTest.from_function(script, default_timeout=60))


def run(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def find(app: AppTest) -> AppTest:
    app.button(key="train_find_rate").click()
    return run(app)


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def test_nothing_is_shown_before_a_test():
    app = opened()
    assert labels(app) == ["Find a learning rate"]
    assert not app.get("plotly_chart")


def test_what_was_found_is_drawn_and_taken_over_by_a_click(process):
    process(lambda *_: RESULT)
    app = find(opened())
    assert len(app.get("plotly_chart")) == 1
    assert "64 training photos" in app.caption[0].value
    button = app.button(key="train_take_rate")
    assert button.label == "Use 0.0012"
    button.click()
    assert run(app).session_state["taken"] == 0.0012


def test_what_was_found_outlives_the_session_but_not_other_settings(process):
    process(lambda *_: RESULT)
    find(opened())
    app = opened()
    assert "Use 0.0012" in labels(app)
    app.number_input(key="batch_size").set_value(64)
    assert labels(run(app)) == ["Find a learning rate"]
    assert not app.get("plotly_chart")


def test_a_new_test_replaces_the_last_ones_result(process):
    process(lambda *_: RESULT)
    app = find(opened())
    app.number_input(key="batch_size").set_value(64)
    find(run(app))
    assert len(tasks.of_kind(range_test.KIND)) == 1


def test_a_test_at_work_says_how_far_it_is_and_can_be_cancelled(process):
    app = find(opened())
    task = tasks.of_kind(range_test.KIND)[0]
    job.report(task.folder, "progress", phase="fit", done=50, total=200)
    run(app)
    assert app.button(key="train_find_rate").disabled
    progress = app.get("progress")[0].proto
    assert (progress.value, progress.text[:5]) == (25, "Tryin")
    app.button(key=f"cancel_{task.folder.name}").click()
    run(app)
    assert (task.folder / "stop").exists()


def test_with_other_settings_a_test_at_work_is_named_as_such(process):
    app = find(opened())
    app.number_input(key="batch_size").set_value(64)
    assert "other settings" in run(app).caption[0].value
    assert app.button(key="train_find_rate").disabled


def test_a_test_without_a_valley_says_so_and_offers_no_rate(process):
    process(lambda *_: {**RESULT, "suggested": None})
    app = find(opened())
    assert "usual rate" in app.info[0].value
    assert labels(app) == ["Find a learning rate"]


def test_a_failure_says_why_until_that_is_closed(process):
    def fail(*_):
        raise DatasetError("Expected a folder with images. Received: none.")

    process(fail)
    app = find(opened())
    assert "Expected a folder" in app.error[0].value
    next(button for button in app.button if button.label == "Close").click()
    assert not run(app).error
    assert labels(app) == ["Find a learning rate"]
