"""``catsdogs`` as an installed command, the server it starts, and its silence about libraries."""

import socket
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
import venv
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from conftest import PROJECT

from catsdogs import __version__
from catsdogs.cli import parser

pytestmark = pytest.mark.slow
PATIENCE_S = 120
CARELESS = '[server]\naddress = "0.0.0.0"\nheadless = false\n'


@pytest.fixture(scope="module")
def command(tmp_path_factory):
    """The path of ``catsdogs``, installed as `make` installs it, but without a network."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    site = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    (site / "requirements.pth").write_text(sysconfig.get_path("purelib"))
    python = folder / "bin" / "python"
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--editable")
    subprocess.run(
        [python, "-m", "pip", "install", "--disable-pip-version-check", *options, PROJECT],
        check=True,
    )
    return folder / "bin" / "catsdogs"


def test_the_installed_command_runs_in_any_folder(command, tmp_path):
    done = subprocess.run([command, "--version"], cwd=tmp_path, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == (f"catsdogs {__version__}\n", "")
    done = subprocess.run([command], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: catsdogs COMMAND")


@contextmanager
def app(*command, cwd):
    """Serve the app with a command; yield its process and its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [*command, "app", "--no-browser", "--port", str(port)]
    process = subprocess.Popen(words, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        yield process, port
    finally:
        process.kill()
        process.communicate()


def wait_until_healthy(process, port):
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        assert process.poll() is None, process.stderr.read()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5) as it:
                return it.read()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise AssertionError("The app did not answer.")


def test_the_app_is_served_by_its_own_configuration_from_any_folder(command, tmp_path):
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "config.toml").write_text(CARELESS)
    # A module with this name must not replace the real one.
    (tmp_path / "streamlit.py").write_text("raise SystemExit('not this one')")
    with app(command, cwd=tmp_path) as (process, port):
        assert wait_until_healthy(process, port) == b"ok"
        listening = [
            c for c in psutil.Process(process.pid).net_connections() if c.status == "LISTEN"
        ]
        assert {c.laddr for c in listening} == {("127.0.0.1", port)}


def test_the_app_is_served_without_an_installation_too():
    with app(sys.executable, "-m", "catsdogs", cwd=PROJECT) as (process, port):
        assert wait_until_healthy(process, port) == b"ok"


@pytest.mark.parametrize("port", ["0", "65536", "-1"])
def test_a_port_that_cannot_be_is_refused(port, capsys):
    assert parser.main(["app", "--port", port]) == 1
    assert "Expected a port from 1 to 65535" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps the messages")
def test_native_libraries_are_silent_and_python_is_not():
    code = (
        "import os, sys\n"
        "from catsdogs.cli.quiet import native_libraries_silenced\n"
        "with native_libraries_silenced():\n"
        "    os.write(2, b'INFO: chatter')\n"
        "    print('ours', file=sys.stderr)\n"
        "os.write(2, b'after')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True)
    assert done.stderr == "ours\nafter"


def test_an_error_in_silence_is_still_a_traceback():
    code = (
        "from catsdogs.cli.quiet import native_libraries_silenced\n"
        "with native_libraries_silenced():\n"
        "    raise ValueError('loud')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True)
    assert "ValueError: loud" in done.stderr
