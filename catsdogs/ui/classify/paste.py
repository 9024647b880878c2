"""A button that pastes a picture, and Ctrl+V anywhere on the page."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from streamlit.components.v2 import component

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer


def show(uploader: str, *, key: str) -> None:
    """Draw the button. ``uploader`` is the key of the file uploader that gets the picture.

    The picture takes the way of an upload, with the same limits.
    """
    data = {"uploader": uploader, "hint": "Copy a picture, then press Ctrl+V"}
    _element()(key=key, data=data, width="content")


@cache
def _element() -> "ComponentRenderer":
    giving, javascript, css = (
        Path(__file__).with_name(name).read_text(encoding="utf-8")
        for name in ("giving.js", "paste.js", "paste.css")
    )
    return component("catsdogs_paste", js=giving + javascript, css=css)
