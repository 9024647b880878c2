"""The web page of a run, as a file: it belongs to its sources, and it allows no address."""

import re

import pytest
from conftest import PROJECT, command_line

from catsdogs.runs import layout, model_files, store
from catsdogs.webpage.page import page, source_digest

WEBPAGE = PROJECT / "catsdogs" / "webpage"


@pytest.fixture(scope="module")
def html():
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("CATSDOGS_ARTIFACTS", str(PROJECT / "artifacts"))
        run = store.find_with_model("reference-mobilenet_v2-fine_tuned")
        return page(run, model_files.intact(run, layout.LITERT_MODEL))


def test_the_committed_bundle_was_built_from_the_sources():
    built = (WEBPAGE / "built" / "sources.sha256").read_text("utf-8").strip()
    assert built == source_digest(), "Run `make web`."


def test_the_policy_allows_the_script_and_style_of_the_page_and_no_address(html):
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    assert policy.startswith("default-src &#39;none&#39;")
    assert "http" not in policy
    assert "unsafe-inline" not in policy
    assert "connect-src" not in policy


def test_the_page_has_its_model_card_and_licences_and_is_small(html):
    assert "Licensed under the Apache License" in html
    assert "<h3>" in html.split("About this model")[1]
    assert len(html) < 25_000_000


def test_the_command_line_writes_the_page_of_a_run(html, tmp_path, monkeypatch):
    monkeypatch.setenv("CATSDOGS_ARTIFACTS", str(PROJECT / "artifacts"))
    run, out = "reference-mobilenet_v2-fine_tuned", tmp_path / "demo.html"
    status, result = command_line("export", run, "--format", "web", "--out", out)
    assert (status, result["format"], result["bytes"]) == (0, "web", out.stat().st_size)
    assert out.read_text("utf-8") == html


@pytest.mark.parametrize(
    ("form", "other", "received"),
    [
        ("litert", "reference-custom_cnn", "litert"),
        ("web", "reference-mobilenet_v2-fine_tuned", "the same run"),
    ],
)
def test_only_a_web_page_takes_another_run(form, other, received, tmp_path, monkeypatch):
    monkeypatch.setenv("CATSDOGS_ARTIFACTS", str(PROJECT / "artifacts"))
    asked = "--format", form, "--with", other, "--out", tmp_path / "a"
    status, result = command_line("export", "reference-mobilenet_v2-fine_tuned", *asked)
    assert status == 1
    assert received in result["error"]
