"""One call to another program for each run that ends.

    CATSDOGS_WEBHOOK           the address that is called; default: none
    CATSDOGS_WEBHOOK_SECRET    signs the calls, so that the receiver can trust them

A queued run gets the file ``webhook.json``, which is removed when the receiver has accepted the
call. The worker calls when it ends. The app calls for runs whose worker was killed or whose call
failed, also after a restart. A lock keeps them from calling twice. A receiver that answers after
the caller was killed is called again: ``id`` is then the same.
"""

import hashlib
import hmac
import json
import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from catsdogs.errors import CatsDogsError, ConfigError
from catsdogs.runs import documents, layout, store
from catsdogs.runs.run import Run
from catsdogs.system import files, locks

ADDRESS_VARIABLE, SECRET_VARIABLE = "CATSDOGS_WEBHOOK", "CATSDOGS_WEBHOOK_SECRET"
MARKER = "webhook.json"
_LOCK = ".webhook.lock"
_SHORTEST_SECRET = 16
_TIMEOUT_S, _GIVE_UP_S = 10.0, 24 * 3600
WAITS_S = (0.0, 1.0, 5.0, 15.0)
_EVERY_S, _LONGEST_WAIT_S = 5.0, 300.0


class _Busy(Exception):
    """Another process is calling."""


def expect(folder: Path) -> None:
    """Note that the end of the run in ``folder`` is to be called out, if there is a webhook."""
    if _address():
        files.write_json(folder / MARKER, {"queued_at": time.time()})


def check() -> None:
    """Check the settings of the webhook.

    Raises:
        ConfigError: for an address without a scheme, or without a secret.
    """
    address, secret = _address(), _secret()
    if not address:
        return
    if urlsplit(address).scheme not in ("http", "https"):
        raise ConfigError(
            f"Expected an http or https address in {ADDRESS_VARIABLE}. Received: {address!r}."
        )
    if len(secret) < _SHORTEST_SECRET:
        raise ConfigError(
            f"Expected a secret of at least {_SHORTEST_SECRET} characters in {SECRET_VARIABLE}, "
            f"to sign the calls. Received: one of {len(secret)}."
        )


def call_all(waits_s: Sequence[float] = WAITS_S) -> bool:
    """Call for each run that has ended; try again after each wait. Return whether none is left."""
    for wait_s in waits_s:
        time.sleep(wait_s)
        # Best effort: an error here must not look like one of the run.
        with suppress(CatsDogsError, OSError):
            left = [run for run in _ended() if not _called(run)]
            if not left:
                return True
    return False


def keep_calling(should_stop: threading.Event) -> None:
    """Call for runs that end, until ``should_stop`` is set. A receiver that fails is given time."""
    wait_s = _EVERY_S
    while not should_stop.wait(wait_s):
        wait_s = _EVERY_S if call_all((0.0,)) else min(2 * wait_s, _LONGEST_WAIT_S)


def start_calling() -> Callable[[], None]:
    """Start ``keep_calling`` beside the app, if there is a webhook; return what ends it."""
    stop = threading.Event()
    if _address():
        threading.Thread(target=keep_calling, args=(stop,), daemon=True).start()
    return stop.set


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return the signature of a call: HMAC-SHA256 over the timestamp, a dot and the body."""
    signed = timestamp.encode() + b"." + body
    return "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def _ended() -> list[Run]:
    if not _address():
        return []
    runs, _ = store.list_runs()
    return [run for run in runs if not run.state.is_active and (run.folder / MARKER).exists()]


def _called(run: Run) -> bool:
    """Call for a run, unless another process does; return whether no call is left."""
    try:
        with locks.exclusive(run.folder.parent / _LOCK, wait=_give_way):
            marker = run.folder / MARKER
            if marker.exists() and not _is_too_late(run) and not _accepted(run):
                return False
            marker.unlink(missing_ok=True)
            return True
    except _Busy:
        return False


def _is_too_late(run: Run) -> bool:
    return time.time() - (run.folder / layout.EVENTS).stat().st_mtime > _GIVE_UP_S


def _give_way() -> None:
    raise _Busy


def _accepted(run: Run) -> bool:
    """Return whether the receiver answered a call with a status from 200 to 299."""
    # Imported here: the import takes a tenth of a second.
    import requests

    event = {"event": "run.ended", "id": _id(run), "run": documents.brief(run)}
    body = json.dumps(event).encode()
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "catsdogs",
        "X-Catsdogs-Timestamp": timestamp,
        "X-Catsdogs-Signature": signature(_secret(), timestamp, body),
    }
    try:
        answer = requests.post(
            _address(), body, headers=headers, timeout=_TIMEOUT_S, allow_redirects=False
        )
    except requests.RequestException:
        return False
    return 200 <= answer.status_code < 300


def _id(run: Run) -> str:
    """Return an id of this end of the run, which is the same for each attempt."""
    queued_at = (run.folder / MARKER).read_bytes()
    return hashlib.sha256(run.run_id.encode() + queued_at).hexdigest()[:32]


def _address() -> str:
    return os.environ.get(ADDRESS_VARIABLE, "").strip()


def _secret() -> str:
    return os.environ.get(SECRET_VARIABLE, "").strip()
