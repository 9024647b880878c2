"""Loading never runs foreign code: ``hostile_runs`` has the run folders that are tried."""

import os
import shutil

import pytest
import streamlit as st
from conftest import PROJECT
from hostile_runs import CONFIGS, EVENTS, spoiled
from streamlit.testing.v1 import AppTest

from catsdogs.data import sources
from catsdogs.runs import event_file, store

ARTIFACTS = PROJECT / "artifacts"
SOUND = ("reference-custom_cnn", "reference-mobilenet_v2-fine_tuned")
SLOW = "a line of 100 MB"
SCRIPTS = ("streamlit_app.py", "pages/train.py", "pages/compare.py", "pages/classify.py")


@pytest.fixture
def artifacts(empty_machine):
    """A folder with two sound runs."""
    for name in SOUND:
        shutil.copytree(ARTIFACTS / name, empty_machine / "artifacts" / name)
    return empty_machine / "artifacts"


@pytest.fixture(scope="module")
def folder_of_all(tmp_path_factory):
    """Two sound runs among all the others."""
    artifacts = tmp_path_factory.mktemp("attacked")
    for name in SOUND:
        shutil.copytree(ARTIFACTS / name, artifacts / name)
    for file, spoils in ((store.CONFIG, CONFIGS), (event_file.EVENTS, EVENTS)):
        for number, (name, spoil) in enumerate(spoils.items()):
            if name != SLOW:
                folder = artifacts / f"spoiled-{number:03}-{file}"
                spoiled(artifacts / SOUND[number % 2], folder, file, spoil)
    (artifacts / "a-file").write_text("no folder")
    (artifacts / "a-link").symlink_to(ARTIFACTS / SOUND[0])
    (artifacts / "a-loop").symlink_to("a-loop")
    os.mkfifo(artifacts / "a-pipe")
    return artifacts


@pytest.fixture
def attacked(folder_of_all, kaggle_folder, monkeypatch):
    monkeypatch.setenv("CATSDOGS_ARTIFACTS", str(folder_of_all))
    sources.choose(kaggle_folder)
    return folder_of_all


def test_sound_runs_are_listed_beside_every_other(attacked):
    runs, broken = store.list_runs()
    assert {run.run_id for run in runs} >= set(SOUND)
    folders = [path for path in attacked.iterdir() if path.is_dir()]
    assert len(runs) + len(broken) == len(folders)
    assert len(broken) > 100
    assert all("Expected a run in" in str(error) and len(str(error)) < 600 for error in broken)
    assert any("a-link" in str(error) for error in broken)
    for run in runs:
        assert run.view.state is run.state
        assert all(map(str, (run.title, run.command, run.epochs_done, run.epochs_planned)))
    assert store.best_usable()


@pytest.mark.page
@pytest.mark.parametrize("script", SCRIPTS)
def test_every_page_works_beside_every_other_run(attacked, script):
    st.cache_resource.clear()
    app = AppTest.from_file(str(PROJECT / "streamlit_app.py"), default_timeout=120)
    if script != "streamlit_app.py":
        app.switch_page(script)
    app.run()
    assert not app.exception, app.exception[0].stack_trace
