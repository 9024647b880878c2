"""The answers of the chosen runs about the given pictures, computed once per session."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from catsdogs.inference.answers import Seen, see_all
from catsdogs.inference.panel import Panel
from catsdogs.runs import layout
from catsdogs.runs.model_files import place
from catsdogs.runs.run import Run
from catsdogs.system import allocator
from catsdogs.ui.classify.tray import Given

_KNOWN = "classify_seen"
_REDRAW_EVERY_S = 0.3
# This many answers take megabytes, so forgetting them returns the memory.
_MANY = 200
# A picture, and the models that answered.
_Key = tuple[tuple[str, int], tuple[tuple[str, int], ...]]


@dataclass(frozen=True)
class Answered:
    """A picture and the answers about it."""

    picture: Given
    seen: Seen


def of(pictures: Sequence[Given], runs: Sequence[Run], panel: Panel) -> list[Answered]:
    """Return the answers of ``panel`` about each picture, with a progress bar for new pictures.

    Answers about other pictures, or by other runs, are forgotten.
    """
    models = tuple((run.run_id, place(run, layout.LITERT_MODEL).stat().st_mtime_ns) for run in runs)
    keys = [(picture.key, models) for picture in pictures]
    before: dict[_Key, Seen] = st.session_state.get(_KNOWN, {})
    known = {key: before[key] for key in keys if key in before}
    if len(before) - len(known) >= _MANY:
        allocator.return_freed_memory_soon()
    st.session_state[_KNOWN] = known
    missing = [(key, p) for key, p in zip(keys, pictures, strict=True) if key not in known]
    if missing:
        _ask(missing, panel, known)
    return [Answered(picture, known[key]) for key, picture in zip(keys, pictures, strict=True)]


def forget() -> None:
    """Forget all answers."""
    if len(st.session_state.pop(_KNOWN, ())) >= _MANY:
        allocator.return_freed_memory_soon()


def _ask(missing: list[tuple[_Key, Given]], panel: Panel, known: dict[_Key, Seen]) -> None:
    """Add the missing answers to ``known`` one by one, so that an interruption loses none."""
    total, next_redraw = len(known) + len(missing), time.monotonic() + _REDRAW_EVERY_S
    bar = st.progress(len(known) / total, text=f"Looking at {len(missing):,} pictures …")
    sources = [(picture.name, picture.read) for _, picture in missing]
    seen = see_all(sources, panel, thumbnails=True)
    for (key, _), one in zip(missing, seen, strict=True):
        known[key] = one
        if time.monotonic() >= next_redraw:
            bar.progress(len(known) / total, text=f"{len(known):,} of {total:,} pictures")
            next_redraw = time.monotonic() + _REDRAW_EVERY_S
    bar.empty()
