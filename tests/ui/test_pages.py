"""Every page in its states, run by Streamlit's own test runner, without a browser."""

import json
import os
import re
import shutil
from functools import partial
from pathlib import Path

import pytest
from conftest import PROJECT
from streamlit.testing.v1 import AppTest

from catsdogs.dataset import index
from catsdogs.errors import WeightsUnavailable
from catsdogs.evaluation import thresholds
from catsdogs.health import checkup
from catsdogs.health.findings import save
from catsdogs.runs import event_file, layout, model_files, queue, store
from catsdogs.runs.about import About, DatasetReference
from catsdogs.runs.config import RunConfig
from catsdogs.runs.run import Remarks
from catsdogs.sources import current, sample
from catsdogs.sources.sample import sample_dir
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


def slices_of(app: AppTest) -> list[str]:
    groups = {group.key: group for group in app.get("button_group")}
    return groups["compare_slices"].options


def said(app: AppTest) -> str:
    kinds = ("markdown", "caption", "info", "success", "warning", "error", "title", "subheader")
    return "\n".join(element.value for kind in kinds for element in app.get(kind))


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_page_works_on_an_empty_machine(script, small_sample):
    app = opened(script)
    assert app.title[0].value == next(page.title for page in PAGES if page.script == script)


def test_the_first_start_draws_a_sample_and_says_so(small_sample):
    app = opened("streamlit_app.py")
    assert "drawings" in app.info[0].value
    assert "kaggle.com" in app.info[0].value
    assert sample_dir().is_dir()
    assert int(app.metric[0].value) > 0


