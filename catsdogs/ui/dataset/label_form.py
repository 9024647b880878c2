"""The forms that say which folders and name patterns are which class, or left out."""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import streamlit as st

from catsdogs.dataset import labelling, nearby_tables, unlabelled
from catsdogs.dataset.index import Dataset
from catsdogs.dataset.labelling import LabelMap
from catsdogs.dataset.name_patterns import CAPITAL, FIRST_LETTER, FOLDER, Pattern, key
from catsdogs.labels import CAT, DOG, UNLABELLED, Classes
from catsdogs.sources.preview import Preview, preview
from catsdogs.text import capital, counted, literal
from catsdogs.ui.dataset import own_classes, table_import, views
from catsdogs.ui.dataset.views import View
from catsdogs.ui.shared import cache, problems

_LEAVE_OUT = "Leave out"
_TABS = ("Two classes of your own", "Cats and dogs")
_TWO = 2
# More rows than this are not a form anybody fills in.
_MOST_ROWS = 60


def show(root: Path, patterns: tuple[Pattern, ...], *, on_saved: Callable[[], None]) -> None:
    """Draw the form for the folder ``root``; ``on_saved`` is called when its labels are kept.

    A row without an answer leaves its images as they are.
    """
    classes = labelling.load(root).classes
    first, second = (literal(classes.plural(label)) for label in (CAT, DOG))
    st.markdown(f"**Which of these are {first}, and which are {second}?**")
    choices = {capital(classes.name(label)): label for label in (CAT, DOG)}
    choices[_LEAVE_OUT] = UNLABELLED
    rows = [one for one in patterns if one.kind != FIRST_LETTER]
    with st.form("label_form"):
        first_letter = _capital(patterns, classes)
        chosen = [(one, _row(number, one, choices)) for number, one in enumerate(rows[:_MOST_ROWS])]
        if len(rows) > _MOST_ROWS:
            st.caption(
                f"{counted(len(rows) - _MOST_ROWS, 'more name')}: use `--map` of `data scan`, or "
                "put the images into folders named after the classes."
            )
        if st.form_submit_button("Save labels", key="label_form_save", type="primary"):
            names = {key(one.name): choices[choice] for one, choice in chosen if choice}
            _save(root, LabelMap(names, first_letter), on_saved)


def offer(dataset: Dataset) -> None:
    """Offer the form for the images of the current dataset that have no label, if there are any."""
    if not dataset.unlabelled:
        return
    title = f"{counted(dataset.unlabelled, 'image')} without a label"
    box = st.expander(title, icon=":material/label:", key="dataset_unlabelled", on_change="rerun")
    if box.open:
        with box:
            _offered(dataset)
            st.button(
                "Label them one by one",
                icon=":material/label:",
                key="dataset_label_queue",
                on_click=views.go,
                args=(View.LABEL,),
            )


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
    if len(own_classes.names(found.patterns)) > 1:
        _either(found, on_saved)
    elif found.patterns:
        show(found.folder, found.patterns, on_saved=on_saved)
    with st.expander("Label them one by one", key="label_by_hand", expanded=not found.patterns):
        own_classes.by_hand(found.folder, on_saved=partial(_to_the_queue, on_imported))
    with st.expander("Labels from another table", key="label_by_table"):
        table_import.upload(found.folder, on_imported=on_imported)


def _to_the_queue(use: Callable[[], None]) -> None:
    views.go(View.LABEL)
    use()


def _either(found: Preview, on_saved: Callable[[], None]) -> None:
    """Offer both forms: two classes of its own, and cats and dogs."""
    is_likely = len(own_classes.names(found.patterns)) == _TWO
    own, pets = st.tabs(_TABS, default=_TABS[0 if is_likely else 1])
    with own:
        own_classes.show(found.folder, found.patterns, on_saved=on_saved)
    with pets:
        show(found.folder, found.patterns, on_saved=on_saved)


def forget_button(root: Path, *, on_saved: Callable[[], None]) -> None:
    """Offer to forget the labels of names that the user gave in this folder."""
    if st.button("Forget the labels of names", key="label_form_forget"):
        with problems.shown():
            labelling.save(root, LabelMap())
            on_saved()


def _row(number: int, pattern: Pattern, choices: Iterable[str]) -> str | None:
    what = "Folder" if pattern.kind == FOLDER else "Names that begin with"
    return st.segmented_control(
        f"{what} **{literal(pattern.name)}** · {counted(pattern.images, 'image')}",
        list(choices),
        format_func=literal,
        key=f"label_form_{number}",
    )


def _capital(patterns: tuple[Pattern, ...], classes: Classes) -> int | None:
    """Offer the rule of the first letter where names begin with both kinds."""
    images = {one.name: one.images for one in patterns if one.kind == FIRST_LETTER}
    if not images:
        return None
    choices = {capital(classes.plural(label)): label for label in (CAT, DOG)}
    chosen = st.segmented_control(
        f"Names that begin with a capital letter · {counted(images[CAPITAL], 'image')}",
        list(choices),
        format_func=literal,
        key="label_form_capital",
        help="Names that begin with a small letter are then the other class, as in the "
        "Oxford-IIIT Pet dataset.",
    )
    return None if chosen is None else choices[chosen]


def _save(root: Path, labels: LabelMap, on_saved: Callable[[], None]) -> None:
    if not labels:
        st.warning("Choose a class for at least one row first.")
        return
    with problems.shown():
        labelling.save(root, labelling.load(root).with_changes(labels))
        on_saved()
