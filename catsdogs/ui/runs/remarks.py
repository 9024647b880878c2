"""The user's name, note and star for a run, and the titles of runs in lists."""

from collections import Counter
from collections.abc import Callable, Iterable

import streamlit as st

from catsdogs.runs import store
from catsdogs.runs.run import Remarks, Run
from catsdogs.runs.store import LONGEST_NAME, LONGEST_NOTE
from catsdogs.text import printable
from catsdogs.ui.shared import problems


def show(run: Run, *, key: str) -> None:
    """Show a form for the name, the note and the star in a popover."""
    problem = f"{key}_problem"
    with (
        st.popover("Name", icon=":material/edit_note:", key=key),
        # The run is part of the key: the form would keep the text typed for another run.
        st.form(f"{key}_form_{run.run_id}", border=False),
    ):
        remarks = Remarks(
            st.text_input(
                "Name",
                run.remarks.name,
                max_chars=LONGEST_NAME,
                placeholder=run.config.title,
                key=f"{key}_name_{run.run_id}",
            ),
            st.text_area(
                "Note", run.remarks.note, max_chars=LONGEST_NOTE, key=f"{key}_note_{run.run_id}"
            ),
            st.toggle(
                "Star: first among the runs to compare",
                run.remarks.starred,
                key=f"{key}_starred_{run.run_id}",
            ),
        )
        if st.form_submit_button("Save", type="primary"):
            problems.attempt(_write, run, remarks, note_as=problem)
            st.rerun()
        problems.show_noted(problem)


def shown_title(run: Run) -> str:
    """Return the run's title in printable characters."""
    return printable(run.title)


def starred_title(run: Run) -> str:
    """Return the run's title for lists, with its star; ``origin.legend`` explains the rest."""
    star = "★ " if run.remarks.starred else ""
    return printable(f"{star}{run.title}{' · optimistic' if run.caveat else ''}")


def labels(runs: Iterable[Run], label: Callable[[Run], str] = starred_title) -> dict[str, str]:
    """Return a distinct label for each run, by run id.

    Equal labels get the run id appended: Streamlit takes the first of two equal options for both.
    """
    shown = {run.run_id: label(run) for run in runs}
    times = Counter(shown.values())
    return {
        run_id: text if times[text] == 1 else f"{text} · {printable(run_id)}"
        for run_id, text in shown.items()
    }


def _write(run: Run, remarks: Remarks) -> None:
    store.remark(store.load(run.folder), remarks)
