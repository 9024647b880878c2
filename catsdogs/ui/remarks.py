"""What the user says of a run: a name, a note, a star."""

from dataclasses import asdict, replace
from typing import Any

import streamlit as st

from catsdogs.runs import store
from catsdogs.runs.store import LONGEST_NAME, LONGEST_NOTE, Run
from catsdogs.text import printable
from catsdogs.ui import run_actions


def show(run: Run, *, key: str) -> None:
    """Show the fields in a popover; what is typed is kept at once."""
    problem = f"{key}_problem"
    with st.popover("", icon=":material/edit_note:", help="Name, note and star", key=key):
        for name, value in asdict(run.remarks).items():
            # The stored one: another tab, or the same run chosen twice, may have changed it.
            st.session_state[f"{key}_{name}"] = value

        def options(name: str) -> dict[str, Any]:
            state = f"{key}_{name}"
            return {"key": state, "on_change": _keep, "args": (run, name, state, problem)}

        st.text_input(
            "Name", max_chars=LONGEST_NAME, placeholder=run.config.title, **options("name")
        )
        st.text_area("Note", max_chars=LONGEST_NOTE, **options("note"))
        st.toggle("Star: first among the runs to compare", **options("starred"))
        run_actions.problem(problem)


def starred_title(run: Run) -> str:
    """Return the run's title as lists show it, with its star."""
    return printable(f"★ {run.title}" if run.remarks.starred else run.title)


def _keep(run: Run, name: str, state: str, problem: str) -> None:
    run_actions.attempt(_write, run, name, st.session_state[state], says=problem)


def _write(run: Run, name: str, value: Any) -> None:
    # As it is now: another tab may have written the other fields.
    store.remark(run, replace(store.load(run.folder).remarks, **{name: value}))
