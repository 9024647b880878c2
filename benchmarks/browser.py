"""The app in its own server process, and a browser to open it."""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from catsdogs import paths

_BROWSER = "chromium"


@contextmanager
def serving(script: Path = paths.PROJECT_ROOT / "streamlit_app.py") -> Iterator[tuple[str, Any]]:
    """Serve ``script`` in the current environment; yield its address and its psutil.Process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(script)]
    options = ["--server.headless=true", f"--server.port={port}"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([*command, *options], cwd=paths.PROJECT_ROOT, **quiet) as process:
        for _ in range(300):
            with socket.socket() as probe:
                if not probe.connect_ex(("127.0.0.1", port)):
                    break
            time.sleep(0.1)
        try:
            yield f"http://localhost:{port}", psutil.Process(process.pid)
        finally:
            process.terminate()


def chromium(playwright: Any) -> Any:
    """Start Chromium without a window."""
    return playwright.chromium.launch(
        executable_path=shutil.which(_BROWSER), args=["--no-sandbox", "--disable-gpu"]
    )
