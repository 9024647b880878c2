"""A preview of augmentation on the user's own photos."""

from pathlib import Path

import numpy as np
import streamlit as st

from catsdogs.dataset.index import Dataset
from catsdogs.errors import UnreadableImage
from catsdogs.images.augmentation import cropped, crops
from catsdogs.images.picture import load_square, read_bytes

_PHOTOS, _VARIANTS = 3, 3


def show(dataset: Dataset, side: int, smallest_crop: float) -> None:
    """Offer a few photos of the dataset, each with crops that training could see in its place."""
    shown = st.expander("What augmentation does", key="train_augmentation", on_change="rerun")
    if not shown.open:
        return
    with shown:
        seed = st.session_state.setdefault("train_augmentation_seed", 0)
        st.caption("Left as it is, then as three epochs might see it.")
        for number, name in enumerate(_some_photos(dataset, seed)):
            boxes = crops(_VARIANTS, smallest_crop, np.random.default_rng((seed, number)))
            _row(dataset.root / name, side, boxes)
        st.button("Other photos", key="train_augmentation_more", on_click=_next)


def _next() -> None:
    st.session_state["train_augmentation_seed"] += 1


def _some_photos(dataset: Dataset, seed: int) -> list[str]:
    paths = dataset.usable["path"].to_numpy()
    return list(np.random.default_rng(seed).choice(paths, min(_PHOTOS, len(paths)), replace=False))


def _row(path: Path, side: int, boxes: np.ndarray) -> None:
    try:
        pixels = load_square(read_bytes(path), side)
    except UnreadableImage:
        return  # The Dataset page shows why.
    variants = [cropped(pixels, box) for box in boxes]
    for column, picture in zip(st.columns(_VARIANTS + 1), [pixels, *variants], strict=True):
        column.image(picture)
