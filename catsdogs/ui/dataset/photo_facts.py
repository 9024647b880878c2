"""The facts about one photo: findings, properties, EXIF, and the most similar photos."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st
from PIL import ExifTags

from catsdogs.health.flags import FLAGS
from catsdogs.health.snapshot import Snapshot
from catsdogs.images.header import open_header
from catsdogs.images.picture import Picture, read_bytes
from catsdogs.images.thumbnails import thumbnails
from catsdogs.labels import UNLABELLED, Classes
from catsdogs.text import literal, percent, printable
from catsdogs.ui.dataset import tagging
from catsdogs.ui.shared.photo_grid import Tile, photo_grid

_MOST_TAGS, _MOST_CHARACTERS = 40, 80
_HELD_PX = 1600
_EXIF_POINTERS = (0x8769, 0x8825)  # the blocks of camera settings and of the position


def label_name(label: int, classes: Classes) -> str:
    """Return "cat", "dog" or "none"."""
    return "none" if label == UNLABELLED else classes.name(label)


def badges(snapshot: Snapshot, row: int) -> None:
    """Show the findings about the photo in row ``row`` of the snapshot's table."""
    found = [name for name in FLAGS if snapshot.flags.at[row, name]]
    with st.container(horizontal=True, gap="xsmall"):
        for name in found:
            st.badge(FLAGS[name].title, color="orange", help=FLAGS[name].help)
        if not found and snapshot.findings is not None:
            st.badge("Nothing odd", color="green")
        tagging.badges(snapshot.table["tags"].iloc[row])


def show(root: Path, photo: Mapping[Any, Any], classes: Classes) -> None:
    """Show a photo's properties and its EXIF tags."""
    _table(_facts(photo, classes))
    if tags := exif_tags(root / photo["path"]):
        st.markdown("**EXIF**")
        _table(tags)


def neighbours(
    snapshot: Snapshot, row: int, *, count: int, key: str, on_open: Callable[[str], None]
) -> None:
    """Show the photos most similar to the one in row ``row`` of the snapshot's table."""
    checked_row = int(snapshot.table["row"].to_numpy()[row])
    if snapshot.findings is None or checked_row < 0:
        return
    like = snapshot.findings.neighbours[checked_row][:count]
    near = snapshot.checked(like[like >= 0])
    if near.empty:
        return
    jpegs = thumbnails(snapshot.dataset.root, list(zip(near["path"], near["digest"], strict=True)))
    tiles = [
        Tile(
            printable(path.rpartition("/")[2]),
            jpeg,
            label_name(int(label), snapshot.dataset.classes),
        )
        for path, label, jpeg in zip(near["path"], near["label"], jpegs, strict=True)
    ]
    photo_grid(tiles, key=key, on_open=lambda position: on_open(near["path"].iloc[position]))


def exif_tags(path: Path) -> dict[str, str]:
    """Return the first of a photo's EXIF tags by name, as short Markdown; none for a bad file."""
    try:
        blocks = _exif_blocks(read_bytes(path))
    except Exception:  # Pillow raises many types: the photo is shown without its tags.
        return {}
    names = {**ExifTags.TAGS, **ExifTags.GPSTAGS}
    tags = {
        names.get(tag, f"0x{tag:04x}"): literal(str(value)[:_MOST_CHARACTERS])
        for block in blocks
        for tag, value in block.items()
        if tag not in _EXIF_POINTERS
    }
    return dict(list(tags.items())[:_MOST_TAGS])


def _facts(photo: Mapping[Any, Any], classes: Classes) -> dict[str, str]:
    changed = datetime.fromtimestamp(photo["mtime_ns"] / 1e9).astimezone()
    facts = {
        "Label": literal(label_name(photo["label"], classes)),
        "Label by its name": literal(label_name(photo["named_label"], classes)),
        "Side of the split": photo["side"] or "neither",
        "Size": f"{photo['width_px']} × {photo['height_px']} px",
        "File": f"{photo['size_bytes']:,} bytes, {photo['format']}, {photo['mode']}",
        "Changed": f"{changed:%Y-%m-%d %H:%M}",
        "Content": photo["digest"],
    }
    if pd.notna(photo["p_dog"]):
        facts[f"P({literal(classes.positive)}), cross-validated"] = percent(photo["p_dog"])
    if pd.notna(photo["brightness"]):
        facts["Brightness"] = f"{photo['brightness']:.0f} of 255"
        facts["Sharpness"] = f"{photo['sharpness']:,.0f}"
    if pd.notna(photo["entropy"]):
        facts["Information"] = f"{photo['entropy']:.1f} of 8 bits per pixel"
    if photo["decode_error"]:
        facts["Decoding error"] = literal(photo["decode_error"])
    if photo["hint"]:
        facts["Public lists"] = photo["hint"]
    return facts


def _table(rows: Mapping[str, str]) -> None:
    st.table(pd.DataFrame({"": rows.values()}, index=list(rows)), border="horizontal")


def _exif_blocks(content: bytes) -> list[dict[int, Any]]:
    """Return a file's EXIF tags: the main block, the camera settings and the position."""
    # Decoded first: in a PNG the EXIF may come after the pixels.
    with Picture(content).held(at_least_px=_HELD_PX), open_header(content) as image:
        exif = image.getexif()
        return [dict(exif), *(dict(exif.get_ifd(pointer)) for pointer in _EXIF_POINTERS)]
