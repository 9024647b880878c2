"""Keep messages of native libraries off the terminal."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_STDERR = 2


@contextmanager
def native_libraries_silenced() -> Iterator[None]:
    """Discard the lines that native libraries write to stderr; Python's own stderr stays.

    LiteRT announces each of its delegates, and has no option against it. Libraries write to file
    descriptor 2, so Python gets a copy of it, and the descriptor leads nowhere meanwhile.
    """
    if sys.platform == "win32" or not _is_real_stderr():
        # Windows' old terminals are drawn on through the descriptor itself.
        yield
        return
    before = sys.stderr
    before.flush()
    ours = os.dup(_STDERR)
    try:
        with open(
            ours, "w", buffering=1, encoding=before.encoding, errors=before.errors, closefd=False
        ) as sys.stderr:
            _send_to_nowhere()
            yield
    finally:
        sys.stderr = before
        os.dup2(ours, _STDERR)
        os.close(ours)


def _is_real_stderr() -> bool:
    try:
        return sys.stderr.fileno() == _STDERR
    except (AttributeError, OSError, ValueError):
        # A test or a host has replaced it by a stream of its own.
        return False


def _send_to_nowhere() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, _STDERR)
    os.close(nowhere)
