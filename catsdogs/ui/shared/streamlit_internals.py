"""All uses of private parts of Streamlit, each with the reason and what fails without it.

``tests/test_internals.py`` fails when one changes its name, its signature or its effect.

* ``get_script_run_ctx``: which session and which upload manager belong to the running script.
  Without it, nothing below works, and a closed tab is not noticed.
* ``Runtime.get_app_session``, ``is_active_session`` and ``close_session``: Streamlit keeps a closed
  tab for two minutes, and then until the next tab opens. Without them, its pictures stay in memory
  until then.
* ``SessionState.__init__``: Streamlit holds the session that ran last until another one runs.
  ``SessionState.clear`` leaves the functions that format the values of widgets, and these may hold
  pictures.
* ``Runtime.media_file_mgr``: serves a file at an address, as ``st.image`` does. Without it, a
  component would receive its pictures again at every refresh.
* ``decode_signed_value``, ``get_cookie_with_chunks`` and ``get_cookie_secret``: the cookie of
  somebody who signed in, outside a script run. Without them, the routes below ``/api/v1`` and the
  addresses of media could not tell who asks.
* ``MemoryUploadedFileManager``: Streamlit keeps uploads in memory and limits only the size of each
  file. Without the replaced ``add_file``, a dropped folder can fill the memory.
* ``delta_generator._use_warning_has_been_displayed``: whether Streamlit has looked if Python alone
  runs the app. Without it, the first page looks up the paths of all modules, which takes 0.1 s.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from streamlit import delta_generator
from streamlit.auth_util import get_cookie_with_chunks, is_authlib_installed
from streamlit.runtime import exists, get_instance
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

__all__ = ["AppSession", "MemoryUploadedFileManager", "UploadedFile", "UploadedFileRec"]

AddUpload = Callable[[str, UploadedFileRec], None]


def skip_use_warning() -> None:
    """Draw the first element without a check for how the app was started."""
    delta_generator._use_warning_has_been_displayed = True


def session_id() -> str | None:
    """Return the id of the session whose script runs in this thread; None outside a script run."""
    context = get_script_run_ctx()
    return context.session_id if context else None


def session(session_id: str) -> AppSession | None:
    """Return a connected session; None when there is none with this id."""
    return get_instance().get_app_session(session_id)


def is_connected(session_id: str) -> bool:
    """Return whether a tab is connected to this session."""
    return exists() and get_instance().is_active_session(session_id)


def close(session_id: str, closed: AppSession | None) -> None:
    """End a session and forget its uploads, its widgets and its state. Needs the event loop.

    ``closed`` is the session as it was when its tab was closed: later there is no way to find it.
    """
    if not exists():
        return
    get_instance().close_session(session_id)
    if closed is not None:
        closed.session_state.__init__()  # type: ignore[misc]


def can_sign_in() -> bool:
    """Return whether the packages are installed that ``st.login`` needs."""
    return is_authlib_installed()


def signed_claims(cookies: Mapping[str, str]) -> dict[str, Any]:
    """Return the claims of the person whose signed cookie is among ``cookies``; {} for nobody."""

    def decoded(name: str) -> bytes | None:
        value = cookies.get(name)
        secret = get_cookie_secret()
        return None if value is None else decode_signed_value(secret, name, value.encode("latin-1"))

    content = get_cookie_with_chunks(decoded, USER_COOKIE_NAME)
    claims: dict[str, Any] = json.loads(content) if content else {}
    return claims if claims.get("is_logged_in") else {}


def upload_manager() -> MemoryUploadedFileManager | None:
    """Return the server's store of uploads; None outside a script run."""
    context = get_script_run_ctx()
    manager = context.uploaded_file_mgr if context else None
    return manager if isinstance(manager, MemoryUploadedFileManager) else None


def upload_sizes(manager: MemoryUploadedFileManager) -> dict[str, list[int]]:
    """Return the size of each upload in bytes, by session."""
    # Copied, because other threads add uploads meanwhile.
    return {
        session: [len(upload.data) for upload in list(uploads.values())]
        for session, uploads in list(manager.file_storage.items())
    }


def replace_add_file(manager: MemoryUploadedFileManager, add: AddUpload) -> None:
    """Make the manager hand every upload to ``add`` instead of storing it.

    Streamlit has no option for this, and receives an upload before a page can act.
    """
    manager.add_file = add  # type: ignore[assignment,method-assign]


def upload_content(upload: UploadedFile) -> bytes:
    """Return the stored bytes of an upload, of which there is one copy in memory.

    ``upload`` itself is a new copy in each script run, which lives as long as something holds it.
    """
    manager, session = upload_manager(), session_id()
    if manager is not None and session is not None:
        for record in manager.get_files(session, [upload.file_id]):
            return record.data
    return upload.getvalue()


def remove_upload(file_id: str) -> None:
    """Remove an upload of this session, which Streamlit would keep until the tab is closed."""
    manager, session = upload_manager(), session_id()
    if manager is not None and session is not None:
        manager.remove_file(session, file_id)


def file_address(content: bytes, *, key: str, kind: str = "image/jpeg") -> str:
    """Return the address of a file, relative to any page, until the session's next full rerun.

    ``key`` names its place on the page: another file with this key replaces it. A browser needs
    ten milliseconds for each, so thumbnails travel in the message of their grid.
    """
    address = get_instance().media_file_mgr.add(content, kind, key)
    return address.removeprefix("/")
