"""One HTML file that classifies pictures in a browser, and never contacts any address."""

import base64
import gzip
import hashlib
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt

from catsdogs.errors import RunError
from catsdogs.inference.panel import Decision
from catsdogs.inference.rejection import References
from catsdogs.runs import layout, model_files
from catsdogs.runs.run import Run
from catsdogs.webpage.settings import settings

_SOURCE = Path(__file__).with_name("source")
BUILT = Path(__file__).with_name("built")


def page(run: Run, model: Path) -> str:
    """Return the page of a run, as HTML. ``model`` is its LiteRT file, or a smaller version of it.

    Raises:
        RunError: if a file of the run is missing or damaged.
    """
    script = (BUILT / "page.js").read_text("utf-8")
    style = (_SOURCE / "page.css").read_text("utf-8")
    references = _references(run)
    environment = Environment(
        loader=FileSystemLoader(_SOURCE), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("page.html.jinja").render(
        policy=_policy(script, style),
        name=run.run_id,
        style=style,
        script=script,
        licences=(_SOURCE / "licences.txt").read_text("utf-8").strip("/*\n"),
        limits=_limits(references),
        card=_card(run),
        settings=_settings(run, references),
        wasm=base64.b64encode((BUILT / "litert.wasm.gz").read_bytes()).decode(),
        model=_packed(model.read_bytes()),
        references=_packed(references.vectors_int8.tobytes()) if references else "",
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


def _settings(run: Run, references: References | None) -> str:
    """Return the settings as JSON that is safe inside of a script element."""
    return settings(run, references, Decision()).decode().replace("<", "\\u003c")


def _limits(references: References | None) -> str:
    known = (
        "It says neither for a picture that is unlike its training photos, but misses some."
        if references
        else "It calls every picture a cat or a dog, even if it shows something else."
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
