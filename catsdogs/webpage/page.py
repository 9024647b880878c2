"""One HTML file that classifies pictures in a browser, and never contacts any address."""

import base64
import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt

from catsdogs.errors import RunError
from catsdogs.inference.panel import Decision, judge
from catsdogs.inference.rejection import References
from catsdogs.labels import CAT, DOG, Classes
from catsdogs.runs import layout, model_files
from catsdogs.runs.run import Run
from catsdogs.text import capital
from catsdogs.webpage.settings import settings

_SOURCE = Path(__file__).with_name("source")
BUILT = Path(__file__).with_name("built")


@dataclass(frozen=True)
class Classifier:
    """A run, and the file of its model: its LiteRT file, or a smaller version of it."""

    run: Run
    file: Path


@dataclass(frozen=True)
class _Shown:
    """A run as the template shows it. ``packed`` and ``references`` are gzip in base64."""

    name: str
    limits: str
    card: str
    packed: str
    references: str
    settings: bytes


def page(run: Run, model: Path, *, beside: Classifier | None = None) -> str:
    """Return the page of a run, as HTML. ``model`` is its LiteRT file, or a smaller version of it.

    With ``beside``, the page shows the answers of both runs and whether they agree.

    Raises:
        RunError: if a file of a run is missing or damaged, or they tell different classes apart.
    """
    script = (BUILT / "page.js").read_text("utf-8")
    style = (_SOURCE / "page.css").read_text("utf-8")
    environment = Environment(
        loader=FileSystemLoader(_SOURCE), autoescape=True, undefined=StrictUndefined
    )
    classifiers = [Classifier(run, model), *([beside] if beside else [])]
    if beside:
        beside.run.require_classes(run.classes)
    models = _models(classifiers)
    settings_of_all = b",".join(one.settings for one in models).decode()
    classes = run.classes
    environment.filters["first_capital"] = capital
    return environment.get_template("page.html.jinja").render(
        classes=classes,
        question=f"{capital(classes.negative)} or {classes.positive}?",
        policy=_policy(script, style),
        style=style,
        script=script,
        licences=(_SOURCE / "licences.txt").read_text("utf-8").strip("/*\n"),
        models=models,
        # As JSON that is safe inside of a script element.
        settings=f"[{settings_of_all}]".replace("<", "\\u003c"),
        wasm=base64.b64encode((BUILT / "litert.wasm.gz").read_bytes()).decode(),
    )


def source_digest() -> str:
    """Return the SHA-256 of the names and contents of the source files, as the build records it."""
    found = hashlib.sha256()
    for path in sorted(path for path in _SOURCE.iterdir() if path.is_file()):
        found.update(f"{path.name}\n".encode() + path.read_bytes())
    return found.hexdigest()


def _policy(script: str, style: str) -> str:
    """Return a content security policy: this script and this style, and no address at all."""
    return (
        f"default-src 'none'; script-src '{_hash(script)}' 'wasm-unsafe-eval'; "
        f"style-src '{_hash(style)}'; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _packed(content: bytes) -> str:
    return base64.b64encode(gzip.compress(content, mtime=0)).decode()


def _references(run: Run) -> References | None:
    path = model_files.place(run, layout.REFERENCES)
    if path.is_file():
        model_files.intact(run, layout.REFERENCES)
    return References.read(path.parent)


def _models(classifiers: list[Classifier]) -> list[_Shown]:
    """Return each run with the references that decide on "neither": its own, or the other's."""
    runs = [one.run for one in classifiers]
    judges = [found.run_id if (found := judge(run, runs)) else "" for run in runs]
    return [
        _shown(one, its_judge, _references(one.run) if one.run.run_id in judges else None)
        for one, its_judge in zip(classifiers, judges, strict=True)
    ]


def _shown(one: Classifier, its_judge: str, references: References | None) -> _Shown:
    return _Shown(
        name=one.run.run_id,
        limits=_limits(one.run.classes, knows_neither=bool(its_judge)),
        card=_card(one.run),
        packed=_packed(one.file.read_bytes()),
        references=_packed(references.vectors_int8.tobytes()) if references else "",
        settings=settings(one.run, references, Decision(), judge=its_judge),
    )


def _limits(classes: Classes, *, knows_neither: bool) -> str:
    each = " or ".join(classes.one(label) for label in (CAT, DOG))
    known = (
        "It says neither for a picture that is unlike its training photos, but misses some."
        if knows_neither
        else f"It calls every picture {each}, even if it shows something else."
    )
    return (
        f"The model looks at the whole picture at once. {known} Which pictures open depends on "
        "your browser: most open JPEG, PNG, WebP, GIF, BMP and AVIF."
    )


def _card(run: Run) -> str:
    """Return the run's model card as HTML, below a heading of level 2.

    HTML in the card is escaped, and links are text.
    """
    path = model_files.place(run, layout.MODEL_CARD)
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(
            f"Expected the model card of {run.run_id}. Received: {error}. Train the run again."
        ) from None
    renderer = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = renderer.disable(["image", "link", "autolink"]).parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{int(token.tag[1]) + 2}"
    return str(renderer.renderer.render(tokens, renderer.options, {}))
