"""Notifications of the browser when a run ends, also while another tab is in front."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from streamlit.components.v2 import component

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer


def show(ended: dict[str, str], *, is_active: bool) -> None:
    """Notify of ``ended``: a text for each run that has just ended, by an id of this end.

    While a run ``is_active`` and the browser has not been asked, a button asks for its permission.
    """
    data = {
        "ask": "Notify me when it ends",
        "offers": is_active,
        "ended": [{"id": id_, "text": text} for id_, text in ended.items()],
    }
    _element()(key="notifications", data=data, width="content")


@cache
def _element() -> "ComponentRenderer":
    javascript, css = (
        Path(__file__).with_name(f"notifications.{kind}").read_text(encoding="utf-8")
        for kind in ("js", "css")
    )
    return component("catsdogs_notifications", js=javascript, css=css)
