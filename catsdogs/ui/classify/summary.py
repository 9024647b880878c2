"""A summary of many answers: counts, unreadable files, and the share of right answers."""

from collections import Counter
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from catsdogs.inference import answers
from catsdogs.inference.answers import Seen
from catsdogs.labels import CAT, DOG, NEITHER
from catsdogs.runs.seen_before import TRAINING
from catsdogs.text import counted, literal, percent
from catsdogs.ui.classify.panes import Panes
from catsdogs.ui.classify.runs import Chosen
from catsdogs.ui.shared import class_counts, run_chips
from catsdogs.ui.shared.markdown import verbatim

_LISTED = 20
_Pairs = dict[str, Counter[tuple[str, str]]]


def show(seen: Sequence[Seen], chosen: Chosen, where: Panes) -> None:
    """Draw the counts of all answers in the right pane, and right and wrong ones in the left."""
    left, right = where
    confusion = answers.confusion(seen, chosen.decision)
    with right:
        _show_counts(seen, chosen, confusion)
    if confusion:
        with left:
            _matrices(confusion, chosen)


def _show_counts(seen: Sequence[Seen], chosen: Chosen, confusion: _Pairs) -> None:
    unreadable = [one for one in seen if one.error]
    facts = [counted(len(seen), "picture")]
    if unreadable:
        facts.append(f"{len(unreadable):,} unreadable")
    if len(chosen.runs) > 1:
        disagreements = sum(one.disagree(chosen.decision) for one in seen)
        facts.append(counted(disagreements, "disagreement"))
    st.markdown(f"**{' · '.join(facts)}**")
    if len(unreadable) < len(seen):
        _counts(seen, chosen, confusion)
    if unreadable:
        _list(unreadable)


def _counts(seen: Sequence[Seen], chosen: Chosen, confusion: _Pairs) -> None:
    """Draw a line for each run: how often it gives each label, and how often it is right."""
    counts = answers.counts(seen, chosen.decision)
    for run in chosen.runs:
        found = counts[run.run_id]
        words = [class_counts.listed([found[name] for name in run.classes.names], run.classes)]
        words.append(f"{found[NEITHER]:,} neither")
        line = f"{run_chips.chip(run)}  \n{', '.join(words)}"
        if pairs := confusion.get(run.run_id):
            right = sum(pairs[name, name] for name in run.classes.names)
            line += f"; {right:,} of {pairs.total():,} right ({percent(right / pairs.total())})"
        trained_on = sum(
            answer.seen == TRAINING and answer.run_id == run.run_id
            for one in seen
            for answer in one.answers
        )
        if trained_on:
            line += (
                f"  \n:material/history: {counted(trained_on, 'picture')} in its training photos"
            )
        st.markdown(line)


def _list(unreadable: list[Seen]) -> None:
    lines = [f"- **{literal(one.name)}**: {verbatim(one.error)}" for one in unreadable]
    if len(lines) > _LISTED:
        lines[_LISTED:] = [f"- and {len(lines) - _LISTED:,} more: choose “Unreadable”."]
    heading = f"{counted(len(unreadable), 'file')} cannot be read."
    st.error("\n".join([heading, "", *lines]), icon=":material/broken_image:")


def _matrices(confusion: _Pairs, chosen: Chosen) -> None:
    """Draw a confusion matrix for each run, on the pictures whose names give a label."""
    classes = chosen.classes
    names = list(classes.names)
    if any(said == NEITHER for pairs in confusion.values() for _, said in pairs):
        names.append(NEITHER)
    st.caption(
        "Right or wrong by the names of the files.",
        help="A file or folder name gives the true label. Rows are true labels, columns are "
        "answers. A picture of either class answered with “neither” is wrong. Photos that a run "
        "was trained on count too, which makes it look better than it is.",
    )
    runs = {run.run_id: run for run in chosen.runs}
    row = st.container(horizontal=True, gap="medium")
    for run_id, pairs in confusion.items():
        counts = [[pairs[truth, said] for said in names] for truth in classes.names]
        rows = [f"is {literal(classes.one(label))}" for label in (CAT, DOG)]
        with row.container(width="content", gap="xsmall"):
            st.markdown(run_chips.chip(runs[run_id]))
            st.table(
                pd.DataFrame(counts, rows, [f"“{literal(name)}”" for name in names]),
                width="content",
            )
