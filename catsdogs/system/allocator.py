"""Return freed memory to the operating system, through private parts of glibc.

* ``mallopt(M_MMAP_THRESHOLD)``: by default glibc raises this threshold, up to 32 MB, when a large
  block is freed, and then keeps blocks of that size for each thread. Without the call, the process
  keeps up to 32 MB for each of many threads that have decoded pictures.
* ``malloc_trim``: glibc returns freed small blocks only from the end of a heap. Without the call,
  the answers of a closed tab still take memory when Python has long freed them.

On other C libraries both functions do nothing. ``tests/test_internals.py`` measures the effects.
"""

import ctypes
import gc
import sys
from threading import Timer

_FREED_AFTER_S = 3.0
# Larger than the parts of a page, smaller than the pixels of a photo. The number is glibc's.
_M_MMAP_THRESHOLD, _LARGE_BYTES = -3, 1 << 20


def return_large_blocks() -> bool:
    """Make the C library return blocks of a megabyte or more as soon as they are freed.

    Arrow then uses it, too: its own allocator keeps what a large table took while it was read.
    Returns whether the C library accepted the setting.
    """
    import pyarrow as pa

    pa.set_memory_pool(pa.system_memory_pool())
    libc = _glibc()
    return bool(libc and libc.mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES))


def return_freed_memory() -> bool:
    """Collect garbage and return all freed memory; return whether there was any to return."""
    # The state of a session is full of reference cycles.
    gc.collect()
    libc = _glibc()
    return bool(libc and libc.malloc_trim(0))


def return_freed_memory_soon() -> None:
    """Do so in a few seconds, when the widgets of the last script run are gone too."""
    timer = Timer(_FREED_AFTER_S, return_freed_memory)
    timer.daemon = True
    timer.start()


def _glibc() -> ctypes.CDLL | None:
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "mallopt") and hasattr(libc, "malloc_trim") else None
