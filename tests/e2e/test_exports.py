"""Downloading a model, as a person does it."""

import shutil

import pytest
from conftest import PROJECT
from playwright.sync_api import expect

from e2e.conftest import opened, serving, settle

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
REFERENCE = "reference-custom_cnn"
# Tasks give way to everything else on a busy machine.
_LONGEST_MS = 240_000


@pytest.fixture
def app(kaggle_folder, empty_machine):
    """The app with a run that came with the project, and a few photos."""
    shutil.copytree(PROJECT / "artifacts" / REFERENCE, empty_machine / "artifacts" / REFERENCE)
    (empty_machine / "data").mkdir()
    (empty_machine / "data" / "current.txt").write_text(str(kaggle_folder))
    with serving(empty_machine) as server:
        yield server


def test_files_are_prepared_once_survive_a_reload_and_are_sent_when_asked_for(app, page, tmp_path):
    received = []
    page.on("response", lambda response: received.append(response.url))
    opened(page, f"{app.url}/train?run={REFERENCE}", "Train")
    settle(page)
    page.get_by_test_id("stMain").get_by_text("Download the model", exact=True).click()
    page.get_by_role("button", name="Prepare downloads").click()
    expect(page.get_by_text("It continues when you leave this page.")).to_be_visible()
    page.reload()
    # Open by itself while its task is running, and once it has ended.
    row = page.get_by_test_id("stHorizontalBlock").filter(has_text="Runs on ai-edge-litert").last
    button = row.get_by_role("button", name="MB")
    expect(button).to_be_visible(timeout=_LONGEST_MS)
    settle(page)
    (file,) = (tmp_path / "cache" / "exports").glob("*/*-litert.zip")
    assert not [url for url in received if url.endswith(file.suffix)]
    with page.expect_download() as download:
        button.click()
    assert download.value.suggested_filename == file.name
    assert download.value.path().read_bytes() == file.read_bytes()
    assert not page.strangers
