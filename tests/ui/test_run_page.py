"""The Run page in its states, run by Streamlit's own test runner, without a browser."""

from itertools import chain

import components
import numpy as np
import pytest
from conftest import PROJECT
from streamlit.testing.v1 import AppTest

from catsdogs.comparison.own_answers import OwnAnswers
from catsdogs.dataset import index
from catsdogs.health import findings, named_slices
from catsdogs.health.findings import Findings, Summary
from catsdogs.health.gallery_query import Query
from catsdogs.runs import event_file, layout, store
from catsdogs.runs.about import About, DatasetReference
from catsdogs.runs.config import RunConfig
from catsdogs.sources import current
from catsdogs.ui.shared import cache

pytestmark = pytest.mark.page
ABOUT = About(dataset=DatasetReference(name="photos", fingerprint="f"))
METRICS = {"loss": 0.5, "accuracy": 0.75, "val_loss": 0.6, "val_accuracy": 0.7}


@pytest.fixture(autouse=True)
def fresh_caches():
    """Streamlit's caches outlive a test, its temporary folders do not."""
    cache.forget_datasets()


@pytest.fixture
def chosen(kaggle_folder):
    """Sixteen photos as the current dataset."""
    current.choose(kaggle_folder)
    return kaggle_folder


def opened(*, tab: str = "", script: str = "pages/run.py", **address) -> AppTest:
    app = AppTest.from_file(str(PROJECT / "streamlit_app.py"), default_timeout=60)
    for name, value in address.items():
        app.query_params[name] = value
    app.switch_page(script)
    if tab:
        app.session_state["run_tab"] = tab
    return drawn(app)


