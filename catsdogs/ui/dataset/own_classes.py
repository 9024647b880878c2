"""Two classes of a dataset's own: the form that chooses them, and how to swap or forget them."""

from collections.abc import Callable, Iterable
from pathlib import Path

import streamlit as st

from catsdogs.dataset import labelling
from catsdogs.dataset.index import Dataset
from catsdogs.dataset.labelling import LabelMap
from catsdogs.dataset.name_patterns import FOLDER, NAME, Pattern
from catsdogs.labels import CAT, DOG, PETS, Classes
from catsdogs.text import counted, literal
from catsdogs.ui.shared import cache, problems


def names(patterns: Iterable[Pattern]) -> list[str]:
    """Return the names that two classes can be chosen from: folders, or else beginnings of names.

    The largest come first.
    """
    found = list(patterns)
    folders = [one.name for one in found if one.kind == FOLDER]
    return folders or [one.name for one in found if one.kind == NAME]


def show(root: Path, patterns: tuple[Pattern, ...], *, on_saved: Callable[[], None]) -> None:
    """Draw the form for the folder ``root``; ``on_saved`` is called when its classes are kept."""
    known, images = names(patterns), {one.name: one.images for one in patterns}

    def titled(name: str) -> str:
        return f"{literal(name)} · {counted(images[name], 'image')}"

    with st.form("own_classes", border=False):
        columns = st.columns(2)
        chosen = [
            columns[label].selectbox(
                title,
                known,
                index=label if len(known) == len(columns) else None,
                format_func=titled,
                key=f"own_class_{label}",
                placeholder="Choose a folder or a name",
                help=about,
            )
            for label, (title, about) in enumerate(
                (
                    ("First class", "The negative class: label 0."),
                    ("Second class", "The positive class: a model answers with its probability."),
                )
            )
        ]
        if len(known) > len(columns):
            st.caption(
                "All other images show other things: only the answer neither learns from them."
            )
        if st.form_submit_button("Use these classes", key="own_classes_save", type="primary"):
            _save(root, chosen, on_saved)


def by_hand(root: Path, *, on_saved: Callable[[], None]) -> None:
    """Draw the form that names two classes for images without a label in the folder ``root``."""
    st.markdown(
        "Name the two classes. Suggestions come from a run on the same classes, or from your "
        "answers."
    )
    with st.form("by_hand", border=False):
        columns = st.columns(2)
        typed = [
            columns[label].text_input(title, name, key=f"by_hand_{label}")
            for label, (title, name) in enumerate(
                zip(("First class", "Second class"), PETS.names, strict=True)
            )
        ]
        if st.form_submit_button("Start labelling", key="by_hand_save", type="primary"):
            with problems.shown():
                labelling.save(root, labelling.by_hand(*typed))
                on_saved()


def manage(dataset: Dataset) -> None:
    """Offer to swap or forget the classes of the current dataset, if they are its own."""
    if dataset.classes.are_pets:
        return
    first, second = (literal(name) for name in dataset.classes.names)
    with st.popover("Classes", icon=":material/label:", key="own_classes_manage"):
        st.markdown(f"**{first}** is the first class, and **{second}** the second one.")
        st.caption("A model answers with the probability of the second class.")
        if st.button("Swap both", icon=":material/swap_horiz:", key="own_classes_swap"):
            _change(dataset, _swapped(labelling.load(dataset.root)))
        if st.button("Forget the classes", icon=":material/undo:", key="own_classes_forget"):
            _change(dataset, LabelMap())


def _swapped(known: LabelMap) -> LabelMap:
    opposite = {CAT: DOG, DOG: CAT}
    mapped = {name: opposite.get(label, label) for name, label in known.names.items()}
    capital = None if known.capital is None else opposite[known.capital]
    own = known.own and Classes(known.own.positive, known.own.negative)
    return LabelMap(mapped, capital, own)


def _change(dataset: Dataset, labels: LabelMap) -> None:
    with problems.shown():
        labelling.save(dataset.root, labels)
        cache.forget_datasets()
        st.rerun()


def _save(root: Path, chosen: list[str | None], on_saved: Callable[[], None]) -> None:
    first, second = chosen
    if first is None or second is None:
        st.warning("Choose both classes first.")
        return
    with problems.shown():
        labelling.save(root, labelling.of_own(first, second))
        on_saved()
