"""What the pages say of runs that came with the project, and of optimistic figures."""

import json

import pytest
import streamlit as st
from conftest import PROJECT
from msgspec import UNSET
from streamlit.testing.v1 import AppTest

from catsdogs.comparison.pair import Pair
from catsdogs.dataset import index
from catsdogs.features.backbones import SHIPPED
from catsdogs.reports import comparison
from catsdogs.runs import event_file, layout, model_files, store
from catsdogs.runs.about import About, DatasetReference, Machine
from catsdogs.runs.config import RunConfig
from catsdogs.runs.run import Remarks
from catsdogs.sources import current
from catsdogs.text import literal
from catsdogs.ui.compare import runs as compared_runs

pytestmark = pytest.mark.page
NAME = "Dogs vs. Cats, 80 photos"
MACHINE = Machine(system="Linux-6.1-x86_64-with-glibc2.36", processor="x86_64", python="3.11.7")
RESULT = {
    "val_accuracy": 0.9,
    "val_loss": 0.3,
    "train_images": 1600,
    "val_images": 400,
    "seconds": {"total": 9.0},
}
BUTTONS = {"train_delete_confirm", "train_extend_start", "train_resume"}


@pytest.fixture(autouse=True)
def fresh_caches():
    """Streamlit's caches outlive a test, its temporary folders do not."""
    st.cache_resource.clear()


@pytest.fixture
def chosen(kaggle_folder):
    """Sixteen photos as the current dataset."""
    current.choose(kaggle_folder)
    return kaggle_folder


def made(*, fingerprint="f", reference=False, has_model=True, seed=7, **result):
    """Return the folder of a finished run."""
    about = About(
        dataset=DatasetReference(name=NAME, fingerprint=fingerprint),
        machine=MACHINE,
        reference=reference or UNSET,
    )
    folder = store.create(RunConfig("mobilenet_v2", "dogs-vs-cats", seed=seed), about)
    if has_model:
        (folder / layout.LITERT_MODEL).touch()
    with event_file.appending(folder) as emit:
        emit("finished", result={**RESULT, **result}, epochs=10, planned=10)
    return folder


def opened(script: str, **address) -> AppTest:
    app = AppTest.from_file(str(PROJECT / "streamlit_app.py"), default_timeout=60)
    for name, value in address.items():
        app.query_params[name] = value
    if script != "streamlit_app.py":
        app.switch_page(script)
    return run(app)


