"""The frame of every page: the sidebar's dataset, its steps, and the running work."""

import json

import pytest
from conftest import PROJECT
from streamlit.testing.v1 import AppTest

from catsdogs.dataset import index, rescan
from catsdogs.sources import current
from catsdogs.sources.sample import draw_sample, sample_dir
from catsdogs.ui import api
from catsdogs.ui.shared import cache
from catsdogs.ui.shared.pages import PAGES

pytestmark = pytest.mark.page


@pytest.fixture
def chosen(kaggle_folder):
    """Sixteen photos as the current dataset."""
    current.choose(kaggle_folder)
    return kaggle_folder


def opened(script: str) -> AppTest:
    app = AppTest.from_file(str(PROJECT / "streamlit_app.py"), default_timeout=60)
    if script != "streamlit_app.py":
        app.switch_page(script)
    app.run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def sidebar(app: AppTest) -> str:
    return "\n".join(one.value for kind in ("markdown", "caption") for one in app.sidebar.get(kind))


def steps(app: AppTest) -> str:
    return next(bar.proto.text for bar in app.get("progress") if "Look" in bar.proto.text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.title)
def test_every_page_names_the_dataset(page, chosen):
    assert "photos" in sidebar(opened(page.script))


def test_the_sidebar_counts_the_usable_photos_once_they_are_scanned(chosen):
    opened("pages/dataset.py")
    assert "8 cats · 8 dogs" in sidebar(opened("pages/compare.py"))


@pytest.mark.parametrize("is_large", [True, False])
def test_a_large_dataset_is_read_before_the_first_page(is_large, chosen, monkeypatch):
    cache.forget_datasets()
    index.scan(chosen)
    monkeypatch.setattr(rescan, "MANY", 16 if is_large else 17)
    api.read_ahead()
    read = []
    last_scan = index.last_scan
    monkeypatch.setattr(index, "last_scan", lambda root: read.append(root) or last_scan(root))
    opened("pages/dataset.py")
    assert bool(read) != is_large


def test_nothing_is_read_ahead_of_a_dataset_that_is_gone(chosen, monkeypatch):
    index.scan(chosen)
    monkeypatch.setattr(rescan, "MANY", 1)
    chosen.rename(chosen.with_name("elsewhere"))
    api.read_ahead()
    monkeypatch.setattr(current, "path", lambda: chosen)
    api.read_ahead()


def test_the_sidebar_switches_to_a_recent_dataset(chosen, tmp_path):
    draw_sample(tmp_path / "drawn", images=20)
    current.choose(tmp_path / "drawn")
    app = opened("streamlit_app.py")
    app.button(key="dataset_switch_0").click().run()
    assert current.path() == chosen


def test_a_recent_dataset_that_is_gone_is_not_offered(chosen, tmp_path):
    draw_sample(tmp_path / "drawn", images=20)
    current.choose(tmp_path / "drawn")
    chosen.rename(tmp_path / "moved")
    assert current.recent() == [tmp_path / "drawn"]


def test_the_sample_is_called_what_it_is(chosen):
    draw_sample(sample_dir(), images=20)
    current.choose(sample_dir())
    assert "Drawings" in sidebar(opened("pages/train.py"))


def test_a_step_is_done_on_the_dataset_that_it_was_done_on(chosen, tmp_path):
    draw_sample(tmp_path / "drawn", images=20)
    current.choose(tmp_path / "drawn")
    current.choose(chosen)
    app = opened("pages/dataset.py")
    app.switch_page("pages/train.py")
    assert "✓\u00a0Look" in steps(app.run())
    app.button(key="dataset_switch_0").click().run()
    assert "✓\u00a0Look" not in steps(app.run())


def test_a_recent_dataset_that_cannot_be_looked_up_does_not_hide_the_others(chosen):
    listed = current.paths.data_dir() / "recent.json"
    listed.write_text(json.dumps(["/" + "x" * 5000, "a\0b", *json.loads(listed.read_text())]))
    assert current.recent() == [chosen]


def test_help_shows_the_machine_and_hides_where_it_is(chosen, tmp_path):
    app = opened("streamlit_app.py")
    app.button(key="help").click().run()
    assert not app.exception
    shown = "\n".join(one.value for one in app.markdown)
    assert "Processor" in shown
    assert "Cache" in shown
    assert str(tmp_path) not in shown
    app.button(key="help_check_tensorflow")
