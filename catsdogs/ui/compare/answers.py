"""Both runs at one threshold: their matrices, the photos of a cell, and the details in tabs."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import streamlit as st

from catsdogs.comparison.disagreements import Cell, Kind, cells, of_cell, of_kind, of_slices
from catsdogs.comparison.pair import LETTERS, Pair
from catsdogs.evaluation import thresholds
from catsdogs.evaluation.metrics import THRESHOLD, Evaluation
from catsdogs.labels import CAT, DOG
from catsdogs.reports import comparison_text
from catsdogs.runs.run import Run
from catsdogs.text import literal, percent
from catsdogs.ui.compare import chosen, export, photos, tabs
from catsdogs.ui.compare.photos import Listed
from catsdogs.ui.compare.verdict import margin
from catsdogs.ui.shared import run_chips
from catsdogs.ui.shared.matrix import confusion_matrix

_KEY = "compare_threshold"


# A fragment, so that moving the threshold redraws only the parts that depend on it.
@st.fragment
def show(pair: Pair, usable: Sequence[Run]) -> None:
    """Show both runs' answers on the images that they share, or else on each run's own images."""
    st.subheader("All answers", anchor=False, help="Click a cell to see its photos.")
    if pair.both.empty:
        st.caption(comparison_text.OWN_ANSWERS)
    for sentence in comparison_text.baselines(pair.named(pair.balances)):
        st.caption(literal(sentence))
    threshold = _controls(pair)
    evaluations = pair.evaluations(threshold)
    for column, letter in zip(st.columns(2), LETTERS, strict=True):
        with column:
            _matrix(pair, letter, evaluations[letter], threshold)
    if not pair.both.empty:
        _photos(pair, threshold)
    tabs.show(pair, usable, threshold)


def _controls(pair: Pair) -> float:
    st.session_state.setdefault(_KEY, THRESHOLD)
    positive = literal(pair.classes.positive)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        threshold = st.slider(
            "Threshold",
            min_value=0.0,
            max_value=1.0,
            step=0.001,
            format="%.3f",
            key=_KEY,
            persist_state="session",
            help=f"The answer is “{positive}” if P({positive}) is at least the threshold. It "
            "changes everything "
            f"below; the result and the photos above are at {THRESHOLD:g}.",
        )
        with st.popover("Set to", icon=":material/tune:"):
            _presets(pair)
        with st.popover("Export", icon=":material/download:"):
            export.show(pair, threshold=threshold, margin=margin())
    return threshold


def _presets(pair: Pair) -> None:
    letter = st.segmented_control(
        "For the run",
        LETTERS,
        default="A",
        required=True,
        format_func=lambda letter: literal(pair.names[letter]),
        key="compare_preset_run",
    )
    table = pair.answers[letter or "A"]
    negatives, positives = (literal(pair.classes.plural(label)) for label in (CAT, DOG))
    labels, p_dog = (table[name].to_numpy() for name in ("label", "p_dog"))
    _preset(0, "One half", lambda: THRESHOLD, "The threshold of the result above.")
    best_f1 = partial(thresholds.best_f1, labels, p_dog)
    _preset(1, "Best F1", best_f1, f"The best balance of precision and recall for {positives}.")
    equal_error = partial(thresholds.equal_error, labels, p_dog)
    _preset(
        2, "Equal error", equal_error, f"Equal shares of {negatives} and {positives} are wrong."
    )
    recall = st.number_input(
        f"Recall of {positives}, %",
        min_value=1.0,
        max_value=100.0,
        value=99.0,
        step=0.5,
        key="compare_recall",
        format="%.1f",
    )
    for_recall = partial(thresholds.for_recall, labels, p_dog, recall / 100)
    why = f"The highest threshold that recognises this share of the {positives}."
    _preset(3, f"Recall of {recall:g} %", for_recall, why)


def _preset(number: int, title: str, find: Callable[[], float], why: str) -> None:
    key = f"compare_preset_{number}"
    st.button(title, key=key, on_click=_set, args=(find,), width="stretch", help=why)


def _set(find: Callable[[], float]) -> None:
    # Not rounded to the slider's steps: a confident model has its best threshold near an end.
    st.session_state[_KEY] = find()


def _matrix(pair: Pair, letter: str, evaluation: Evaluation, threshold: float) -> None:
    choice, outlined = chosen.current(), None
    if isinstance(choice, Cell) and choice.letter == letter:
        outlined = choice.truth, choice.said
    st.markdown(
        f"{run_chips.chip(pair.runs[letter])}\u2003{_right(pair, letter, evaluation, threshold)}"
    )
    confusion_matrix(
        evaluation.confusion_matrix,
        classes=pair.classes,
        name=pair.names[letter],
        key=f"compare_matrix_{letter}",
        chosen=outlined,
        on_choose=None if pair.both.empty else partial(_choose_cell, pair, letter),
    )


def _right(pair: Pair, letter: str, evaluation: Evaluation, threshold: float) -> str:
    right, sound = pair.accuracy(letter, threshold)
    interval = f"95 % interval {percent(right.low)} to {percent(right.high)}"
    twin = f"; without suspect labels {percent(sound.value)}" if sound else ""
    balanced = evaluation.balanced_accuracy
    if balanced is not None and pair.balances[letter].is_uneven:
        twin += f"; balanced {percent(balanced)}"
    return f"{percent(right.value)} right :small[({interval}{twin})]"


def _choose_cell(pair: Pair, letter: str, truth: str, said: str) -> None:
    chosen.choose(Cell(letter, truth, said, pair.classes))


def _photos(pair: Pair, threshold: float) -> None:
    """Show the chosen photos; a list offers all cells and slices, for the keyboard too."""
    found: dict[chosen.Choice, np.ndarray] = {}
    found |= {cell: of_cell(pair.both, threshold, cell) for cell in cells(pair.classes)}
    found |= dict(of_kind(pair.both, threshold).items())
    found |= dict(of_slices(pair, threshold).items())
    choice = st.selectbox(
        "Photos of",
        list(found),
        index=None,
        format_func=lambda choice: f"{choice.in_words(pair.names)} · {len(found[choice]):,}",
        key=chosen.KEY,
        placeholder="Click a cell, or choose one here",
        on_change=chosen.first_page,
        label_visibility="collapsed",
        width=420,
    )
    if choice is None:
        return
    listed = Listed(
        key=chosen.PHOTOS,
        title=choice.in_words(pair.names),
        pair=pair,
        positions=found[choice],
        quoted=_quoted(choice),
        threshold=threshold,
    )
    items = photos.choose_page(listed)
    if len(listed.positions):
        photos.show(listed, items, reveal=chosen.reveal())
        photos.repeat_pages(listed)
    else:
        st.caption("No photos at this threshold.")


def _quoted(choice: chosen.Choice) -> tuple[str, ...]:
    """Return the letters of the runs whose answers are quoted below each photo."""
    if isinstance(choice, Kind):
        return choice.wrong
    return (choice.letter,) if isinstance(choice, Cell) else LETTERS
