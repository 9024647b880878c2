"""Which clients may connect to the app, over real sockets.

It is started from a folder whose ``.streamlit/config.toml`` wants everything open, as one that
somebody made for another app may.
"""

import asyncio
import http.client
import io
import json
import shutil
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from conftest import PROJECT
from e2e.conftest import serving
from hostile import MEGABYTE, photo
from starlette.exceptions import HTTPException
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec
from visitor import COOKIE, Visitor

from catsdogs.inference import answers
from catsdogs.ui import api
from catsdogs.ui.shared import uploads

pytestmark = [pytest.mark.slow]

CARELESS = """
[server]
address = "0.0.0.0"
allowedHosts = ["*"]
enableCORS = false
enableXsrfProtection = false
enableStaticServing = true
enableAgentApi = true
maxUploadSize = 1000
[client]
showErrorDetails = "full"
"""
HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / ".streamlit").mkdir()
    (elsewhere / ".streamlit" / "config.toml").write_text(CARELESS)
    world = tmp_path_factory.mktemp("world")
    run = "reference-custom_cnn"
    shutil.copytree(PROJECT / "artifacts" / run, world / "artifacts" / run)
    with serving(world, cwd=elsewhere) as server:
        yield server


@pytest.fixture
def visitor(app):
    with Visitor(app.url, "classify") as visitor:
        yield visitor


def ask(app, path: str, method: str = "GET", body=None, **headers: str):
    """Ask for a path as it is, which clients would tidy up; return (status, headers, content)."""
    connection = http.client.HTTPConnection("127.0.0.1", port_of(app), timeout=30)
    with closing(connection):
        connection.request(method, path, body, headers)
        with connection.getresponse() as answer:
            # A websocket that is open has no end.
            content = b"" if answer.status == 101 else answer.read()
            return answer.status, answer.headers, content


def port_of(app) -> int:
    return int(app.url.rsplit(":", 1)[1])


def test_it_listens_on_this_machines_own_address_alone(app):
    listening = [
        connection.laddr
        for connection in psutil.Process(app.process.pid).net_connections()
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening == [("127.0.0.1", port_of(app))]


def test_this_machines_other_addresses_refuse(app):
    others = [
        (address.family, address.address)
        for addresses in psutil.net_if_addrs().values()
        for address in addresses
        if address.family in (socket.AF_INET, socket.AF_INET6) and address.address != "127.0.0.1"
    ]
    if not others:
        pytest.skip("this machine has no other address")
    for family, address in others:
        with socket.socket(family, socket.SOCK_STREAM) as stranger:
            stranger.settimeout(5)
            assert stranger.connect_ex((address, port_of(app))) != 0, address


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("localhost:{port}", "http://localhost:{port}", 101),
        ("127.0.0.1:{port}", "http://127.0.0.1:{port}", 101),
        # DNS rebinding: a name of the attacker's that leads here; the page is of "the same origin".
        ("evil.example:{port}", "http://evil.example:{port}", 403),
        ("evil.example", "http://localhost:{port}", 403),
        ("localhost.evil.example", "http://localhost.evil.example", 403),
        ("localhost@evil.example", "http://localhost", 403),
        ("192.0.2.1:{port}", "http://192.0.2.1:{port}", 403),
        # A web page that calls localhost itself.
        ("localhost:{port}", "http://evil.example", 403),
        ("localhost:{port}", "https://localhost.evil.example", 403),
        ("localhost:{port}", "https://app.streamlit.app", 403),
        ("localhost:{port}", "null", 403),
        ("localhost:{port}", "file://", 403),
    ],
)
def test_only_this_machines_own_pages_open_a_session(app, host, origin, status):
    port = port_of(app)
    headers = {"Host": host.format(port=port), "Origin": origin.format(port=port), **HANDSHAKE}
    assert ask(app, "/_stcore/stream", **headers)[0] == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://127.0.0.1:{port}"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"X-Forwarded-For": "192.0.2.7"}, 401),
        ({"Authorization": "Bearer invented"}, 401),
    ],
)
def test_only_programs_of_this_machine_ask_the_service_in_the_app(app, headers, status):
    sent = {name: value.format(port=port_of(app)) for name, value in headers.items()}
    for path in ("/api/v1/runs", "/api/v1/openapi.json", "/api/v1/metrics", "/api/v1/"):
        assert ask(app, path, **sent)[0] == status, path


