"""The chosen run: its phases, metrics and curves, live while it runs."""

import time
from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st

from catsdogs.background.pace import Pace
from catsdogs.charts import training as training_charts
from catsdogs.errors import RunError
from catsdogs.paths import shortened
from catsdogs.runs import layout, store
from catsdogs.runs.events import State, phases_of
from catsdogs.runs.pace import pace
from catsdogs.runs.queue import in_queue
from catsdogs.runs.run import Run
from catsdogs.runs.view import RunView
from catsdogs.system import processes
from catsdogs.text import duration, printable
from catsdogs.ui.runs import actions, cards, origin, remarks
from catsdogs.ui.shared.markdown import verbatim
from catsdogs.ui.train.live_chart import live_chart

_EVERY_S = 1.0
_MOST_OVERLAID = 4
# Long enough to measure: a click reruns the page between two refreshes.
_PROCESSOR_OVER_S = 3.0
_LOG_LINES = 30
_PHASE_WORDS = {
    "decode": "Decode",
    "embed": "Embed",
    "fit": "Fit",
    "evaluate": "Evaluate",
    "export": "Export",
}


def show(runs: list[Run]) -> None:
    """Show the chosen run: live while it runs, with its outcome afterwards."""
    if not runs:
        st.subheader("Curves")
        st.info("Curves appear here as soon as a run starts.")
        return
    run = cards.choose(runs)
    overlaid = _overlaid(run, runs)
    # Above the parts that change size while the run is active: no button moves under a click.
    with st.container(horizontal=True):
        if not run.is_reference:
            actions.show(run)
        remarks.show(run, key="train_remarks")
    if run.state.is_active:
        # Only while a run is active: a finished run causes no requests.
        st.fragment(_watch, run_every=_EVERY_S)(run, overlaid, _Drawn())
    else:
        cards.outcome(run)
        origin.show(run)
        _final_metrics(run)
        view = run.view
        _curves(run, view, _chart(run, view, overlaid))
        _details(run, view)


def _overlaid(run: Run, runs: list[Run]) -> list[Run]:
    """Let the user choose runs to overlay, and how the curves are drawn."""
    others = {other.run_id: other for other in runs if other.run_id != run.run_id}
    labels = remarks.labels(others.values())
    row = st.container(horizontal=True, vertical_alignment="bottom")
    chosen = row.multiselect(
        "Lay over it",
        list(others),
        format_func=lambda run_id: labels[run_id],
        max_selections=_MOST_OVERLAID,
        placeholder="other runs",
        key="train_overlaid",
        persist_state="session",
        width=300,
    )
    row.slider(
        "Smoothing",
        *(0.0, 0.99, 0.9),
        key="train_smoothing",
        persist_state="session",
        help="How much of the earlier batches a point of the training line keeps.",
        width=160,
    )
    row.toggle("Logarithmic loss", key="train_log_loss", persist_state="session")
    return [others[run_id] for run_id in chosen if run_id in others]


@dataclass
class _Drawn:
    """The chart on the page, and how many points the run had when it was drawn."""

    at: object = None
    figure: go.Figure | None = None


def _watch(run: Run, overlaid: list[Run], drawn: _Drawn) -> None:
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
        drawn.at, drawn.figure = at, _chart(run, view, overlaid)
    # In its own container, so that the chart stays the same node whatever is drawn above it.
    with st.container():
        _state(run, view)
    _curves(run, view, drawn.figure)
    _details(run, view)


def _state(run: Run, view: RunView) -> None:
    if run.state is State.QUEUED:
        ahead = _ahead(run)
        waits = f"{ahead} before it in the queue" if ahead else "next in the queue"
        st.info(f"Waits for its turn: {waits}.", icon=":material/hourglass_empty:")
        return
    speed = pace(view, batch_size=run.config.batch_size)
    origin.warn(run)
    _phases(run, view)
    _progress(run, view, speed)
    _live_metrics(run, view, speed)


def _ahead(run: Run) -> int:
    queue = [other.run_id for other in in_queue(store.list_runs()[0])]
    return queue.index(run.run_id) if run.run_id in queue else 0


def _phases(run: Run, view: RunView) -> None:
    names = phases_of(run.config.info)
    at = names.index(view.phase) if view.phase in names else -1
    marks = []
    for number, name in enumerate(names):
        word = _PHASE_WORDS[name]
        if number < at:
            marks.append(f":green[:material/check_circle: {word}]")
        elif number == at:
            marks.append(f":blue[:material/pending: **{word}**]")
        else:
            marks.append(f":gray[:material/circle: {word}]")
    st.markdown("\u2003".join(marks))


