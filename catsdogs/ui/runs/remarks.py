"""The user's name, note and star for a run."""

import streamlit as st

from catsdogs.runs import store
from catsdogs.runs.run import Remarks, Run
from catsdogs.runs.store import LONGEST_NAME, LONGEST_NOTE
from catsdogs.text import literal
from catsdogs.ui.shared import problems


def show(run: Run, *, key: str) -> None:
    """Show a form for the name, the note and the star in a popover."""
    problem = f"{key}_problem"
    with (
        st.popover("Rename", icon=":material/edit_note:", key=key),
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
        if run.remarks.remarked_by:
            st.caption(f"By {literal(run.remarks.remarked_by)}.")
        if st.form_submit_button("Save", type="primary"):
            problems.attempt(_write, run, remarks, note_as=problem)
            st.rerun()
        problems.show_noted(problem)


def _write(run: Run, remarks: Remarks) -> None:
    store.remark(store.load(run.folder), remarks)
