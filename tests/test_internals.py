"""The private parts of Streamlit and glibc that the app uses: names, signatures and effects."""

import asyncio
import gc
import inspect
import subprocess
import sys
import weakref
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from conftest import PROJECT
from streamlit import delta_generator, env_util
from streamlit.runtime import Runtime, RuntimeConfig
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.session_manager import SessionClient
from streamlit.runtime.state import SessionState
from streamlit.runtime.state.common import WidgetMetadata
from streamlit.runtime.uploaded_file_manager import UploadedFileRec
from streamlit.testing.v1 import AppTest

from catsdogs.system import allocator
from catsdogs.ui.shared import streamlit_internals

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="glibc is Linux's C library")

LARGE_BLOCKS = """
import ctypes, sys
from catsdogs.system import allocator

class Statistics(ctypes.Structure):
    # The fields of glibc's struct mallinfo2, in their order.
    _fields_ = [(name, ctypes.c_size_t) for name in (
        "arena", "ordblks", "smblks", "hblks", "hblkhd",
        "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")]

libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.restype, libc.free.argtypes = None, [ctypes.c_void_p]
libc.mallinfo2.restype = Statistics
if sys.argv[1] == "set":
    assert allocator.return_large_blocks()
# The first free of a large block is what makes glibc raise its threshold.
libc.free(libc.malloc(20 << 20))
before = libc.mallinfo2().hblkhd
libc.malloc(10 << 20)
print(libc.mallinfo2().hblkhd - before >= 10 << 20)
"""
FREED_MEMORY = """
import psutil
from catsdogs.system import allocator

def resident_mb():
    return psutil.Process().memory_info().rss / 1e6

blocks = [b"x" * 100_000 for _ in range(2000)]
# Keeps the end of the heap in use, so that nothing below it is returned by itself.
last = [b"x" * 100_000 for _ in range(20)]
del blocks
before = resident_mb()
assert allocator.return_freed_memory()
print(before - resident_mb())
"""


def output(code: str, *arguments: str) -> str:
    """Run ``code`` in a fresh Python and return what it prints."""
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(
        command, check=True, capture_output=True, text=True, cwd=PROJECT
    ).stdout.strip()


class TestAllocator:
    @linux_only
    @pytest.mark.parametrize(("setting", "is_mapped"), [("set", "True"), ("default", "False")])
    def test_a_large_block_has_a_mapping_of_its_own_only_when_asked(self, setting, is_mapped):
        assert output(LARGE_BLOCKS, setting) == is_mapped

    @linux_only
    def test_freed_small_blocks_leave_the_process(self):
        assert float(output(FREED_MEMORY)) > 100

    def test_another_system_is_left_alone(self, monkeypatch):
        monkeypatch.setattr(sys, "platform", "win32")
        assert not allocator.return_large_blocks()
        assert not allocator.return_freed_memory()


class Picture:
    """Stands for pixels that the formatting function of a widget holds."""


def wire(_: Picture, value: int | None) -> int | None:
    return value


class Tab(SessionClient):
    def write_forward_msg(self, msg):
        pass


@pytest.fixture
def runtime(tmp_path, monkeypatch):
    """Streamlit's own runtime for an empty script, not started yet, and forgotten afterwards."""
    monkeypatch.setattr(Runtime, "_instance", None)
    script = tmp_path / "script.py"
    script.write_text("")
    return Runtime(
        RuntimeConfig(
            script_path=str(script),
            media_file_storage=MemoryMediaFileStorage("/media"),
            uploaded_file_manager=MemoryUploadedFileManager("/upload"),
        )
    )


def in_a_tab(runtime: Runtime, check) -> None:
    """Call ``check`` with the id of a session that a tab is connected to."""

    async def visit() -> None:
        await runtime.start()
        check(runtime.connect_session(Tab(), {}))
        runtime.stop()
        await runtime.stopped

    # In a thread, because a browser test in the same process leaves a running event loop.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, visit()).result()


