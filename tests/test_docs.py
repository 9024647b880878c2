"""The documents: the README stays short, and every link, module and test that they name exists."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from source_tree import PROJECT

LONGEST_README = 150
DOCUMENTS = sorted(
    PROJECT / name for name in ("README.md", "SECURITY.md", "CHANGELOG.md", "benchmarks/README.md")
) + sorted((PROJECT / "docs").glob("*.md"))


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a document."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    words = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {word.replace(" ", "-") for word in words}


def broken_links(path: Path, text: str) -> list[str]:
    """Return the relative links in ``text``, the content of ``path``, that lead nowhere."""
    links = re.findall(r"\]\((?!https?:)([^)\s#]*)(?:#([^)\s]*))?\)", text)
    return [
        f"{name}#{anchor}" if anchor else name
        for name, anchor in links
        if not _leads_somewhere(path, text, name, anchor)
    ]


def _leads_somewhere(path: Path, text: str, name: str, anchor: str) -> bool:
    target = path.parent / name if name else path
    if not target.exists():
        return False
    return not anchor or anchor in anchors(target.read_text("utf-8") if name else text)


def missing_modules(text: str) -> list[str]:
    """Return the modules that ``python -m`` is said to run, and that do not exist."""
    named = re.findall(r"python -m ((?:benchmarks|tools|catsdogs)[\w.]*\w)", text)
    return sorted({module for module in named if find_spec(module) is None})


def missing_tests(text: str) -> list[str]:
    """Return the files of tests that are named and do not exist."""
    named = re.findall(r"`(tests/[\w/]+\.\w+)`", text)
    return sorted({name for name in named if not (PROJECT / name).exists()})


def test_the_readme_is_short():
    assert len((PROJECT / "README.md").read_text("utf-8").splitlines()) <= LONGEST_README


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_a_document_names_only_what_exists(path):
    text = path.read_text("utf-8")
    assert broken_links(path, text) == []
    assert missing_modules(text) == []
    assert missing_tests(text) == []


def test_a_broken_name_is_found():
    text = "# A b\n[x](#a-b) [y](#c) [z](gone.md) `python -m tools.gone`, `tests/test_gone.py`"
    assert broken_links(PROJECT / "README.md", text) == ["#c", "gone.md"]
    assert missing_modules(text) == ["tools.gone"]
    assert missing_tests(text) == ["tests/test_gone.py"]
