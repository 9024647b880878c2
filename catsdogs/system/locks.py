"""Locks between processes: of all who ask for the same file, one at a time goes on."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


@contextmanager
def exclusive(path: Path, *, wait: Callable[[], None] = lambda: time.sleep(0.1)) -> Iterator[None]:
    """Hold the lock ``path``, a file in a folder that exists; nobody else does meanwhile.

    While another process or thread holds it, ``wait`` is called between attempts: it pauses, and
    may raise to give up. Who holds it and asks again waits for itself.

    The operating system releases the lock even when the process is killed. The file stays: were
    it deleted, two processes could each lock a file of that name.
    """
    with path.open("ab") as handle:
        while not _try_lock(handle.fileno()):
            wait()
        yield


def _try_lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # What fcntl raises, and what msvcrt does.
        return False
    return True
