"""A run on a page: its short name in its own colour, with details behind it.

A run has one colour on all pages and in all charts. Colours repeat when there are many runs, so the
name is always shown beside them.
"""

from collections.abc import Iterable
from datetime import datetime

import streamlit as st

from catsdogs.charts.style import run_colour
from catsdogs.runs.run import Run
from catsdogs.text import duration, literal, percent, printable
from catsdogs.ui.shared.pages import RUN


def name(run: Run) -> str:
    """Return the run's short name in printable characters, with its star."""
    return printable(f"{run.short_name}{' ★' if run.remarks.starred else ''}")


def names(runs: Iterable[Run]) -> dict[str, str]:
    """Return a distinct short name for each run, by run id."""
    found, taken = dict[str, str](), set[str]()
    for run in runs:
        short = name(run)
        found[run.run_id] = f"{short} · {printable(run.run_id)}" if short in taken else short
        taken.add(short)
    return found


def dot(run: Run) -> str:
    """Return a dot in the run's colour, as Markdown."""
    return f':color[●]{{foreground="{run_colour(run)}"}}'


def chip(run: Run) -> str:
    """Return the run's dot and name, as Markdown."""
    return f"{dot(run)} **{literal(name(run))}**"


def details(run: Run) -> str:
    """Return a line of text: the run's accuracy, photos, time and start."""
    created = f"{datetime.fromisoformat(run.about.created_at):%d %b %H:%M}"
    if isinstance(run.about.started_by, str):
        created += f" · {run.about.started_by}"
    result = run.result
    if not run.is_usable:
        return f"{run.state} · {created}"
    right = f"{percent(result.val_accuracy)} of {result.val_images:,} right"
    return f"{right} · {duration(result.total_s)} · {created}"


def show(run: Run, *, key: str) -> None:
    """Draw the chip, its details on a second line, and all about the run in a popover."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(gap=None, width="content"):
            st.markdown(chip(run))
            st.caption(literal(details(run)))
        about(run, key=key)


def link(run: Run, label: str = "All about this run") -> None:
    """Draw a link to the run's own page."""
    st.page_link(RUN.script, label=label, icon=RUN.icon, query_params={"run": run.run_id})


def about(run: Run, *, key: str) -> None:
    """Draw a popover with everything that distinguishes the run."""
    with st.popover(
        "", icon=":material/info:", type="tertiary", help=f"About {literal(name(run))}", key=key
    ):
        st.markdown(chip(run))
        st.caption(literal(details(run)))
        data, result = run.about.dataset, run.result
        rows = {
            "Model": run.config.title,
            "Dataset": data.name,
            "Photos": f"{result.train_images:,} to learn from, {result.val_images:,} to validate",
            "Epochs": f"{run.epochs_done} of {run.epochs_planned}",
            "Seed": f"{run.config.seed}",
            "Run": run.run_id,
            "Note": run.remarks.line,
        }
        if not run.is_usable:
            del rows["Photos"]
        st.markdown("\n".join(f"- {name}: {literal(text)}" for name, text in rows.items() if text))
        if run.caveat:
            st.warning(run.caveat, icon=":material/warning:")
        link(run)
        st.code(run.command, language=None, wrap_lines=True)
