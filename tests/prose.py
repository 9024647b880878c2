"""Every sentence of the project: in strings, docstrings, comments, templates and documents.

A code sample, a web address and a name in backticks are not prose: an "X" replaces them.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import PurePosixPath

SOURCES = (
    *("catsdogs/**/*.py", "pages/*.py", "streamlit_app.py", "tools/*.py", "benchmarks/*.py"),
    *("catsdogs/**/*.jinja", "catsdogs/**/*.js", "catsdogs/**/*.css"),
    *("README.md", "SECURITY.md", "CHANGELOG.md", "docs/*.md", "benchmarks/*.md"),
    *("Makefile", "pyproject.toml", ".streamlit/config.toml", ".github/**/*.yml"),
)
_FEWEST_WORDS = 3
# A sentence ends before a capital letter, a number, a quote or a name in backticks.
_END = re.compile(r"""(?<=[.!?…])["”)*_]*\s+(?=["“(*_]*[A-Z0-9`×≥])""")
_ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e|vs|al|cf|etc|approx|St|no)\.$")


@dataclass(frozen=True)
class Sentence:
    """One sentence on one line; ``line`` is the line in ``path`` on which it begins."""

    path: str
    line: int
    text: str

    @property
    def words(self) -> int:
        """The number of words without the sources that it cites."""
        text = re.sub(r'\([^()]*\d{4}[^()]*\)|"[A-Z][^"]{20,}"', "", self.text)
        return len(re.findall(r"[\w’'%.,-]*\w[\w’'%.,-]*", text))


@dataclass(frozen=True)
class _Passage:
    """A text that begins on a line; ``is_spread`` if its line breaks are those of the file."""

    line: int
    text: str
    is_spread: bool = True


@dataclass(frozen=True)
class _Comment:
    """The text of a comment; ``is_alone`` if nothing else is on its line."""

    line: int
    text: str
    is_alone: bool


def sentences(path: str, text: str) -> list[Sentence]:
    """Return the sentences of at least three words in a file, in its order."""
    found = [sentence for passage in _passages(path, text) for sentence in _split(path, passage)]
    long_enough = [sentence for sentence in found if sentence.words >= _FEWEST_WORDS]
    return sorted(long_enough, key=lambda sentence: sentence.line)


def _passages(path: str, text: str) -> Iterator[_Passage]:
    suffix = PurePosixPath(path).suffix
    if suffix == ".py":
        return _python(text)
    if suffix in (".js", ".css"):
        return chain(_blocks(_script_comments(text)), _script_strings(text))
    if path.endswith(".py.jinja"):
        return _blocks(_hash_comments(text))
    if suffix in (".md", ".jinja"):
        return _document(_newest(text) if path == "CHANGELOG.md" else text)
    return _blocks(_hash_comments(text))


def _python(text: str) -> Iterator[_Passage]:
    tree = ast.parse(text)
    documented = {id(node.body[0].value) for node in ast.walk(tree) if _has_docstring(node)}
    inside = {id(v) for n in ast.walk(tree) if isinstance(n, ast.JoinedStr) for v in n.values}
    for node in ast.walk(tree):
        if id(node) in documented:
            yield from _document(node.value, first_line=node.lineno)
        elif isinstance(node, ast.JoinedStr) or (_is_text(node) and id(node) not in inside):
            yield from _string(node)
    yield from _blocks(_hash_comments(text))


def _has_docstring(node: ast.AST) -> bool:
    holders = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    return isinstance(node, holders) and ast.get_docstring(node, clean=False) is not None


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _string(node: ast.expr) -> Iterator[_Passage]:
    """Yield the paragraphs of a string. A value that is formatted into it is an "X"."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    text = "".join(part.value if _is_text(part) else "X" for part in parts)
    if re.search(r"[<{;]\s*/?\w+[^.]*[>};]|\\[wsdb]|\(\?|^\s*import ", text):
        return  # HTML, CSS, JavaScript, a regular expression, a template, a program
    for paragraph in re.split(r"\n\s*\n|\n(?=\s*[-*|])", text):
        yield _Passage(node.lineno, _plain(paragraph), is_spread=False)


def _blocks(comments: Iterable[_Comment]) -> Iterator[_Passage]:
    """Yield the comments; those that are alone on adjacent lines are one text."""
    block: list[_Comment] = []
    for comment in comments:
        last = block[-1] if block else None
        if last and not (last.is_alone and comment.is_alone and comment.line == last.line + 1):
            yield _joined(block)
            block = []
        block.append(comment)
    if block:
        yield _joined(block)


def _joined(block: list[_Comment]) -> _Passage:
    return _Passage(block[0].line, _plain("\n".join(comment.text for comment in block)))


def _hash_comments(text: str) -> Iterator[_Comment]:
    """Yield the comments of Python, TOML, YAML or make."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                is_alone = not token.line[: token.start[1]].strip()
                yield _Comment(token.start[0], token.string.lstrip("#! "), is_alone)
    except (tokenize.TokenError, SyntaxError):  # It is not Python.
        yield from _line_comments(text, marker="#+")


def _script_comments(text: str) -> Iterator[_Comment]:
    """Yield the comments of JavaScript or CSS."""
    yield from _line_comments(text, marker="//")
    for comment in re.finditer(r"/\*(.*?)\*/", text, re.DOTALL):
        line = text.count("\n", 0, comment.start()) + 1
        yield _Comment(line, re.sub(r"(?m)^\s*\*", "", comment[1]), is_alone=False)


def _script_strings(text: str) -> Iterator[_Passage]:
    """Yield the strings of JavaScript. A value that is formatted into one is an "X"."""
    code = re.sub(
        r"//[^\n]*|/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.DOTALL
    )
    for string in re.finditer(r'"([^"\n]*)"|`([^`]*)`', code):
        line = text.count("\n", 0, string.start()) + 1
        words = re.sub(r"\$\{[^}]*\}", "X", string[1] or string[2] or "")
        yield _Passage(line, _plain(words), is_spread=False)


def _line_comments(text: str, *, marker: str) -> Iterator[_Comment]:
    for number, line in enumerate(text.splitlines(), 1):
        if comment := re.match(rf"(.*?)(?:^|\s){marker}\s+(.*)$", line):
            yield _Comment(number, comment[2], is_alone=not comment[1].strip())


def _document(text: str | bytes, *, first_line: int = 1) -> Iterator[_Passage]:
    """Yield the paragraphs, list items, table cells and headings of Markdown or a docstring."""
    lines = _without_code(str(text)).split("\n")
    start, block = first_line, []
    for number, line in enumerate([*lines, ""], first_line):
        begins = re.match(r"\s*(?:[-*|>#│├└]|\d+\.|\S+(?: \S+)?  +)", line) or not line.strip()
        if begins and block:
            yield from _block(start, block)
            block = []
        if line.strip():
            start = start if block else number
            block.append(line)
        if line.startswith("#") and block:
            yield from _block(start, block)
            block = []


def _block(line: int, lines: list[str]) -> Iterator[_Passage]:
    first = lines[0].strip()
    if first.startswith("|"):
        for cell in first.strip("|").split("|"):
            yield _Passage(line, _plain(cell))
        return
    # A map's line, "x.py   what it has": the name is not part of the sentence.
    lines = [re.sub(r"^[\s│├└─]*\S+(?: \S+)?  +(?=\S)", "", lines[0]), *lines[1:]]
    yield _Passage(line, _plain(re.sub(r"^\s*(?:[-*>#]+|\d+\.)\s+", "", "\n".join(lines))))


def _without_code(text: str) -> str:
    """Return Markdown with empty lines for fenced code, comments and a template's statements."""

    def emptied(match: re.Match[str]) -> str:
        return "\n" * match[0].count("\n")

    for code in (r"```.*?```", r"<!--.*?-->", r"<(style|script)>.*?</\1>", r"\{%.*?%\}"):
        text = re.sub(code, emptied, text, flags=re.DOTALL)
    return re.sub(r"(?m)^ {4,}(?:python|make|git|pip|\$) .*$", "", text)


def _plain(text: str) -> str:
    """Return text without markup; an "X" stands for code, a value and an address."""
    text = re.sub(r"\{\{.*?\}\}|``.*?``|`[^`\n]+`|https?://[^\s)]+|%\{[^}]*\}", "X", text)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"</?\w[^<>\n]*>|\*\*|:material/\w+:", "", text)


def _newest(changelog: str) -> str:
    """Return the changelog up to the end of its newest version."""
    return "".join(re.split(r"(?m)^(?=## )", changelog)[:2])


def _split(path: str, passage: _Passage) -> Iterator[Sentence]:
    text, start = passage.text, 0
    ends = [m for m in _END.finditer(text) if not _ABBREVIATION.search(text[: m.start()])]
    for begin, end in [*((match.end(), match.start()) for match in ends), (0, len(text))]:
        one = text[start : begin or end]
        skipped = len(one) - len(one.lstrip())
        line = passage.line + (text.count("\n", 0, start + skipped) if passage.is_spread else 0)
        yield Sentence(path, line, " ".join(one.split()))
        start = begin
