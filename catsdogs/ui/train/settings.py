"""The settings of a new run as fields of a form, drawn from their declarations."""

from dataclasses import replace
from typing import Any

import streamlit as st

from catsdogs.runs.config import SETTINGS, RunConfig
from catsdogs.runs.models import MODELS
from catsdogs.runs.settings import Choice, Flag, Number, Setting

MOST_SEEDS = 20
_MODEL = "train_model"
_BASICS = ("model", "data", "epochs", "batch_size")
# The order of the fields below "More settings"; new settings come last.
_FIRST = (
    *("recipe", "fine_tune", "fine_tune_from", "fine_tune_learning_rate", "engine", "precision"),
    *("learning_rate", "schedule", "dropout", "augment", "repeats", "early_stopping"),
    "class_weights",
    *("validation", "test", "split", "seed", "deterministic"),
)


def model() -> str:
    """Return the model that is chosen."""
    chosen: str = st.radio(
        "Model",
        list(reversed(MODELS)),
        format_func=lambda name: MODELS[name].title,
        captions=[info.summary for info in reversed(MODELS.values())],
        key=_MODEL,
        persist_state="session",
        horizontal=True,
    )
    return chosen


def fill(config: RunConfig) -> None:
    """Set every field to its value in ``config``, before the fields are drawn."""
    for key in [key for key in st.session_state if str(key).startswith("train_set_")]:
        del st.session_state[key]
    st.session_state[_MODEL] = config.model
    for name in ("recipe", "epochs"):
        st.session_state[f"train_set_{name}"] = getattr(config, name)


def basics() -> dict[str, Any]:
    """Return the settings that are always in sight."""
    left, right = st.columns(2)
    return {
        "epochs": _field(left, "epochs", RunConfig.epochs),
        "batch_size": _field(right, "batch_size", RunConfig.batch_size),
    }


def details(model: str) -> dict[str, Any]:
    """Return the other settings of ``model``, and the number of ``seeds``."""
    chosen: dict[str, Any] = {}
    with st.expander("More settings", key="train_more"):
        for name in (*_FIRST, *(name for name in SETTINGS if name not in (*_BASICS, *_FIRST))):
            setting, own = SETTINGS[name], _own(model, chosen)
            if not setting.applies(own.info) or not setting.matters(own):
                continue
            value = setting.effective(own) if setting.effective else getattr(RunConfig, name)
            key = _key(name, own)
            if name == "seed":
                left, right = st.columns(2)
                chosen |= {"seed": _field(left, name, value), "seeds": _seeds(right)}
            else:
                chosen[name] = _field(st, name, value, key=key, help_text=_help(setting, own))
    return chosen


# The settings on which it depends whether others matter.
_DECIDING = ("augment", "fine_tune_from")


def learning_rate_key(config: RunConfig) -> str:
    """Return the session's key for the learning rate of runs like this one."""
    return _key("learning_rate", config)


def _own(model: str, chosen: dict[str, Any]) -> RunConfig:
    """Return the config whose values the next fields begin with, given those chosen so far."""
    is_tuned = int(chosen.get("fine_tune", 0) > 0)
    own = RunConfig(model, "", recipe=chosen.get("recipe", RunConfig.recipe), fine_tune=is_tuned)
    return replace(own, **{name: chosen[name] for name in _DECIDING if name in chosen})


def _key(name: str, own: RunConfig) -> str:
    if not SETTINGS[name].by_recipe:
        return f"train_set_{name}"
    # A field for each model and recipe, because each has its own usual values.
    is_tuned = name == "augment" and own.fine_tune
    return f"train_set_{name}_{own.model}_{own.recipe}" + ("_fine_tuned" if is_tuned else "")


def _help(setting: Setting, own: RunConfig) -> str:
    return setting.help_for(own.info) if setting.help_for else setting.help


def _field(
    place: Any, name: str, value: Any, *, key: str | None = None, help_text: str | None = None
) -> Any:
    """Draw one setting and return what it is set to.

    Number fields have no bounds: Streamlit would silently keep the last valid value.
    """
    setting = SETTINGS[name]
    common: dict[str, Any] = {
        "key": key or f"train_set_{name}",
        "persist_state": "session",
        "help": help_text or setting.help,
    }
    match setting.kind:
        case Choice(words, title):
            options = list(words)
            return place.selectbox(
                setting.label, options, index=options.index(value), format_func=title, **common
            )
        case Flag():
            return place.toggle(setting.label, value=value, **common)
        case Number() as number:
            return place.number_input(
                setting.label, value=value, step=number.step, format=number.form, **common
            )
        case _:
            return int(place.number_input(setting.label, value=value, step=1, **common))


def _seeds(place: Any) -> int:
    number = place.number_input(
        "Number of seeds",
        value=1,
        step=1,
        key="train_set_seeds",
        persist_state="session",
        help="One run each, from this seed on, to see how much chance is worth. "
        f"1 to {MOST_SEEDS}.",
    )
    return int(number)
