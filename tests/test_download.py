"""Downloads from a real server on this machine that misbehaves as real servers do."""

import hashlib
import io
import re
import socket
import subprocess
import sys
import threading
import zipfile
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import PROJECT

from catsdogs.errors import Cancelled, DownloadError
from catsdogs.sources import download, http, opening
from catsdogs.sources.download import Remote, fetch
from catsdogs.system.locks import exclusive

NAME = "photos.zip"
HALF = 300_000


def zip_of(seed: int) -> bytes:
    content = np.random.default_rng(seed).bytes(600_000)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("cat.0.jpg", content)
    return buffer.getvalue()


ZIP, OTHER_ZIP = zip_of(1), zip_of(2)
SIZE = len(ZIP)


class Handler(BaseHTTPRequestHandler):
    """Each request takes the next of the server's answers; after the last, all goes well."""

    def do_GET(self):
        self.server.ranges.append(self.headers["Range"])
        answer = self.server.answers.pop(0) if self.server.answers else serve
        answer(self)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.etag = ZIP, '"one"'
        self.answers, self.ranges, self.sent_bytes = [], [], 0
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/{NAME}"

    def handle_error(self, *_):
        pass  # A client that went away.


def serve(
    request,
    *,
    only=None,
    ranges=True,
    if_range=True,
    length=None,
    content_range=None,
    validators=True,
    stall=False,
    announce=True,
):
    """Answer as a good server does, except for what the options say."""
    server = request.server
    asked = re.fullmatch(r"bytes=(\d+)-", request.headers["Range"] or "") if ranges else None
    same = request.headers["If-Range"] in (None, server.etag) or not if_range
    start = int(asked[1]) if asked and same else 0
    total = len(server.content)
    if asked and same and start >= total:
        request.send_response(416)
        request.send_header("Content-Range", f"bytes */{total}")
        request.end_headers()
        return
    body = server.content[start:]
    request.send_response(206 if asked and same else 200)
    if asked and same:
        value = content_range or f"bytes {start}-{total - 1}/{total}"
        request.send_header("Content-Range", value)
    if announce:
        request.send_header("Content-Length", str(len(body) if length is None else length))
    if validators:
        request.send_header("ETag", server.etag)
    request.end_headers()
    sent = body[:only]
    request.wfile.write(sent)
    server.sent_bytes += len(sent)
    if stall:
        server.released.wait(10)


def say(status, content=b"", kind="text/plain"):
    def answer(request):
        request.send_response(status)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    return answer


