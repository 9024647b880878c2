"""How every document is rendered: where its template is, and the settings all of them share."""

from collections.abc import Callable
from pathlib import Path

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

_TEMPLATES = Path(__file__).with_name("templates")


def rendered(template: str, *, filters: dict[str, Callable[..., str]], **values: object) -> str:
    """Return the document that ``template``, a file name in ``templates/``, gives for ``values``.

    Only HTML is escaped. A Markdown template escapes names itself, with one of the ``filters``.
    """
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=template.endswith(".html.jinja"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= filters
    return environment.get_template(template).render(values)
