"""Locks between processes and threads, each a file."""

import errno
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout


@contextmanager
def exclusive(path: Path, *, wait: Callable[[], None] = lambda: time.sleep(0.1)) -> Iterator[None]:
    """Hold the lock ``path``, a file in a folder that exists.

    While another process or thread holds it, ``wait`` is called between attempts: it pauses, and
    may raise to give up. A holder that asks again waits for itself.

    The operating system releases the lock even when the process is killed. The file stays: if it
    were deleted, two processes could each lock a file of that name.

    Raises:
        OSError: when the folder is missing, or the file cannot be opened or locked.
    """
    if not path.parent.is_dir():  # filelock would make it.
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    lock = FileLock(path, thread_local=False, preserve_lock_file=True)
    while not _try_acquire(lock):
        wait()
    try:
        yield
    finally:
        lock.release()


def _try_acquire(lock: BaseFileLock) -> bool:
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return False
    return True
