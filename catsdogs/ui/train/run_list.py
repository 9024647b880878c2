"""All runs: one to a row, with its colour and a button that overlays it on the chart."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from catsdogs.runs.run import Run
from catsdogs.text import literal, printable
from catsdogs.ui.runs import cards, origin
from catsdogs.ui.shared import pager, run_chips
from catsdogs.ui.shared.pager import Pages
from catsdogs.ui.shared.reported import reported
from catsdogs.ui.train import overlays
from catsdogs.ui.train.overlays import Overlays

_PER_PAGE = 10
_NAME_PX = 240
_PAGE = "train_list_page"
_TABLE = "train_runs"


def show(chosen: Run, runs: Sequence[Run], overlaid: Overlays) -> None:
    """Show the runs, newest first, as the legend of the chart. "Open" shows another run."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("All runs", anchor=False)
        overlays.options()
    shown = runs[pager.choose(Pages(len(runs), _PER_PAGE), key=_PAGE)]
    with st.container(gap=None):
        for run in shown:
            _row(run, chosen, overlaid)
    origin.legend(runs)
    with st.expander("All metrics", key="train_all_metrics", on_change="rerun") as table:
        if table.open:
            _table(runs)


def _row(run: Run, chosen: Run, overlaid: Overlays) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        is_chosen = run.run_id == chosen.run_id
        with st.container(width=_NAME_PX):
            _legend(run, overlaid, is_chosen=is_chosen)
        st.button(
            "Open",
            key=f"train_open_{run.run_id}",
            type="tertiary",
            disabled=is_chosen,
            on_click=cards.choose_next,
            args=(run,),
        )
        facts = [run_chips.details(run), run.about.dataset.name, run.caveat and "optimistic"]
        st.caption(literal(" · ".join(filter(None, facts))), width="content")


def _legend(run: Run, overlaid: Overlays, *, is_chosen: bool) -> None:
    """Draw the eye and the name, which add a run to the chart or remove it."""
    is_overlaid = run in overlaid
    if is_chosen:
        effect = "On the chart: it is the open run"
    elif is_overlaid:
        effect = "Remove it from the chart"
    elif overlaid.is_full:
        effect = f"The chart has room for {overlays.MOST_OVERLAID} more runs: remove one first"
    else:
        effect = "Overlay it on the chart"
    st.button(
        run_chips.chip(run),
        icon=f":material/visibility{'' if is_chosen or is_overlaid else '_off'}:",
        key=f"train_eye_{run.run_id}",
        type="tertiary",
        help=effect,
        disabled=is_chosen or (overlaid.is_full and not is_overlaid),
        on_click=overlays.toggle,
        args=(run,),
    )


def _table(runs: Sequence[Run]) -> None:
    st.dataframe(
        pd.DataFrame([_metrics(run) for run in runs]),
        column_config={
            "Accuracy": st.column_config.NumberColumn("Accuracy (%)", format="%.2f"),
            "Loss": st.column_config.NumberColumn(format="%.4f"),
            "Seconds": st.column_config.NumberColumn(format="%.0f"),
        },
        hide_index=True,
        placeholder="",
        key=_TABLE,
        on_select=lambda: _choose_row(runs),
        selection_mode="single-row",
    )


def _choose_row(runs: Sequence[Run]) -> None:
    selection = reported(_TABLE, "selection")
    if selection and selection["rows"]:
        cards.choose_next(runs[selection["rows"][0]])


def _metrics(run: Run) -> dict[str, Any]:
    result = run.result
    return {
        "Run": run_chips.name(run),
        "Model": printable(run.config.title),
        "State": str(run.state),
        "Dataset": printable(run.about.dataset.name),
        "Epochs": f"{run.epochs_done} of {run.epochs_planned}",
        "Accuracy": result.val_accuracy * 100,
        "Loss": result.val_loss,
        "Seconds": result.total_s,
        "Seed": run.config.seed,
        "Run id": printable(run.run_id),
    }