def test_the_service_in_the_app_answers_like_the_service(app):
    kind = {"Content-Type": "image/jpeg"}
    status, _, content = ask(app, "/api/v1/classify?name=a.jpg", "POST", photo(), **kind)
    [answer] = json.loads(content)
    assert status == 200
    assert answer["results"][0]["run"] == "reference-custom_cnn"
    assert ask(app, "/api/v1/gone")[0] == 404
    assert ask(app, "/api/v1/train", "POST", b"{}")[0] == 403
    assert isinstance(json.loads(ask(app, "/api/v1/v2/models/gone")[2])["error"], str)
    paths = json.loads(ask(app, "/api/v1/openapi.json")[2])["paths"]
    assert "/api/v1/healthz" in paths
    for path in paths:
        assert path.startswith("/api/v1/")
        assert ask(app, path.format(run="gone", model="gone"), "PATCH")[0] == 405, path


def test_the_app_sends_the_end_of_an_answer_at_once():
    async def is_set_on_a_connection() -> bool:
        api.answer_at_once()
        with closing(socket.create_server(("127.0.0.1", 0))) as listening:
            reached = asyncio.get_running_loop().create_future()
            server = await asyncio.start_server(
                lambda _, writer: reached.set_result(writer), sock=listening
            )
            with closing(socket.create_connection(listening.getsockname())):
                connection = (await reached).get_extra_info("socket")
                is_set = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
                (await reached).close()
                await (await reached).wait_closed()
            server.close()
        return bool(is_set)

    # On a thread, because the browser of other tests may keep a loop running on this one.
    with ThreadPoolExecutor() as pool:
        assert pool.submit(lambda: asyncio.run(is_set_on_a_connection())).result()


def test_the_app_does_not_start_with_a_token_that_can_be_guessed(monkeypatch):
    monkeypatch.setenv("CATSDOGS_API_TOKEN", "short")
    with pytest.raises(SystemExit, match="at least 16 characters"):
        api.middleware()


def test_no_answer_lets_a_foreign_page_read_it(app):
    for path in ("/", "/_stcore/health", "/_stcore/host-config", "/_stcore/metrics", "/media/x"):
        _, headers, _ = ask(app, path, Origin="http://evil.example")
        assert headers["Access-Control-Allow-Origin"] is None, path


def test_what_is_told_without_a_session_is_no_secret(app, visitor):
    visitor.drop({"secret-name.jpg": photo()})
    told = b"".join(
        ask(app, f"/_stcore/{name}", Host="evil.example")[2]
        for name in ("health", "host-config", "metrics", "script-health-check", "agent/interact")
    )
    for secret in ("secret-name", visitor.session_id, str(PROJECT), str(Path.home())):
        assert secret.encode() not in told
    assert b'"allowedOrigins":[]' in told


def test_the_programming_interface_is_off(app):
    for path in ("interact", "mcp", "openapi.json"):
        assert ask(app, f"/_stcore/agent/{path}", "POST", b"{}")[0] >= 400, path


@pytest.mark.parametrize(
    "path",
    [
        f"{prefix}/{way}"
        for prefix in ("", "/media", "/static", "/app/static", "/component/x", "/_stcore/stream")
        for way in (
            "../../../../../etc/passwd",
            "%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
            "..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
            "..%5c..%5c..%5cetc%5cpasswd",
            "/etc/passwd",
            "%2fetc%2fpasswd",
            "%00",
            ".streamlit/config.toml",
            "streamlit_app.py",
        )
    ],
)
def test_no_path_leads_to_a_file_of_this_machine(app, path):
    status, _, content = ask(app, path)
    assert status in (200, 301, 307, 400, 404), status
    for word in (b"root:", b"[server]", b"import streamlit"):
        assert word not in content


@pytest.mark.parametrize("path", ["/media/", "/static/", "/static/js/", "/app/static/", "/pages/"])
def test_no_folder_is_listed(app, path):
    _, _, content = ask(app, path)
    for word in (b"Index of", b".py", b".jpg", b"index."):
        assert word not in content.replace(b"static/js/index.", b"").replace(b"css/index.", b"")


