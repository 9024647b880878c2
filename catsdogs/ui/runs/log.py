"""The command that repeats a run, the end of its log, and the photos that it skipped."""

import streamlit as st

from catsdogs.runs import log
from catsdogs.runs.run import Run
from catsdogs.runs.view import RunView
from catsdogs.text import printable
from catsdogs.ui.shared.markdown import verbatim


def show(run: Run, view: RunView, *, key: str) -> None:
    """Show command and log in an expander, and a warning for each skipped photo."""
    with st.expander("Command and log", key=key, on_change="rerun") as details:
        if details.open:
            st.caption("This command repeats the run.")
            st.code(printable(run.command), language="bash", wrap_lines=True)
            for at, more in view.extensions:
                command = f"python -m catsdogs runs extend RUN --epochs {more}"
                st.code(f"{command}  # RUN: the new one, after {at} epochs", language="bash")
            st.caption("The end of its log:")
            none = "Nothing yet." if run.state.is_active else "It has none."
            st.code(log.tail(run) or none, language=None)
    for event in view.skipped:
        st.warning(verbatim(f"Left out {event.path}: {event.reason}"))
