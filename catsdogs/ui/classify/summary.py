"""A summary of many answers: counts, unreadable files, and the share of right answers."""

from collections import Counter
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from catsdogs.inference import answers
from catsdogs.inference.answers import Seen
from catsdogs.labels import CLASS_NAMES, NEITHER
from catsdogs.text import counted, literal
from catsdogs.ui.classify.runs import Chosen
from catsdogs.ui.shared.markdown import verbatim

_LISTED = 20
_MATRICES_A_ROW = 3


def show(seen: Sequence[Seen], chosen: Chosen) -> None:
    """Show the counts of all answers together."""
    unreadable = [one for one in seen if one.error]
    numbers = {"Pictures": len(seen), "Unreadable": len(unreadable)}
    if len(chosen.runs) > 1:
        numbers["Disagreements"] = sum(one.disagree(chosen.decision) for one in seen)
    for column, (name, number) in zip(st.columns(len(numbers)), numbers.items(), strict=True):
        column.metric(name, f"{number:,}")
    confusion = answers.confusion(seen, chosen.decision)
    if len(unreadable) < len(seen):
        st.dataframe(_counts(seen, chosen, confusion), hide_index=True, key="classify_counts")
    if unreadable:
        _list(unreadable)
    if confusion:
        _matrices(confusion, chosen)


def _counts(
    seen: Sequence[Seen], chosen: Chosen, confusion: dict[str, Counter[tuple[str, str]]]
) -> pd.DataFrame:
    counts, rows = answers.counts(seen, chosen.decision), []
    for run_id, title in chosen.titles.items():
        row: dict[str, object] = {"Run": title}
        row |= {f"{name.capitalize()}s": counts[run_id][name] for name in CLASS_NAMES}
        row[NEITHER.capitalize()] = counts[run_id][NEITHER]
        if pairs := confusion.get(run_id):
            right = sum(pairs[name, name] for name in CLASS_NAMES)
            row["Right"] = f"{right:,} of {pairs.total():,}"
            row["Accuracy"] = f"{right / pairs.total():.1%}"
        rows.append(row)
    return pd.DataFrame(rows)


def _list(unreadable: list[Seen]) -> None:
    lines = [f"- **{literal(one.name)}**: {verbatim(one.error)}" for one in unreadable]
    if len(lines) > _LISTED:
        lines[_LISTED:] = [f"- and {len(lines) - _LISTED:,} more: choose “Unreadable” below."]
    heading = f"{counted(len(unreadable), 'file')} cannot be read."
    st.error("\n".join([heading, "", *lines]), icon=":material/broken_image:")


def _matrices(confusion: dict[str, Counter[tuple[str, str]]], chosen: Chosen) -> None:
    """Show a confusion matrix for each run, on the pictures whose names give a label."""
    names = list(CLASS_NAMES)
    if any(said == NEITHER for pairs in confusion.values() for _, said in pairs):
        names.append(NEITHER)
    st.markdown(
        "**As their names say**",
        help="Rows are what a name or folder says (cat.1.jpg, dogs/7.png), columns what the run "
        "says. A pet that is called neither is not right.",
    )
    st.caption("Photos that a run was trained on count too, and flatter it.")
    columns = st.columns(_MATRICES_A_ROW)
    for position, (run_id, pairs) in enumerate(confusion.items()):
        with columns[position % _MATRICES_A_ROW]:
            st.caption(literal(chosen.titles[run_id]))
            counts = [[pairs[truth, said] for said in names] for truth in CLASS_NAMES]
            rows = [f"named {name}" for name in CLASS_NAMES]
            st.table(pd.DataFrame(counts, rows, [f"called {name}" for name in names]))
