"""A limit on all uploads together: Streamlit keeps them in memory and limits each file alone.

Otherwise a dropped folder of 25,000 photos would fill the memory before any page runs.
"""

from collections import Counter

from starlette.exceptions import HTTPException

from catsdogs.inference.answers import MOST_BYTES_TOGETHER, MOST_PICTURES
from catsdogs.ui.shared import streamlit_internals
from catsdogs.ui.shared.streamlit_internals import MemoryUploadedFileManager, UploadedFileRec

MOST_BYTES = MOST_BYTES_TOGETHER
MOST_BYTES_OF_ALL = 2 << 30
LIMITS = f"up to {MOST_BYTES >> 20} MB and {MOST_PICTURES:,} files together"


class Limit:
    """Passes uploads on to a manager while there is room; counts the refused ones by session."""

    def __init__(self, manager: MemoryUploadedFileManager) -> None:
        self.refused: Counter[str] = Counter()
        self._manager, self._add = manager, manager.add_file

    def __call__(self, session_id: str, file: UploadedFileRec) -> None:
        """Add a file.

        Raises:
            HTTPException: 413 when the session, or all together, would have too much.
        """
        sizes = streamlit_internals.upload_sizes(self._manager)
        own = sizes.get(session_id, [])
        if not own:
            self.refused.pop(session_id, None)
        size = len(file.data)
        if (
            len(own) >= MOST_PICTURES
            or sum(own) + size > MOST_BYTES
            or sum(map(sum, sizes.values())) + size > MOST_BYTES_OF_ALL
        ):
            self.refused = Counter({id_: n for id_, n in self.refused.items() if id_ in sizes})
            self.refused[session_id] += 1
            raise HTTPException(413, f"Expected {LIMITS}. Received: more.")
        self._add(session_id, file)


def limit() -> None:
    """Limit the uploads of all sessions from now on."""
    manager = streamlit_internals.upload_manager()
    if manager is not None and not isinstance(manager.add_file, Limit):
        streamlit_internals.replace_add_file(manager, Limit(manager))


def refused() -> int:
    """Return how many files of this session were refused in addition to those that it holds."""
    manager, session_id = streamlit_internals.upload_manager(), streamlit_internals.session_id()
    if manager is None or session_id is None or not isinstance(manager.add_file, Limit):
        return 0
    return manager.add_file.refused[session_id]
