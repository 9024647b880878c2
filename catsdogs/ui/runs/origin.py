"""The origin of a run, supplied with the project or trained here, and its caveats."""

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from catsdogs.runs.run import Run
from catsdogs.storage.stand_in import spelled
from catsdogs.text import duration, literal
from catsdogs.ui.shared.markdown import verbatim

_KAGGLE = "https://www.kaggle.com/c/dogs-vs-cats"


def show(run: Run) -> None:
    """Show how a run supplied with the project was trained, and warn of optimistic metrics."""
    if run.is_reference:
        st.caption(how_made(run))
    warn(run)


def warn(run: Run, called: str = "") -> None:
    """Show a run's caveat, if it has one, after the name ``called`` (Markdown)."""
    if run.caveat:
        whose = f"**{called}**: " if called else ""
        st.warning(f"{whose}{run.caveat}", icon=":material/warning:")


def legend(runs: Sequence[Run]) -> None:
    """Explain "reference" and "optimistic" in the titles of these runs."""
    if any(run.is_reference for run in runs):
        st.caption("**reference**: came with the project, trained on another machine.")
    for caveat in sorted({run.caveat for run in runs} - {""}):
        st.caption(f"**optimistic**: {caveat}")


def photos_elsewhere(run: Run) -> str:
    """Return, as Markdown, why a run's photos cannot be shown and how to get them."""
    name, data = literal(run.about.dataset.name), verbatim(spelled(run.config.data))
    if run.is_reference:
        return (
            f"These photos ({name}) are not on this machine. Get [Dogs vs. Cats]({_KAGGLE}) and "
            "open it on the Dataset page: the photos appear here then."
        )
    return f"These photos ({name}) are no longer on this machine: they were in {data}."


def how_made(run: Run) -> str:
    """Return, as Markdown, how a run supplied with the project was trained."""
    result, machine = run.result, run.about.machine
    created = datetime.fromisoformat(run.about.created_at)
    trained = (
        f"A reference run: it came with the project and stays as it is. Trained on "
        f"{literal(run.about.dataset.name)} ({result.train_images:,} to learn from, "
        f"{result.val_images:,} held back), in {duration(result.total_s)} on "
        f"{literal(machine.system.partition('-')[0])} ({literal(machine.processor)}), "
        f"{created:%d %b %Y}."
    )
    figures_only = " It came without its model file, so it cannot classify other pictures."
    return trained if run.can_classify else trained + figures_only