def _progress(run: Run, view: RunView, speed: Pace) -> None:
    if run.state is State.STOPPING:
        st.progress(_share(view), "Stopping after the batch at hand. What was learned is kept.")
    elif view.phase is None:
        st.progress(0.0, "Starting: TensorFlow takes some seconds to load")
    else:
        left = speed.left_s
        rest = f" · about {duration(left)} left" if left is not None else ""
        st.progress(_share(view), f"{_counted(view)}{rest}")


def _counted(view: RunView) -> str:
    word = _PHASE_WORDS[view.phase or "fit"]
    if view.phase == "fit":
        return f"Epoch {min(view.done + 1, view.total)} of {view.total}"
    return f"{word}: {view.done:,} of {view.total:,}" if view.total else f"{word} …"


def _share(view: RunView) -> float:
    """The completed share of the phase; within an epoch, counted in batches."""
    within = 0.0
    if view.phase == "fit" and view.batches and view.batches[-1].epoch > view.done:
        within = view.batches[-1].step / view.batches[-1].steps
    return min((view.done + within) / view.total, 1.0) if view.total else 0.0


def _live_metrics(run: Run, view: RunView, speed: Pace) -> None:
    best, images_per_s, processor, memory = st.columns(4)
    accuracies = [epoch.val_accuracy for epoch in view.epochs]
    best.metric("Validation accuracy", f"{accuracies[-1]:.2%}" if accuracies else "–")
    known = speed.per_s
    images_per_s.metric("Images a second", f"{known:,.0f}" if known else "–")
    used = processes.usage(run.worker) if run.worker else None
    share = _processor_share(run, used[0]) if used else None
    processor.metric("Processor", f"{share:.0%}" if share is not None else "–", help=_CORES_HELP)
    memory.metric("Memory", f"{used[1] / 1e9:.2f} GB" if used else "–")


_CORES_HELP = "100 % is one core at full use."


def _processor_share(run: Run, used_s: float) -> float | None:
    """Return how many cores the worker used recently; None at the first refresh."""
    key, now = f"train_processor_{run.worker}", time.monotonic()
    since, before_s, share = st.session_state.setdefault(key, (now, used_s, None))
    if now - since >= _PROCESSOR_OVER_S:
        share = (used_s - before_s) / (now - since)
        st.session_state[key] = now, used_s, share
    return share


def _final_metrics(run: Run) -> None:
    if not run.is_usable:
        return
    accuracy, loss, epochs, took = st.columns(4)
    accuracy.metric("Validation accuracy", f"{run.result.val_accuracy:.2%}")
    loss.metric("Validation loss", f"{run.result.val_loss:.4f}")
    epochs.metric("Epochs", f"{run.epochs_done} of {run.epochs_planned}")
    took.metric("Time", duration(run.result.total_s))


def _chart(run: Run, view: RunView, overlaid: list[Run]) -> go.Figure | None:
    if not view.batches:
        return None
    titles = remarks.labels([run, *overlaid], remarks.shown_title)
    return training_charts.training_curves(
        dict(zip(titles.values(), (view, *(other.view for other in overlaid)), strict=True)),
        smoothing=st.session_state["train_smoothing"],
        log_loss=st.session_state["train_log_loss"],
    )


def _curves(run: Run, view: RunView, figure: go.Figure | None) -> None:
    if figure is not None:
        live_chart(figure, key=f"train_curves_{run.run_id}", height=400)
    elif run.state.is_active:
        st.caption("The curves begin with the first batches.")
    if view.best_epoch is not None:
        st.caption("The star is the epoch with the lowest validation loss: its weights are kept.")


def _details(run: Run, view: RunView) -> None:
    """Show the command that repeats the run, the end of its log, and skipped photos."""
    with st.expander("The command that repeats this run"):
        st.code(printable(run.command), language="bash")
        for at, more in view.extensions:
            command = f"python -m catsdogs runs extend RUN --epochs {more}"
            st.code(f"{command}  # RUN: the new one, after {at} epochs", language="bash")
    with st.expander("The end of its log", key="train_log", on_change="rerun"):
        if st.session_state.get("train_log"):
            none = "Nothing yet." if run.state.is_active else "It has none."
            st.code(_log_tail(run) or none, language=None)
    for event in view.skipped:
        st.warning(verbatim(f"Left out {event.path}: {event.reason}"))


def _log_tail(run: Run) -> str:
    try:
        lines = (run.folder / layout.LOG).read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(printable(shortened(line)) for line in lines[-_LOG_LINES:])