def drawn(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def said(app: AppTest) -> str:
    kinds = ("markdown", "caption", "info", "success", "warning", "error", "subheader", "code")
    text = "\n".join(element.value for kind in kinds for element in app.get(kind))
    return text.replace("\\", "").replace("\u00a0", " ")


def tabs(app: AppTest) -> list[str]:
    return [tab.label for tab in app.tabs]


def test_without_a_run_the_next_step_is_to_train(chosen):
    assert opened().button(key="run_train").label == "Train a model"


def test_an_active_run_leads_to_its_live_curves(chosen):
    folder = store.create(RunConfig("custom_cnn", str(chosen)), ABOUT)
    with event_file.appending(folder) as emit:
        emit("queued")
    app = opened()
    assert app.button(key="run_watch").label == "Watch it learn"
    assert tabs(app) == ["About"]
    assert not app.metric


def test_a_failed_run_says_why_and_keeps_its_curves(chosen):
    folder = store.create(RunConfig("custom_cnn", str(chosen)), ABOUT)
    with event_file.appending(folder) as emit:
        emit("batch", epoch=1, step=9, steps=10, loss=0.5, accuracy=0.6)
        emit("epoch", epoch=1, **METRICS)
        emit("failed", message="No room on the disk.")
    app = opened()
    assert "Failed: No room on the disk." in said(app)
    assert tabs(app) == ["Curves", "About"]
    assert "did not record their use of the machine" in said(app)
    assert not app.metric


@pytest.mark.slow
def test_a_link_chooses_the_run_and_its_accuracy_with_the_interval_comes_first(trained_machine):
    for run in store.list_runs()[0]:
        app = opened(run=run.run_id)
        assert app.selectbox(key="train_run").value == run.run_id
        accuracy = app.metric[0]
        assert accuracy.label == "Accuracy"
        assert accuracy.delta.startswith("95 % interval ")
        assert f"{run.result.val_images:,} to validate" in said(app)
        assert {"run_try", "run_compare"} <= {button.key for button in app.button}


@pytest.mark.slow
def test_every_tab_has_its_subject(trained_machine):
    run = store.list_runs()[0][0]
    answers = OwnAnswers.read(run)
    index.scan(answers.located.root)
    expected = {
        "Curves": "Thick line",
        "Answers": "Confusion matrix",
        "Calibration": "ECE is the mean deviation",
        "Kinds of photos": "Choose a row" if answers.weakest else "too few photos",
        "About": f"runs verify {run.run_id}",
        "Model card": "Intended use",
        "Download": "can be saved as",
    }
    assert tabs(opened()) == list(expected)
    for tab, words in expected.items():
        assert words in said(opened(run=run.run_id, tab=tab)), tab


@pytest.mark.slow
def test_a_cell_and_a_slice_show_their_photos(trained_machine):
    run = store.list_runs()[0][0]
    answers = OwnAnswers.read(run)
    app = opened(run=run.run_id, tab="Answers")
    listed = app.selectbox(key="run_answers_chosen")
    assert listed.options[0] == f"All mistakes · {len(answers.mistakes)}"
    counts = [int(option.rpartition("· ")[2]) for option in listed.options[1:]]
    assert counts == [*chain(*answers.evaluation.confusion_matrix)]
    listed.select_index(1 + counts.index(max(counts)))
    assert any("run_answers" in grid.proto.id for grid in drawn(app).get("bidi_component"))
    app = opened(run=run.run_id, tab="Kinds of photos")
    app.selectbox(key="run_slice").select_index(0)
    grids = [one for one in drawn(app).get("bidi_component") if "run_slice_photos" in one.proto.id]
    assert components.data(grids[0])["reveal"] == app.selectbox(key="run_slice").value


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "of_tab", "kinds"),
    [("pages/run.py", "run", "run_slices"), ("pages/compare.py", "compare", "compare_slices")],
)
def test_kept_slices_and_clusters_are_kinds_of_photos(trained_machine, script, of_tab, kinds):
    root = OwnAnswers.read(store.list_runs()[0][0]).located.root
    rows = index.scan(root).pictures[["path", "digest"]].reset_index(drop=True)
    halves = {"cluster": rows.index % 2, "typicality": 0.5}
    rows = rows.assign(**{**findings.UNMEASURED, **halves})
    summary = Summary(version=findings.VERSION)
    findings.save(root, Findings(rows, np.zeros((len(rows), 0), np.int32), summary))
    named_slices.keep(root, "ones", Query(text="1"))
    app = opened(script=script)
    app.session_state[f"{of_tab}_tab"] = "Kinds of photos"
    groups = next(one for one in drawn(app).get("button_group") if one.key == kinds)
    assert groups.options[-2:] == ["Similar photos", "Your slices"]
    app.session_state[kinds] = "cluster"
    grids = [
        one for one in drawn(app).get("bidi_component") if f"{of_tab}_clusters" in one.proto.id
    ]
    names = [tile["name"] for tile in components.data(grids[0])["tiles"]]
    assert names == [f"Cluster {name}" for name in named_slices.typical(root)]
    assert len(names) == 2
    named_slices.file(root).write_text("{")
    app = drawn(app)
    groups = next(one for one in app.get("button_group") if one.key == kinds)
    assert groups.options[-1] == "Similar photos"
    assert "delete the file and keep them again" in said(app)


@pytest.mark.slow
def test_damaged_answers_are_explained_and_leave_the_rest(trained_machine):
    run = store.list_runs()[0][0]
    (run.folder / layout.PREDICTIONS).write_bytes(b"no table")
    app = opened(run=run.run_id, tab="Answers")
    assert "Expected predictions.parquet" in said(app)
    assert app.metric


@pytest.mark.slow
def test_train_and_compare_link_to_the_page(trained_machine):
    run = store.list_runs()[0][0]
    train = opened(script="pages/train.py", run=run.run_id)
    compare = opened(script="pages/compare.py", a=run.run_id)
    for app in (train, compare):
        links = [link.proto for link in app.get("page_link")]
        assert any(run.run_id in link.query_string for link in links if link.page == "run")
