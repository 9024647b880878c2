"""The training photos most similar to a picture, which decide whether it is "neither"."""

from pathlib import Path

import streamlit as st

from catsdogs.errors import UnreadableImage
from catsdogs.images import picture
from catsdogs.images.thumbnails import thumbnails
from catsdogs.inference.answers import Seen
from catsdogs.inference.rejection import Likeness, Neighbour
from catsdogs.labels import CLASS_NAMES
from catsdogs.runs.run import Run
from catsdogs.sources import opening
from catsdogs.text import literal, printable
from catsdogs.ui.classify.runs import Chosen
from catsdogs.ui.runs import origin

_SHOWN_PX = 110


def show(seen: Seen, chosen: Chosen) -> None:
    """Show the training photos most similar to the picture, for each run that judged it."""
    for judge, likeness in _judged(seen, chosen):
        st.markdown(
            f"**Most like it in training**, as {literal(judge.name)} sees it",
            help=f"{literal(judge.title)}, with cosine similarities. They are no proof: the label "
            "comes from the picture itself.",
        )
        row = st.container(horizontal=True)
        photos = _thumbnails(judge, likeness.nearest)
        for neighbour, jpeg in zip(likeness.nearest, photos, strict=True):
            said = f"{CLASS_NAMES[neighbour.label]} · {neighbour.similarity:.3f}"
            name = literal(neighbour.path.rpartition("/")[2])
            with row.container(width=_SHOWN_PX + 10, gap="xxsmall"):
                if jpeg:
                    st.image(jpeg, width=_SHOWN_PX, alt=printable(neighbour.path))
                    st.caption(said, help=literal(neighbour.path))
                else:
                    _placeholder()
                    st.caption(f"{name}  \n{said}")
        if not any(photos):
            st.caption(origin.photos_elsewhere(judge))


def _placeholder() -> None:
    frame = st.container(
        border=True,
        width=_SHOWN_PX,
        height=_SHOWN_PX,
        horizontal_alignment="center",
        vertical_alignment="center",
    )
    frame.caption("not here", width="content")


def _judged(seen: Seen, chosen: Chosen) -> list[tuple[Run, Likeness]]:
    """Return each run that judged, and its measure of the picture's likeness."""
    found: dict[str, tuple[Run, Likeness]] = {}
    runs = {run.run_id: run for run in chosen.runs}
    for answer in seen.answers:
        judge = chosen.judge_of(runs[answer.run_id])
        if judge is not None and answer.likeness is not None:
            found[judge.run_id] = judge, answer.likeness
    return list(found.values())


def _thumbnails(judge: Run, nearest: tuple[Neighbour, ...]) -> list[bytes | None]:
    """Return a JPEG for each photo; None when its file is not on this machine."""
    root = opening.opened(Path(judge.config.data))
    if root is None:
        return [None] * len(nearest)
    digests = [_digest(root / one.path) for one in nearest]
    here = [(one.path, digest) for one, digest in zip(nearest, digests, strict=True) if digest]
    jpegs = iter(thumbnails(root, here))
    return [next(jpegs) if digest else None for digest in digests]


def _digest(path: Path) -> str | None:
    try:
        return picture.digest(picture.read_bytes(path))
    except UnreadableImage:
        return None