def test_real_photos_are_not_called_drawings(chosen):
    assert "drawings" not in said(opened("streamlit_app.py"))


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

    def test_compare_shows_both_runs_and_a_verdict(self, trained_machine):
        current.choose(trained_machine / "data" / "sample")
        app = opened("pages/compare.py")
        assert "McNemar" in said(app)
        assert "equivalent" in said(app)
        figures, facts = (app.dataframe[position].value for position in (1, 2))
        assert "4,828,481" in facts.to_string()
        assert figures.columns.tolist() == ["A", "B"]
        assert re.fullmatch(r"[\d.]+% \([\d.]+% to [\d.]+%\)", figures.loc["Accuracy", "A"])
        table = app.dataframe[0].value
        assert len(table) == 2
        assert (table["low"] <= table["accuracy"]).all()
        assert (table["accuracy"] <= table["high"]).all()

    @pytest.mark.parametrize(
        ("script", "asked", "kind", "key"),
        [
            ("pages/train.py", "run", "selectbox", "train_run"),
            ("pages/train.py", "run", "multiselect", "train_overlaid"),
            ("pages/compare.py", "a", "selectbox", "compare_a"),
            ("pages/compare.py", "curves", "multiselect", "compare_curves_of"),
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
        assert "second" in widget.value or key == "train_overlaid"

    def test_the_threshold_moves_figures_reports_and_galleries(self, trained_machine):
        app = opened("pages/compare.py")
        run = store.find_usable(app.selectbox(key="compare_a").value)
        answers = model_files.read_predictions(run)
        dogs = int((answers["label"] == 1).sum())
        app.slider(key="compare_threshold").set_value(0.0).run()
        assert not app.exception
        # From 0 on, everything is called a dog.
        assert app.metric[0].value == f"{dogs / len(answers):.2%}"
        report = app.dataframe[3].value
        assert (report.loc["dog", "recall"], report.loc["cat", "recall"]) == (1, 0)
        kinds = app.get("button_group")[-1]
        assert any(f"Both wrong · {len(answers) - dogs}" in option for option in kinds.options)

    @pytest.mark.parametrize("button", range(4))
    def test_a_preset_sets_the_threshold(self, trained_machine, button):
        app = opened("pages/compare.py")
        app.number_input(key="compare_recall").set_value(90.0).run()
        app.slider(key="compare_threshold").set_value(0.99).run()
        app.button(key=f"compare_preset_{button}").click().run()
        assert not app.exception
        run = store.find_usable(app.selectbox(key="compare_a").value)
        answers = model_files.read_predictions(run)
        labels, p_dog = (answers[name].to_numpy() for name in ("label", "p_dog"))
        expected = [
            0.5,
            thresholds.best_f1(labels, p_dog),
            thresholds.equal_error(labels, p_dog),
            thresholds.for_recall(labels, p_dog, 0.9),
        ]
        assert app.session_state["compare_threshold"] == expected[button]

    def test_photos_that_are_gone_are_named(self, trained_machine):
        for run in store.list_runs()[0]:
            content = json.loads((run.folder / layout.CONFIG).read_text())
            content["config"]["data"] = str(trained_machine / "gone")
            (run.folder / layout.CONFIG).write_text(json.dumps(content))
        app = opened("pages/compare.py")
        app.slider(key="compare_threshold").set_value(0.0).run()
        run = store.find_usable(app.selectbox(key="compare_a").value)
        answers = model_files.read_predictions(run)
        # From 0 on, both are wrong about every cat.
        app.session_state["compare_kind"] = "Both wrong"
        app.query_params["image"] = answers["path"][answers["label"] == 0].iloc[0]
        app.run()
        assert not app.exception
        assert "not on this machine" in said(app)
        assert "Labelled **cat**" in said(app)

    def test_a_run_against_itself_is_called_that(self, trained_machine):
        app = opened("pages/compare.py")
        app.selectbox(key="compare_b").set_value(app.selectbox(key="compare_a").value).run()
        assert "one run twice" in said(app)
        assert "p = 1)" in said(app)

    def test_a_run_is_given_a_name_a_note_and_a_star(self, trained_machine):
        app = opened("pages/compare.py")
        run_id = app.selectbox(key="compare_b").value
        app.text_input(key=f"compare_remarks_b_name_{run_id}").set_value(" Old *faithful* ")
        app.text_area(key=f"compare_remarks_b_note_{run_id}").set_value("the one to beat")
        app.toggle(key=f"compare_remarks_b_starred_{run_id}").set_value(True)
        next(button for button in app.button if run_id in button.form_id).click().run()
        assert not app.exception
        remarks = Remarks("Old *faithful*", "the one to beat", starred=True)
        assert store.find(run_id).remarks == remarks
        assert app.selectbox(key="compare_b").value == run_id
        assert app.selectbox(key="compare_b").options[0].startswith("★ Old *faithful*")
        app.toggle(key="compare_starred").set_value(True).run()
        assert app.dataframe[0].value["note"].tolist() == ["the one to beat"]
        app.toggle(key="compare_starred").set_value(False)
        app.text_input(key="compare_find").set_value("custom BEAT").run()
        assert app.dataframe[0].value["note"].tolist() == ["the one to beat"]
        app.text_input(key="compare_find").set_value("nothing like it").run()
        assert "None of them is of that kind" in said(app)

    def test_curves_of_more_than_two_runs_are_in_the_address(self, trained_machine):
        ids = [run.run_id for run in store.list_runs()[0]]
        app = opened("pages/compare.py", curves=[*ids, "no such run"])
        assert app.multiselect(key="compare_curves_of").value == ids
        app.multiselect(key="compare_curves_of").set_value(ids[:1]).run()
        assert app.query_params["curves"] == ids[0]

    def test_after_a_check_figures_have_twins_and_images_slices_by_light(self, trained_machine):
        def no_weights():
            raise WeightsUnavailable("No weights here. Download them.")

        root = Path(store.list_runs()[0][0].config.data)
        app = opened("pages/compare.py")
        assert "each figure has a twin here" in said(app)
        assert slices_of(app) == ["Size", "Shape"]
        findings = checkup.run(index.scan(root), backbone=no_weights, report=lambda *_: None)
        findings.rows.loc[:, "p_dog"] = findings.rows["path"].str.contains("dog").astype(float)
        findings.rows.loc[::4, "p_dog"] = 0.5 - (findings.rows["p_dog"] - 0.5)
        save(root, findings)
        app.run()
        assert not app.exception
        columns = app.dataframe[1].value.columns
        assert len(columns) == 4
        assert re.fullmatch(r"A without suspect labels \(\d+\)", columns[1])
        assert "with suspect labels: A " in said(app)
        assert slices_of(app) == ["Size", "Shape", "Light", "Sharpness"]

    def test_the_default_pair_was_measured_on_the_same_images(self, trained_machine):
        newest, other = store.list_runs()[0]
        twin = trained_machine / "artifacts" / "20200101-000000-custom_cnn-old0"
        shutil.copytree(other.folder, twin)
        content = json.loads((other.folder / layout.CONFIG).read_text())
        content["dataset"]["fingerprint"] = "another"
        (other.folder / layout.CONFIG).write_text(json.dumps(content))
        content["dataset"]["fingerprint"] = newest.about.dataset.fingerprint
        content["created_at"] = "2020-01-01T00:00:00+00:00"
        (twin / layout.CONFIG).write_text(json.dumps(content))
        app = opened("pages/compare.py")
        chosen = [app.selectbox(key=f"compare_{letter}").value for letter in "ab"]
        assert chosen == [newest.run_id, twin.name]

    def test_damaged_predictions_are_explained(self, trained_machine):
        run = store.list_runs()[0][0]
        (run.folder / layout.PREDICTIONS).write_bytes(b"")
        app = opened("pages/compare.py")
        assert not app.exception
        assert "other content" in app.error[0].value


@pytest.mark.parametrize("text", ["a_b*c*", "[x](y)", "`code`", "# no", ":smile:", "$x$", "<b>"])
def test_literal_escapes_every_mark(text):
    escaped = literal(text)
    assert escaped.replace("\\", "") == text
    assert all(escaped[i - 1] == "\\" for i, c in enumerate(escaped) if c in "_*[]()`#:$<>")


def test_literal_drops_what_cannot_be_shown():
    assert literal("a\u202eb\udcffc\n") == "a\ufffdb\ufffdc\ufffd"
