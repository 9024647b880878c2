"""A run at this moment: a sentence, its progress, the time left, and its speed and memory."""

import time
from collections.abc import Sequence

import streamlit as st

from catsdogs.runs import store
from catsdogs.runs.events import State, phases_of
from catsdogs.runs.narration import kept_on_stop, narrate
from catsdogs.runs.pace import pace
from catsdogs.runs.queue import in_queue
from catsdogs.runs.run import Run
from catsdogs.runs.view import RunView
from catsdogs.system import processes
from catsdogs.text import counted
from catsdogs.ui.runs import forecast, origin
from catsdogs.ui.shared import run_chips
from catsdogs.ui.shared.markdown import verbatim

# Long enough to measure: a click reruns the page between two refreshes.
_PROCESSOR_OVER_S = 3.0
_PHASE_WORDS = {
    "decode": "Decode",
    "embed": "Embed",
    "fit": "Learn",
    "evaluate": "Measure",
    "export": "Save",
}


def show(run: Run, view: RunView, runs: Sequence[Run]) -> None:
    """Show what the run is doing and how far it is; ``runs`` help to estimate the time left."""
    if run.state is State.QUEUED:
        ahead = _ahead(run)
        waits = f"{counted(ahead, 'run')} before it" if ahead else "it is next"
        _say(run, f"Waiting in the queue: {waits}.")
        return
    _say(run, narrate(view, run.config))
    st.progress(_share(view), f"{_phases(run, view)}{forecast.left(run, view, runs)}")
    if run.state is not State.STOPPING:
        st.caption(verbatim(kept_on_stop(view, run.config)))
    origin.warn(run)
    if view.split and (balance := view.split.balance) and balance.is_uneven:
        st.caption(f"Validation photos: {balance.words}; {balance.baseline_words}.")


def metrics(run: Run, view: RunView) -> None:
    """Show the speed of the run, and what its worker uses."""
    speed = pace(view, batch_size=run.config.batch_size)
    facts = [f"{speed.per_s:,.0f} images a second"] if speed.per_s else []
    if view.phase == "embed" and (cluster := view.resolved.get("cluster")):
        facts.append(f"on {verbatim(cluster)}")
    if view.cluster:
        facts.append(f"on a machine of the cluster at {verbatim(view.cluster)}")
    used = processes.usage(run.worker) if run.worker and not view.cluster else None
    if used:
        share = _processor_share(run, used[0])
        facts += [f"{share:.0%} of a processor core"] if share is not None else []
        facts.append(f"{used[1] / 1e9:.1f} GB of memory")
    st.caption(" · ".join(facts))


def _say(run: Run, sentence: str) -> None:
    st.subheader(f"{run_chips.chip(run)}\u2003{verbatim(sentence)}", anchor=False)


def _ahead(run: Run) -> int:
    queue = [other.run_id for other in in_queue(store.list_runs()[0])]
    return queue.index(run.run_id) if run.run_id in queue else 0


def _phases(run: Run, view: RunView) -> str:
    """Return the phases on one line: those that are done, this one with its count, the others."""
    names = phases_of(run.config.info)
    at = names.index(view.phase) if view.phase in names else -1
    marks = []
    for number, name in enumerate(names):
        word = _PHASE_WORDS[name]
        if number < at:
            marks.append(f":green[✓ {word}]")
        elif number == at:
            marks.append(f"**{word}{_counted(view)}**")
        else:
            marks.append(f":gray[{word}]")
    return " · ".join(marks)


def _counted(view: RunView) -> str:
    if view.phase == "fit":
        return f": epoch {min(view.done + 1, view.total)} of {view.total}"
    return f": {view.done:,} of {view.total:,}" if view.total else ""


def _share(view: RunView) -> float:
    """Return the completed share of the phase; within an epoch, counted in batches."""
    within = 0.0
    if view.phase == "fit" and view.batches and view.batches[-1].epoch > view.done:
        within = view.batches[-1].step / view.batches[-1].steps
    return min((view.done + within) / view.total, 1.0) if view.total else 0.0


def _processor_share(run: Run, used_s: float) -> float | None:
    """Return how many cores the worker used recently; None at the first refresh."""
    key, now = f"train_processor_{run.worker}", time.monotonic()
    since, before_s, share = st.session_state.setdefault(key, (now, used_s, None))
    if now - since >= _PROCESSOR_OVER_S:
        share = (used_s - before_s) / (now - since)
        st.session_state[key] = now, used_s, share
    return share
