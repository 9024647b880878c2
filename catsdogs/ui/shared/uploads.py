"""How much may be uploaded together: Streamlit keeps uploads in memory, and bounds each file alone.

A folder of 25,000 photos that somebody drops would otherwise fill the memory before any page runs.
"""

from collections import Counter

from starlette.exceptions import HTTPException
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec

from catsdogs.inference.answers import MOST_PICTURES

MOST_BYTES = 500 << 20
MOST_BYTES_OF_ALL = 2 << 30
LIMITS = f"up to {MOST_BYTES >> 20} MB and {MOST_PICTURES:,} files together"


class _Bound:
    """Takes a manager's further uploads while there is room; counts what it refused by session."""

    def __init__(self, manager: MemoryUploadedFileManager) -> None:
        self.refused: Counter[str] = Counter()
        self._held, self._add = manager.file_storage, manager.add_file

    def __call__(self, session_id: str, file: UploadedFileRec) -> None:
        """Add a file.

        Raises:
            HTTPException: 413 when the session, or all together, would have too much.
        """
        held = {
            session: sum(len(one.data) for one in files.values())
            for session, files in list(self._held.items())
        }
        files, size = len(self._held.get(session_id, ())), len(file.data)
        if not files:
            self.refused.pop(session_id, None)
        if (
            files >= MOST_PICTURES
            or held.get(session_id, 0) + size > MOST_BYTES
            or sum(held.values()) + size > MOST_BYTES_OF_ALL
        ):
            self.refused = Counter({id_: n for id_, n in self.refused.items() if id_ in held})
            self.refused[session_id] += 1
            raise HTTPException(413, f"Expected {LIMITS}. Received: more.")
        self._add(session_id, file)


def bound() -> None:
    """See to it that uploads are bounded from now on."""
    manager = _manager()
    if manager is not None and not isinstance(manager.add_file, _Bound):
        # Streamlit has no option for it, and sees to a file before a page can.
        manager.add_file = _Bound(manager)  # type: ignore[method-assign]


def refused() -> int:
    """Return how many files of this session were not taken beside those that it holds."""
    manager, context = _manager(), get_script_run_ctx()
    if manager is None or context is None or not isinstance(manager.add_file, _Bound):
        return 0
    return manager.add_file.refused[context.session_id]


def content(upload: UploadedFile) -> bytes:
    """Return an upload's bytes, of which there is one copy however often a page is drawn.

    ``upload`` itself is another one each time, which lives as long as somebody holds it.
    """
    manager, context = _manager(), get_script_run_ctx()
    if manager is not None and context is not None:
        for record in manager.get_files(context.session_id, [upload.file_id]):
            return record.data
    return upload.getvalue()


def forget(file_id: str) -> None:
    """Remove an upload of this session, which Streamlit would keep until the tab is closed."""
    manager, context = _manager(), get_script_run_ctx()
    if manager is not None and context is not None:
        manager.remove_file(context.session_id, file_id)


def _manager() -> MemoryUploadedFileManager | None:
    context = get_script_run_ctx()
    manager = context.uploaded_file_mgr if context else None
    return manager if isinstance(manager, MemoryUploadedFileManager) else None
