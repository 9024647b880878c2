"""What is given back, and when: a closed tab's pictures and answers, and the memory they took."""

import asyncio
import ctypes
import gc
import sys
from threading import Timer

from streamlit import runtime
from streamlit.runtime.app_session import AppSession

# A tab whose connection broke comes back within seconds. Streamlit itself keeps it for two minutes,
# and then until the next tab comes, which on one's own machine may be tomorrow.
_KEPT_S = 60
_FREED_AFTER_S = 3.0
# Larger than what a page is made of, smaller than the pixels of a photo. The number is glibc's.
_M_MMAP_THRESHOLD, _LARGE_BYTES = -3, 1 << 20


def tab_closed(session_id: str) -> None:
    """Forget a session in a minute, unless its tab comes back until then."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return  # Nobody left: all caches are being cleared.
    session = runtime.get_instance().get_app_session(session_id)
    loop.call_later(_KEPT_S, _forget, session_id, session)


def keep_no_large_blocks() -> None:
    """Have the C library return large blocks to the system as soon as they are freed.

    After the first, glibc would keep those of up to 32 MB for each of many threads.
    """
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        libc.mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)


def give_memory_back() -> None:
    """Return to the system what was freed, once the widgets of the last drawing are gone too."""
    timer = Timer(_FREED_AFTER_S, _trim)
    timer.daemon = True
    timer.start()


def _forget(session_id: str, session: AppSession | None) -> None:
    if not runtime.exists() or runtime.get_instance().is_active_session(session_id):
        return
    runtime.get_instance().close_session(session_id)
    # Streamlit holds on to the session that it drew last until it draws another. Made anew, because
    # its state's own clear() keeps what formats the widgets' values, which may hold the pictures.
    if session is not None:
        session.session_state.__init__()  # type: ignore[misc]
    give_memory_back()


def _trim() -> None:
    # A session is full of cycles.
    gc.collect()
    # glibc keeps what was freed for itself unless it is asked.
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
        libc.malloc_trim(0)
