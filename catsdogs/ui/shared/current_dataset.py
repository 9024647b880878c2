"""The dataset that all pages use. Without one, the sample is drawn and used."""

from pathlib import Path

import streamlit as st

from catsdogs.dataset import labelling, unlabelled
from catsdogs.dataset.index import Dataset
from catsdogs.errors import DatasetError
from catsdogs.health.snapshot import Snapshot
from catsdogs.labels import UNLABELLED
from catsdogs.sources import current, opening
from catsdogs.sources.sample import ensure_sample
from catsdogs.storage.stand_in import spelled
from catsdogs.ui.shared import cache, problems
from catsdogs.ui.shared.markdown import verbatim


def dataset() -> Dataset | None:
    """Return the current dataset; if there is none yet, draw the sample first.

    Returns None when the dataset cannot be opened; the page then shows the reason and offers the
    sample.
    """
    found = snapshot()
    return found.dataset if found else None


def snapshot() -> Snapshot | None:
    """Return the snapshot of the current dataset, under the same conditions as ``dataset``."""
    lost = current.lost()
    if lost is not None:
        name = verbatim(lost)
        st.warning(f"The chosen dataset no longer exists: {name}. Another is shown instead.")
    with problems.shown():
        path = current.path()
        if path is None:
            _draw_sample()
            # From the top, because the sidebar was drawn without a dataset.
            st.rerun()
        return opened(opening.open_source(path))
    if st.button("Use the drawn sample", key="dataset_fallback"):
        use_sample()
    return None


def use(folder: Path) -> None:
    """Make ``folder`` the current dataset and rerun the page."""
    with problems.shown():
        current.choose(folder)
        cache.forget_datasets()
        st.rerun()


def opened(folder: Path) -> Snapshot:
    """Return the snapshot of the dataset in ``folder``.

    Its images need no label yet if the user named the classes to label them by hand.

    Raises:
        DatasetError: when it does not exist, or none of its images is labelled and readable.
    """
    found = cache.snapshot(folder)
    pictures = found.dataset.pictures
    is_by_hand = len(pictures) and labelling.load(folder).own is not None
    if (
        not is_by_hand
        and ((pictures["named_label"] == UNLABELLED) & (pictures["label"] == UNLABELLED)).all()
    ):
        raise unlabelled.error(found.dataset) or DatasetError(
            f"Expected labelled images in {spelled(folder)}. Received: "
            f"{len(found.dataset.records):,} images, none of them labelled and readable."
        )
    return found


def use_sample() -> None:
    """Make the drawn sample the current dataset; draw it first if needed."""
    with problems.shown():
        use(_draw_sample())


def _draw_sample() -> Path:
    with st.spinner("Drawing a sample dataset, once: 600 cats and dogs …"):
        return ensure_sample()
