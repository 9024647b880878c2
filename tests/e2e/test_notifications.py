"""Notifications of the browser when a run ends."""

import shutil
import subprocess
import sys

import pytest
from conftest import PROJECT
from playwright.sync_api import expect

from catsdogs.runs import event_file, layout
from catsdogs.system import processes
from e2e.conftest import opened, picture, serving

pytestmark = [pytest.mark.e2e]

RUN = "reference-custom_cnn"
# Headless browsers show no notifications: this records what a page would show.
RECORDER = """
window.told = [];
window.Notification = class {
  static permission = "default";
  static async requestPermission() {
    window.asked = (window.asked ?? 0) + 1;
    return Notification.permission = "granted";
  }
  constructor(title, options) { window.told.push([title, options.body, options.tag]); }
};
"""


@pytest.fixture
def worker():
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
    yield process
    process.kill()
    process.wait()


def test_the_browser_is_asked_by_a_button_and_told_once(page, worker, tmp_path):
    folder = shutil.copytree(PROJECT / "artifacts" / RUN, tmp_path / "artifacts" / RUN)
    (folder / layout.EVENTS).unlink()
    with event_file.appending(folder) as emit:
        emit("queued")
        emit("started", **processes.identity_of(worker.pid).to_json())
    page.add_init_script(RECORDER)
    with serving(tmp_path) as app:
        opened(page, f"{app.url}/compare", "Compare")
        button = page.get_by_role("button", name="Notify me when it ends")
        expect(button).to_be_visible()
        assert page.evaluate("window.asked") is None
        picture(page, "notify")
        button.click()
        expect(button).to_be_hidden()
        assert page.evaluate("window.told") == []
        with event_file.appending(folder) as emit:
            emit("stopped", message="Enough.")
        page.wait_for_function("window.told.length > 0")
        page.wait_for_timeout(7000)
        told = page.evaluate("window.told")
        assert len(told) == 1
        assert "stopped" in told[0][1]
        opened(page, f"{app.url}/compare", "Compare")
        expect(button).to_be_hidden()
