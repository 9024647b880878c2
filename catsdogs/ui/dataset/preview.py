"""A folder before it becomes the dataset: its counts, a few photos, and how it was understood."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from catsdogs.dataset import unlabelled
from catsdogs.dataset.summary import described, instead
from catsdogs.labels import CAT, DOG
from catsdogs.sources import opening
from catsdogs.sources.preview import MOST_FILES, Preview, preview
from catsdogs.storage.stand_in import spelled
from catsdogs.text import counted, literal, printable
from catsdogs.ui.dataset import label_form
from catsdogs.ui.shared import class_counts, problems
from catsdogs.ui.shared.markdown import verbatim

_KEY = "dataset_previewed"
# A dataset with more folders than this may be several, or a whole disk.
_MANY_FOLDERS = 20
_THUMBNAIL_PX = 112


def look(folder: Path) -> None:
    """Preview ``folder`` when the page is drawn next.

    Raises:
        DatasetError: if it is not a folder, or cannot be read.
    """
    st.session_state[_KEY] = preview(folder)


def chosen() -> Preview | None:
    """Return the preview to show, if there is one."""
    return st.session_state.get(_KEY)


def forget() -> None:
    """Return to the places that photos can come from."""
    st.session_state.pop(_KEY, None)


def show(found: Preview, *, on_use: Callable[[Path], None]) -> None:
    """Show the preview; ``on_use`` is called with its folder when the user takes it."""
    st.markdown(f"**{literal(opening.display_name(found.folder))}** · {_counts(found)}")
    with st.container(horizontal=True, gap="xsmall"):
        for path, jpeg in found.photos:
            st.image(jpeg, width=_THUMBNAIL_PX, alt=printable(path))
    for line in _understood(found):
        st.caption(line)
    _verdict(found, on_use)


def _verdict(found: Preview, on_use: Callable[[Path], None]) -> None:
    """Warn of what speaks against the folder, and offer to use it or to choose another one."""
    labelled = found.cats + found.dogs
    is_whole = bool(found.cats and found.dogs)
    if not found.images:
        st.error(
            f"Expected images in {verbatim(spelled(found.folder))}. "
            f"Received: {verbatim(instead(found.rest))}"
        )
    elif not labelled and found.is_by_hand:
        st.info("No name labels these images: label them one by one, in the view Label.")
    elif not labelled:
        patterns = list(found.patterns)
        problems.show(unlabelled.none_labelled(found.folder, found.images, patterns))
    elif not is_whole:
        missing = literal(found.classes.plural(DOG if found.cats else CAT))
        st.warning(f"There are no {missing} here. A model needs photos of both classes.")
    elif found.folders > _MANY_FOLDERS and found.classes.are_pets:
        st.warning(f"The images are in {found.folders:,} folders. Is this one dataset?")
    with st.container(horizontal=True):
        is_usable = labelled or (found.images and found.is_by_hand)
        if is_usable and st.button(
            "Use it" if is_whole else "Use it anyway",
            key="dataset_use",
            type="primary" if is_whole else "secondary",
        ):
            on_use(found.folder)
        st.button("Choose another", key="preview_back", on_click=forget)
    if found.images:
        _labels(found, is_whole=is_whole, on_use=on_use)


def _labels(found: Preview, *, is_whole: bool, on_use: Callable[[Path], None]) -> None:
    """Offer to label folders, name patterns and images by a table, or to forget such labels."""

    def look_again() -> None:
        look(found.folder)
        st.rerun()

    if not is_whole:
        label_form.every_way(found, on_saved=look_again, on_imported=lambda: on_use(found.folder))
    elif found.patterns:
        with st.expander("Label the other images", key="preview_labels"):
            label_form.show(found.folder, found.patterns, on_saved=look_again)
    if found.mapped:
        label_form.forget_button(found.folder, on_saved=look_again)


def _counts(found: Preview) -> str:
    if not found.cats and not found.dogs:
        return counted(found.images, "image")
    return class_counts.listed([found.cats, found.dogs], found.classes)


def _understood(found: Preview) -> list[str]:
    """Return sentences on the rules that gave the counts; none without labels."""
    if not found.cats and not found.dogs:
        return []
    by_name = found.cats + found.dogs - found.in_class_folders - found.mapped
    lines = []
    if found.mapped:
        lines.append(f"{counted(found.mapped, 'label')} from the folders and names you labelled.")
    if found.in_class_folders and by_name:
        lines.append(
            f"Labels: {found.in_class_folders:,} from folders named after a class, {by_name:,} "
            "from file names."
        )
    elif found.in_class_folders:
        lines.append("The labels come from the folders' names (cats, dogs).")
    elif by_name:
        lines.append("The labels come from the file names (cat.0.jpg, dog.0.jpg).")
    if found.unlabelled:
        lines.append(f"{counted(found.unlabelled, 'image')} without a label will not be used.")
    if others := described(found.rest):
        lines.append(f"Not used: {literal(others)}.")
    if not found.is_complete:
        lines.append(f"Only the first {MOST_FILES:,} files were counted.")
    return lines
