"""Every page in its states, run by Streamlit's own test runner, without a browser."""

import os
import shutil
from functools import partial

import pytest
from conftest import PROJECT
from streamlit.testing.v1 import AppTest

from catsdogs.runs import event_file, layout, queue, store
from catsdogs.runs.about import About, DatasetReference
from catsdogs.runs.config import RunConfig
from catsdogs.sources import current, sample
from catsdogs.text import literal
from catsdogs.ui.shared import cache
from catsdogs.ui.shared.pages import PAGES

pytestmark = pytest.mark.page
ENTRY = str(PROJECT / "streamlit_app.py")
ABOUT = About(dataset=DatasetReference(name="photos", fingerprint="f"))
RESULT = {"val_accuracy": 0.9, "val_loss": 0.3, "val_images": 400, "seconds": {"total": 9.0}}
SCRIPTS = [page.script for page in PAGES]


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


def opened(script: str, **address) -> AppTest:
    app = AppTest.from_file(ENTRY, default_timeout=60)
    for name, value in address.items():
        app.query_params[name] = value
    if script != "streamlit_app.py":
        app.switch_page(script)
    app.run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def said(app: AppTest) -> str:
    kinds = ("markdown", "caption", "info", "success", "warning", "error", "title", "subheader")
    return "\n".join(element.value for kind in kinds for element in app.get(kind))


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_page_works_on_an_empty_machine(script, small_sample):
    app = opened(script)
    assert app.title[0].value == next(page.title for page in PAGES if page.script == script)


def test_a_dataset_without_labels_is_explained_and_the_sample_offered(
    tmp_path, photo, small_sample
):
    photo(tmp_path / "plain" / "1.jpg")
    current.choose(tmp_path / "plain")
    app = opened("pages/train.py")
    assert "none of them labelled" in app.error[0].value
    app.button(key="dataset_fallback").click().run()
    assert not app.error


def test_a_page_that_is_open_goes_on_with_a_queue_that_nobody_else_looks_at(chosen, monkeypatch):
    folder = store.create(RunConfig("custom_cnn", str(chosen)), ABOUT)
    with event_file.appending(folder) as emit:
        emit("queued")
    looked = []
    monkeypatch.setattr(queue, "start_queued", lambda: looked.append(folder))
    for script in SCRIPTS:
        looked.clear()
        opened(script)
        assert looked, script


def test_a_broken_run_folder_breaks_no_page(chosen):
    folder = store.create(RunConfig("custom_cnn", str(chosen)), ABOUT)
    (folder / layout.CONFIG).write_text("{")
    for script in SCRIPTS:
        opened(script)


def test_a_run_on_a_folder_with_any_name_breaks_no_page(chosen):
    odd = os.fsdecode(b"/photos/caf\xe9")
    about = About(dataset=DatasetReference(name=odd, fingerprint="f"))
    folder = store.create(RunConfig("custom_cnn", odd), about)
    with event_file.appending(folder) as emit:
        emit("failed", message=f"nothing at {odd}")
    for script in SCRIPTS:
        opened(script)


@pytest.mark.slow
class TestWithTrainedRuns:
    """Pages on two runs that a real worker trained."""

    @pytest.mark.parametrize(
        ("script", "asked", "kind", "key"),
        [
            ("pages/train.py", "run", "selectbox", "train_run"),
            ("pages/classify.py", "run", "multiselect", "classify_runs"),
        ],
    )
    def test_runs_that_read_alike_can_each_be_chosen(
        self, script, asked, kind, key, trained_machine
    ):
        run = store.list_runs()[0][0]
        for name in ("first", "second"):
            shutil.copytree(run.folder, run.folder.with_name(name))
        widget = getattr(opened(script, **{asked: "second"}), kind)(key=key)
        assert len(set(widget.options)) == len(widget.options) >= 3
        assert "second" in widget.value


@pytest.mark.parametrize("text", ["a_b*c*", "[x](y)", "`code`", "# no", ":smile:", "$x$", "<b>"])
def test_literal_escapes_every_mark(text):
    escaped = literal(text)
    assert escaped.replace("\\", "") == text
    assert all(escaped[i - 1] == "\\" for i, c in enumerate(escaped) if c in "_*[]()`#:$<>")


def test_literal_drops_what_cannot_be_shown():
    assert literal("a\u202eb\udcffc\n") == "a\ufffdb\ufffdc\ufffd"
