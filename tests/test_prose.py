"""All prose is plain English: no sentence is too long or matches ``prose_patterns.py``.

To check one folder or file: ``PROSE=catsdogs/ui python -m pytest -q tests/test_prose.py``.
"""

import os
from functools import cache

import pytest
from prose import SOURCES, Sentence, sentences
from prose_patterns import LONGEST, LONGEST_IN_APP, PATTERNS, Pattern, reasons
from source_tree import PROJECT

CHOSEN = os.environ.get("PROSE", "")
# Sentences that match a pattern and are right, each with the reason. They must match exactly.
ALLOWED: dict[str, str] = {}
APP = ("catsdogs/", "pages/", "streamlit_app.py", "README.md")


def problems(sentence: Sentence) -> list[str]:
    """Return what is wrong with a sentence, one line for each reason."""
    longest = LONGEST_IN_APP if sentence.path.startswith(APP) else LONGEST
    too_long = f"{sentence.words} words: split it" if sentence.words > longest else ""
    return [
        f"{sentence.path}:{sentence.line}: {sentence.text}\n    → {reason}"
        for reason in filter(None, [*reasons(sentence.text), too_long])
    ]


@cache
def project_problems() -> dict[Sentence, list[str]]:
    """Return every sentence of the project with what is wrong with it."""
    found = {path for pattern in SOURCES for path in PROJECT.glob(pattern)}
    paths = sorted(path for path in found if not {"node_modules", "built"} & {*path.parts})
    texts = {p.relative_to(PROJECT).as_posix(): p.read_text("utf-8") for p in paths}
    return {one: problems(one) for path, text in texts.items() for one in sentences(path, text)}


def test_the_prose_is_plain_english():
    found = [
        problem
        for sentence, said in project_problems().items()
        if sentence.path.startswith(CHOSEN) and sentence.text not in ALLOWED
        for problem in said
    ]
    assert not found, "\n" + "\n".join(found)


def test_an_allowed_sentence_exists_and_would_be_found():
    odd = {sentence.text for sentence, said in project_problems().items() if said}
    assert set(ALLOWED) <= odd


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.bad)
def test_a_pattern_finds_the_bad_sentence_and_accepts_the_good_one(pattern: Pattern):
    assert pattern.expression.search(pattern.bad)
    assert reasons(pattern.good) == []


@pytest.mark.parametrize(
    "sentence",
    [
        "What is in this picture?",
        "What to do next",
        "What each check finds",
        "Who may upload?",
        "There is no dataset yet.",
        "Streamlit no longer draws it.",
        "Return the names of the people who labelled it.",
        "It shows what was expected, what was received, and what to do next.",
        "Return what the function was called with.",
        "Press Start only when the form is complete.",
        "If there is one, it is used.",
        "Of 605 pictures without a cat or dog, it finds 95 %.",
        "So that is the default.",
        "It appears once a run like this has finished.",
    ],
)
def test_ordinary_english_passes(sentence):
    assert reasons(sentence) == []


def test_a_long_sentence_is_found():
    for path, longest in (("catsdogs/a.py", LONGEST_IN_APP), ("docs/a.md", LONGEST)):
        words = " ".join(["word"] * longest)
        assert problems(Sentence(path, 1, f"{words} word."))
        assert not problems(Sentence(path, 1, f"{words}."))
        assert not problems(Sentence(path, 1, f"{words} (Author, 2020)."))


def found(path: str, text: str) -> list[tuple[int, str]]:
    return [(sentence.line, sentence.text) for sentence in sentences(path, text)]


def test_every_kind_of_text_in_a_module_is_read():
    source = '''"""A module about cats.

It has two paragraphs. And
three sentences.

photo.py   one photo of a cat
"""

NOTE = "A note for you. " "See it twice."  # Shown on every page.


def show(count):
    # A comment goes on
    # over two lines. Then it ends.
    return f"It has {count} photos of `{count}` cats."
'''
    assert found("catsdogs/a.py", source) == [
        (1, "A module about cats."),
        (3, "It has two paragraphs."),
        (3, "And three sentences."),
        (6, "one photo of a cat"),
        (9, "A note for you."),
        (9, "See it twice."),
        (9, "Shown on every page."),
        (13, "A comment goes on over two lines."),
        (14, "Then it ends."),
        (15, "It has X photos of X cats."),
    ]


def test_every_kind_of_text_in_a_document_is_read():
    text = (
        "# A heading of it\n\nA [link to it](https://example.org), and more:\n\n"
        "- one `thing` here\n- another thing there\n\n"
        "```\nno prose in here\n```\n\n| a cell of it | 1 |\n"
    )
    assert found("docs/a.md", text) == [
        (1, "A heading of it"),
        (3, "A link to it, and more:"),
        (5, "one X here"),
        (6, "another thing there"),
        (12, "a cell of it"),
    ]


def test_a_template_a_script_and_a_makefile_are_read():
    assert found("a.jinja", "{% if x %}\n<p>It is {{ x }} now.</p>\n{% endif %}") == [
        (2, "It is X now.")
    ]
    script = (
        "// A comment on two\n// lines.\nconst a = 1 // And a third.\ntell(`It has ${n} photos.`)"
    )
    assert found("a.js", script) == [
        (1, "A comment on two lines."),
        (3, "And a third."),
        (4, "It has X photos."),
    ]
    assert found("Makefile", "run: x ## serve the app\n\t@echo a") == [(1, "serve the app")]


def test_of_the_changelog_only_the_newest_section_is_read():
    text = "# Changes\n\n## Next\n\nA new thing came.\n\n## 0.1\n\nAn old thing came.\n"
    assert found("CHANGELOG.md", text) == [(5, "A new thing came.")]
