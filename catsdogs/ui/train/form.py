"""The form that starts runs."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from catsdogs.dataset.index import Dataset
from catsdogs.errors import ConfigError
from catsdogs.runs import queue
from catsdogs.runs.choices import PLAIN
from catsdogs.runs.config import RunConfig
from catsdogs.runs.estimate import estimate
from catsdogs.runs.models import MODELS
from catsdogs.runs.run import Run
from catsdogs.sources import current, opening
from catsdogs.text import duration, literal
from catsdogs.ui.runs import cards
from catsdogs.ui.shared import problems
from catsdogs.ui.train import augmentation_preview, rate_finder, settings


@dataclass(frozen=True)
class _Preset:
    """A one-click choice: a button with its help, and the settings that differ from the default."""

    name: str
    help: str
    settings: dict[str, Any]


# "notebook" repeats the project that this one grew from.
_PRESETS = (
    _Preset("recommended", "Made not to overfit, ten epochs.", {"recipe": "default", "epochs": 10}),
    _Preset(
        "notebook",
        "The plain network, ten epochs, nothing against overfitting: watch it happen.",
        {"recipe": PLAIN, "epochs": 10},
    ),
    _Preset(
        "quick look",
        "Two epochs, to see that everything works.",
        {"recipe": "default", "epochs": 2},
    ),
)
_PROBLEM = "train_start_problem"


def show(dataset: Dataset, runs: list[Run]) -> None:
    """Show the settings and the start button, which queues one run per seed."""
    st.subheader("New run")
    _about(dataset)
    _presets()
    model = settings.model()
    chosen = {"model": model, **settings.basics(), **settings.details(model)}
    try:
        configs = _configs(data=str(current.path() or dataset.root), **chosen)
    except ConfigError as error:
        problems.show(error)
        configs = []
    busy = any(run.state.is_active for run in runs)
    # No callback: it would receive the settings of the last run of the page, not newer input.
    if st.button(
        "Add to the queue" if busy else "Start training",
        type="primary",
        key="train_start",
        disabled=not configs,
        width="stretch",
    ):
        _start(configs)
    problems.show_noted(_PROBLEM)
    if not configs:
        return
    config = configs[0]
    _estimate(config, len(configs), dataset, runs)
    if config.smallest_crop:
        augmentation_preview.show(dataset, MODELS[model].side, config.smallest_crop)
    finder = st.expander("Find a learning rate", key="train_finder", on_change="rerun")
    if finder.open:
        with finder:
            rate_finder.show(config, take_over=partial(_take_over, config))


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
    text = f"On {len(dataset.usable):,} images of {name}"
    decided = {"left out": dataset.excluded, "relabelled": dataset.relabelled}
    counts = [f"{count:,} {word}" for word, count in decided.items() if count]
    st.caption(f"{text}, {' and '.join(counts)} by decision." if counts else f"{text}.")


def _presets() -> None:
    with st.container(horizontal=True):
        for preset in _PRESETS:
            st.button(
                preset.name.capitalize(),
                key=f"train_preset_{preset.name.replace(' ', '_')}",
                help=preset.help,
                on_click=_apply,
                args=(preset,),
            )


def _apply(preset: _Preset) -> None:
    """Set every field but the model; fields that a preset does not name get their default."""
    for key in [key for key in st.session_state if str(key).startswith("train_set_")]:
        del st.session_state[key]
    for field, value in preset.settings.items():
        st.session_state[f"train_set_{field}"] = value


def _estimate(config: RunConfig, seeds: int, dataset: Dataset, runs: list[Run]) -> None:
    found = estimate(
        config, images=len(dataset.usable), fingerprint=dataset.fingerprint(), runs=runs
    )
    if found is None:
        st.caption("How long it takes shows here once a run like this one has finished here.")
        return
    each = " each" if seeds > 1 else ""
    preparing = "" if found.is_complete else ", and the time to prepare the photos"
    st.caption(
        f"About {duration(found.seconds)}{preparing}, and {found.disk_bytes / 1e6:,.0f} MB on "
        f"disk{each}, going by {literal(found.basis)}."
    )


def _take_over(config: RunConfig, learning_rate: float) -> None:
    key = settings.learning_rate_key(config)
    st.session_state[key] = learning_rate


def _start(configs: list[RunConfig]) -> None:
    for config in configs:
        if problems.attempt(queue.start, config, note_as=_PROBLEM) is None:
            return
    st.session_state[cards.CHOSEN] = cards.LATEST
    st.rerun()
