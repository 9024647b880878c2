"""The training photos most similar to a picture, which decide whether it is "neither"."""

from pathlib import Path

import streamlit as st

from catsdogs.errors import UnreadableImage
from catsdogs.images import picture
from catsdogs.images.thumbnails import thumbnails
from catsdogs.inference.answers import Seen
from catsdogs.inference.rejection import Likeness, Neighbour
from catsdogs.runs.run import Run
from catsdogs.sources import opening
from catsdogs.text import literal, printable
from catsdogs.ui.classify.runs import Chosen
from catsdogs.ui.shared import run_chips

# Five fit beside each other in the right pane of a page 1440 pixels wide.
_SHOWN_PX = 64


def show(seen: Seen, chosen: Chosen) -> None:
    """Draw the similar photos that are on this machine, for each run that judged the picture."""
    classes = seen.classes
    for judge, likeness in _judged(seen, chosen):
        found = _on_this_machine(judge, likeness.nearest)
        if not found:
            continue
        st.caption(
            f"Most similar training photos, by {literal(run_chips.name(judge))}",
            help="With their cosine similarities. They do not prove the label, which comes from "
            "the picture itself.",
        )
        row = st.container(horizontal=True, gap="xsmall")
        for neighbour, jpeg in found:
            with row.container(width=_SHOWN_PX, gap=None):
                st.image(jpeg, width=_SHOWN_PX, alt=printable(neighbour.path))
                label = literal(classes.name(neighbour.label))
                st.caption(f":small[{label} {neighbour.similarity:.2f}]")


def _judged(seen: Seen, chosen: Chosen) -> list[tuple[Run, Likeness]]:
    """Return each run that judged, and its measure of the picture's likeness."""
    found: dict[str, tuple[Run, Likeness]] = {}
    runs = {run.run_id: run for run in chosen.runs}
    for answer in seen.answers:
        judge = chosen.judge_of(runs[answer.run_id])
        if judge is not None and answer.likeness is not None:
            found[judge.run_id] = judge, answer.likeness
    return list(found.values())


def _on_this_machine(judge: Run, nearest: tuple[Neighbour, ...]) -> list[tuple[Neighbour, bytes]]:
    """Return a JPEG for each photo whose file is on this machine."""
    root = opening.opened(Path(judge.config.data))
    if root is None:
        return []
    digests = [(one, _digest(root / one.path)) for one in nearest]
    here = [(one, digest) for one, digest in digests if digest]
    jpegs = thumbnails(root, [(one.path, digest) for one, digest in here])
    return [(one, jpeg) for (one, _), jpeg in zip(here, jpegs, strict=True) if jpeg]


def _digest(path: Path) -> str | None:
    try:
        return picture.digest(picture.read_bytes(path))
    except UnreadableImage:
        return None
