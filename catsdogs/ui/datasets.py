"""The dataset the app works on: shown, chosen, and drawn when there is none."""

from pathlib import Path

import streamlit as st

from catsdogs.data import sources
from catsdogs.data.index import Dataset
from catsdogs.errors import DatasetError
from catsdogs.ui import cache
from catsdogs.ui.text import literal


def current_dataset() -> Dataset | None:
    """Return the current dataset, drawing the sample first when there is none at all.

    When it cannot be opened, the page says why and offers the sample, and None is returned.
    """
    try:
        path = sources.current()
        if path is None:
            _draw_sample()
            # From the top, so that what is drawn already names the dataset too.
            st.rerun()
        dataset = _opened(sources.open_source(path))
    except DatasetError as error:
        st.error(literal(str(error)))
        if st.button("Use the drawn sample", key="dataset_fallback"):
            use(_draw_sample())
        return None
    return dataset


def use(path: Path) -> None:
    """Make ``path`` the current dataset and draw the page anew."""
    sources.choose(path)
    cache.forget_datasets()
    st.rerun()


def about_sample() -> None:
    """Say, where it is so, that the photos are drawings, and how to get real ones."""
    if sources.current() == sources.sample_dir():
        st.info(
            "These are **drawings**, made by this app so that everything works at once. Results on "
            f"them say nothing about photos. {sources.HOW_TO_GET_THE_REAL_ONE}",
            icon=":material/draw:",
        )


def picker() -> None:
    """Offer the other places a dataset can come from."""
    with st.expander("Use other images", icon=":material/folder_open:"):
        st.markdown(
            "A folder with `cat.0.jpg`, `dog.0.jpg` … or with `cats/` and `dogs/` inside, at any "
            "depth; or Kaggle's or Microsoft's zip as it is. Your files are only read."
        )
        typed = st.text_input(
            "Path on this machine", key="dataset_path", placeholder="/photos/train.zip"
        )
        left, right = st.columns(2)
        if left.button("Use this path", key="dataset_use", type="primary", width="stretch"):
            _try(typed)
        if right.button("Use the drawn sample", key="dataset_sample", width="stretch"):
            use(_draw_sample())


def _try(typed: str) -> None:
    if not typed.strip():
        st.warning("Type the path of a folder or a zip first.")
        return
    try:
        with st.spinner("Opening …"):
            # File managers copy a path with quotes around it.
            folder = sources.open_source(Path(typed.strip().strip("'\"")))
            _opened(folder)
    except DatasetError as error:
        st.error(literal(str(error)))
    else:
        # The folder, not the zip: it stays usable when the zip is deleted to save space.
        use(folder)


def _opened(folder: Path) -> Dataset:
    dataset = cache.dataset(folder)
    if dataset.usable.empty:
        raise DatasetError(
            f"Expected images labelled by name (cat.0.jpg) or folder (cats/) in {folder}. "
            f"Received: {len(dataset.records):,} images, none of them labelled and readable."
        )
    return dataset


def _draw_sample() -> Path:
    with st.spinner("Drawing a sample dataset, once: 600 cats and dogs …"):
        return sources.ensure_sample()
