"""The form that starts a search, beside the settings of a run, which all its trials share."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from catsdogs.errors import ConfigError
from catsdogs.runs.config import SETTINGS, RunConfig
from catsdogs.runs.search import MOST_TRIALS, SAMPLERS, SearchSettings
from catsdogs.runs.settings import Choice, Flag, Number, Whole
from catsdogs.searching import driver, proposals, space
from catsdogs.text import duration
from catsdogs.ui.shared import problems
from catsdogs.ui.train.presets import Needs

_USUAL = ("learning_rate", "dropout")
# The range that is offered around a value: a tenth to ten times it, or half to twice.
_LOGARITHMIC_SPAN, _SPAN = 10, 2
_MOST_OFFERED = 0.6  # of a share that is 0 by default
_YES_NO = {True: "yes", False: "no"}


def show(
    config: RunConfig,
    needs: Callable[[RunConfig], Needs],
    *,
    note_as: str,
    on_start: Callable[[str], None],
) -> None:
    """Draw the form. A problem at the start is noted under ``note_as``.

    ``on_start`` is called with the name of a search that was started, before the page is drawn.
    """
    names = space.searchable(config)
    chosen = st.multiselect(
        "Settings to search",
        names,
        default=[name for name in _USUAL if name in names],
        format_func=lambda name: SETTINGS[name].label,
        key=f"train_search_names_{config.model}",
        help="Each run has its own values of these. The settings above are the same for all.",
    )
    texts = [text for name in chosen if (text := _axis(name, config))]
    settings = _settings(config, texts)
    if settings is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Start the search",
            icon=":material/travel_explore:",
            key="train_search_start",
            on_click=_start,
            args=(config, settings, note_as, on_start),
        )
        st.caption(_duration(config, settings, needs), width="content")


def _settings(config: RunConfig, texts: list[str]) -> SearchSettings | None:
    """Draw the other fields; return the settings, or None with the problem in its place."""
    left, middle, right = st.columns(3)
    trials = left.number_input(
        "Runs",
        value=12,
        step=1,
        key="train_search_trials",
        help=f"1 to {MOST_TRIALS}; 10 to 50 are usual.",
    )
    sampler = middle.selectbox(
        "Method", list(SAMPLERS), format_func=SAMPLERS.__getitem__, key="train_search_sampler"
    )
    seed = right.number_input(
        "Seed of the search",
        value=1,
        step=1,
        key="train_search_seed",
        help="Decides what is tried.",
    )
    prune = st.toggle(
        "Stop bad runs early",
        key="train_search_prune",
        help="A run ends if half of the finished runs were better at that epoch.",
    )
    try:
        settings = SearchSettings(
            base=config.to_json(),
            space=tuple(texts),
            trials=int(trials),
            sampler=sampler,
            prune=prune,
            seed=int(seed),
        )
        proposals.planned_trials(space.parsed(texts, config), settings)
    except ConfigError as error:
        problems.show(error)
        return None
    return settings


def _axis(name: str, config: RunConfig) -> str:
    """Draw the range or the values of one setting; return them as a search reads them."""
    setting, key = SETTINGS[name], f"train_search_{config.model}_{name}"
    match setting.kind:
        case Choice(words, title):
            values = st.multiselect(
                setting.label, list(words), default=list(words), format_func=title, key=key
            )
            return f"{name}={','.join(values)}"
        case Flag():
            flags = st.multiselect(
                setting.label,
                _YES_NO,
                default=list(_YES_NO),
                format_func=_YES_NO.__getitem__,
                key=key,
            )
            return f"{name}={','.join(_YES_NO[flag] for flag in flags)}"
        case Whole() | Number():
            low, high = _ends(name, config, key)
            return f"{name}={low:g}..{high:g}"
    return ""


def _ends(name: str, config: RunConfig, key: str) -> tuple[float, float]:
    setting = SETTINGS[name]
    value = setting.effective(config) if setting.effective else getattr(config, name)
    usual = _usual_ends(setting.kind, value)
    fields: Any = {"step": 1}
    if isinstance(setting.kind, Number):
        fields = {"step": setting.kind.step, "format": setting.kind.form}
    left, right = st.columns(2)
    low = left.number_input(
        f"{setting.label} from", value=usual[0], key=f"{key}_low", help=setting.help, **fields
    )
    high = right.number_input(f"{setting.label} to", value=usual[1], key=f"{key}_high", **fields)
    return low, high


def _usual_ends(kind: Whole | Number | Any, value: float) -> tuple[float, float]:
    """Return the range that is offered around a value."""
    if isinstance(kind, Whole):
        return max(kind.low, value // _SPAN), max(kind.low + 1, min(kind.high, value * _SPAN))
    if kind.logarithmic:
        return value / _LOGARITHMIC_SPAN, value * _LOGARITHMIC_SPAN
    return 0.0, max(_MOST_OFFERED, min(_SPAN * value, 0.9))


def _duration(
    config: RunConfig, settings: SearchSettings, needs: Callable[[RunConfig], Needs]
) -> str:
    trials = proposals.planned_trials(space.parsed(settings.space, config), settings)
    found = needs(config)
    if found.high_s is None:
        return f"{trials} runs"
    return f"{trials} runs, {found.text} each: at most about {duration(found.high_s * trials)}"


def _start(
    config: RunConfig, settings: SearchSettings, note_as: str, on_start: Callable[[str], None]
) -> None:
    made = problems.attempt(driver.create, config, settings, note_as=note_as)
    if made is not None and problems.attempt(driver.start, made, note_as=note_as) is not None:
        on_start(made.name)
