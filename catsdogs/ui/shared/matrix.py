"""A confusion matrix as a table whose cells are buttons, for mouse, keyboard and screen reader."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from streamlit.components.v2 import component

from catsdogs.labels import Classes
from catsdogs.text import percent
from catsdogs.ui.shared.reported import reported

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer


def confusion_matrix(
    counts: list[list[int]],
    *,
    classes: Classes,
    name: str,
    key: str,
    chosen: tuple[str, str] | None,
    on_choose: Callable[[str, str], None] | None,
) -> None:
    """Draw ``counts`` (2, 2), where rows are the truth, of the run called ``name``.

    ``chosen`` is the label and the answer of the outlined cell. A click on a cell calls
    ``on_choose`` with its label and answer; without it, the cells cannot be clicked.
    """

    def clicked() -> None:
        cell = reported(key, "cell")
        if on_choose and cell:
            truth, said = cell
            on_choose(truth, said)

    rows = [
        {
            "truth": truth,
            "plural": classes.plural(label),
            "cells": [
                {
                    "said": said,
                    "count": f"{count:,}",
                    "percent": percent(count / max(sum(row), 1)),
                    "share": count / max(sum(row), 1),
                    "chosen": chosen == (truth, said),
                }
                for said, count in zip(classes.names, row, strict=True)
            ],
        }
        for label, (truth, row) in enumerate(zip(classes.names, counts, strict=True))
    ]
    data = {
        "name": name,
        "classes": classes.names,
        "rows": rows,
        "clickable": on_choose is not None,
    }
    _element()(key=key, data=data, on_cell_change=clicked)


@cache
def _element() -> "ComponentRenderer":
    javascript, css = (
        Path(__file__).with_suffix(suffix).read_text(encoding="utf-8") for suffix in (".js", ".css")
    )
    return component("catsdogs_confusion_matrix", js=javascript, css=css)
