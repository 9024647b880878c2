"""The run at work: its phase, its progress and its curves, drawn again as events arrive."""

import contextlib

import streamlit as st

from catsdogs import figures
from catsdogs.errors import RunError
from catsdogs.runs import jobs, store
from catsdogs.runs.events import RunView, State
from catsdogs.runs.store import Run
from catsdogs.ui import run_cards
from catsdogs.ui.live_chart import live_chart
from catsdogs.ui.text import printable

_EVERY_S = 1.0
_PHASE_WORDS = {
    "decode": "Decoding the images",
    "embed": "Looking at every image once, with the frozen network",
    "fit": "Learning, epochs done",
    "evaluate": "Measuring on the validation images",
    "export": "Writing the model files",
}


def show(runs: list[Run]) -> None:
    """Show the newest run: live while it works, as it ended afterwards."""
    st.subheader("Latest run")
    if not runs:
        st.info("Curves appear here as soon as a run starts.")
        return
    run = next((run for run in runs if run.state.is_active), runs[0])
    if run.state.is_active:
        # Only while something runs: an idle page asks the server for nothing.
        st.fragment(_watch, run_every=_EVERY_S)(run)
    else:
        _heading(run)
        run_cards.outcome(run)
        _curves(run)
        _repeat(run)


def _watch(run: Run) -> None:
    run = store.load(run.folder)
    if not run.state.is_active:
        st.rerun()
    _heading(run)
    _progress(run)
    _stop_button(run)
    _curves(run)
    _repeat(run)


def _heading(run: Run) -> None:
    st.markdown(f"**{run.title}** · {run.state}")


def _progress(run: Run) -> None:
    view = run.view
    if view.phase is None:
        st.progress(0.0, "Starting: TensorFlow takes some seconds to load")
        return
    count = f": {view.done:,} of {view.total:,}" if view.total else " …"
    st.progress(_share(view), f"{_PHASE_WORDS[view.phase]}{count}")


def _share(view: RunView) -> float:
    """The share of the phase that is done; within an epoch, by its batches."""
    within = 0.0
    if view.phase == "fit" and view.batches and view.batches[-1]["epoch"] > view.done:
        within = view.batches[-1]["step"] / view.batches[-1]["steps"]
    return min((view.done + within) / view.total, 1.0) if view.total else 0.0


def _stop_button(run: Run) -> None:
    if run.state is State.STOPPING:
        st.caption("Stopping after the batch at hand. What was learned is kept.")
    else:
        st.button(
            "Stop", key="train_stop", icon=":material/stop_circle:", on_click=_stop, args=(run,)
        )


def _stop(run: Run) -> None:
    # A run that ended between the drawing of the button and the click has nothing to stop.
    with contextlib.suppress(RunError):
        jobs.request_stop(store.load(run.folder))


def _curves(run: Run) -> None:
    if run.view.batches:
        live_chart(figures.training_curves(run.view), key=f"train_curves_{run.run_id}", height=360)
        if run.view.best_epoch is not None:
            st.caption(
                "The star is the epoch with the lowest validation loss: its weights are kept."
            )
    elif run.state.is_active:
        st.caption("The curves begin with the first batches.")


def _repeat(run: Run) -> None:
    with st.expander("The command that repeats this run"):
        st.code(printable(run.config.command()), language="bash")
