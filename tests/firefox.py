"""Firefox without a window, driven with WebDriver BiDi (https://w3c.github.io/webdriver-bidi/)."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

PROGRAM = next(filter(None, map(shutil.which, ("firefox-esr", "firefox"))), None)
_WAIT_S = 60


class Firefox:
    """A running Firefox with one tab. ``requests`` are the addresses that its pages asked for."""

    def __init__(self, socket: ClientConnection, downloads: Path) -> None:
        self._socket, self._number, self._downloads = socket, 0, downloads
        self.requests: list[str] = []
        self.command("session.new", capabilities={})
        self._tab = self.command("browsingContext.getTree")["contexts"][0]["context"]
        self.command("session.subscribe", events=["network.beforeRequestSent"])

    def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and return its result; note the requests that pages made meanwhile."""
        self._number += 1
        sent = {"id": self._number, "method": method, "params": parameters}
        self._socket.send(json.dumps(sent))
        while True:
            message = json.loads(self._socket.recv(timeout=_WAIT_S))
            if message.get("method") == "network.beforeRequestSent":
                self._note(message["params"])
            if message.get("id") == self._number:
                assert message["type"] == "success", message
                return message["result"]

    def open(self, path: Path) -> None:
        """Open a file, and wait until it has loaded."""
        self.command(
            "browsingContext.navigate", context=self._tab, url=path.as_uri(), wait="complete"
        )

    def evaluate(self, expression: str) -> Any:
        """Return the value of JavaScript in the page: text, a number, or a node."""
        answer = self.command(
            "script.evaluate",
            expression=expression,
            target={"context": self._tab},
            awaitPromise=True,
            userActivation=True,
        )
        assert answer["type"] == "success", answer
        return answer["result"].get("value", answer["result"])

    def wait_for(self, expression: str) -> None:
        """Wait until JavaScript gives true."""
        _wait(lambda: self.evaluate(expression) is True, expression)

    def choose(self, selector: str, files: list[Path]) -> None:
        """Choose files in the input that a CSS selector names."""
        node = self.command(
            "browsingContext.locateNodes",
            context=self._tab,
            locator={"type": "css", "value": selector},
        )["nodes"][0]
        self.command(
            "input.setFiles",
            context=self._tab,
            element={"sharedId": node["sharedId"]},
            files=[str(file) for file in files],
        )

    def downloaded(self, name: str) -> Path:
        """Return a downloaded file once it is complete."""
        path, part = self._downloads / name, self._downloads / f"{name}.part"
        _wait(lambda: path.is_file() and path.stat().st_size and not part.exists(), name)
        return path

    def _note(self, event: dict[str, Any]) -> None:
        if event["context"] == self._tab:
            self.requests.append(event["request"]["url"])


def _wait(is_true: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + _WAIT_S
    while not is_true():
        assert time.monotonic() < deadline, f"waited {_WAIT_S} s for {what}"
        time.sleep(0.1)


@contextmanager
def firefox(folder: Path) -> Iterator[Firefox]:
    """Start Firefox with a new profile in ``folder``, where it also saves downloads."""
    downloads = folder / "downloads"
    downloads.mkdir()
    preferences = {
        "browser.download.dir": str(downloads),
        "browser.download.folderList": 2,
        "browser.download.useDownloadDir": True,
    }
    lines = (f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in preferences.items())
    (folder / "user.js").write_text("\n".join(lines))
    arguments = "--headless", "--no-remote", "--profile", str(folder), "--remote-debugging-port=0"
    process = subprocess.Popen([PROGRAM, *arguments], stderr=subprocess.PIPE, text=True)
    try:
        address = next(
            found[1] for line in process.stderr if (found := re.search(r"BiDi .* (ws://\S+)", line))
        )
        with connect(f"{address}/session", max_size=None) as socket:
            yield Firefox(socket, downloads)
    finally:
        process.terminate()
        process.wait(timeout=20)
        process.stderr.close()