class TestUploads:
    def test_a_picture_is_taken_and_answered(self, visitor):
        assert visitor.drop({"one.jpg": photo(1), "other.jpg": photo(2)}) == [204, 204]
        assert "classify_picture" in visitor.text()

    @pytest.mark.parametrize(
        "headers",
        [
            {"X-Xsrftoken": None},
            {"X-Xsrftoken": ""},
            {"X-Xsrftoken": "2|00000000|00000000000000000000000000000000|1"},
            {"Cookie": ""},
        ],
        ids=["no token", "empty", "invented", "no cookie"],
    )
    def test_without_a_token_it_is_refused(self, visitor, headers):
        (place,) = visitor.upload_urls(["a.jpg"])
        assert visitor.put(place.upload_url, "a.jpg", photo(), **headers) == 403

    def test_with_the_token_of_another_session_it_is_refused(self, app, visitor):
        (place,) = visitor.upload_urls(["a.jpg"])
        with Visitor(app.url, "classify") as other:
            headers = {"X-Xsrftoken": other.token}
            assert visitor.put(place.upload_url, "a.jpg", photo(), **headers) == 403

    def test_into_a_session_that_is_not_there_it_is_refused(self, visitor):
        (place,) = visitor.upload_urls(["a.jpg"])
        elsewhere = place.upload_url.replace(visitor.session_id, "0" * 36)
        assert visitor.put(elsewhere, "a.jpg", photo()) == 400

    def test_of_more_than_25_megabytes_it_is_refused(self, visitor):
        names = ["large.jpg", "small.jpg"]
        assert visitor.drop(dict.fromkeys(names[:1], bytes(25 * MEGABYTE))) == [413]
        assert visitor.drop(dict.fromkeys(names[1:], bytes(25 * MEGABYTE - 4096))) == [204]

    def test_of_a_length_that_lies_it_is_refused_as_it_comes(self, app, visitor):
        (place,) = visitor.upload_urls(["a.jpg"])
        pieces = io.BytesIO(bytes(40 * MEGABYTE))
        headers = {
            "X-Xsrftoken": visitor.token,
            "Cookie": f"{COOKIE}={visitor.token}",
            "Content-Type": "multipart/form-data; boundary=x",
            "Transfer-Encoding": "chunked",
        }
        head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
        try:
            status = ask(app, place.upload_url, "PUT", iter([head, *pieces]), **headers)[0]
        except ConnectionError:  # It did not wait for the end.
            status = 413
        assert status == 413

    def test_more_together_than_the_bound_is_refused_and_told(self, app, visitor):
        most = uploads.MOST_BYTES // (20 * MEGABYTE)
        before_mb = app.resident_mb()
        files = {f"{number}.jpg": bytes(20 * MEGABYTE) for number in range(most + 3)}
        assert visitor.drop(files) == [204] * most + [413] * 3
        assert "3 files were left out" in visitor.text()
        assert app.resident_mb() - before_mb < 2.5 * uploads.MOST_BYTES / 1e6
        # Another session is none the worse for it, and this one is free again once they are gone.
        with Visitor(app.url, "classify") as other:
            assert other.drop({"a.jpg": photo()}) == [204]
        assert visitor.drop({"a.jpg": photo()}) == [204]
        assert "left out" not in visitor.text()

    def test_a_page_that_is_drawn_again_keeps_no_further_copy(self, app, visitor):
        visitor.drop({f"{number}.jpg": bytes(20 * MEGABYTE) for number in range(10)})
        before_mb = app.resident_mb()
        for _ in range(6):
            visitor.rerun()
        assert app.resident_mb() - before_mb < 2.5 * 10 * 20 * MEGABYTE / 1e6

    def test_more_files_than_the_bound_are_refused(self):
        manager = MemoryUploadedFileManager("/upload")
        add = uploads.Limit(manager)
        for number in range(answers.MOST_PICTURES):
            add("me", UploadedFileRec(str(number), "a.jpg", "image/jpeg", b"x"))
        with pytest.raises(HTTPException, match="5,000 files"):
            add("me", UploadedFileRec("one more", "a.jpg", "image/jpeg", b"x"))
        assert add.refused == {"me": 1}
        add("you", UploadedFileRec("1", "a.jpg", "image/jpeg", b"x"))

    def test_more_of_all_sessions_than_the_bound_is_refused(self, monkeypatch):
        monkeypatch.setattr(uploads, "MOST_BYTES_OF_ALL", 10)
        add = uploads.Limit(MemoryUploadedFileManager("/upload"))
        for number in range(10):
            add(str(number), UploadedFileRec("1", "a.jpg", "image/jpeg", b"x"))
        with pytest.raises(HTTPException, match="413"):
            add("one more", UploadedFileRec("1", "a.jpg", "image/jpeg", b"x"))
