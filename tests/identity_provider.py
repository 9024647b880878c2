"""A real provider of identities (OpenID Connect) on loopback, and the app's settings for it."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

ANN, VIC, EVE = "ann", "vic", "eve"
EMAIL = {name: f"{name}@example.org" for name in (ANN, VIC, EVE)}
COOKIE, COOKIE_SECRET = "_streamlit_user", "a-secret-of-the-tests-0123456789"
# Signs its ID tokens with a key that it does not publish.
FORGING = """
from authlib import jose
from oidc_provider_mock import _app
from oidc_provider_mock.__main__ import run
real, key = _app.OpenIDCode.get_jwt_config, jose.JsonWebKey.generate_key("RSA", 2048, None, True)
_app.OpenIDCode.get_jwt_config = lambda self, *given: {
    **real(self, *given), "key": {**key.as_dict(is_private=True), "kid": "forged"}
}
run()
"""


@contextmanager
def provider(*, forges: bool = False):
    """Start a provider that knows Ann, Vic and Eve; yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    known = [json.dumps({"sub": n, "email": e, "groups": [f"{n}s"]}) for n, e in EMAIL.items()]
    code = ["-c", FORGING] if forges else ["-m", "oidc_provider_mock"]
    options = [f"--user-claims={one}" for one in known]
    process = subprocess.Popen(
        [sys.executable, *code, f"--port={port}", *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(process, url)
        yield url
    finally:
        process.terminate()
        process.wait()


def _wait_for(process: subprocess.Popen, url: str) -> None:
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"{url}/.well-known/openid-configuration", timeout=5).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the provider of identities did not start")


def settings(path: Path, provider: str, *, hours: float = 12) -> Callable[[int], None]:
    """Return a function that writes the settings of the app on a port into ``path``."""

    def write(port: int) -> None:
        path.write_text(
            f"""
[auth]
redirect_uri = "http://localhost:{port}/oauth2callback"
cookie_secret = "{COOKIE_SECRET}"
client_id = "the-app"
client_secret = "a-client-secret"
server_metadata_url = "{provider}/.well-known/openid-configuration"

[roles]
editors = ["{EMAIL[ANN]}"]
viewers = ["group:{VIC}s"]
hours = {hours}
"""
        )

    return write
