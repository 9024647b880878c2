"""The form that starts runs: ready-made ones as cards, and your own settings."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import streamlit as st

from catsdogs.dataset.balance import Balance
from catsdogs.dataset.given_splits import given_split
from catsdogs.dataset.index import Dataset
from catsdogs.dataset.table_sides import TEST
from catsdogs.errors import ConfigError
from catsdogs.labels import DOG
from catsdogs.runs import effective, queue
from catsdogs.runs.config import RunConfig
from catsdogs.runs.estimate import Estimate
from catsdogs.runs.models import MODELS
from catsdogs.runs.run import Run
from catsdogs.sources import current, opening
from catsdogs.text import literal
from catsdogs.ui.runs import cards, forecast
from catsdogs.ui.shared import problems, run_chips
from catsdogs.ui.train import (
    augmentation_preview,
    presets,
    rate_finder,
    search_form,
    searches,
    settings,
)
from catsdogs.ui.train.presets import Needs

_OPEN, _OWN = "train_new", "train_own"
_NEXT = "train_form_next"  # the states of both that the next rerun begins with
_PROBLEM = "train_start_problem"


def show(dataset: Dataset, runs: list[Run]) -> bool:
    """Show the form, folded to one line while there is a run of yours; return whether it is open.

    The address ``?new=1`` opens it.
    """
    own = [run for run in runs if not run.is_reference]
    _unfold(is_first=not own)
    form = st.expander("New run", icon=":material/add:", key=_OPEN, on_change="rerun")
    problems.show_noted(_PROBLEM)
    if form.open:
        with form:
            _content(dataset, runs, is_main=not own)
    return bool(form.open)


def _unfold(*, is_first: bool) -> None:
    wanted = st.session_state.pop(_NEXT, {})
    if st.query_params.pop("new", None):
        wanted = {_OPEN: True}
    st.session_state.update(wanted)
    st.session_state.setdefault(_OPEN, is_first)


def _content(dataset: Dataset, runs: list[Run], *, is_main: bool) -> None:
    _about(dataset)
    label = "Add to the queue" if any(run.state.is_active for run in runs) else "Start"
    data, needs = str(current.path() or dataset.root), _needs(dataset, runs)
    # No callbacks: they would receive the settings of the last run of the page, not newer input.
    ready = presets.on(data, runs, fingerprint=dataset.fingerprint(), needs=needs)
    clicked = presets.show(ready, start_label=label, is_main=is_main)
    if clicked is not None and clicked.starts:
        _start([clicked.config])
    elif clicked is not None:
        settings.fill(clicked.config)
        st.session_state[_NEXT] = {_OWN: True}
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        has_own_settings = st.toggle(
            "Own settings", key=_OWN, persist_state="session", width="stretch"
        )
        if st.button(
            "Train both models",
            key="train_start_both",
            icon=":material/balance:",
            type="tertiary",
            help="Best, then the 2-minute look, to compare them.",
        ):
            _start(presets.of_both_models(ready))
    if has_own_settings:
        _own_settings(dataset, data, needs, label=label)


def _own_settings(
    dataset: Dataset, data: str, needs: Callable[[RunConfig], Needs], *, label: str
) -> None:
    model = settings.model()
    chosen = {"model": model, **settings.basics(), **settings.details(model)}
    try:
        configs = _configs(data=data, **chosen)
    except ConfigError as error:
        problems.show(error)
        configs = []
    with st.container(horizontal=True, vertical_alignment="center"):
        title = "Start training" if label == "Start" else label
        if st.button(title, key="train_start", disabled=not configs):
            _start(configs)
        if not configs:
            return
        config = configs[0]
        each = " each" if len(configs) > 1 else ""
        found = needs(config)
        if found.text:
            st.caption(f"{found.text}{each}", width="content", help=found.basis)
    if smallest_crop := effective.smallest_crop(config):
        augmentation_preview.show(dataset, MODELS[model].side, smallest_crop)
    finder = st.expander("Find a learning rate", key="train_finder", on_change="rerun")
    if finder.open:
        with finder:
            rate_finder.show(config, take_over=partial(_take_over, config))
    search = st.expander("Search for better settings", key="train_search_form", on_change="rerun")
    if search.open:
        with search:
            search_form.show(config, needs, note_as=_PROBLEM, on_start=_search_started)


def _configs(*, seeds: int, seed: int, **chosen: Any) -> list[RunConfig]:
    """Return one config per seed.

    Raises:
        ConfigError: when a value is out of range.
    """
    if not 1 <= seeds <= settings.MOST_SEEDS:
        raise ConfigError(
            f"Expected number of seeds: 1 to {settings.MOST_SEEDS}. Received: {seeds}."
        )
    return [RunConfig(seed=number, **chosen) for number in range(seed, seed + seeds)]


def _about(dataset: Dataset) -> None:
    name = literal(opening.display_name(current.path() or dataset.root))
    given = given_split(dataset.usable)
    sides = f" ({literal(given.described)})" if given else ""
    text = f"On {len(dataset.usable):,} photos of {name}{sides}"
    decided = {"left out": dataset.excluded, "relabelled": dataset.relabelled}
    counts = [f"{count:,} {word}" for word, count in decided.items() if count]
    st.caption(f"{text}, {' and '.join(counts)} by decision." if counts else f"{text}.")
    positives = int((dataset.usable["label"] == DOG).sum())
    balance = Balance.of(len(dataset.usable), positives, dataset.classes)
    if balance is not None and balance.is_uneven:
        said = literal(f"{balance.words}: {balance.baseline_words}.")
        st.caption(
            f":orange[:material/warning:] {said} Judge a run by its balanced accuracy, and set the "
            "class weights to balanced."
        )


def _needs(dataset: Dataset, runs: Sequence[Run]) -> Callable[[RunConfig], Needs]:
    """Return the function that estimates the time of a run on ``dataset``."""
    given, fingerprint = given_split(dataset.usable), dataset.fingerprint()
    images = len(dataset.usable) - (given.counts[TEST] if given else 0)

    def needs(config: RunConfig) -> Needs:
        found = forecast.of(config, images=images, fingerprint=fingerprint, runs=runs)
        if found is None:
            return Needs(None, "")
        return Needs(found.high_s, forecast.text(found), _basis(found))

    return needs


def _basis(found: Estimate) -> str:
    """Return what an estimate rests on, and the space on disk."""
    if found.learned_from is None:
        basis = found.basis
    else:
        basis = literal(run_chips.name(found.learned_from))
    preparing = "" if found.is_complete else "Preparing the photos comes on top. "
    disk = f"{found.disk_bytes / 1e6:,.0f} MB on disk"
    return f"{preparing}Estimated from {basis}. It takes {disk}."


def _take_over(config: RunConfig, learning_rate: float) -> None:
    key = settings.learning_rate_key(config)
    st.session_state[key] = learning_rate


def _search_started(name: str) -> None:
    st.session_state[searches.STARTED] = name
    st.session_state[_NEXT] = {_OPEN: False}


def _start(configs: list[RunConfig]) -> None:
    for config in configs:
        if problems.attempt(queue.start, config, note_as=_PROBLEM) is None:
            return
    st.session_state[cards.CHOSEN] = cards.LATEST
    st.session_state[_NEXT] = {_OPEN: False}
    st.rerun()
