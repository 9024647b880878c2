"""The dataset that all pages work on; the sample is drawn when there is none."""

from pathlib import Path

import streamlit as st

from catsdogs.dataset.index import Dataset
from catsdogs.errors import DatasetError
from catsdogs.health.snapshot import Snapshot
from catsdogs.labels import UNLABELLED
from catsdogs.sources import current, opening
from catsdogs.sources.sample import ensure_sample, sample_dir
from catsdogs.ui.shared import cache
from catsdogs.ui.shared.told import told

_HOW_TO_GET_REAL_PHOTOS = (
    "Under *Use other images* on the Dataset page this app downloads photos from Microsoft (no "
    "account needed) or from [Kaggle](https://www.kaggle.com/c/dogs-vs-cats) (free account), or "
    "takes a zip or a folder that you have."
)


def dataset() -> Dataset | None:
    """Return the current dataset, drawing the sample first when there is none at all.

    When it cannot be opened, the page says why and offers the sample, and None is returned.
    """
    found = snapshot()
    return found.dataset if found else None


def snapshot() -> Snapshot | None:
    """Return what is known of the current dataset, as ``dataset`` does."""
    lost = current.lost()
    if lost is not None:
        name = told(lost)
        st.warning(f"The chosen dataset is not there any more: {name}. Another is shown instead.")
    try:
        path = current.path()
        if path is None:
            _draw_sample()
            # From the top, so that what is drawn already names the dataset too.
            st.rerun()
        return opened(opening.open_source(path))
    except (DatasetError, OSError) as error:
        st.error(told(error))
        if st.button("Use the drawn sample", key="dataset_fallback"):
            use_sample()
        return None


def use(folder: Path) -> None:
    """Make ``folder`` the current dataset and rerun the page."""
    try:
        current.choose(folder)
    except OSError as error:
        st.error(told(error))
        return
    cache.forget_datasets()
    st.rerun()


def about_sample() -> None:
    """Say, where it is so, that the photos are drawings, and how to get real ones."""
    if current.path() == sample_dir():
        st.info(
            "These are **drawings**, made by this app so that everything works at once, with some "
            "wrong labels, copies and unreadable files among them on purpose. Results on them say "
            f"nothing about photos. {_HOW_TO_GET_REAL_PHOTOS}",
            icon=":material/draw:",
        )


def opened(folder: Path) -> Snapshot:
    """Return what is known of the dataset in ``folder``.

    Raises:
        DatasetError: when it is not there, or none of its images is labelled and readable.
    """
    found = cache.snapshot(folder)
    if (found.dataset.pictures["named_label"] == UNLABELLED).all():
        raise DatasetError(
            f"Expected images labelled by name (cat.0.jpg) or folder (cats/) in {folder}. "
            f"Received: {len(found.dataset.records):,} images, none of them labelled and "
            "readable."
        )
    return found


def use_sample() -> None:
    """Make the drawn sample the current dataset, drawing it first where needed."""
    try:
        folder = _draw_sample()
    except (DatasetError, OSError) as error:
        st.error(told(error))
    else:
        use(folder)


def _draw_sample() -> Path:
    with st.spinner("Drawing a sample dataset, once: 600 cats and dogs …"):
        return ensure_sample()
