"""An open photo: its picture, its facts, the answers of the runs, and the most similar photos."""

import io
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st
from PIL import ExifTags

from catsdogs.errors import CatsDogsError
from catsdogs.health.flags import FLAGS
from catsdogs.health.snapshot import Snapshot
from catsdogs.images.header import open_header
from catsdogs.images.picture import Picture, load_upright, read_bytes
from catsdogs.images.thumbnails import thumbnails
from catsdogs.labels import CLASS_NAMES, UNLABELLED, class_name
from catsdogs.runs import model_files, store
from catsdogs.runs.run import Run
from catsdogs.text import literal, printable
from catsdogs.ui.dataset import decisions
from catsdogs.ui.runs import remarks
from catsdogs.ui.shared import cache, problems
from catsdogs.ui.shared.photo_grid import Tile, photo_grid

_OPEN = "photo"  # its name in the page's address
_SHOWN_PX = 1600
_WIDEST_PX, _HIGHEST_PX = 720, 460
_MOST_RUNS, _MOST_NEIGHBOURS, _MOST_TAGS, _MOST_CHARACTERS = 4, 10, 40, 80
_EXIF_POINTERS = (0x8769, 0x8825)  # the blocks of camera settings and of the position


def is_open() -> bool:
    """Return whether a photo is open over the page."""
    return _OPEN in st.query_params


def open_(path: str) -> None:
    """Open the photo at ``path``, relative to the dataset, in a dialog over the page."""
    st.query_params[_OPEN] = path


def show_if_open(snapshot: Snapshot, found: pd.DataFrame) -> None:
    """Show the dialog when a photo is open; its arrows move through the photos ``found``."""
    path = st.query_params.get(_OPEN)
    if path is None or not (snapshot.table["path"] == path).any():
        return
    dialog = st.dialog(literal(path), width="large", on_dismiss=close)(details)
    dialog(snapshot.dataset.root, path, found["path"].tolist())


def shown(root: Path, path: str) -> bytes:
    """Return the photo as the app sees it: a JPEG, upright, at most ``_SHOWN_PX`` wide and high.

    Raises:
        UnreadableImage: when the file does not decode; the message says why.
    """
    picture = load_upright(read_bytes(root / path), at_least_px=_SHOWN_PX)
    picture.thumbnail((_SHOWN_PX, _SHOWN_PX))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def picture(root: Path, photo: Mapping[Any, Any]) -> None:
    """Show a photo, small enough that the buttons below it stay in sight.

    Raises:
        UnreadableImage: when the file does not decode; the message says why.
    """
    width = min(_WIDEST_PX, round(_HIGHEST_PX * photo["width_px"] / photo["height_px"]))
    st.image(shown(root, photo["path"]), width=max(width, 1), alt=printable(photo["path"]))


def neighbours(snapshot: Snapshot, row: int, *, count: int, key: str) -> None:
    """Show the photos most similar to the one in row ``row`` of the snapshot's table."""
    checked_row = int(snapshot.table["row"].to_numpy()[row])
    if snapshot.findings is None or checked_row < 0:
        return
    like = snapshot.findings.neighbours[checked_row][:count]
    checked = snapshot.findings.rows["path"].iloc[like[like >= 0]]
    near = snapshot.table.set_index("path").reindex(checked).dropna(subset="digest").reset_index()
    if near.empty:
        return
    jpegs = thumbnails(snapshot.dataset.root, list(zip(near["path"], near["digest"], strict=True)))
    tiles = [
        Tile(printable(path.rpartition("/")[2]), jpeg, _label_name(int(label)))
        for path, label, jpeg in zip(near["path"], near["label"], jpegs, strict=True)
    ]
    photo_grid(tiles, key=key, on_open=lambda position: open_(near["path"].iloc[position]))


def details(root: Path, path: str, walk: list[str]) -> None:
    """Show the content of the dialog; its arrows move through the paths in ``walk``."""
    snapshot = None
    with problems.shown():
        # Read for every drawing of the dialog, because a decision in it changes the snapshot.
        snapshot = cache.snapshot(root)
    if snapshot is not None:
        _details(snapshot, path, walk)


def close() -> None:
    """Close the photo that is open, if there is one."""
    st.query_params.pop(_OPEN, None)


def exif_tags(path: Path) -> dict[str, str]:
    """Return the first of a photo's EXIF tags by name, as short Markdown; none for a bad file."""
    try:
        blocks = _exif_blocks(read_bytes(path))
    except Exception:  # Whatever Pillow runs into: the photo is shown without its tags.
        return {}
    names = {**ExifTags.TAGS, **ExifTags.GPSTAGS}
    tags = {
        names.get(tag, f"0x{tag:04x}"): literal(str(value)[:_MOST_CHARACTERS])
        for block in blocks
        for tag, value in block.items()
        if tag not in _EXIF_POINTERS
    }
    return dict(list(tags.items())[:_MOST_TAGS])


