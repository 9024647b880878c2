"""What the user says of a run: a name, a note, a star."""

from collections import Counter
from collections.abc import Callable, Iterable

import streamlit as st

from catsdogs.runs import store
from catsdogs.runs.run import Remarks, Run
from catsdogs.runs.store import LONGEST_NAME, LONGEST_NOTE
from catsdogs.text import printable
from catsdogs.ui.runs import actions


def show(run: Run, *, key: str) -> None:
    """Show a form for them in a popover."""
    problem = f"{key}_problem"
    with (
        st.popover("", icon=":material/edit_note:", help="Name, note and star", key=key),
        # The run is in the key, because a form holds what was typed of another one.
        st.form(f"{key}_form_{run.run_id}", border=False),
    ):
        said = Remarks(
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
            actions.attempt(_write, run, said, says=problem)
            st.rerun()
        actions.problem(problem)


def shown_title(run: Run) -> str:
    """Return the run's title, made fit to show."""
    return printable(run.title)


def starred_title(run: Run) -> str:
    """Return the run's title as lists show it, with its star; ``origin.legend`` explains it."""
    star = "★ " if run.remarks.starred else ""
    return printable(f"{star}{run.title}{' · optimistic' if run.caveat else ''}")


def labels(runs: Iterable[Run], label: Callable[[Run], str] = starred_title) -> dict[str, str]:
    """Return what a list of runs shows of each, by run id.

    With the id where two would read alike, of which Streamlit would choose the first for either.
    """
    shown = {run.run_id: label(run) for run in runs}
    times = Counter(shown.values())
    return {
        run_id: text if times[text] == 1 else f"{text} · {printable(run_id)}"
        for run_id, text in shown.items()
    }


def _write(run: Run, said: Remarks) -> None:
    store.remark(store.load(run.folder), said)
