"""A visitor without a browser, who speaks Streamlit's protocol over real sockets.

Binary messages travel over a websocket (``BackMsg`` to the server, ``ForwardMsg`` from it),
pictures over HTTP. A visitor is so cheap that twenty of them measure the app; twenty browsers would
measure themselves.
"""

import time
from collections.abc import Iterable
from contextlib import ExitStack
from urllib.parse import urlsplit

import pyarrow as pa
import requests
from requests.adapters import HTTPAdapter
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

COOKIE = "_streamlit_xsrf"
FILES = "Drop pictures, or archives of pictures"
# The view of the Classify page that shows all answers.
TABLE = "classify_view=Table"
_WAITS_S = 600


class Visitor:
    """A tab with one page open. ``received`` holds the messages of its websocket."""

    def __init__(self, url: str, page: str, *, query: str = "") -> None:
        self.url, self._page, self._query = url, page, query
        self.received: list[bytes] = []
        self.elements: list = []
        self._widgets: dict[str, list] = {}
        self._open = ExitStack()
        self._http = self._open.enter_context(requests.Session())
        # The server may close an idle connection just then; browsers retry too.
        self._http.mount(url, HTTPAdapter(max_retries=3))
        self._http.get(f"{url}/_stcore/health", timeout=_WAITS_S)
        self.token = self._http.cookies[COOKIE]
        self._http.headers["X-Xsrftoken"] = self.token
        self._socket = self._open.enter_context(
            connect(
                f"ws://{urlsplit(url).netloc}/_stcore/stream",
                origin=url,
                subprotocols=["streamlit", self.token],
                additional_headers={"Cookie": f"{COOKIE}={self.token}"},
                max_size=None,
                # A tab in the background still answers pings.
                max_queue=None,
            )
        )
        self.session_id = ""
        self.rerun()

    def __enter__(self) -> "Visitor":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the tab."""
        self._open.close()

    def rerun(self) -> None:
        """Rerun the page with the current widget values and collect what it shows."""
        message = BackMsg()
        message.rerun_script.page_name = self._page
        message.rerun_script.query_string = self._query
        for widget, files in self._widgets.items():
            state = message.rerun_script.widget_states.widgets.add(id=widget)
            state.file_uploader_state_value.SetInParent()
            for name, size, urls in files:
                state.file_uploader_state_value.uploaded_file_info.add(
                    name=name, size=size, file_id=urls.file_id, file_urls=urls
                )
        self._socket.send(message.SerializeToString())
        self.elements = []
        for message in self._until("script_finished"):
            if message.WhichOneof("type") == "new_session":
                self.session_id = message.new_session.initialize.session_id
                self.elements = []
            elif message.WhichOneof("type") == "delta" and message.delta.HasField("new_element"):
                self.elements.append(message.delta.new_element)

    def upload_urls(self, names: Iterable[str]) -> list:
        """Return the addresses to upload files of these names to."""
        request = BackMsg()
        request.file_urls_request.request_id = str(time.monotonic_ns())
        request.file_urls_request.session_id = self.session_id
        request.file_urls_request.file_names.extend(names)
        self._socket.send(request.SerializeToString())
        *_, answer = self._until("file_urls_response")
        return list(answer.file_urls_response.file_urls)

    def put(self, path: str, name: str, content: bytes, **headers: str | None) -> int:
        """Upload a file to an address of ``upload_urls``; return the status."""
        file = {"file": (name, content, "application/octet-stream")}
        answer = self._http.put(self.url + path, files=file, headers=headers, timeout=_WAITS_S)
        return answer.status_code

    def drop(self, files: dict[str, bytes], *, onto: str = FILES) -> list[int]:
        """Replace the uploaded files and wait for the page; return the status of each upload."""
        (widget,) = (e.file_uploader.id for e in self.of("file_uploader") if onto in str(e))
        for *_, urls in self._widgets.get(widget, []):
            self._http.delete(self.url + urls.delete_url, timeout=_WAITS_S)
        places = list(zip(files.items(), self.upload_urls(files), strict=True))
        told = [self.put(urls.upload_url, name, content) for (name, content), urls in places]
        self._widgets[widget] = [
            (name, len(content), urls)
            for ((name, content), urls), status in zip(places, told, strict=True)
            if status == 204
        ]
        self.rerun()
        return told

    def of(self, kind: str) -> list:
        """Return the page's elements of a kind, as Streamlit names it."""
        return [element for element in self.elements if element.WhichOneof("type") == kind]

    def answers(self) -> dict[str, dict[str, str]]:
        """Return the rows of the answers table by file name."""
        frames = [pa.ipc.open_stream(e.dataframe.arrow_data.data) for e in self.of("dataframe")]
        tables = (frame.read_all() for frame in frames)
        return {
            row["File"]: row
            for table in tables
            if "File" in table.column_names
            for row in table.to_pylist()
        }

    def text(self) -> str:
        """Return everything that the page shows, as one string."""
        return "\n".join(map(str, self.elements))

    def _until(self, kind: str) -> Iterable[ForwardMsg]:
        """Yield messages up to and including the first of ``kind``."""
        deadline = time.monotonic() + _WAITS_S
        while True:
            content = self._socket.recv(timeout=deadline - time.monotonic())
            self.received.append(content)
            message = ForwardMsg.FromString(content)
            yield message
            if message.WhichOneof("type") == kind:
                return
