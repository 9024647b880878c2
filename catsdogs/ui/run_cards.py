"""Runs as the pages show them: lists, next steps, and what is wrong with a folder."""

import math
from typing import Any

import pandas as pd
import streamlit as st

from catsdogs.errors import RunError
from catsdogs.runs.events import State
from catsdogs.runs.store import LOG, Run
from catsdogs.ui.text import literal, printable


def next_step(runs: list[Run]) -> None:
    """Say the one thing that is most useful now, with the link to it."""
    usable = [run for run in runs if run.is_usable]
    active = [run for run in runs if run.state.is_active]
    if active:
        st.markdown(f"**{active[0].config.title}** is being trained. Watch its curves move.")
        st.page_link("pages/train.py", label="Go to Train", icon=":material/model_training:")
    elif not usable:
        st.markdown(
            "Train a first model. MobileNetV2 takes seconds once its weights are here; the custom "
            "CNN learns from nothing, so it takes longer and shows more of how learning goes."
        )
        st.page_link("pages/train.py", label="Go to Train", icon=":material/model_training:")
    elif len({run.config.model for run in usable}) == 1:
        st.markdown("Train the other model too, and see the two side by side.")
        st.page_link("pages/train.py", label="Go to Train", icon=":material/model_training:")
    else:
        st.markdown("Both models are here. Drop a photo and see what each of them says.")
        st.page_link("pages/classify.py", label="Go to Classify", icon=":material/pets:")


def best_accuracy(runs: list[Run], fingerprint: str) -> str:
    """Return the best validation accuracy among the runs on the dataset with this fingerprint."""
    found = [
        run.view.result["val_accuracy"]
        for run in runs
        if run.view.result and run.about["dataset"]["fingerprint"] == fingerprint
    ]
    return f"{max(found):.2%}" if found else "none yet"


def table(runs: list[Run]) -> None:
    """Show earlier runs, newest first."""
    rows = [_row(run) for run in runs]
    st.dataframe(
        pd.DataFrame(rows),
        column_config={
            "Accuracy": st.column_config.NumberColumn("Accuracy (%)", format="%.2f"),
            "Loss": st.column_config.NumberColumn(format="%.4f"),
            "Seconds": st.column_config.NumberColumn(format="%.0f"),
        },
        hide_index=True,
        key="train_runs",
    )


def outcome(run: Run) -> None:
    """Say how a run ended, in the colour of its state."""
    result = run.view.result or {}
    match run.state:
        case State.FINISHED:
            st.success(
                f"Finished: {result['val_accuracy']:.2%} of {result['val_images']:,} validation "
                f"images are right, after {result['seconds']['total']:.0f} s.",
                icon=":material/check:",
            )
        case State.STOPPED:
            kept = "What it had learned is kept." if run.is_usable else ""
            st.warning(f"Stopped. {kept} {run.view.message or ''}", icon=":material/stop_circle:")
        case State.FAILED:
            st.error(f"Failed: {literal(run.view.message or '')}", icon=":material/error:")
            _log(run)
        case State.LOST:
            st.error(
                "Lost: its process is gone, without a word (killed, out of memory, or a power "
                "cut). Start it again; what was decoded or embedded is kept.",
                icon=":material/link_off:",
            )
            _log(run)
    for event in run.view.skipped:
        st.warning(literal(f"Left out {event['path']}: {event['reason']}"))


def broken_folders(errors: list[RunError]) -> None:
    """Show folders among the runs that hold none that can be used."""
    for error in errors:
        st.warning(literal(str(error)), icon=":material/folder_off:")


def _row(run: Run) -> dict[str, Any]:
    result = run.view.result or {}
    return {
        "Run": printable(run.title),
        "State": str(run.state),
        "Dataset": printable(run.about["dataset"]["name"]),
        "Epochs": f"{len(run.view.epochs)} of {run.config.epochs}",
        "Accuracy": result.get("val_accuracy", math.nan) * 100,
        "Loss": result.get("val_loss"),
        "Seconds": result.get("seconds", {}).get("total"),
        "Seed": run.config.seed,
    }


def _log(run: Run) -> None:
    try:
        lines = (run.folder / LOG).read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return
    with st.expander("The end of its log"):
        st.code("\n".join(lines[-30:]), language=None)