def run(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def said(app: AppTest) -> str:
    kinds = ("markdown", "caption", "info", "success", "warning", "error")
    return "\n".join(element.value for kind in kinds for element in app.get(kind))


def choose_both_wrong(app: AppTest) -> AppTest:
    """Show the photos that both runs of the Compare page get wrong."""
    app = run(app)
    box = app.selectbox(key="compare_choice")
    box.select_index([text.startswith("Both are wrong") for text in box.options].index(True))
    return run(app)


def links(app: AppTest) -> set[str]:
    return {link.proto.label for link in app.main.get("page_link")}


def test_home_counts_the_models_that_can_answer_and_suggests_the_next_step(chosen):
    for has_model in (True, True, False):
        made(reference=True, has_model=has_model)
    app = opened("streamlit_app.py")
    assert app.metric[1].value == "2"
    assert app.button(key="home_next").label == "Train a model"
    made(fingerprint=index.scan(chosen).fingerprint())
    app = opened("streamlit_app.py")
    assert app.metric[1].value == "3"
    assert app.button(key="home_next").label == "Train the other model"


def test_home_offers_no_photo_to_models_that_are_not_here(chosen):
    made(reference=True, has_model=False)
    app = opened("streamlit_app.py")
    assert app.metric[1].value == "0"
    assert not app.file_uploader


def test_home_warns_when_the_best_accuracy_is_optimistic(chosen):
    here = index.scan(chosen).fingerprint()
    made(fingerprint=here)
    assert "ptimistic" not in said(opened("streamlit_app.py"))
    made(fingerprint=here, val_accuracy=0.99, weights=SHIPPED)
    assert "Optimistic" in said(opened("streamlit_app.py"))


def test_train_says_where_a_reference_run_comes_from_and_does_not_offer_to_change_it(chosen):
    folder = made(reference=True)
    app = opened("pages/train.py")
    assert "came with the project and stays as it is" in said(app)
    assert "80 photos (1,600 to learn from, 400 held back), in 9 s on Linux" in said(app).replace(
        "\\", ""
    )
    assert "cannot classify" not in said(app)
    assert not BUTTONS & {button.key for button in app.button}
    assert any("Reference MobileNet" in button.label for button in app.button)
    app.session_state["train_log"] = True
    codes = [code.value for code in run(app).code]
    assert any("make reference" in code for code in codes)
    assert "It has none." in codes
    (folder / layout.LITERT_MODEL).unlink()
    assert "without its model file" in said(opened("pages/train.py"))


def test_a_reference_run_can_be_named(chosen):
    folder = made(reference=True)
    store.remark(store.load(folder), Remarks("Mine", starred=True))
    assert store.load(folder).name == "Mine (MobileNetV2) · reference"
    assert any("**Mine ★**" in button.label for button in opened("pages/train.py").button)


def test_a_run_of_ones_own_is_called_nothing_else(chosen):
    made()
    app = opened("pages/train.py")
    assert "reference" not in said(app).lower()
    assert BUTTONS & {button.key for button in app.button}


def test_train_warns_of_optimistic_figures_and_marks_them(chosen):
    made(weights=SHIPPED)
    app = opened("pages/train.py")
    assert "optimistic" in app.warning[0].value
    assert "· optimistic" in next(c.value for c in app.caption if "400" in c.value)


def test_a_run_at_work_is_warned_of_too(chosen, monkeypatch):
    monkeypatch.setattr(store, "is_alive", lambda worker: True)
    about = About(dataset=DatasetReference(name=NAME, fingerprint="f"))
    folder = store.create(RunConfig("mobilenet_v2", str(chosen)), about)
    with event_file.appending(folder) as emit:
        emit("started", pid=2**22 + 1, pid_started_at=1.0)
        emit("resolved", name="weights", value=SHIPPED)
        emit("phase", name="fit", done=1, total=10)
    assert "optimistic" in opened("pages/train.py").warning[0].value


def test_seeds_that_began_from_other_weights_are_not_averaged_with_these(chosen):
    runs = [store.load(made(seed=seed)) for seed in (1, 2)]
    runs.append(store.load(made(seed=3, weights=SHIPPED)))
    [line] = compared_runs.seed_spread(runs)
    assert "seeds 1, 2:" in line


@pytest.mark.slow
class TestWithTrainedRuns:
    """Pages on two runs that a real worker trained, as if they had come with the project."""

    @pytest.fixture
    def given(self, trained_machine):
        """The reference runs; only the second has its model, their photos are elsewhere."""
        for each in store.list_runs()[0]:
            content = json.loads((each.folder / layout.CONFIG).read_text())
            content |= {"reference": True}
            content["config"]["data"] = "dogs-vs-cats"
            content["dataset"]["name"] = NAME
            (each.folder / layout.CONFIG).write_text(json.dumps(content))
            for name in (layout.KERAS_MODEL, layout.LOG, layout.CHECKPOINT):
                (each.folder / name).unlink()
        found = store.list_runs()[0]
        (found[0].folder / layout.LITERT_MODEL).unlink()
        return [store.load(each.folder) for each in found]

    @pytest.fixture
    def optimistic(self, given):
        """One of them began from the backbone that comes with the project."""
        events = given[1].folder / layout.EVENTS
        *lines, ending = events.read_text().splitlines()
        ending = json.loads(ending)
        ending["result"]["weights"] = SHIPPED
        events.write_text("\n".join([*lines, json.dumps(ending)]) + "\n")
        return store.load(given[1].folder)

    def test_compare_names_photos_that_are_elsewhere_and_how_to_get_them(self, given):
        app = opened("pages/compare.py")
        app.slider(key="compare_threshold").set_value(0.0)
        # From 0 on, both are wrong about every cat.
        app = choose_both_wrong(app)
        assert "open it on the Dataset page" in said(app).replace("\\", "")
        app.session_state["compare_tab"] = "Cost"
        app = run(app)
        assert said(app).count("came with the project and stays as it is") == 2
        facts = app.dataframe[-1].value.loc["Model file"]
        assert sorted(fact.endswith(", not here") for fact in facts) == [False, True]
        # Only the run with its model can be tried.
        assert app.button(key="compare_next").label == f"Try {literal(given[1].short_name)}"

    def test_photos_that_are_found_again_are_shown_and_a_missing_model_explained(
        self, given, trained_machine
    ):
        (trained_machine / "cwd" / "dogs-vs-cats").symlink_to(trained_machine / "data" / "sample")
        answers = model_files.read_predictions(given[0])
        app = opened("pages/compare.py")
        app.slider(key="compare_threshold").set_value(0.0)
        app.session_state["compare_walked"] = "compare_chosen"
        app.query_params["image"] = answers["path"][answers["label"] == 0].iloc[0]
        app = choose_both_wrong(app)
        assert "These photos" not in said(app)
        assert "this run came without its model file" in said(app)
        assert "Labelled **cat**" in said(app)
        assert not app.error

    def test_compare_and_its_report_warn_of_optimistic_figures(self, given, optimistic):
        app = opened("pages/compare.py")
        assert optimistic.caveat in said(app).replace("\\", "")
        app.session_state["compare_tab"] = "All 2 runs"
        assert run(app).dataframe[-1].value["run"].str.endswith("· optimistic").sum() == 1
        report = comparison.report(Pair.read(*given), threshold=0.5, margin=0.01)
        assert optimistic.caveat not in "".join(report.notes)
        pair = Pair.read(given[0], optimistic)
        report = comparison.report(pair, threshold=0.5, margin=0.01)
        assert f"{optimistic.short_name}: {optimistic.caveat}" in report.notes
        assert optimistic.caveat in report.as_html()

    def test_classify_offers_only_what_can_answer_and_says_where_it_comes_from(
        self, given, trained_machine
    ):
        app = opened("pages/classify.py")
        assert len(app.multiselect(key="classify_runs").options) == 1
        assert "Came with the project, trained on Dogs vs. Cats" in said(app).replace("\\", "")
        photo = next((trained_machine / "data" / "sample").glob("cat.*.jpg"))
        app.file_uploader(key="classify_files").set_value(
            [(photo.name, photo.read_bytes(), "image/jpeg")]
        )
        app = run(app)
        assert "not here" not in said(app)

    def test_classify_warns_of_optimistic_figures(self, optimistic):
        assert optimistic.caveat in opened("pages/classify.py").warning[0].value

    def test_a_photo_was_perhaps_not_held_back_from_an_optimistic_base(
        self, optimistic, trained_machine
    ):
        current.choose(trained_machine / "data" / "sample")
        path = model_files.read_predictions(optimistic)["path"].iloc[0]
        app = opened("pages/dataset.py", photo=path)
        assert "but the run that it began from may have" in said(app)
