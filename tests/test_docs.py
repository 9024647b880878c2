"""The documents: the README stays short, and all that they name exists.

That is every link, module, file and test, and in the guide every label of the app, in *italics*.
"""

import ast
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
from source_tree import PROJECT

LONGEST_README = 150
DOCUMENTS = sorted(
    PROJECT / name for name in ("README.md", "SECURITY.md", "CHANGELOG.md", "benchmarks/README.md")
) + sorted((PROJECT / "docs").glob("*.md"))

UI_SOURCES = ("catsdogs/ui/**/*.py", "pages/*.py", "streamlit_app.py")
# Words in italics that are no label of the app, with the reason.
ALLOWED_ITALICS = {
    "Box": "a button of the map, drawn in the browser (ui/dataset/photo_map.js)",
    "Cats": "a filter of the Dataset page, made from the name of the class",
    "Cats and Dogs": "the title of Microsoft's dataset",
    "Clear selection": "a button of the map, drawn in the browser (ui/dataset/photo_map.js)",
    "Dogs": "a filter of the Dataset page, made from the name of the class",
    "Dogs vs. Cats": "the title of Kaggle's competition",
    "Dogs vs. Cats Redux": "the title of another competition of Kaggle",
    "Move": "a button of the map, drawn in the browser (ui/dataset/photo_map.js)",
    "Paste": "a button that a component draws in the browser (ui/classify/paste.js)",
}


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


def missing_files(text: str) -> list[str]:
    """Return the files of the project that are named and do not exist."""
    named = re.findall(r"`((?:catsdogs|pages|tests|tools|benchmarks)/[\w/.]+\.\w+)`", text)
    return sorted({name for name in named if not (PROJECT / name).exists()})


def missing_tests(text: str) -> list[str]:
    """Return the tests that are named, as "`test_…` in `tests/….py`", and do not exist."""
    named = re.findall(r"`(test_\w+)`\s+in\s+`(tests/[\w/]+\.py)`", text)
    return sorted(name for name, path in named if not _defines(PROJECT / path, name))


def _defines(path: Path, name: str) -> bool:
    return path.exists() and f"def {name}(" in path.read_text("utf-8")


def missing_labels(text: str) -> list[str]:
    """Return the words in *italics* that the app does not show as a label of their own."""
    named = re.findall(r"(?<![*\w])\*([^*\s][^*]*)\*(?![*\w])", text)
    labels = {" ".join(name.split()) for name in named}
    return sorted(labels - shown_by_the_app() - ALLOWED_ITALICS.keys())


@cache
def shown_by_the_app() -> frozenset[str]:
    """Return every string of the pages, without the marks that colour a part of it."""
    paths = [path for pattern in UI_SOURCES for path in PROJECT.glob(pattern)]
    nodes = [node for path in paths for node in ast.walk(ast.parse(path.read_text("utf-8")))]
    strings = [node.value for node in nodes if isinstance(node, ast.Constant)]
    return frozenset(re.sub(r":\w+\[|[\]*]", "", text) for text in strings if isinstance(text, str))


def test_the_readme_is_short():
    assert len((PROJECT / "README.md").read_text("utf-8").splitlines()) <= LONGEST_README


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_a_document_names_only_what_exists(path):
    text = path.read_text("utf-8")
    assert broken_links(path, text) == []
    assert missing_modules(text) == []
    assert missing_files(text) == []
    assert missing_tests(text) == []
    assert text.count("\n```") % 2 == 0, "a block of code has no end"


def test_the_guide_names_only_labels_of_the_app():
    assert missing_labels((PROJECT / "docs" / "guide.md").read_text("utf-8")) == []


def test_the_first_five_minutes_name_only_labels_of_the_app():
    readme = (PROJECT / "README.md").read_text("utf-8")
    _, _, following = readme.partition("## Your first five minutes\n")
    steps, _, _ = following.partition("\n## ")
    assert steps
    assert missing_labels(steps) == []


def test_a_broken_name_is_found():
    text = "# A b\n[x](#a-b) [y](#c) [z](gone.md) `python -m tools.gone`, `tests/test_gone.py`"
    assert broken_links(PROJECT / "README.md", text) == ["#c", "gone.md"]
    assert missing_modules(text) == ["tools.gone"]
    assert missing_files(text) == ["tests/test_gone.py"]
    assert missing_tests("`test_it` in `tests/test_docs.py`") == ["test_it"]
    assert missing_labels("*Switch\n  dataset*, *Delete*, **bold** and *No such button*") == [
        "No such button"
    ]
