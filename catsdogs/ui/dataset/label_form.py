"""The form that says which folders and name patterns are cats, dogs, or left out."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from catsdogs.dataset import labelling, nearby_tables, unlabelled
from catsdogs.dataset.index import Dataset
from catsdogs.dataset.labelling import LabelMap
from catsdogs.dataset.name_patterns import CAPITAL, FIRST_LETTER, FOLDER, Pattern, key
from catsdogs.labels import CAT, DOG, UNLABELLED
from catsdogs.sources.preview import Preview, preview
from catsdogs.text import counted, literal
from catsdogs.ui.dataset import table_import
from catsdogs.ui.shared import cache, problems

_CHOICES = {"Cat": CAT, "Dog": DOG, "Leave out": UNLABELLED}
_CAPITALS = {"Cats": CAT, "Dogs": DOG}
# More rows than this are not a form anybody fills in.
_MOST_ROWS = 60


def show(root: Path, patterns: tuple[Pattern, ...], *, on_saved: Callable[[], None]) -> None:
    """Draw the form for the folder ``root``; ``on_saved`` is called when its labels are kept.

    A row without an answer leaves its images as they are.
    """
    st.markdown("**Which of these are cats, and which are dogs?**")
    rows = [one for one in patterns if one.kind != FIRST_LETTER]
    with st.form("label_form"):
        capital = _capital(patterns)
        chosen = [(one, _row(number, one)) for number, one in enumerate(rows[:_MOST_ROWS])]
        if len(rows) > _MOST_ROWS:
            st.caption(
                f"{counted(len(rows) - _MOST_ROWS, 'more name')}: use `--map` of `data scan`, or "
                "put the images into the folders cats and dogs."
            )
        if st.form_submit_button("Save labels", key="label_form_save", type="primary"):
            names = {key(one.name): _CHOICES[choice] for one, choice in chosen if choice}
            _save(root, LabelMap(names, capital), on_saved)


def offer(dataset: Dataset) -> None:
    """Offer the form for the images of the current dataset that have no label, if there are any."""
    if not dataset.unlabelled:
        return
    title = f"{counted(dataset.unlabelled, 'image')} without a label"
    box = st.expander(title, icon=":material/label:", key="dataset_unlabelled", on_change="rerun")
    if box.open:
        with box:
            _offered(dataset)


def _offered(dataset: Dataset) -> None:
    patterns = tuple(unlabelled.patterns(dataset))
    if patterns:
        show(dataset.root, patterns, on_saved=_see)
    else:
        st.markdown(literal(unlabelled.advice(dataset)))
    tables = nearby_tables.found(dataset.root, dataset.records["path"])
    table_import.nearby(dataset.root, tables, on_imported=_see)
    if labelling.load(dataset.root):
        forget_button(dataset.root, on_saved=_see)


def _see() -> None:
    cache.forget_datasets()
    st.rerun()


def instead(root: Path) -> None:
    """Offer to label the images of a folder that cannot be a dataset because none has a label."""
    found = preview(root)
    if found.images and not found.cats and not found.dogs:
        every_way(found, on_saved=_see, on_imported=_see)


def every_way(
    found: Preview, *, on_saved: Callable[[], None], on_imported: Callable[[], None]
) -> None:
    """Offer the tables near the images, the form for their names, and an upload of a table."""
    table_import.nearby(found.folder, found.tables, on_imported=on_imported)
    if found.patterns:
        show(found.folder, found.patterns, on_saved=on_saved)
    with st.expander("Labels from another table", key="label_by_table"):
        table_import.upload(found.folder, on_imported=on_imported)


def forget_button(root: Path, *, on_saved: Callable[[], None]) -> None:
    """Offer to forget the labels of names that the user gave in this folder."""
    if st.button("Forget the labels of names", key="label_form_forget"):
        with problems.shown():
            labelling.save(root, LabelMap())
            on_saved()


def _row(number: int, pattern: Pattern) -> str | None:
    what = "Folder" if pattern.kind == FOLDER else "Names that begin with"
    return st.segmented_control(
        f"{what} **{literal(pattern.name)}** · {counted(pattern.images, 'image')}",
        list(_CHOICES),
        key=f"label_form_{number}",
    )


def _capital(patterns: tuple[Pattern, ...]) -> int | None:
    """Offer the rule of the first letter where names begin with both kinds."""
    images = {one.name: one.images for one in patterns if one.kind == FIRST_LETTER}
    if not images:
        return None
    chosen = st.segmented_control(
        f"Names that begin with a capital letter · {counted(images[CAPITAL], 'image')}",
        list(_CAPITALS),
        key="label_form_capital",
        help="Names that begin with a small letter are then the other class, as in the "
        "Oxford-IIIT Pet dataset.",
    )
    return None if chosen is None else _CAPITALS[chosen]


def _save(root: Path, labels: LabelMap, on_saved: Callable[[], None]) -> None:
    if not labels:
        st.warning("Choose a class for at least one row first.")
        return
    with problems.shown():
        labelling.save(root, labelling.load(root).with_changes(labels))
        on_saved()