def _details(snapshot: Snapshot, path: str, walk: list[str]) -> None:
    is_open = snapshot.table["path"] == path
    if not is_open.any():
        st.warning("This photo is not in the dataset any more.")
        return
    row = int(is_open.argmax())
    photo, root = snapshot.table.iloc[row].to_dict(), snapshot.dataset.root
    _arrows(path, walk)
    left, right = st.columns([3, 2])
    with left:
        with problems.shown():
            picture(root, photo)
        decisions.about_one(root, photo, key="photo")
    with right:
        _badges(snapshot, row)
        _facts(photo)
        _runs(snapshot, photo)
        _exif(root / path)
    st.markdown("**Most alike in this dataset**")
    if snapshot.findings is None:
        st.caption("Known after a health check.")
    neighbours(snapshot, row, count=_MOST_NEIGHBOURS, key="photo_neighbours")
    if st.query_params.get(_OPEN) != path:
        # The whole page, because a dialog cannot change its own title.
        st.rerun()


def _arrows(path: str, walk: list[str]) -> None:
    if path not in walk:
        return
    here = walk.index(path)
    row = st.container(horizontal=True)
    steps = (("Previous", -1, "left"), ("Next", 1, "right"))
    for title, step, key in steps:
        other = here + step
        if row.button(title, key=f"photo_{key}", shortcut=key, disabled=not 0 <= other < len(walk)):
            open_(walk[other])
    row.caption(f"{here + 1:,} of {len(walk):,}", width="content")


def _badges(snapshot: Snapshot, row: int) -> None:
    found = [name for name in FLAGS if snapshot.flags.at[row, name]]
    with st.container(horizontal=True):
        for name in found:
            st.badge(FLAGS[name].title, color="orange", help=FLAGS[name].help)
        if not found and snapshot.findings is not None:
            st.badge("Nothing odd found", color="green")
        elif snapshot.findings is None:
            st.badge("Not checked yet", color="gray", help="Run a check under Health.")


def _facts(photo: Mapping[Any, Any]) -> None:
    changed = datetime.fromtimestamp(photo["mtime_ns"] / 1e9).astimezone()
    facts = {
        "Label": _label_name(photo["label"]),
        "Label by its name": _label_name(photo["named_label"]),
        "Side of the split": photo["side"] or "neither",
        "Size": f"{photo['width_px']} × {photo['height_px']} px",
        "File": f"{photo['size_bytes']:,} bytes, {photo['format']}, {photo['mode']}",
        "Changed": f"{changed:%Y-%m-%d %H:%M}",
        "Content": photo["digest"],
    }
    if pd.notna(photo["p_dog"]):
        facts["P(dog), not having seen it"] = f"{photo['p_dog']:.1%}"
    if pd.notna(photo["brightness"]):
        facts["Brightness"] = f"{photo['brightness']:.0f} of 255"
        facts["Sharpness"] = f"{photo['sharpness']:,.0f}"
    if photo["decode_error"]:
        facts["Does not decode"] = literal(photo["decode_error"])
    if photo["hint"]:
        facts["Public lists say"] = photo["hint"]
    st.table(pd.DataFrame({"": facts.values()}, index=list(facts)), border="horizontal")


def _runs(snapshot: Snapshot, photo: Mapping[Any, Any]) -> None:
    """Show the answers of the latest runs, and whether each was trained on this photo."""
    runs = [run for run in store.list_runs()[0] if run.can_classify][:_MOST_RUNS]
    answers = []
    for run in runs:
        # A run that cannot answer is left out.
        with suppress(CatsDogsError):
            answers.append(_answer(run, snapshot, photo))
    if answers:
        st.markdown(f"**What the latest runs say** (of {_MOST_RUNS} at most)")
        st.dataframe(
            pd.DataFrame(answers),
            column_config={"P(dog)": st.column_config.NumberColumn(format="percent")},
            hide_index=True,
        )


def _answer(run: Run, snapshot: Snapshot, photo: Mapping[Any, Any]) -> dict[str, object]:
    content = read_bytes(snapshot.dataset.root / photo["path"])
    p_dog = cache.predictor(run)(Picture(content)).p_dog
    return {
        "Run": remarks.starred_title(run),
        "Answer": class_name(p_dog),
        "P(dog)": p_dog,
        "In its training": _part_in_training(run, snapshot, photo),
    }


def _part_in_training(run: Run, snapshot: Snapshot, photo: Mapping[Any, Any]) -> str:
    if photo["digest"] in set(model_files.read_predictions(run)["digest"]):
        return "held back, but perhaps not from its base" if run.caveat else "held back"
    is_usable = photo["label"] != UNLABELLED and not photo["excluded"]
    is_same = run.about.dataset.fingerprint == snapshot.dataset.fingerprint()
    return "learned from it" if is_same and is_usable else "unknown"


def _exif(path: Path) -> None:
    tags = exif_tags(path)
    if tags:
        with st.expander("EXIF"):
            st.table(pd.DataFrame({"": tags.values()}, index=list(tags)), border="horizontal")


def _exif_blocks(content: bytes) -> list[dict[int, Any]]:
    """Return a file's EXIF tags: the main block, the camera settings and the position."""
    # Decoded first: in a PNG the EXIF may come after the pixels.
    with Picture(content).held(at_least_px=_SHOWN_PX), open_header(content) as image:
        exif = image.getexif()
        return [dict(exif), *(dict(exif.get_ifd(pointer)) for pointer in _EXIF_POINTERS)]


def _label_name(label: int) -> str:
    return "none" if label == UNLABELLED else CLASS_NAMES[label]
