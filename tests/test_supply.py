"""The installed packages: pinned with checksums, at safe versions, and audited."""

import json
import os
import re
import subprocess
import sys
import threading
import tomllib
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from conftest import PROJECT
from hostile import photo
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

# The lock files, each with its groups and extras.
FILES = {
    "requirements.txt": (),
    "requirements-dev.txt": ("dev", "onnx", "auth", "ray"),
    "requirements-onnx.txt": ("onnx",),
    "requirements-auth.txt": ("auth",),
    "requirements-ray.txt": ("ray",),
}


def project():
    return tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))


def pins(name):
    """Return (requirement, its checksums, what it is there for) of each entry of a lock."""
    text = (PROJECT / name).read_text("utf-8").replace("\\\n", " ")
    found = []
    for entry in re.findall(r"^[^\s#].*(?:\n    # .*)*", text, re.MULTILINE):
        line, *why = entry.splitlines()
        words = line.split("--hash=")
        found.append((Requirement(words[0]), [h.strip() for h in words[1:]], " ".join(why)))
    return found


def asked_for(groups):
    named = project()["project"]["dependencies"]
    more = project()["dependency-groups"] | project()["project"]["optional-dependencies"]
    for group in groups:
        named = named + more[group]
    return [Requirement(one) for one in named]


def test_images_from_elsewhere_are_pinned_by_digest():
    """An image with a tag alone changes without notice."""
    dockerfile, compose = ((PROJECT / n).read_text("utf-8") for n in ("Dockerfile", "compose.yaml"))
    bases = re.findall(r"^(?:FROM|ARG BASE=) ?(\S+)", dockerfile, re.MULTILINE)
    stages = {"${BASE}", *re.findall(r"^FROM \S+ AS (\S+)", dockerfile, re.MULTILINE)}
    built = {"catsdogs", "catsdogs-serve"}
    named = [*bases, *re.findall(r"^    image: (\S+)", compose, re.MULTILINE)]
    others = [name for name in named if name not in stages | built]
    assert len(others) == 3
    assert [one for one in others if not re.search(r"@sha256:[0-9a-f]{64}$", one)] == []


SERVE = """
import contextlib, importlib.metadata, json, sys
from catsdogs.service import application, asking, documents, server, service, spool
models = service.Models()
with open(sys.argv[1], "rb") as picture, contextlib.closing(spool.Spool()) as kept:
    kept.write(picture.read())
    asked = asking.answered([kept.since(0, "a.jpg")], documents.Options(), models)
assert not asked.failed
names = {module.split(".")[0] for module in sys.modules}
owners = importlib.metadata.packages_distributions()
print(json.dumps(sorted({one for name in names for one in owners.get(name, [])})))
"""


@pytest.mark.slow
def test_the_container_of_the_service_has_all_that_the_service_loads(tmp_path):
    (tmp_path / "a.jpg").write_bytes(photo())
    done = subprocess.run(
        [sys.executable, "-c", SERVE, str(tmp_path / "a.jpg")],
        capture_output=True,
        check=True,
        cwd=PROJECT,
        env={**os.environ, "CATSDOGS_ARTIFACTS": str(PROJECT / "artifacts")},
    )
    loaded = {canonicalize_name(name) for name in json.loads(done.stdout)}
    # Streamlit and TensorFlow bring others; the service only looks whether they are there.
    loaded -= {"catsdogs", "setuptools", "cloudpickle"}
    pinned = {canonicalize_name(one.name): one for one, _, _ in pins("requirements-serve.txt")}
    assert loaded <= pinned.keys()
    assert not pinned.keys() & {"tensorflow", "streamlit", "keras"}
    ours = {(r.name, str(r.specifier)) for r, _, _ in pins("requirements.txt")}
    assert {(r.name, str(r.specifier)) for r, _, _ in pins("requirements-serve.txt")} <= ours


@pytest.mark.parametrize("name", FILES)
def test_every_package_is_pinned_to_one_version_with_its_checksums(name):
    for requirement, checksums, _ in pins(name):
        assert re.fullmatch(r"==[^*]+", str(requirement.specifier)), requirement
        assert checksums, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in checksums), requirement


