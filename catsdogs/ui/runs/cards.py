"""Runs on the pages: which to choose, how one ended, all in a table, broken folders."""

import math
from typing import Any

import pandas as pd
import streamlit as st

from catsdogs.errors import RunError
from catsdogs.runs.events import State
from catsdogs.runs.run import Run
from catsdogs.text import duration, printable
from catsdogs.ui.runs import origin, remarks
from catsdogs.ui.shared.markdown import verbatim

CHOSEN = "train_run"
LATEST = ""


def choose(runs: list[Run]) -> Run:
    """Return the run that the user chooses; at first the running one, else the newest.

    The choice is in the address, so it can be bookmarked and shared.
    """
    by_id, labels = {run.run_id: run for run in runs}, remarks.labels(runs, _label)
    at_work = [run for run in runs if run.state in (State.RUNNING, State.STOPPING)]
    own = [run for run in runs if not run.is_reference]
    latest = (at_work or own or [run for run in runs if run.can_classify] or runs)[0]
    wanted = st.session_state.get(CHOSEN, st.query_params.get("run", LATEST))
    st.session_state[CHOSEN] = wanted if wanted in by_id else LATEST
    chosen = st.selectbox(
        "Run",
        [LATEST, *by_id],
        format_func=lambda run_id: labels[run_id] if run_id else f"Now: {labels[latest.run_id]}",
        key=CHOSEN,
        persist_state="session",
    )
    if chosen == LATEST:
        st.query_params.pop("run", None)
    else:
        st.query_params["run"] = chosen
    return by_id.get(chosen, latest)


def table(runs: list[Run]) -> None:
    """Show all runs, newest first; a click on a row chooses that run."""
    st.dataframe(
        pd.DataFrame([_row(run) for run in runs]),
        column_config={
            "Accuracy": st.column_config.NumberColumn("Accuracy (%)", format="%.2f"),
            "Loss": st.column_config.NumberColumn(format="%.4f"),
            "Seconds": st.column_config.NumberColumn(format="%.0f"),
        },
        hide_index=True,
        placeholder="",
        key="train_runs",
        on_select=lambda: _choose_row([run.run_id for run in runs]),
        selection_mode="single-row",
    )
    origin.legend(runs)


def outcome(run: Run) -> None:
    """Show how a run ended, in the colour of its state."""
    match run.state:
        case State.FINISHED:
            _finished(run)
        case State.STOPPED:
            # A message explains why the run has no model, or an older one.
            kept = "" if run.message else "What it had learned is kept."
            text = f"Stopped after {run.epochs_done} of {run.epochs_planned} epochs. {kept}"
            st.warning(f"{text} {verbatim(run.message)}", icon=":material/stop_circle:")
        case State.FAILED:
            st.error(f"Failed: {verbatim(run.message)}", icon=":material/error:")
        case State.LOST:
            st.error(
                "Lost: its process is gone, without a word (killed, out of memory, or a power "
                f"cut). {_resumes_at(run)}",
                icon=":material/link_off:",
            )


def broken_folders(errors: list[RunError]) -> None:
    """Show the folders among the runs that hold no usable run."""
    for error in errors:
        st.warning(verbatim(error), icon=":material/folder_off:")


def _finished(run: Run) -> None:
    result = run.result
    text = (
        f"{result.val_accuracy:.2%} of {result.val_images:,} validation images are right, "
        f"after {duration(result.total_s)}."
    )
    early = run.epochs_planned - run.epochs_done
    if early > 0:
        text += f" Early stopping spared the last {early} epochs."
    # Two standard errors of guessing on as many images.
    if result.val_accuracy <= 0.5 + 1 / math.sqrt(result.val_images):
        st.warning(f"Finished, but no better than guessing: {text}", icon=":material/casino:")
    else:
        st.success(f"Finished: {text}", icon=":material/check:")


def _resumes_at(run: Run) -> str:
    saved = run.view.saved
    if saved is None:
        return "Resume begins anew; what was decoded or embedded is kept."
    if saved.epoch > run.epochs_planned:
        return "It has learned all it was to learn: resume measures and exports it."
    within = f", after batch {saved.step:,}" if saved.step else ""
    return f"Resume goes on with epoch {saved.epoch}{within}."


def _label(run: Run) -> str:
    known = f" · {run.result.val_accuracy:.2%}" if run.is_usable else ""
    return f"{remarks.starred_title(run)} · {run.state}{known}"


def _choose_row(run_ids: list[str]) -> None:
    rows = st.session_state["train_runs"]["selection"]["rows"]
    if rows:
        st.session_state[CHOSEN] = run_ids[rows[0]]


def _row(run: Run) -> dict[str, Any]:
    result = run.result
    return {
        "Run": remarks.starred_title(run),
        "State": str(run.state),
        "Dataset": printable(run.about.dataset.name),
        "Epochs": f"{run.epochs_done} of {run.epochs_planned}",
        "Accuracy": result.val_accuracy * 100,
        "Loss": result.val_loss,
        "Seconds": result.total_s,
        "Seed": run.config.seed,
    }
