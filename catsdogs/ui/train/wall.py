"""The wall: a dozen validation photos of a run, and its answer to each after every epoch."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.components.v2 import component

from catsdogs.images.thumbnails import thumbnails
from catsdogs.labels import Classes
from catsdogs.runs.events import Epoch, WatchedPhoto
from catsdogs.runs.run import Run
from catsdogs.runs.view import RunView
from catsdogs.sources import opening
from catsdogs.text import capital
from catsdogs.ui.shared.streamlit_internals import file_address

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

# More epochs than the slider has pixels to tell apart would only make the message longer.
_MOST_EPOCHS = 60
_DIGITS = 3


@dataclass(frozen=True)
class Photo:
    """A photo on the wall: its label, and where the browser gets its picture; "" for nowhere."""

    label: str
    alt: str
    address: str

    def to_json(self) -> dict[str, str]:
        """Return the photo as the component takes it."""
        return {"label": self.label, "alt": self.alt, "src": self.address}


def photos(run: Run, watched: Sequence[WatchedPhoto]) -> list[Photo]:
    """Return the watched photos of ``run``, none if their dataset is not on this machine."""
    root = opening.opened(Path(run.config.data)) if watched else None
    if root is None:
        return []
    jpegs = thumbnails(root, [(one.path, one.digest) for one in watched], unchanged_only=True)
    return [
        Photo(
            run.classes.name(one.label),
            capital(run.classes.one(one.label)),
            file_address(jpeg, key=f"train_wall_{number}") if jpeg else "",
        )
        for number, (one, jpeg) in enumerate(zip(watched, jpegs, strict=True))
    ]


def show(found: Sequence[Photo], view: RunView, classes: Classes, *, key: str) -> None:
    """Draw the photos, each with the answer after an epoch that a slider chooses.

    The slider follows the newest epoch until somebody moves it. It works in the browser, so it
    causes no rerun.
    """
    epochs = _thinned([epoch for epoch in view.epochs if len(epoch.watched) == len(found)])
    data = {
        "classes": classes.names,
        "photos": [photo.to_json() for photo in found],
        "epochs": [epoch.epoch for epoch in epochs],
        "positive": [[round(p, _DIGITS) for p in epoch.watched] for epoch in epochs],
    }
    _element()(key=key, data=data)


def waiting(view: RunView) -> None:
    """Say what will be here, while the worker has not chosen the photos yet."""
    if not view.watched:
        st.caption("Twelve validation photos appear here, with the answer after each epoch.")


def _thinned(epochs: list[Epoch]) -> list[Epoch]:
    """Return every n-th epoch, counted from the last one, which is always kept."""
    step = max(1, -(-len(epochs) // _MOST_EPOCHS))
    return epochs[::-step][::-1]


@cache
def _element() -> "ComponentRenderer":
    javascript, css = (
        Path(__file__).with_suffix(suffix).read_text(encoding="utf-8") for suffix in (".js", ".css")
    )
    return component("catsdogs_wall", js=javascript, css=css)
