"""The downloads of a run, on the pages that offer them."""

import shutil

import pytest
from conftest import PROJECT
from streamlit.testing.v1 import AppTest

from catsdogs import paths
from catsdogs.background import tasks
from catsdogs.exports import downloads, making, preparing
from catsdogs.exports.downloads import Download, Prepared, Quality
from catsdogs.exports.formats import FORMATS
from catsdogs.inference.latency import Latency
from catsdogs.runs import store
from catsdogs.sources import current
from catsdogs.ui.shared import cache

pytestmark = pytest.mark.page
REFERENCE, OTHER = "reference-custom_cnn", "reference-mobilenet_v2-fine_tuned"
LITERT = Download(
    "litert",
    "model.tflite",
    8_900_000,
    quality=Quality(400, 0.975, 0.98, to_cat=2, to_dog=0, equivalence_p=0.2),
    latency=Latency(2.14, 2.0, 2.3),
)
FAILED = Download("web", problem="No space left on the disk")
ADDRESSES = {
    "train": ("pages/train.py", {"run": REFERENCE}),
    "compare": ("pages/compare.py", {"a": REFERENCE, "b": OTHER}),
    "classify": ("pages/classify.py", {"run": REFERENCE}),
}


@pytest.fixture(autouse=True)
def run(kaggle_folder):
    """A run that came with the project, and another one to compare it with."""
    cache.forget_datasets()
    current.choose(kaggle_folder)
    for name in (REFERENCE, OTHER):
        shutil.copytree(PROJECT / "artifacts" / name, paths.artifacts_dir() / name)
    return store.load(paths.artifacts_dir() / REFERENCE)


@pytest.fixture
def started(monkeypatch):
    """The ids of the runs whose downloads were asked for; no process is started."""
    found = []
    monkeypatch.setattr(tasks, "start", lambda kind, subject: found.append(subject))
    return found


def opened(page: str = "train", *, is_open: bool = True) -> AppTest:
    script, address = ADDRESSES[page]
    app = AppTest.from_file(str(PROJECT / "streamlit_app.py"), default_timeout=60)
    for name, value in address.items():
        app.query_params[name] = value
    app.switch_page(script)
    if page == "compare":
        app.session_state["compare_tab"] = "Download"
    else:
        app.session_state[f"{page}_exports"] = is_open
    return shown(app)


def shown(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def said(app: AppTest) -> str:
    kinds = ("markdown", "caption", "warning", "error", "info")
    return "\n".join(element.value for kind in kinds for element in app.get(kind)).replace("\\", "")


def offered(app: AppTest) -> list[str]:
    """Return the labels of the buttons that download a model: their sizes."""
    labels = [button.proto.label for button in app.get("download_button")]
    return [label for label in labels if label.endswith("MB")]


def keep(run, *found: Download, no_photos: str = "") -> None:
    made = downloads.places() / ".new-test"
    made.mkdir(parents=True)
    for download in found:
        if download.file:
            (made / download.file).write_bytes(b"model")
    downloads.keep(run, Prepared(found, no_photos), made)


@pytest.mark.parametrize("page", ADDRESSES)
def test_each_page_offers_to_prepare_the_downloads(page, started):
    app = opened(page)
    assert "LiteRT" in said(app)
    app.button(key="exports_prepare").click()
    shown(app)
    assert started == [REFERENCE]


def test_a_run_without_a_keras_file_says_once_which_formats_it_lacks(monkeypatch):
    monkeypatch.setattr(making, "find_spec", lambda name: name)
    (reason,) = [one.value for one in opened().caption if "Not available" in one.value]
    lacking = [form.title for form in FORMATS.values() if not form.from_litert]
    assert all(title in reason.replace("\\", "") for title in lacking)
    assert "LiteRT file only" in reason


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(making, "find_spec", lambda name: None)
    assert "Received: no tf2onnx" in said(opened())


@pytest.mark.parametrize("page", ADDRESSES)
def test_a_prepared_file_has_its_figures_and_its_download(page, run):
    keep(run, LITERT)
    app = opened(page)
    text = said(app)
    assert "right on 98.0\u00a0% of 400 validation photos" in text
    assert "97.5\u00a0% right" in text
    assert "Changes 2 to cat · Not shown to be equivalent within 1 point" in text
    assert "2.1\u00a0ms per photo" in text
    assert offered(app) == ["8.9 MB"]


def test_a_failed_format_says_why_beside_the_others(run):
    keep(run, LITERT, FAILED)
    app = opened()
    assert len(offered(app)) == 1
    assert "Failed: Web page" in said(app)
    assert "No space left on the disk" in said(app)


def test_without_its_photos_a_run_says_so_and_keeps_its_downloads(run):
    keep(run, Download("litert", "model.tflite", 5), no_photos="No copy of its dataset")
    app = opened()
    assert "The accuracy was not measured" in said(app)
    assert "No copy of its dataset" in said(app)
    assert len(offered(app)) == 1


def test_removed_files_can_be_prepared_again(run):
    keep(run, LITERT)
    app = opened()
    app.button(key="exports_remove").click()
    shown(app)
    assert downloads.read(run) is None
    assert app.button(key="exports_prepare").label == "Prepare downloads"


def test_no_file_is_read_before_it_is_asked_for(run):
    keep(run, LITERT)
    downloads.file_of(run, LITERT).unlink()
    assert len(offered(opened())) == 1


@pytest.mark.parametrize("page", ["train", "classify"])
def test_a_closed_section_reads_nothing(page, run, monkeypatch):
    keep(run, LITERT)
    monkeypatch.setattr(downloads, "read", lambda run: pytest.fail("it was read"))
    assert not offered(opened(page, is_open=False))


def test_a_failed_task_says_why(run):
    task = tasks.folder_of(preparing.KIND, run.run_id)
    task.mkdir(parents=True)
    tasks.job.report(task, "queued", kind="export", subject=run.run_id)
    tasks.job.report(task, "failed", message="The disk is full")
    assert "The disk is full" in said(opened())