drop = partial(serve, only=HALF)
hang_up = partial(serve, only=0)
sign_in_page = say(200, b"<!DOCTYPE html><title>Sign in</title>", "text/html; charset=utf-8")


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Retries without pauses, and no proxy between the tests and their server."""
    monkeypatch.setattr(download, "RETRY_PAUSES_S", (0, 0, 0))
    monkeypatch.setattr(http, "POLL_S", 0.01)
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def server():
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.released.set()
        running.shutdown()
        thread.join()


@pytest.fixture
def remote(server):
    """The archive, of which only the address is known."""
    return Remote("the photos", server.url, NAME, None, None)


@pytest.fixture
def known(remote):
    """The archive with its size and checksum."""
    return replace(remote, size_bytes=SIZE, sha256=hashlib.sha256(ZIP).hexdigest())


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "downloads"


def part_of(folder: Path) -> Path:
    return folder / f"{NAME}.part"


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def assert_fails(remote, folder, match) -> str:
    """Fetch in vain: one clear error, and nothing under the final name."""
    with pytest.raises(DownloadError, match=match) as caught:
        fetch(remote, folder)
    assert re.match(r"(?s)Expected .+ Received: .+\. \S.+\.$", str(caught.value))
    assert not (folder / NAME).exists()
    return str(caught.value)


def assert_arrives(remote, folder, content=ZIP):
    path = fetch(remote, folder)
    assert path == folder / NAME
    assert path.read_bytes() == content
    assert names(folder) == {NAME, f"{NAME}.lock"}


def begin(remote, folder, server) -> int:
    """Leave a part behind; return how many bytes of it have arrived."""
    server.answers = [drop, say(404)]
    assert_fails(remote, folder, "404")
    server.ranges.clear()
    server.sent_bytes = 0
    return part_of(folder).stat().st_size


def test_a_file_arrives_whole_and_is_a_dataset_source(known, folder, server):
    told = []
    path = fetch(known, folder, progress=lambda *numbers: told.append(numbers))
    assert path.read_bytes() == ZIP
    assert told[-1] == (SIZE, SIZE)
    assert opening.open_source(path).is_dir()


def test_a_file_that_is_there_is_not_asked_for_again(remote, known, folder, server):
    fetch(known, folder)
    fetch(known, folder)
    fetch(remote, folder)
    assert server.ranges == [None]


def test_a_file_of_another_size_is_downloaded_anew(known, folder):
    folder.mkdir()
    (folder / NAME).write_bytes(b"PK, but short")
    assert_arrives(known, folder)


@pytest.mark.parametrize("drops", [1, 2])
def test_a_dropped_connection_is_taken_up_where_it_broke(drops, known, folder, server):
    server.answers = [partial(serve, only=200_000)] * drops
    assert_arrives(known, folder)
    assert [asked is None for asked in server.ranges] == [True] + [False] * drops
    lost_with_the_connection = drops * http.CHUNK_BYTES
    assert server.sent_bytes <= SIZE + lost_with_the_connection


def test_drops_do_not_count_while_bytes_arrive(known, folder, server):
    server.answers = [partial(serve, only=70_000)] * 6
    assert_arrives(known, folder)
    assert len(server.ranges) == 7


@pytest.mark.parametrize("answer", [hang_up, say(500), say(503)])
def test_a_server_that_never_recovers_is_given_up(answer, known, folder, server):
    have = begin(known, folder, server)
    server.answers = [answer] * 4
    assert_fails(known, folder, "Expected the photos")
    assert len(server.ranges) == 4
    assert_arrives(known, folder)
    assert server.sent_bytes == SIZE - have


def test_a_server_that_recovers_is_forgiven(known, folder, server):
    server.answers = [say(500), say(429)]
    assert_arrives(known, folder)


def test_a_redirection_is_followed_with_the_range(known, folder, server):
    def redirect(request):
        request.send_response(302)
        request.send_header("Location", server.url)
        request.end_headers()

    have = begin(known, folder, server)
    server.answers = [redirect]
    assert_arrives(known, folder)
    assert server.ranges == [f"bytes={have}-"] * 2


@pytest.mark.parametrize("status", [401, 403, 404, 410, 204])
def test_a_refusal_is_final_at_once(status, known, folder, server):
    server.answers = [say(status)]
    assert_fails(known, folder, f"HTTP {status} .*in a browser")
    assert_arrives(known, folder)
    assert len(server.ranges) == 2


def test_a_server_that_ignores_ranges_starts_over(known, folder, server):
    server.answers = [drop, partial(serve, ranges=False)]
    assert_arrives(known, folder)


def test_a_server_that_ignores_ranges_and_drops_is_given_up(known, folder, server):
    server.answers = [partial(drop, ranges=False)] * 5
    assert_fails(known, folder, "connection that failed")
    assert len(server.ranges) == 5
    have = part_of(folder).stat().st_size
    server.sent_bytes = 0
    assert_arrives(known, folder)
    assert server.sent_bytes == SIZE - have


def test_a_range_that_begins_elsewhere_is_not_glued_on(known, folder, server):
    begin(known, folder, server)
    server.answers = [partial(serve, content_range=f"bytes 5-{SIZE - 1}/{SIZE}")]
    assert_arrives(known, folder)
    assert server.ranges[1] is None


def test_a_part_beyond_the_end_is_thrown_away(remote, folder, server):
    begin(remote, folder, server)
    server.content, server.answers = ZIP[:10], [partial(serve, if_range=False)]
    assert_fails(remote, folder, "without its end")
    server.content = ZIP
    assert_arrives(remote, folder)


def test_a_part_that_lacks_nothing_is_not_sent_again(known, folder, server):
    begin(known, folder, server)
    part_of(folder).write_bytes(ZIP)
    assert_arrives(known, folder)
    assert server.sent_bytes == 0


def test_an_announced_length_beyond_the_end_is_found_out(remote, folder, server):
    too_long = partial(serve, length=SIZE + 1000)
    server.answers = [partial(too_long, ranges=False)] * 5
    assert_fails(remote, folder, "connection that failed")
    assert_arrives(remote, folder)


@pytest.mark.parametrize("length", [SIZE + 1000, SIZE - 1000])
def test_another_length_than_the_known_one_is_refused(length, known, folder, server):
    server.answers = [partial(serve, length=length)]
    assert_fails(known, folder, f"{length:,} bytes, not {SIZE:,}")
    assert not part_of(folder).exists()
    assert_arrives(known, folder)


def test_an_announced_length_short_of_the_end_leaves_no_zip(remote, folder, server):
    server.answers = [partial(serve, length=SIZE - 1000)]
    assert_fails(remote, folder, "without its end")
    assert_arrives(remote, folder)


@pytest.mark.parametrize("content", [ZIP[:-9], ZIP + b"x"])
def test_a_body_of_unannounced_length_is_measured(content, known, folder, server):
    server.content, server.answers = content, [partial(serve, announce=False)]
    assert_fails(known, folder, f"bytes, not {SIZE:,}")
    server.content = ZIP
    assert_arrives(known, folder)


def test_a_body_without_end_is_left_soon(known, folder, server, monkeypatch):
    monkeypatch.setattr(download, "_REPORT_EVERY_S", 0)
    server.content, server.answers = ZIP * 4, [partial(serve, announce=False)]
    told = []
    with pytest.raises(DownloadError, match="bytes, not"):
        fetch(known, folder, progress=lambda *numbers: told.append(numbers))
    assert max(done for done, _ in told) <= SIZE + http.CHUNK_BYTES


def test_a_drop_within_a_body_of_unannounced_length_is_noticed(known, folder, server):
    server.answers = [partial(drop, announce=False)]
    assert_arrives(known, folder)
    assert server.ranges == [None, f"bytes={HALF}-"]


def test_a_body_of_unknown_length_arrives(remote, folder, server):
    server.answers = [partial(serve, announce=False)]
    assert_arrives(remote, folder)


def test_a_wrong_checksum_deletes_what_arrived(known, folder, server):
    server.content = OTHER_ZIP
    assert_fails(known, folder, "SHA-256")
    assert names(folder) == {f"{NAME}.lock"}
    server.content = ZIP
    assert_arrives(known, folder)
    assert server.ranges == [None, None]


@pytest.mark.parametrize(
    "answer", [sign_in_page, say(200, b"%PDF-1.7", "application/pdf"), say(200)]
)
def test_what_is_no_zip_is_refused_before_any_of_it_is_kept(answer, remote, folder, server):
    server.answers = [answer]
    assert_fails(remote, folder, "that begins with")
    assert names(folder) == {f"{NAME}.lock"}
    assert_arrives(remote, folder)


def test_a_page_to_sign_in_costs_nothing_that_had_arrived(known, folder, server):
    have = begin(known, folder, server)
    server.answers = [sign_in_page]
    assert_fails(known, folder, "sign-in")
    assert_arrives(known, folder)
    assert server.sent_bytes == SIZE - have


@pytest.mark.parametrize("if_range", [True, False])
def test_a_changed_file_is_not_glued_onto_the_old_part(if_range, remote, folder, server):
    begin(remote, folder, server)
    server.content, server.etag = OTHER_ZIP, '"two"'
    server.answers = [partial(serve, if_range=if_range)]
    assert_arrives(remote, folder, OTHER_ZIP)
    assert len(server.ranges) == (1 if if_range else 2)


@pytest.mark.parametrize("etag", ["", 'W/"weak"'])
def test_a_file_that_may_have_changed_is_resumed_only_with_a_checksum(
    etag, remote, known, folder, server
):
    server.etag = etag
    for wanted, resumed in ((remote, False), (known, True)):
        begin(wanted, folder, server)
        assert_arrives(wanted, folder)
        assert (server.ranges[0] is not None) is resumed
        (folder / NAME).unlink()


def test_a_part_of_another_address_is_not_used(remote, folder, server):
    begin(remote, folder, server)
    assert_arrives(replace(remote, url=f"{server.url}?mirror"), folder)
    assert server.ranges == [None]


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"{}", b"\xff"])
def test_a_part_of_unknown_origin_is_not_used(damage, remote, folder, server):
    begin(remote, folder, server)
    (folder / f"{NAME}.part.json").write_bytes(damage)
    assert_arrives(remote, folder)
    assert server.ranges == [None]


def test_a_silent_server_is_left_and_asked_again(known, folder, server, monkeypatch):
    monkeypatch.setattr(http, "READ_TIMEOUT_S", 0.1)
    server.answers = [partial(drop, stall=True)]
    assert_arrives(known, folder)
    assert server.ranges[1] is not None


def test_a_server_that_stays_silent_is_given_up(known, folder, server, monkeypatch):
    monkeypatch.setattr(http, "READ_TIMEOUT_S", 0.05)
    server.answers = [partial(hang_up, stall=True)] * 4
    assert_fails(known, folder, r"nothing for 0\.05 s.*try again")
    assert_arrives(known, folder)


def test_a_stop_keeps_what_has_arrived(known, folder, server):
    told = []
    with pytest.raises(Cancelled, match="kept"):
        fetch(
            known,
            folder,
            progress=lambda *numbers: told.append(numbers),
            should_stop=lambda: bool(told),
        )
    have = part_of(folder).stat().st_size
    assert 0 < have < SIZE
    assert not (folder / NAME).exists()
    assert_arrives(known, folder)
    assert server.ranges == [None, f"bytes={have}-"]


def test_a_stop_does_not_wait_for_a_silent_server(known, folder, server):
    server.answers = [partial(hang_up, stall=True)]
    with pytest.raises(Cancelled):
        fetch(known, folder, should_stop=lambda: bool(server.ranges))


def test_a_stop_does_not_wait_for_the_next_attempt(known, folder, server, monkeypatch):
    monkeypatch.setattr(download, "RETRY_PAUSES_S", (100,))
    server.answers = [hang_up]
    with pytest.raises(Cancelled):
        fetch(known, folder, should_stop=lambda: bool(server.ranges))


def test_progress_begins_with_what_is_there(known, folder, server):
    have = begin(known, folder, server)
    told = []
    fetch(known, folder, progress=lambda *numbers: told.append(numbers))
    assert have < told[0][0] <= SIZE
    assert {total for _, total in told} == {SIZE}


def test_progress_is_told_rarely_and_without_a_total_where_none_is_known(
    remote, folder, server, monkeypatch
):
    monkeypatch.setattr(download, "_REPORT_EVERY_S", 1000)
    server.answers = [partial(serve, announce=False)]
    told = []
    fetch(remote, folder, progress=lambda *numbers: told.append(numbers))
    assert [total for _, total in told] == [0, SIZE]


@pytest.mark.parametrize("short_by", [0, 1])
def test_there_must_be_room_for_what_is_missing(short_by, known, folder, server, monkeypatch):
    have = begin(known, folder, server)
    free = SimpleNamespace(free=SIZE - have - short_by)
    monkeypatch.setattr(download.shutil, "disk_usage", lambda _: free)
    if short_by:
        message = assert_fails(known, folder, "Expected .* free bytes")
        assert f"{SIZE - have:,}" in message
        free.free = SIZE
    assert_arrives(known, folder)


def test_a_folder_that_cannot_be_is_an_error(known, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DownloadError, match="Expected to write"):
        fetch(known, tmp_path / "file" / "folder")


@pytest.mark.slow
def test_two_processes_download_a_file_once(known, folder, server):
    server.answers = [partial(drop, stall=True)]
    code = (
        "from pathlib import Path; from catsdogs.sources import download as d, http\n"
        "http.READ_TIMEOUT_S, d.RETRY_PAUSES_S = 0.3, (0,)\n"
        f"d.fetch(d.{known!r}, Path({str(folder)!r}))"
    )
    command = [sys.executable, "-W", "error", "-c", code]
    running = [subprocess.Popen(command, cwd=PROJECT) for _ in range(2)]
    assert [process.wait() for process in running] == [0, 0]
    assert_arrives(known, folder)
    assert len(server.ranges) == 2


def test_who_waits_for_another_download_can_stop(known, folder):
    folder.mkdir()
    told = []
    with (
        exclusive(folder / f"{NAME}.lock", wait=pytest.fail),
        pytest.raises(Cancelled),
    ):
        fetch(
            known,
            folder,
            progress=lambda *numbers: told.append(numbers),
            should_stop=lambda: bool(told),
        )
    assert told == [(0, SIZE)]


def test_a_refused_connection_is_an_error(known, folder):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert_fails(replace(known, url=f"http://127.0.0.1:{port}/x.zip"), folder, "refused")


def test_a_name_that_no_server_has_is_an_error(known, folder, monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert_fails(replace(known, url="http://nowhere.invalid/x.zip"), folder, "DNS")


@pytest.mark.parametrize(
    ("url", "received"),
    [
        ("https://127.0.0.1:{port}/x.zip", "no secure connection"),
        ("ftp://127.0.0.1/x.zip", "InvalidSchema"),
        ("file:///etc/passwd", "InvalidSchema"),
        (f"http://{'x' * 70}.invalid/x.zip", "label"),
    ],
)
def test_an_address_that_cannot_work_is_tried_once(url, received, known, folder, server):
    remote = replace(known, url=url.format(port=server.server_port))
    assert_fails(remote, folder, received)


def test_no_error_shows_what_may_be_a_token(known, folder, server):
    server.answers = [say(403)]
    message = assert_fails(replace(known, url=f"{server.url}?token=secret"), folder, "403")
    assert "secret" not in message


@pytest.mark.parametrize(
    ("path", "begins"),
    [
        ("train.zip", "train-"),
        ("Train.ZIP", "Train-"),
        ("", "download-"),
        ("..", "download-"),
        ("a/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "passwd-"),
        ("..%5C..%5Cboot.zip", "boot-"),
        ("caf%C3%A9%00.zip", "caf-"),
        ("x" * 300, "x" * 80 + "-"),
        ("get?file=train.zip", "get-"),
    ],
)
def test_an_address_gives_a_safe_file_name(path, begins):
    remote = download.remote_from_url(f" https://example.org/{path}#top\n")
    assert re.fullmatch(r"[A-Za-z0-9_.-]+-[0-9a-f]{8}\.zip", remote.filename)
    assert remote.filename.startswith(begins)
    assert remote.url == f"https://example.org/{path}"


def test_two_addresses_never_share_a_file():
    one, two = (download.remote_from_url(f"https://{host}/train.zip") for host in "ab")
    assert one.filename != two.filename


def test_microsofts_address_comes_with_its_checksum():
    assert download.remote_from_url(download.MICROSOFT.url) is download.MICROSOFT
    assert len(bytes.fromhex(download.MICROSOFT.sha256)) == 32


@pytest.mark.parametrize(
    "url",
    [
        "",
        "train.zip",
        "/home/me/train.zip",
        "file:///etc/passwd",
        "ftp://example.org/train.zip",
        "https://",
        "https:///train.zip",
        "https://[::1/train.zip",
        "https://[::1/train.zip#top",
        "https://example.org:many/train.zip",
        "https://me:secret@example.org/train.zip",
        "https://:secret@example.org/train.zip",
    ],
)
def test_what_is_no_web_address_is_refused(url):
    with pytest.raises(DownloadError, match="Received: ") as caught:
        download.remote_from_url(url)
    assert "secret" not in str(caught.value)
