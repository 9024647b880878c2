"""The searches on the Train page, run by Streamlit's own test runner, without processes."""

import json
import os
import subprocess
import sys

import pytest
from conftest import PROJECT
from streamlit.testing.v1 import AppTest

from catsdogs.background import job, tasks
from catsdogs.dataset import index
from catsdogs.runs import event_file, layout, machine_speed, search, store
from catsdogs.runs.about import About, DatasetReference, SearchReference
from catsdogs.runs.config import RunConfig
from catsdogs.runs.machine_speed import MachineSpeed
from catsdogs.runs.search import SearchResult, SearchSettings
from catsdogs.searching import driver
from catsdogs.sources import current
from catsdogs.system import processes
from catsdogs.system.processes import identity_of
from catsdogs.ui.shared import cache

pytestmark = pytest.mark.page
ENTRY = str(PROJECT / "streamlit_app.py")
SPACE = ("learning_rate=0.0001..0.01", "dropout=0..0.6")


@pytest.fixture(autouse=True)
def fresh_machine(monkeypatch):
    """A machine without remembered data, whose speed is known at once."""
    cache.forget_datasets()
    speed = MachineSpeed(gflops=100.0, decoded_per_s=1000.0)
    monkeypatch.setattr(machine_speed, "measured", lambda *_, **__: speed)


@pytest.fixture(autouse=True)
def launched(monkeypatch):
    """The processes that were started: none really is, and this one stands in for each."""
    found = []

    def launch(module, folder, **_):
        found.append(module)
        return identity_of(os.getpid())

    monkeypatch.setattr(processes, "launch", launch)
    return found


@pytest.fixture
def chosen(kaggle_folder):
    """Sixteen photos as the current dataset."""
    current.choose(kaggle_folder)
    return kaggle_folder


def trial(of, number, *, rate, loss):
    """A finished trial, without its files."""
    config = RunConfig("custom_cnn", of.base.data, learning_rate=rate, dropout=0.1 * number)
    reference = SearchReference(name=of.name, trial=number)
    data = DatasetReference(name="photos", fingerprint="f")
    folder = store.create(config, About(dataset=data, search=reference))
    result = {"val_accuracy": 1 - loss, "val_loss": loss, "val_images": 400}
    with event_file.appending(folder) as emit:
        emit("queued")
        emit("finished", result=result | {"seconds": {"total": 9.0}}, epochs=1, planned=1)
    return store.load(folder)


@pytest.fixture
def searched(chosen):
    """A search with six finished trials, the third of which is the best."""
    base = RunConfig("custom_cnn", str(chosen))
    of = search.create(
        SearchSettings(
            base=base.to_json(),
            space=SPACE,
            trials=6,
            fingerprint=index.scan(chosen).fingerprint(),
        )
    )
    losses = (0.5, 0.4, 0.2, 0.3, 0.6, 0.35)
    runs = [trial(of, n, rate=n / 1000, loss=loss) for n, loss in enumerate(losses, 1)]
    return of, runs


def finish(of, runs, **changes):
    given = {
        "run": runs[2].run_id,
        "trial": 3,
        "candidates": 6,
        "images": 400,
        "accuracy": 0.8,
        "expected_accuracy": 0.79,
        "loss": 0.2,
        "expected_loss": 0.21,
        "importance": {"learning_rate": 0.7, "dropout": 0.3},
        "importance_trials": 6,
        "is_final": True,
    }
    search.save_result(of, SearchResult(**(given | changes)))


def opened(**state) -> AppTest:
    app = AppTest.from_file(ENTRY, default_timeout=60)
    app.switch_page("pages/train.py")
    run(app)
    for key, value in state.items():
        app.session_state[key] = value
    return run(app)


