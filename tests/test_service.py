"""The REST service, asked over real sockets by real clients."""

import http.client
import io
import json
import os
import socket
import struct
import subprocess
import sys
import time
import zipfile
from base64 import b64encode
from contextlib import ExitStack, closing
from pathlib import Path

import msgspec
import pytest
from conftest import PROJECT
from hostile import photo, png_bomb
from service_server import RUNS, TOKEN, build_world, places, serving

from catsdogs.service import documents
from catsdogs.service.openapi import description
from catsdogs.service.service import MOST_REQUESTS

pytestmark = [pytest.mark.slow]

CLASSIFY = "/api/v1/classify"
COUNT = 20


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return build_world(tmp_path_factory.mktemp("service"))


@pytest.fixture(scope="module")
def server(world):
    with serving(world, CATSDOGS_API_TOKEN=TOKEN) as server:
        yield server


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Twenty files by name. Some are turned or have other colours, and some cannot be read."""
    folder = tmp_path_factory.mktemp("pictures")
    return {path.name: path.read_bytes() for path in drawn(folder)}


def drawn(folder: Path) -> list[Path]:
    subprocess.run(
        [
            *(sys.executable, "-m", "catsdogs", "data", "sample", "--images", str(COUNT)),
            *("--out", str(folder / "sample")),
        ],
        check=True,
        capture_output=True,
        cwd=PROJECT,
        env={**os.environ, **places(folder)},
    )
    return sorted((folder / "sample").rglob("*.jpg"))[:COUNT]


@pytest.fixture(scope="module")
def expected(world, pictures, tmp_path_factory):
    """The document that ``classify --json`` prints for those files."""
    folder = tmp_path_factory.mktemp("cwd")
    for name, content in pictures.items():
        (folder / name).write_bytes(content)
    return printed(world, folder, "classify", *sorted(pictures))


def printed(world: Path, folder: Path, *words: str):
    done = subprocess.run(
        [sys.executable, "-m", "catsdogs", *words, "--json"],
        capture_output=True,
        cwd=folder,
        env={**os.environ, **places(world), "PYTHONPATH": str(PROJECT)},
    )
    return json.loads(done.stdout)


def bare(answers: list[dict], *, prefix: str = "") -> list[dict]:
    """Return answers without times, and without the folders and the archive of their files."""
    for answer in answers:
        assert answer["file"].startswith(prefix)
        answer["file"] = Path(answer["file"]).name
        for result in answer["results"]:
            assert result.pop("latency_ms") > 0
    return answers


@pytest.fixture
def same(expected):
    return bare(json.loads(json.dumps(expected)))


def as_form(pictures: dict[str, bytes]) -> list[tuple]:
    return [("files", (name, content)) for name, content in pictures.items()]


def as_base64(pictures: dict[str, bytes]) -> list[dict[str, str]]:
    return [{"name": name, "data": b64encode(data).decode()} for name, data in pictures.items()]


def zipped(pictures: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in pictures.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def ask(server, method: str, path: str, body=None, headers=None):
    """Send exactly these headers; return (status, document)."""
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def wait_for(server, line: str) -> None:
    """Wait until the metrics have a line."""
    deadline = time.monotonic() + 20
    while line not in (metrics := server.get("/metrics").text):
        assert time.monotonic() < deadline, metrics
        time.sleep(0.05)


class TestAnswersEqualThoseOfTheCommandLine:
    def test_for_a_form(self, server, pictures, same):
        answer = server.post(CLASSIFY, files=as_form(pictures))
        assert answer.status_code == 207
        assert {one["error"]["code"] for one in same if one["error"]} == {"empty", "truncated"}
        assert bare(answer.json()) == same

    def test_for_base64(self, server, pictures, same):
        answer = server.post(CLASSIFY, json={"files": as_base64(pictures)})
        assert bare(answer.json()) == same

    def test_for_a_zip_in_a_form(self, server, pictures, same):
        answer = server.post(CLASSIFY, files=[("files", ("all.zip", zipped(pictures)))])
        assert bare(answer.json(), prefix="all.zip/") == same

    def test_for_a_zip_as_the_body(self, server, pictures, same):
        headers = {"Content-Type": "application/zip"}
        answer = server.post(
            f"{CLASSIFY}?name=all.zip&runs={RUNS[0]}", data=zipped(pictures), headers=headers
        )
        for one in same:
            one["results"] = one["results"][:1]
        assert bare(answer.json(), prefix="all.zip/") == same

    def test_for_the_open_inference_protocol_in_json_and_as_binary_data(
        self, server, pictures, same
    ):
        url = f"/v2/models/{RUNS[0]}/infer"
        tensor = {"name": "image", "shape": [len(pictures)], "datatype": "BYTES"}
        data = [b64encode(content).decode() for content in pictures.values()]
        in_json = server.post(url, json={"id": "7", "inputs": [{**tensor, "data": data}]}).json()
        binary = b"".join(struct.pack("<I", len(c)) + c for c in pictures.values())
        head = json.dumps(
            {"inputs": [{**tensor, "parameters": {"binary_data_size": len(binary)}}]}
        ).encode()
        headers = {
            "Inference-Header-Content-Length": str(len(head)),
            "Content-Type": "application/octet-stream",
        }
        as_binary = server.post(url, data=head + binary, headers=headers).json()
        assert in_json.pop("id") == "7"
        assert in_json == as_binary
        outputs = {one["name"]: one["data"] for one in in_json["outputs"]}
        for name, unknown in (("label", ""), ("p_dog", -1), ("calibrated_p_dog", -1)):
            firsts = [next(iter(one["results"]), {name: unknown}) for one in same]
            assert outputs[name] == [first[name] for first in firsts]
        assert outputs["error"] == [(one["error"] or {"code": ""})["code"] for one in same]

    def test_for_options(self, server, pictures, world, tmp_path):
        name, content = next(iter(pictures.items()))
        (tmp_path / name).write_bytes(content)
        words = ("--threshold", "0", "--never-neither", "--run", RUNS[1])
        told = printed(world, tmp_path, "classify", name, *words)
        data = {"threshold": "0", "neither": "false", "runs": RUNS[1], "heatmap": "true"}
        answer = server.post(CLASSIFY, files=as_form({name: content}), data=data).json()
        heatmap = answer[0]["results"][0].pop("heatmap")
        assert len(heatmap) > 1
        assert len({len(row) for row in heatmap}) == 1
        assert bare(answer) == bare(told)
        assert answer[0]["results"][0]["label"] == "dog"

    def test_for_lists_and_details_of_runs(self, server, world, tmp_path):
        assert server.get("/api/v1/runs").json() == printed(world, tmp_path, "runs", "list")
        told = printed(world, tmp_path, "runs", "show", RUNS[0])
        assert server.get(f"/api/v1/runs/{RUNS[0]}").json() == told
        card = server.get(f"/api/v1/runs/{RUNS[0]}/card")
        assert card.content == (world / "artifacts" / RUNS[0] / "model_card.md").read_bytes()


class TestBadInput:
    @pytest.mark.parametrize(
        ("name", "content", "status", "code"),
        [
            ("bomb.png", png_bomb(8_000), 413, "too_large"),
            ("large.jpg", bytes((25 << 20) + 1), 413, "too_large"),
            ("notes.txt", b"no picture, but text", 415, "not_an_image"),
            ("cut.jpg", photo()[:-200], 422, "truncated"),
            ("empty.jpg", b"", 422, "empty"),
            ("bad.zip", b"PK\x03\x04" + bytes(600), 422, "damaged"),
        ],
    )
    def test_a_bad_file_has_its_reason_and_costs_no_other_its_answer(
        self, server, name, content, status, code
    ):
        alone = server.post(CLASSIFY, files=as_form({name: content}))
        assert (alone.status_code, alone.json()[0]["error"]["code"]) == (status, code)
        both = server.post(CLASSIFY, files=as_form({name: content, "good.jpg": photo()}))
        bad, good = both.json()
        assert both.status_code == 207
        assert bad["error"]["code"] == code
        assert not bad["results"]
        assert len(good["results"]) == 2

    def test_a_bad_picture_of_the_open_inference_protocol_is_marked(self, server):
        data = [b64encode(content).decode() for content in (b"text", photo())]
        tensor = {"name": "image", "shape": [2], "datatype": "BYTES", "data": data}
        answer = server.post(f"/v2/models/{RUNS[1]}/infer", json={"inputs": [tensor]}).json()
        outputs = {one["name"]: one["data"] for one in answer["outputs"]}
        assert outputs["error"] == ["not_an_image", ""]
        assert outputs["p_dog"][0] == -1
        assert outputs["label"][0] == ""

    def test_an_address_into_this_network_is_refused_and_never_asked(self, server):
        before = server.get("/metrics").text
        urls = [f"{server.url}/healthz", "http://169.254.169.254/latest/meta-data"]
        for sent in ({"json": {"urls": urls}}, {"files": [("urls", (None, url)) for url in urls]}):
            answer = server.post(CLASSIFY, **sent)
            assert answer.status_code == 422
            assert [one["file"] for one in answer.json()] == urls
            assert {one["error"]["code"] for one in answer.json()} == {"not_fetched"}
        many = server.post(CLASSIFY, json={"urls": urls * 11})
        assert many.status_code == 422
        assert server.get("/metrics").text.count('"healthz"') == before.count('"healthz"')

    def test_too_many_files_are_refused(self, server):
        answer = server.post(CLASSIFY, files=as_form({f"{n}.jpg": b"x" for n in range(5001)}))
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_many")

    def test_a_request_that_declares_too_much_is_refused_before_it_comes(self, server):
        headers = {"Content-Type": "application/zip", "Content-Length": str(501 << 20)}
        status, document = ask(server, "POST", CLASSIFY, b"", headers)
        assert (status, document["error"]["code"]) == (413, "too_large")

    @pytest.mark.parametrize(
        ("body", "kind", "status"),
        [
            (b"{", "application/json", 400),
            (b'{"files": [{"name": "a", "data": "*"}]}', "application/json", 422),
            (b'{"files": [], "threshold": 2}', "application/json", 422),
            (b'{"files": [], "unknown": 2}', "application/json", 422),
            (b'{"files": []}', "application/json", 422),
            (b'{"files": [], "false_refusal": 0.3}', "application/json", 422),
            (b'{"files": [], "runs": ["gone"]}', "application/json", 422),
            (b"x", "text/plain", 415),
            (b"x", "multipart/form-data", 400),
            (b"--x\r\nno form", "multipart/form-data; boundary=x", 400),
        ],
    )
    def test_a_request_that_cannot_be_meant_is_refused(self, server, body, kind, status):
        answer = server.post(CLASSIFY, data=body, headers={"Content-Type": kind})
        assert answer.status_code == status, answer.text
        assert answer.json()["error"]["message"]

    def test_a_cut_upload_leaves_the_server_as_it_was(self, server, world):
        head = (
            f"POST {CLASSIFY} HTTP/1.1\r\nHost: localhost:{server.port}\r\n"
            "Content-Type: application/zip\r\nContent-Length: 20000000\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", server.port)) as cut:
            cut.sendall(head.encode() + bytes(8 << 20))
        wait_for(server, 'reason="cut"')
        wait_for(server, "catsdogs_requests_active 0\n")
        assert server.get("/healthz").ok

    def test_more_requests_than_the_bound_may_come_again(self, server):
        head = (
            f"POST {CLASSIFY} HTTP/1.1\r\nHost: localhost:{server.port}\r\n"
            "Content-Type: application/zip\r\nContent-Length: 1000\r\n\r\n"
        ).encode()
        with ExitStack() as waiting:
            for _ in range(MOST_REQUESTS):
                client = socket.create_connection(("127.0.0.1", server.port))
                waiting.enter_context(client).sendall(head)
            wait_for(server, f"catsdogs_requests_active {MOST_REQUESTS}\n")
            answer = server.post(CLASSIFY, files=as_form({"a.jpg": photo()}))
            assert answer.status_code == 429
            assert answer.headers["retry-after"] == "1"
            assert server.get("/api/v1/runs").ok
        wait_for(server, "catsdogs_requests_active 0\n")
        assert server.post(CLASSIFY, files=as_form({"a.jpg": photo()})).ok

    @pytest.mark.long
    def test_a_slow_upload_is_ended(self, server):
        head = (
            f"POST {CLASSIFY} HTTP/1.1\r\nHost: localhost:{server.port}\r\n"
            "Content-Type: application/zip\r\nContent-Length: 1000000\r\n\r\n"
        ).encode()
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as slow:
            slow.sendall(head + b"PK")
            assert slow.recv(100).startswith(b"HTTP/1.1 408")

    def test_what_does_not_exist_is_not_found(self, server):
        for path in ("/api/v1/runs/gone", "/api/v1/runs/gone/card", "/gone"):
            assert server.get(path).status_code == 404
        assert isinstance(server.get("/v2/models/gone").json()["error"], str)
        assert server.get(CLASSIFY).status_code == 405

    def test_nothing_of_a_request_is_kept(self, server, world, pictures):
        before = sorted(world.rglob("*"))
        large = {"all.zip": zipped({"a.jpg": photo(), "b.jpg": photo() + bytes(8 << 20)})}
        assert server.post(CLASSIFY, files=as_form(large)).status_code == 200
        assert sorted(world.rglob("*")) == before


class TestWhoMayAsk:
    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({"Host": "localhost:{port}"}, 200),
            ({"Host": "127.0.0.1:{port}"}, 200),
            ({"Host": "[::1]:{port}"}, 200),
            ({"Host": "localhost:{port}", "Origin": "http://localhost:{port}"}, 200),
            # DNS rebinding: a name of the attacker's that leads here.
            ({"Host": "evil.example:{port}", "Origin": "http://evil.example:{port}"}, 403),
            ({"Host": "evil.example"}, 403),
            ({"Host": "localhost.evil.example"}, 403),
            ({"Host": "localhost@evil.example"}, 403),
            ({"Host": "192.0.2.1:{port}"}, 403),
            ({"Host": ""}, 403),
            # A web page that calls localhost itself.
            ({"Host": "localhost:{port}", "Origin": "http://evil.example"}, 403),
            ({"Host": "localhost:{port}", "Origin": "null"}, 403),
            ({"Host": "localhost:{port}", "Origin": "http://["}, 403),
            ({"Host": "[", "Origin": "http://["}, 403),
            ({"Host": "localhost:{port}", "Authorization": "Bearer another"}, 401),
            ({"Host": "localhost:{port}", "Authorization": f"Basic {TOKEN}"}, 401),
            ({"Host": "localhost:{port}", "Authorization": f"Bearer {TOKEN}"}, 200),
            # A proxy on this machine asks on behalf of others.
            ({"Host": "localhost:{port}", "X-Forwarded-For": "192.0.2.7"}, 401),
            ({"Host": "evil.example", "Authorization": f"Bearer {TOKEN}"}, 403),
        ],
    )
    def test_only_programs_of_this_machine_may_ask_without_a_token(self, server, headers, status):
        sent = {name: value.format(port=server.port) for name, value in headers.items()}
        for method, path in (("GET", "/api/v1/runs"), ("GET", "/openapi.json")):
            assert ask(server, method, path, headers=sent)[0] == status

    def test_every_network_needs_a_token(self, world):
        with serving(world, "--host", "0.0.0.0", CATSDOGS_API_TOKEN=TOKEN) as server:
            assert server.get("/healthz").status_code == 401
            own = {"Authorization": f"Bearer {TOKEN}"}
            assert server.get("/healthz", headers=own).ok
            assert (
                server.get("/healthz", headers={**own, "Host": "evil.example"}).status_code == 403
            )
            # Their pages are refused although the request comes from this machine.
            assert (
                server.get("/healthz", headers={"Origin": "http://evil.example"}).status_code == 403
            )

    @pytest.mark.parametrize(
        ("options", "token", "said"),
        [
            (["--host", "0.0.0.0"], "", "CATSDOGS_API_TOKEN"),
            (["--host", "0.0.0.0"], "short", "at least 16 characters"),
            (["--host", "example.org"], "", "IP address"),
            (["--run", "gone"], "", "no such run"),
            (["--port", "70000"], "", "from 0 to 65535"),
        ],
    )
    def test_a_service_that_cannot_be_meant_does_not_start(
        self, options, token, said, monkeypatch, capsys
    ):
        from catsdogs.cli.parser import main

        monkeypatch.setenv("CATSDOGS_API_TOKEN", token)
        assert main(["serve", *options]) == 1
        assert said in capsys.readouterr().err

    def test_training_needs_the_token_from_everywhere(self, server):
        assert server.post("/api/v1/train", json={}).status_code == 401
        own = {"Authorization": f"Bearer {TOKEN}"}
        for settings in ({}, {"model": "custom_cnn", "data": "/gone"}, {"unknown": 1}):
            answer = server.post("/api/v1/train", json=settings, headers=own)
            assert answer.status_code == 422, answer.text


def test_a_run_is_queued_and_its_events_follow_to_the_end(world, server):
    # The runs that come with the project have ended: all events, then the end.
    answer = server.get(f"/api/v1/runs/{RUNS[1]}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    *sent, end, _ = answer.text.split("\n\n")
    events = [json.loads(message.split("data: ")[1]) for message in sent]
    log = world / "artifacts" / RUNS[1] / "events.jsonl"
    assert events == [json.loads(line) for line in log.read_text().splitlines()]
    assert "event: end" in end
    last = sent[-2].split("\n")[0].removeprefix("id: ")
    again = server.get(f"/api/v1/runs/{RUNS[1]}/events", headers={"Last-Event-ID": last}).text
    assert again.count("data:") == 2


def test_it_says_whether_it_is_ready_and_counts(server, pictures):
    assert server.get("/healthz").json() == {"status": "ok"}
    assert set(server.get("/readyz").json()["runs"]) == set(RUNS)
    assert server.get("/v2/health/ready").ok
    assert server.get(f"/v2/models/{RUNS[0]}/ready").ok
    assert server.get(f"/v2/models/{RUNS[0]}").json()["inputs"][0]["name"] == "image"
    server.get("/api/v1/runs", headers={"Origin": "http://evil.example"})
    server.post(CLASSIFY, files=as_form({"a.jpg": photo()}))
    text = server.get("/metrics").text
    assert 'catsdogs_requests_total{route="classify",method="POST",status="200"}' in text
    assert 'catsdogs_refusals_total{reason="foreign_origin"}' in text
    assert 'catsdogs_request_seconds_bucket{route="classify",le="+Inf"}' in text
    assert "catsdogs_models_loaded 2" in text


def test_the_description_fits_the_answers(server, pictures):
    document = server.get("/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    assert document == json.loads(msgspec.json.encode(description()))
    answer = server.post(CLASSIFY, files=as_form({"a.jpg": photo()}), data={"heatmap": "1"})
    msgspec.json.decode(answer.content, type=list[documents.Answered])
    listed = server.get("/api/v1/runs")
    msgspec.json.decode(listed.content, type=list[documents.RunBrief])


def test_its_page_loads_nothing(server):
    page = server.get("/")
    assert "/api/v1/classify" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "//" not in page.text


def test_it_loads_neither_tensorflow_nor_streamlit_nor_pandas(server, pictures):
    assert server.post(CLASSIFY, files=as_form(pictures)).status_code == 207
    maps = Path(f"/proc/{server.process.pid}/maps").read_text()
    assert "/pyarrow/" in maps
    assert not [name for name in ("tensorflow", "pandas", "sklearn") if f"/{name}/" in maps]
    code = "import sys, catsdogs.service.server; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT, check=True
    )
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert not loaded & {"tensorflow", "keras", "streamlit"}