class TestSessions:
    @pytest.mark.parametrize("is_skipped", [False, True])
    def test_the_first_element_asks_how_the_app_was_started(self, is_skipped, monkeypatch):
        asked = []
        monkeypatch.setattr(env_util, "is_repl", lambda: asked.append(True))
        monkeypatch.setattr(delta_generator, "_use_warning_has_been_displayed", False)
        if is_skipped:
            streamlit_internals.skip_use_warning()
        AppTest.from_string("import streamlit as st; st.text('first')").run()
        assert asked == [True][is_skipped:]

    def test_outside_a_script_there_is_no_session(self):
        assert streamlit_internals.session_id() is None
        assert streamlit_internals.upload_manager() is None

    def test_a_script_knows_its_session_and_its_uploads(self):
        def script():
            import streamlit as st

            from catsdogs.ui.shared import streamlit_internals

            st.text(streamlit_internals.session_id())
            st.text(type(streamlit_internals.upload_manager()).__name__)

        session_id, manager = (text.value for text in AppTest.from_function(script).run().text)
        assert session_id
        assert manager == "MemoryUploadedFileManager"

    def test_a_connected_session_is_found_until_its_tab_is_closed(self, runtime):
        def check(session_id):
            assert streamlit_internals.is_connected(session_id)
            assert streamlit_internals.session(session_id).id == session_id
            runtime.disconnect_session(session_id)
            assert not streamlit_internals.is_connected(session_id)
            assert streamlit_internals.session(session_id) is None

        in_a_tab(runtime, check)

    def test_a_closed_session_holds_neither_state_nor_uploads(self, runtime):
        def check(session_id):
            session = streamlit_internals.session(session_id)
            session.session_state["picture"] = b"pixels"
            runtime.uploaded_file_mgr.add_file(session_id, upload("1"))
            runtime.disconnect_session(session_id)
            streamlit_internals.close(session_id, session)
            assert "picture" not in session.session_state
            assert session_id not in runtime.uploaded_file_mgr.file_storage

        in_a_tab(runtime, check)

    def test_a_closed_session_frees_its_pictures(self, runtime):
        def check(session_id):
            pictures = runtime.media_file_mgr
            pictures._files_by_session_and_coord[session_id]["grid_0"] = "a"
            session = streamlit_internals.session(session_id)
            runtime.disconnect_session(session_id)
            streamlit_internals.close(session_id, session)
            assert session_id not in pictures._files_by_session_and_coord

        in_a_tab(runtime, check)

    def test_only_a_new_state_forgets_what_formats_the_widgets(self):
        state, picture = SessionState(), Picture()
        metadata = WidgetMetadata("id", partial(wire, picture), partial(wire, picture), "int_value")
        state.register_widget(metadata, None)
        known = weakref.ref(picture)
        del metadata, picture
        state.clear()
        gc.collect()
        assert known() is not None, "clear() is enough: call it instead of __init__()"
        state.__init__()
        gc.collect()
        assert known() is None

    def test_without_a_server_no_session_is_connected(self, monkeypatch):
        monkeypatch.setattr(Runtime, "_instance", None)
        assert not streamlit_internals.is_connected("a")
        streamlit_internals.close("a", None)


def upload(file_id: str, content: bytes = b"pixels") -> UploadedFileRec:
    return UploadedFileRec(file_id, f"{file_id}.jpg", "image/jpeg", content)


class TestUploads:
    def test_sizes_are_listed_by_session(self):
        manager = MemoryUploadedFileManager("/upload")
        for session_id, file_id in (("me", "1"), ("me", "2"), ("you", "1")):
            manager.add_file(session_id, upload(file_id))
        assert streamlit_internals.upload_sizes(manager) == {"me": [6, 6], "you": [6]}

    def test_a_replaced_add_file_gets_what_the_server_receives(self):
        # The server's route calls it exactly so.
        expected = ["session_id", "file"]
        assert (
            list(inspect.signature(MemoryUploadedFileManager("/").add_file).parameters) == expected
        )
        manager, received = MemoryUploadedFileManager("/upload"), []
        streamlit_internals.replace_add_file(manager, lambda *upload: received.append(upload))
        manager.add_file("me", upload("1"))
        assert [session_id for session_id, _ in received] == ["me"]
        assert streamlit_internals.upload_sizes(manager) == {}

    def test_an_upload_is_one_copy_until_it_is_removed(self):
        def script():
            import streamlit as st

            from catsdogs.ui.shared import streamlit_internals

            given = st.file_uploader("Picture", key="picture")
            if given is not None:
                content = streamlit_internals.upload_content(given)
                st.text(content is streamlit_internals.upload_content(given))
                streamlit_internals.remove_upload(given.file_id)
                manager = streamlit_internals.upload_manager()
                st.text(manager.get_files(streamlit_internals.session_id(), [given.file_id]))

        app = AppTest.from_function(script).run()
        app.file_uploader(key="picture").set_value([("a.jpg", b"pixels", "image/jpeg")]).run()
        assert [text.value for text in app.text] == ["True", "[]"]