def run(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def said(app: AppTest) -> str:
    kinds = ("markdown", "caption", "info", "warning", "error")
    return "\n".join(element.value for kind in kinds for element in app.get(kind)).replace("\\", "")


def keys(app: AppTest) -> set[str]:
    return {button.key for button in app.button}


def with_form() -> AppTest:
    app = opened(train_new=True)
    app.toggle(key="train_own").set_value(True)
    run(app)
    app.session_state["train_search_form"] = True
    return run(app)


def test_nothing_is_said_of_searches_while_there_is_none(chosen):
    assert "Search" not in {one.label for one in opened().expander}


def test_the_form_starts_a_search_with_its_ranges(chosen, launched):
    app = with_form()
    app.number_input(key="train_search_trials").set_value(4)
    app.number_input(key="train_search_mobilenet_v2_dropout_high").set_value(0.4)
    run(app)
    assert "4 runs" in said(app)
    app.button(key="train_search_start").click()
    run(app)
    assert launched == [driver.KIND.module]
    [made], _ = search.list_searches()
    assert made.settings.trials == 4
    assert made.settings.space[1] == "dropout=0..0.4"
    assert made.base.data == str(chosen)
    # The form makes room for the search.
    assert "train_search_start" not in keys(app)
    assert "train_search_stop" in keys(app)


def test_a_range_that_no_run_can_have_is_explained_and_nothing_starts(chosen, launched):
    app = with_form()
    app.number_input(key="train_search_mobilenet_v2_dropout_high").set_value(1.5)
    run(app)
    assert "from 0 to below 1" in said(app)
    assert "train_search_start" not in keys(app)
    assert not launched


def test_a_finished_search_names_its_best_run_and_its_luck(searched):
    finish(*searched)
    app = opened(train_searches=True)
    assert "The best of 6 looks 1.0 points better than it is" in said(app)
    assert "expected on new photos 79.0" in said(app)
    assert "train_search_resume" not in keys(app)
    charts = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
    kinds = {curve["type"] for chart in charts for curve in chart["data"]}
    assert {"parcoords", "bar", "scatter"} <= kinds
    [table] = [one.value for one in app.dataframe if "Validation loss" in one.value]
    assert list(table["Run"]) == [1, 2, 3, 4, 5, 6]


def test_a_stopped_search_can_be_resumed(searched, launched):
    app = opened(train_searches=True)
    assert "This search was stopped" in said(app)
    app.button(key="train_search_resume").click()
    run(app)
    assert launched == [driver.KIND.module]
    assert "train_search_stop" in keys(app)


def test_a_running_search_shows_its_progress_and_can_be_stopped(searched):
    of, runs = searched
    finish(of, runs, is_final=False, importance={})
    task = driver.start(of)
    with job.appending(task.folder) as emit:
        emit("progress", phase=driver.TRIALS, done=6, total=12)
    app = opened(train_searches=True)
    assert "Best so far: run 3" in said(app)
    assert "From six finished runs on" in said(app)
    app.button(key="train_search_stop").click()
    run(app)
    assert driver.find(of).is_cancelling


def test_why_a_search_failed_is_shown(searched):
    of, _ = searched
    task = driver.start(of)
    with job.appending(task.folder) as emit:
        emit(tasks.TaskState.FAILED, message="Expected the dataset. Received: a different one.")
    app = opened(train_searches=True)
    assert "Expected the dataset" in said(app)
    assert "train_search_resume" in keys(app)


def test_a_damaged_search_does_not_hide_the_others(searched):
    of, runs = searched
    finish(of, runs)
    bad = of.folder.parent / "bad"
    bad.mkdir()
    (bad / "search.json").write_text("{}")
    app = opened(train_searches=True)
    assert "Expected a search in bad" in said(app)
    assert "The best of 6" in said(app)


def test_a_trial_is_an_ordinary_run(searched):
    _, runs = searched
    found, broken = store.list_runs()
    assert not broken
    assert {run.run_id for run in found} == {run.run_id for run in runs}
    about = json.loads((runs[0].folder / layout.CONFIG).read_text())
    assert about["search"]["trial"] == 1


def test_pages_do_not_load_optuna():
    code = (
        "import sys\n"
        "from catsdogs.ui.train import form, searches\n"
        "from catsdogs.cli import run_options\n"
        "sys.exit('optuna' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT).returncode == 0
