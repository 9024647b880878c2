"""The two runs to compare: the user's choice, which is in the address."""

from collections.abc import Sequence

import streamlit as st

from catsdogs.comparison.choice import best_pair, rival
from catsdogs.runs.run import Run
from catsdogs.text import percent
from catsdogs.ui.runs import remarks
from catsdogs.ui.shared import run_chips

_TITLES = {"a": "First run", "b": "Second run"}
_WRITTEN = "compare_written"  # the address as this page wrote it last


def pick(runs: Sequence[Run]) -> tuple[Run, Run]:
    """Return the two runs that the user chooses.

    The choice is in the address, so it can be bookmarked and shared.
    """
    starred_first = sorted(runs, key=lambda run: not run.remarks.starred)
    by_id = {run.run_id: run for run in starred_first}
    _follow_link(by_id)
    first, second = st.columns(2)
    defaults = _defaults(by_id)
    with first:
        a = _choose("a", by_id, default=defaults[0])
    with second:
        b = _choose("b", by_id, default=defaults[1])
    st.session_state[_WRITTEN] = _asked()
    return a, b


def _defaults(by_id: dict[str, Run]) -> tuple[Run, Run]:
    """Return the best pair; if only one run is chosen, that one and its rival."""
    runs = list(by_id.values())
    a, b = (by_id.get(_wanted(name)) for name in _TITLES)
    if a and b:
        return a, b
    if a:
        return a, rival(a, runs)
    if b:
        return rival(b, runs), b
    return best_pair(runs)


def _follow_link(by_id: dict[str, Run]) -> None:
    """Take the runs that the address names, unless this page wrote it: a link wins."""
    asked = _asked()
    if not any(asked.values()) or asked == st.session_state.get(_WRITTEN):
        return
    for name, run_id in asked.items():
        if run_id in by_id:
            st.session_state[_key(name)] = run_id
        else:
            st.session_state.pop(_key(name), None)


def _asked() -> dict[str, str]:
    return {name: st.query_params.get(name, "") for name in _TITLES}


def _wanted(name: str) -> str:
    return str(st.session_state.get(_key(name), ""))


def _key(name: str) -> str:
    return f"compare_{name}"


def _choose(name: str, by_id: dict[str, Run], *, default: Run) -> Run:
    labels = run_chips.names(by_id.values())
    # Set in every script run: otherwise the browser keeps the old name of a renamed run.
    st.session_state[_key(name)] = default.run_id
    with st.container(gap="xsmall"):
        run_id = st.selectbox(
            _TITLES[name],
            list(by_id),
            format_func=lambda run_id: labels[run_id],
            key=_key(name),
            label_visibility="collapsed",
            persist_state="session",
        )
        run = by_id[run_id]
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            right = f"{percent(run.result.val_accuracy)} of {run.result.val_images:,} photos"
            st.caption(f"{run_chips.dot(run)} {right}", width="content")
            run_chips.about(run, key=f"compare_about_{name}")
            remarks.show(run, key=f"compare_remarks_{name}")
    st.query_params[name] = run_id
    return run