def test_cuda_adds_packages_of_nvidia_and_changes_no_version():
    ours, with_cuda = (
        {canonicalize_name(r.name): str(r.specifier) for r, checksums, _ in pins(name) if checksums}
        for name in ("requirements.txt", "requirements-cuda.txt")
    )
    assert ours.items() <= with_cuda.items()
    added = with_cuda.keys() - ours.keys()
    assert added
    assert all(name.startswith("nvidia-") for name in added)


@pytest.mark.parametrize(("name", "groups"), FILES.items())
def test_the_lock_holds_exactly_what_is_asked_for_and_what_that_needs(name, groups):
    entries = {canonicalize_name(r.name): why for r, _, why in pins(name)}
    asked = {canonicalize_name(one.name) for one in asked_for(groups)}
    named = {entry for entry, why in entries.items() if "catsdogs (pyproject.toml" in why}
    assert named == asked
    needed_by = {
        entry: set(map(canonicalize_name, re.findall(r"[\w.-]+", why))) & set(entries)
        for entry, why in entries.items()
    }
    assert not [entry for entry in entries if entry not in asked and not needed_by[entry]]


@pytest.mark.parametrize(("name", "groups"), FILES.items())
def test_no_pin_is_below_a_minimum(name, groups):
    least = [
        *asked_for(groups),
        *map(Requirement, project()["tool"]["uv"]["constraint-dependencies"]),
    ]
    for requirement, _, _ in pins(name):
        (version,) = requirement.specifier
        for one in least:
            if canonicalize_name(one.name) == canonicalize_name(requirement.name):
                assert one.specifier.contains(version.version), (requirement, one)


def test_what_is_asked_for_has_a_minimum():
    without = [one.name for one in asked_for(()) if ">=" not in str(one.specifier)]
    assert without == []


@contextmanager
def database(vulnerable, *, knows_the_canary=True):
    """Serve OSV's protocol; ``vulnerable`` maps names to the finding for all their versions."""
    known = {"jinja2 2.10": "CVE-2019-10906"} if knows_the_canary else {}
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            name, version = query["package"]["name"], query["version"]
            asked.append(f"{name} {version}")
            found = known.get(f"{name} {version}") or vulnerable.get(name)
            about = {"package": {"name": name, "ecosystem": "PyPI"}}
            about["ranges"] = [{"type": "ECOSYSTEM", "events": [{"fixed": "999"}]}]
            reply = {"vulns": [{"id": found, "affected": [about]}]} if found else {}
            content = json.dumps(reply).encode()
            self.send_response(500 if found == "broken" else 200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/v1/query", asked
        finally:
            server.shutdown()
            thread.join()


def audit(service, monkeypatch):
    monkeypatch.setenv("OSV_URL", service)
    done = subprocess.run(
        [sys.executable, "-m", "tools.audit"], cwd=PROJECT, capture_output=True, text=True
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout


@pytest.mark.slow
def test_an_audit_asks_about_every_pin_and_fails_for_what_is_found(monkeypatch):
    with database({"numpy": "GHSA-of-a-test"}) as (service, asked):
        status, said = audit(service, monkeypatch)
    versions = {str(r.specifier)[2:] for r, _, _ in pins("requirements.txt") if r.name == "numpy"}
    assert status == 1
    assert all(f"numpy {version}: GHSA-of-a-test. Fixed in: 999." in said for version in versions)
    everything = {r for name in FILES for r, _, _ in pins(name)}
    assert {f"{canonicalize_name(r.name)} {str(r.specifier)[2:]}" for r in everything} <= set(asked)


@pytest.mark.slow
def test_an_audit_passes_where_nothing_is_known(monkeypatch):
    with database({}) as (service, _):
        status, said = audit(service, monkeypatch)
    assert (status, said.split()[1]) == (0, "0")


@pytest.mark.slow
def test_an_audit_that_breaks_off_fails(monkeypatch):
    with database({"pillow": "broken"}) as (service, _):
        status, said = audit(service, monkeypatch)
    assert status == 1
    assert "FAILED" in said


@pytest.mark.slow
def test_a_database_that_cannot_be_reached_is_told_and_fails_nothing(monkeypatch):
    with database({}, knows_the_canary=False) as (service, _):
        status, said = audit(service, monkeypatch)
    assert (status, "SKIPPED" in said, "knows no vulnerability" in said) == (0, True, True)
    status, said = audit(service, monkeypatch)  # nobody listens there any more
    assert (status, "SKIPPED" in said, "ConnectionError" in said) == (0, True, True)
