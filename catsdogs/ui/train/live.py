"""The chosen run: its curves and its wall, live while it runs."""

from dataclasses import dataclass, field

import plotly.graph_objects as go
import streamlit as st

from catsdogs.errors import RunError
from catsdogs.runs import store
from catsdogs.runs.run import Run
from catsdogs.runs.view import RunView
from catsdogs.text import percent
from catsdogs.ui.exports import section as exports
from catsdogs.ui.runs import actions, cards, log, origin, remarks
from catsdogs.ui.shared import run_chips
from catsdogs.ui.train import mistakes, outcome, overlays, progress, run_list, wall
from catsdogs.ui.train.live_chart import live_chart
from catsdogs.ui.train.overlays import Overlays
from catsdogs.ui.train.wall import Photo

_EVERY_S = 1.0
_CHART_PX = 440


def show(runs: list[Run], *, is_main: bool) -> None:
    """Show the chosen run: live while it runs, with its outcome afterwards.

    ``is_main`` says that the page is about this run now, not about starting another.
    """
    if not runs:
        st.info("The curves of your first run appear here.", icon=":material/show_chart:")
        return
    # Above the parts that change size while the run is active: no button moves under a click.
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        run = cards.choose(runs)
        if not run.is_reference:
            actions.show(run)
        remarks.show(run, key="train_remarks")
        run_chips.link(run)
    overlaid = overlays.of(run, runs)
    if run.state.is_active:
        # Only while a run is active: a finished run causes no requests.
        st.fragment(_watch, run_every=_EVERY_S)(run, runs, overlaid, _Drawn())
    else:
        _ended(run, runs, overlaid, is_main=is_main)
    run_list.show(run, runs, overlaid)


def _ended(run: Run, runs: list[Run], overlaid: Overlays, *, is_main: bool) -> None:
    cards.outcome(run)
    outcome.next_steps(run, runs, is_main=is_main)
    mistakes.show(run)
    view = run.view
    figure, photos = overlays.chart(run, view, overlaid), wall.photos(run, view.watched)
    _hero(run, view, figure, photos, has_wall=bool(photos))
    with st.container(gap=None):
        overlays.legend(run, view, overlaid)
        outcome.metrics(run)
    origin.show(run)
    exports.folded([run], key="train_exports")
    log.show(run, view, key="train_log")


@dataclass
class _Drawn:
    """The chart and the photos on the page, and how many points the run had then."""

    at: object = None
    figure: go.Figure | None = None
    photos: list[Photo] = field(default_factory=list)


def _watch(run: Run, runs: list[Run], overlaid: Overlays, drawn: _Drawn) -> None:
    """Refresh the run; redraw the chart, the most expensive part, only when there are new points.

    Draw every element on each refresh: Streamlit removes any that a fragment run omits.
    """
    before = run
    try:
        run = store.load(run.folder)
    except RunError:  # Another tab deleted it.
        st.rerun()
    if run.state is not before.state:
        st.rerun()
    view = run.view
    at = len(view.batches), len(view.epochs)
    if at != drawn.at:
        drawn.at, drawn.figure = at, overlays.chart(run, view, overlaid)
    drawn.photos = drawn.photos or wall.photos(run, view.watched)
    # In its own container, so that the chart stays the same node whatever is drawn above it.
    with st.container():
        progress.show(run, view, runs)
    _hero(run, view, drawn.figure, drawn.photos, has_wall=True)
    with st.container(gap=None):
        overlays.legend(run, view, overlaid)
        progress.metrics(run, view)
    log.show(run, view, key="train_log")


def _hero(
    run: Run, view: RunView, figure: go.Figure | None, photos: list[Photo], *, has_wall: bool
) -> None:
    """Show the chart, and the wall beside it."""
    if has_wall:
        left, right = st.columns([5, 3], gap="medium")
    else:
        left = right = st.container()
    with left:
        _chart(run, view, figure)
    if has_wall:
        with right:
            if photos:
                wall.show(photos, view, run.classes, key=f"train_wall_{run.run_id}")
            else:
                wall.waiting(view)


def _chart(run: Run, view: RunView, figure: go.Figure | None) -> None:
    if figure is not None:
        alt = _described(run, view)
        live_chart(figure, key=f"train_curves_{run.run_id}", alt=alt, height=_CHART_PX)
    elif run.state.is_active:
        with st.container(height=_CHART_PX, border=True):
            st.caption("The curves begin with the first batches.")


def _described(run: Run, view: RunView) -> str:
    """Return the chart in words."""
    name = f"Loss and accuracy of {run_chips.name(run)} by epoch"
    if not view.epochs:
        return f"{name}, before its first epoch ends."
    last = view.epochs[-1]
    return (
        f"{name}. After epoch {last.epoch}: loss {last.loss:.3f} on training photos and "
        f"{last.val_loss:.3f} on validation photos, accuracy {percent(last.accuracy)} and "
        f"{percent(last.val_accuracy)}."
    )
