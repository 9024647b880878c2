"""The searches: how far each is, its best run and how lucky it is, its trials and charts."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from catsdogs import people
from catsdogs.background import tasks
from catsdogs.background.tasks import Task, TaskState
from catsdogs.charts import search as charts
from catsdogs.charts.search import TrialPoint
from catsdogs.charts.style import CONFIG
from catsdogs.runs import search, store
from catsdogs.runs.config import SETTINGS
from catsdogs.runs.run import Run
from catsdogs.runs.search import Search
from catsdogs.runs.settings import Number
from catsdogs.searching import driver
from catsdogs.text import percent, printable
from catsdogs.ui.runs import cards
from catsdogs.ui.shared import problems
from catsdogs.ui.shared.markdown import verbatim
from catsdogs.ui.shared.pages import COMPARE

STARTED = "train_search_started"  # the name of the search that the form has just started
_CHOSEN, _TABLE, _PROBLEM = "train_search", "train_search_runs", "train_search_problem"
_OPEN = "train_searches"
_POLL_S = 2.0


def show(runs: Sequence[Run]) -> None:
    """Show the searches, folded to one line; nothing while there is none."""
    found, broken = search.list_searches()
    cards.broken_folders(broken)
    problems.show_noted(_PROBLEM)
    if not found:
        return
    started = st.session_state.pop(STARTED, None)
    if started:
        st.session_state.update({_OPEN: True, _CHOSEN: started})
    section = st.expander(
        "Searches", icon=":material/travel_explore:", key=_OPEN, on_change="rerun"
    )
    if section.open:
        with section:
            _content(found, runs)


def _content(found: Sequence[Search], runs: Sequence[Run]) -> None:
    by_name = {one.name: one for one in found}
    if st.session_state.get(_CHOSEN) not in by_name:
        st.session_state[_CHOSEN] = found[0].name
    chosen = st.selectbox(
        "Search",
        list(by_name),
        format_func=lambda name: _title(by_name[name]),
        key=_CHOSEN,
        label_visibility="collapsed",
    )
    of = by_name[chosen]
    task = driver.find(of)
    if task is not None and task.is_running:
        st.fragment(run_every=_POLL_S)(_running)(of.name)
    else:
        _ended(of, task)
        _result(of, of.trials(runs))


def _title(of: Search) -> str:
    searched = ", ".join(SETTINGS[name].label for name in of.names)
    return f"{searched} · {of.base.title} · {printable(of.name)}"


def _running(name: str) -> None:
    """Show a search that is running: its progress, its best run so far, the button to stop it."""
    of = search.load(name)
    task = driver.find(of)
    if task is None or not task.is_running:
        st.rerun()  # The whole page: the list of runs has changed too.
    trials = of.trials(store.list_runs()[0])
    total = max(task.total, 1)
    best = f" · best so far {percent(of.result.accuracy)}" if of.result else ""
    first, last = (min(task.done + n, total) for n in (1, of.settings.at_once))
    number = f"Run {first}" if first == last else f"Runs {first} to {last}"
    text = f"{number} of {task.total or of.settings.trials}{best}"
    st.progress(min(task.done / total, 1.0), text=text)
    st.button(
        "Stop the search",
        icon=":material/stop_circle:",
        key="train_search_stop",
        on_click=tasks.cancel,
        args=(task,),
        disabled=task.is_cancelling or not people.current().may_edit,
        help="The current run stops after its batch and keeps its model.",
    )
    _result(of, trials)


def _ended(of: Search, task: Task | None) -> None:
    """Show why a search is not complete, and offer to continue it."""
    if of.is_complete:
        return
    if task is not None and task.state in (TaskState.FAILED, TaskState.LOST):
        st.error(verbatim(task.message))
    else:
        st.info("This search was stopped. It can continue with the same settings.")
    st.button(
        "Resume",
        icon=":material/resume:",
        key="train_search_resume",
        on_click=problems.attempt,
        args=(driver.start, of),
        kwargs={"note_as": _PROBLEM},
    )


def _result(of: Search, trials: dict[int, Run]) -> None:
    """Show the best run, the table of trials and the charts; nothing before the first run."""
    if not trials:
        st.caption("The first run is about to start.")
        return
    if of.result is not None:
        _best(of)
    _table(of, trials)
    points = [
        TrialPoint(
            number, {name: getattr(run.config, name) for name in of.names}, run.result.val_loss
        )
        for number, run in trials.items()
        if run.is_usable and not run.state.is_active
    ]
    if points:
        _charts(of, points)


def _best(of: Search) -> None:
    result = of.result
    assert result is not None
    title = "Best" if result.is_final else "Best so far"
    st.markdown(f"**{title}: run {result.trial}** · {verbatim(result.optimism)}")
    st.caption(f"{result.tested} The run with the lowest validation loss wins.")


def _table(of: Search, trials: dict[int, Run]) -> None:
    rows = [
        {
            "Run": number,
            **{SETTINGS[name].label: getattr(run.config, name) for name in of.names},
            "Validation loss": run.result.val_loss if run.is_usable else None,
            "Accuracy": run.result.val_accuracy * 100 if run.is_usable else None,
            "State": str(run.state),
        }
        for number, run in trials.items()
    ]
    searched = (SETTINGS[name] for name in of.names)
    numbers = [one.label for one in searched if isinstance(one.kind, Number)]
    st.dataframe(
        pd.DataFrame(rows),
        column_config={
            # A rate of 0.0004129 needs its digits.
            **{label: st.column_config.NumberColumn(format="%.4g") for label in numbers},
            "Validation loss": st.column_config.NumberColumn(format="%.4f"),
            "Accuracy": st.column_config.NumberColumn("Accuracy (%)", format="%.2f"),
        },
        hide_index=True,
        key=_TABLE,
        on_select="rerun",
        selection_mode="multi-row",
    )
    runs = list(trials.values())
    chosen = [runs[row] for row in _selected() if row < len(runs)]
    _buttons(of, trials, chosen)


def _selected() -> list[int]:
    state = st.session_state.get(_TABLE)
    return list(state["selection"]["rows"]) if state else []


def _buttons(of: Search, trials: dict[int, Run], chosen: Sequence[Run]) -> None:
    """Offer to open the chosen run, and to compare the chosen two, or one with the best."""
    best = trials.get(of.result.trial) if of.result else None
    pair = [*chosen[:2], *([best] if best else [])]
    others = [run for run in pair[1:] if run.run_id != pair[0].run_id] if pair else []
    with st.container(horizontal=True):
        st.button(
            "Open",
            key="train_search_open",
            icon=":material/monitoring:",
            disabled=not chosen,
            on_click=lambda: cards.choose_next(chosen[0]),
            help="Show the curves of the selected run.",
        )
        if st.button(
            "Compare",
            key="train_search_compare",
            icon=COMPARE.icon,
            disabled=not (chosen and others and pair[0].is_usable and others[0].is_usable),
            help="Select two rows, or one to compare it with the best run.",
        ):
            address = {"a": pair[0].run_id, "b": others[0].run_id}
            st.switch_page(COMPARE.script, query_params=address)


def _charts(of: Search, points: Sequence[TrialPoint]) -> None:
    st.plotly_chart(charts.parallel_coordinates(points), key="train_search_lines", config=CONFIG)
    st.caption(
        "A line is a run, orange one with a low validation loss. Drag along an axis to filter."
    )
    left, right = st.columns(2)
    with left:
        st.plotly_chart(charts.history(points), key="train_search_history", config=CONFIG)
    with right:
        result = of.result
        if result is None or not result.importance:
            st.caption("From six finished runs on, a chart shows which settings matter.")
            return
        figure = charts.importance(result.importance)
        st.plotly_chart(figure, key="train_search_importance", config=CONFIG)
        st.caption(
            f"Share of the differences in loss (fANOVA), from {result.importance_trials} runs: a "
            "rough guide below 30."
        )
