"""The buttons that keep, relabel and exclude photos, and the one that undoes the last decision."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import streamlit as st

from catsdogs.dataset import annotations, duplicates, labelling
from catsdogs.dataset.duplicates import Kept
from catsdogs.health.gallery_query import Found
from catsdogs.labels import UNLABELLED, Classes
from catsdogs.text import counted, literal
from catsdogs.ui.shared import problems

MOST_UNASKED = 20
_PROBLEM = "decide_problem"
_KEEP = {
    Kept.LARGEST: "Keep the largest of each duplicate",
    Kept.FIRST: "Keep the first of each duplicate",
}
_STAYS = {
    Kept.LARGEST: "The photo with the most pixels, then bytes,",
    Kept.FIRST: "The photo with the first name",
}


class _ForAll(NamedTuple):
    """A decision about many photos, as the menu shows it; ``kept`` is for duplicates."""

    title: str
    verb: str
    action: str
    label: int | None = None
    kept: Kept | None = None


def about_one(root: Path, photo: Mapping[Any, Any], *, key: str, shortcuts: bool = False) -> None:
    """Offer keep, relabel, exclude and undo for one photo (a row of a snapshot's table)."""
    # The photo is part of the key, so that a late press does not decide about the next one.
    photo_key = f"{key}_{photo['digest'][:8]}"
    with st.container(horizontal=True):
        _keep(root, photo, key=photo_key, shortcuts=shortcuts)
        _relabel(root, photo, key=photo_key, shortcuts=shortcuts)
        _button(
            "Exclude",
            partial(_decide, root, photo, annotations.EXCLUDE, None),
            icon=":material/block:",
            key=f"{photo_key}_exclude",
            shortcut="x" if shortcuts else None,
            disabled=photo["excluded"],
        )
        undo(root, key=f"{photo_key}_undo", shortcut="u" if shortcuts else None)


def about_all(
    root: Path, photos: Found, *, has_duplicates: bool, has_selection: bool = False
) -> None:
    """Offer one decision about ``photos``: the selected ones, or all that the filter finds.

    ``has_duplicates`` is whether two of them show the same picture.

    A decision about more than ``MOST_UNASKED`` photos is confirmed in a dialog first, and so is
    keeping one of each group of duplicates.
    """
    chosen = st.menu_button(
        f"Decide for {len(photos):,}" if has_selection else "Decide for all",
        _for_all(labelling.load(root).classes, has_duplicates=has_duplicates),
        icon=":material/checklist:",
        key="decide_all",
        format_func=lambda choice: choice.title,
        help=f"One decision for {counted(len(photos), 'photo')}. Your files stay unchanged.",
    )
    if chosen is None:
        return
    if chosen.kept is not None:
        st.dialog(f"{chosen.title}?")(_confirm_kept)(root, photos[:], chosen.kept)
        return
    decide = partial(annotations.annotate, root, photos[:], chosen.action, label=chosen.label)
    if len(photos) > MOST_UNASKED:
        title = chosen.title.replace("all", f"all {len(photos):,} photos", 1)
        st.dialog(f"{title}?")(_confirm)(chosen.verb, decide)
    else:
        problems.attempt(decide, note_as=_PROBLEM)
        st.rerun()


def undo(root: Path, *, key: str, shortcut: str | None = None) -> None:
    """Offer to undo the last decision, if there is one; show the error of the last action."""
    last = problems.attempt(annotations.last_step, root, note_as=_PROBLEM)
    if last:
        _button(
            "Undo",
            partial(annotations.undo, root),
            icon=":material/undo:",
            key=key,
            shortcut=shortcut,
            help=literal(f"Undo: {last}"),
        )
    problems.show_noted(_PROBLEM)


def _for_all(classes: Classes, *, has_duplicates: bool) -> list[_ForAll]:
    return [
        _ForAll("Exclude all", "Exclude", annotations.EXCLUDE),
        _ForAll("Keep all", "Keep", annotations.KEEP),
        *(
            _ForAll(f"Relabel all as {literal(name)}", "Relabel", annotations.RELABEL, label)
            for label, name in enumerate(classes.names)
        ),
        *(
            _ForAll(title, "Exclude", annotations.EXCLUDE, kept=kept)
            for kept, title in _KEEP.items()
            if has_duplicates
        ),
    ]


def _keep(root: Path, photo: Mapping[Any, Any], *, key: str, shortcuts: bool) -> None:
    if photo["label"] != UNLABELLED:
        _button(
            f"Keep as {literal(labelling.load(root).classes.name(photo['label']))}",
            partial(_decide, root, photo, annotations.KEEP, None),
            icon=":material/check:",
            key=f"{key}_keep",
            shortcut="k" if shortcuts else None,
        )


def _relabel(root: Path, photo: Mapping[Any, Any], *, key: str, shortcuts: bool) -> None:
    # One shortcut cannot serve two buttons, which a photo without a label has.
    shortcut = "l" if shortcuts and photo["label"] != UNLABELLED else None
    for label, name in enumerate(labelling.load(root).classes.names):
        if label != photo["label"]:
            _button(
                f"Relabel as {literal(name)}",
                partial(_decide, root, photo, annotations.RELABEL, label),
                icon=":material/label:",
                key=f"{key}_relabel_{name}",
                shortcut=shortcut,
            )


def _confirm_kept(root: Path, photos: pd.DataFrame, kept: Kept) -> None:
    found = duplicates.surplus(photos, kept)
    st.markdown(
        f"{counted(found.groups, 'group')} of duplicates. {_STAYS[kept]} stays in each; the other "
        f"{counted(len(found.copies), 'photo')} will be excluded."
    )
    if found.disputed:
        st.markdown(
            f"{counted(found.disputed, 'group')} with photos of both classes will stay as they "
            "are. Decide about those one by one."
        )
    _confirm("Exclude", partial(annotations.annotate, root, found.copies, annotations.EXCLUDE))


def _confirm(verb: str, decide: partial[None]) -> None:
    st.markdown("Your files stay unchanged, and you can undo this.")
    with st.container(horizontal=True):
        if st.button(
            f"{verb} them",
            type="primary",
            key="all_confirm",
            on_click=problems.attempt,
            args=(decide,),
            kwargs={"note_as": _PROBLEM},
        ):
            st.rerun()
        if st.button("Cancel", key="all_cancel"):
            st.rerun()


def _decide(root: Path, photo: Mapping[Any, Any], action: str, label: int | None) -> None:
    """Record a decision unless it is in effect: a key that is held down repeats itself."""
    found = annotations.in_effect(root).get(photo["path"])
    decision = photo["digest"], action, label
    if found is None or (found.digest, found.action, found.label) != decision:
        record = pd.DataFrame([photo])[["path", "digest"]]
        annotations.annotate(root, record, action, label=label)


def _button(title: str, action: partial[Any], *, key: str, **options: Any) -> None:
    """Draw a button that attempts ``action``."""
    st.button(
        title,
        key=key,
        on_click=problems.attempt,
        args=(action,),
        kwargs={"note_as": _PROBLEM},
        **options,
    )
