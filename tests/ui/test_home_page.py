"""Home in its states: the drop zone, examples, the dataset, the models, the next step."""

import shutil
from functools import partial

import pytest
from conftest import PROJECT
from streamlit.testing.v1 import AppTest

from catsdogs.dataset import annotations, index
from catsdogs.runs import store
from catsdogs.sources import current, sample
from catsdogs.sources.sample import sample_dir
from catsdogs.ui.shared import cache

pytestmark = pytest.mark.page


@pytest.fixture(autouse=True)
def fresh_caches():
    """Streamlit's caches outlive a test, its temporary folders do not."""
    cache.forget_datasets()


@pytest.fixture
def small_sample(monkeypatch):
    """The sample, drawn small: the real drawing has tests of its own."""
    monkeypatch.setattr(sample, "draw_sample", partial(sample.draw_sample, images=20))


@pytest.fixture
def chosen(kaggle_folder):
    """Sixteen photos as the current dataset."""
    current.choose(kaggle_folder)
    return kaggle_folder


@pytest.fixture
def shipped(empty_machine):
    """The runs that come with the project, two of them without their model."""
    for run in (PROJECT / "artifacts").glob("reference-*"):
        shutil.copytree(run, empty_machine / "artifacts" / run.name)


def opened() -> AppTest:
    app = AppTest.from_file(str(PROJECT / "streamlit_app.py"), default_timeout=60).run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def said(app: AppTest) -> str:
    kinds = ("markdown", "caption", "info", "success", "warning", "error")
    return "\n".join(element.value for kind in kinds for element in app.main.get(kind))


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def next_button(app: AppTest) -> str:
    """The label of the page's primary button, of which there is one."""
    (button,) = (one for one in app.main.button if one.proto.type == "primary")
    return button.label


def test_the_first_start_draws_a_sample_and_offers_real_photos(small_sample):
    app = opened()
    assert sample_dir().is_dir()
    assert int(metrics(app)["Photos in your dataset"]) > 0
    assert any(link.label == "Get real photos" for link in app.get("page_link"))
    assert "Drawings" in "".join(caption.value for caption in app.sidebar.caption)


def test_without_a_model_home_leads_to_training(chosen):
    app = opened()
    assert not app.file_uploader
    assert metrics(app)["Models that can answer"] == "0"
    assert next_button(app) == "Train a model"
    assert not any(link.label == "Get real photos" for link in app.get("page_link"))


def test_only_usable_photos_and_models_are_counted(chosen, shipped):
    records = index.scan(chosen).records
    excluded = records[records["path"] == "cat.0.jpg"]
    annotations.annotate(chosen, excluded, annotations.EXCLUDE)
    app = opened()
    assert metrics(app) == {"Photos in your dataset": "15", "Models that can answer": "2"}
    assert "7 cats · 8 dogs" in said(app)


@pytest.mark.slow
def test_the_next_step_follows_the_runs_on_the_dataset(trained_machine):
    # Two runs of one model.
    assert next_button(opened()) == "Train the other model"
    for run in store.list_runs()[0]:
        shutil.rmtree(run.folder)
    assert next_button(opened()) == "Train a model"


def test_when_the_chosen_runs_are_gone_the_best_ones_answer(shipped, chosen):
    app = AppTest.from_file(str(PROJECT / "streamlit_app.py"), default_timeout=60)
    app.session_state["classify_runs"] = ["deleted"]
    app.run()
    assert "try one of these" in said(app)
    assert "Choose at least one run" not in said(app)
