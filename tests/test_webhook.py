"""The webhook: one signed call for each run that ends, however it ends."""

import hashlib
import hmac
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from conftest import PROJECT
from e2e.conftest import serving

from catsdogs.errors import ConfigError
from catsdogs.runs import event_file, layout, store, webhook
from catsdogs.system import processes

SECRET = "a-secret-of-the-tests-0123456789"
RUN = "reference-custom_cnn"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.calls.append((dict(self.headers), body))
        status = self.server.answers.pop(0) if self.server.answers else 204
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver(monkeypatch):
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.calls, server.answers = [], []
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}/hook"
        monkeypatch.setenv("CATSDOGS_WEBHOOK", address)
        monkeypatch.setenv("CATSDOGS_WEBHOOK_SECRET", SECRET)
        yield server
        server.shutdown()


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run that has ended, and whose end is to be called out."""
    monkeypatch.setenv("CATSDOGS_ARTIFACTS", str(tmp_path / "artifacts"))
    folder = shutil.copytree(PROJECT / "artifacts" / RUN, tmp_path / "artifacts" / RUN)
    os.utime(folder / layout.EVENTS)
    return store.load(folder)


@pytest.fixture
def sleeper():
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"])
    yield process
    process.kill()
    process.wait()


def begin(run, process) -> None:
    """Make a process stand in for the worker of a run that trains."""
    (run.folder / layout.EVENTS).unlink()
    webhook.expect(run.folder)
    with event_file.appending(run.folder) as emit:
        emit("queued")
        emit("started", **processes.identity_of(process.pid).to_json())
    assert store.load(run.folder).state.is_active


def wait_for_call(receiver) -> None:
    deadline = time.monotonic() + 60
    while not receiver.calls:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_run_that_ended_is_called_out_once_and_signed(receiver, run):
    webhook.expect(run.folder)
    assert webhook.call_all((0,))
    assert webhook.call_all((0,))
    [(headers, body)] = receiver.calls
    signed = headers["X-Catsdogs-Timestamp"].encode() + b"." + body
    expected = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert headers["X-Catsdogs-Signature"] == f"sha256={expected}"
    sent = json.loads(body)
    assert (sent["event"], sent["run"]["run"], sent["run"]["state"]) == (
        *("run.ended", RUN),
        "finished",
    )


def test_a_run_from_before_the_webhook_is_not_called_out(receiver, run):
    assert webhook.call_all((0,))
    assert receiver.calls == []


@pytest.mark.parametrize("failure", [500, 302, 404])
def test_a_failed_call_is_repeated_with_the_same_id(receiver, run, failure):
    webhook.expect(run.folder)
    receiver.answers += [failure, failure]
    assert not webhook.call_all((0,))
    assert webhook.call_all((0, 0))
    assert len({json.loads(body)["id"] for _, body in receiver.calls}) == 1
    assert len(receiver.calls) == 3


def test_a_receiver_that_is_gone_for_a_day_is_given_up(receiver, run):
    webhook.expect(run.folder)
    long_ago = time.time() - 25 * 3600
    os.utime(run.folder / layout.EVENTS, (long_ago, long_ago))
    assert webhook.call_all((0,))
    assert receiver.calls == []


def test_callers_at_the_same_time_call_once(receiver, run):
    webhook.expect(run.folder)
    callers = [threading.Thread(target=webhook.call_all, args=((0, 0.3),)) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len(receiver.calls) == 1


@pytest.mark.slow
def test_the_app_calls_out_a_killed_run_once_also_after_restarts(receiver, run, sleeper, tmp_path):
    begin(run, sleeper)
    with serving(tmp_path):
        time.sleep(1)
        assert receiver.calls == []
    sleeper.kill()
    sleeper.wait()
    receiver.answers.append(503)
    with serving(tmp_path):
        wait_for_call(receiver)
    with serving(tmp_path), serving(tmp_path):
        deadline = time.monotonic() + 30
        while (run.folder / webhook.MARKER).exists():
            assert time.monotonic() < deadline
            time.sleep(0.1)
        time.sleep(6)
    assert [json.loads(body)["run"]["state"] for _, body in receiver.calls] == ["lost", "lost"]


@pytest.mark.parametrize(
    ("address", "secret", "said"),
    [("ftp://x", SECRET, "http or https"), ("http://x", "short", "at least 16 characters")],
)
def test_settings_that_cannot_be_meant_are_refused(monkeypatch, address, secret, said):
    monkeypatch.setenv("CATSDOGS_WEBHOOK", address)
    monkeypatch.setenv("CATSDOGS_WEBHOOK_SECRET", secret)
    with pytest.raises(ConfigError, match=said):
        webhook.check()
