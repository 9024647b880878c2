"""The form that starts runs."""

from functools import partial
from typing import Any

import streamlit as st

from catsdogs.data import sources
from catsdogs.data.index import Dataset
from catsdogs.errors import ConfigError
from catsdogs.runs import jobs
from catsdogs.runs.config import MODELS, PRESETS, RECIPES, SCHEDULES, RunConfig
from catsdogs.runs.estimate import estimate
from catsdogs.runs.store import Run
from catsdogs.ui import augmentation_preview, rate_finder, run_actions, run_cards
from catsdogs.ui.text import duration, literal

_RECIPES = {"default": "Recommended", "plain": "Plain: the notebook's way"}
_SCHEDULES = {"cosine": "Warm-up, then down to zero", "constant": "Constant"}
_PRESETS = {
    "recommended": "Made not to overfit, ten epochs.",
    "notebook": "The plain network, ten epochs, nothing against overfitting: watch it happen.",
    "quick look": "Two epochs, to see that everything works.",
}
_MOST_SEEDS = 20
_PROBLEM = "train_start_problem"


def show(dataset: Dataset, runs: list[Run]) -> None:
    """Show the settings and the start button; a start queues one run a seed."""
    st.subheader("New run")
    _about(dataset)
    _presets()
    model = _model()
    settings = {"model": model, **_basics(), **_details(model)}
    try:
        configs = _configs(data=str(sources.current() or dataset.root), **settings)
    except ConfigError as error:
        st.error(literal(str(error)))
        configs = []
    busy = any(run.state.is_active for run in runs)
    # No callback: it would get the settings of the last drawing, not what was typed since.
    if st.button(
        "Add to the queue" if busy else "Start training",
        type="primary",
        key="train_start",
        disabled=not configs,
        width="stretch",
    ):
        _start(configs)
    run_actions.problem(_PROBLEM)
    if not configs:
        return
    config = configs[0]
    _estimate(config, len(configs), dataset, runs)
    if config.augments:
        augmentation_preview.show(dataset, MODELS[model].side)
    finder = st.expander("Find a learning rate", key="train_finder", on_change="rerun")
    if finder.open:
        with finder:
            rate_finder.show(config, take_over=partial(_take_over, config))


def _configs(*, seeds: int, seed: int, **settings: Any) -> list[RunConfig]:
    """Return one config a seed.

    Raises:
        ConfigError: when a value is out of range.
    """
    if not 1 <= seeds <= _MOST_SEEDS:
        raise ConfigError(f"Expected number of seeds: 1 to {_MOST_SEEDS}. Received: {seeds}.")
    return [RunConfig(seed=number, **settings) for number in range(seed, seed + seeds)]


def _about(dataset: Dataset) -> None:
    name = literal(sources.display_name(sources.current() or dataset.root))
    text = f"On {len(dataset.usable):,} images of {name}"
    decided = {"left out": dataset.excluded, "relabelled": dataset.relabelled}
    counts = [f"{count:,} {word}" for word, count in decided.items() if count]
    st.caption(f"{text}, {' and '.join(counts)} by decision." if counts else f"{text}.")


def _presets() -> None:
    with st.container(horizontal=True):
        for name, what in _PRESETS.items():
            key = f"train_preset_{name.replace(' ', '_')}"
            st.button(name.capitalize(), key=key, help=what, on_click=_preset, args=(name,))


def _preset(name: str) -> None:
    """Set every field but the model: those that a preset does not name, to their recipe's own."""
    for key in [key for key in st.session_state if str(key).startswith("train_set_")]:
        del st.session_state[key]
    for field, value in PRESETS[name].items():
        st.session_state[f"train_set_{field}"] = value


def _model() -> str:
    model: str = st.radio(
        "Model",
        list(reversed(MODELS)),
        format_func=lambda name: MODELS[name].title,
        captions=[info.summary for info in reversed(MODELS.values())],
        key="train_model",
        persist_state="session",
    )
    return model


def _basics() -> dict[str, Any]:
    left, right = st.columns(2)
    return {
        "epochs": _whole(
            left,
            "Epochs",
            "epochs",
            RunConfig.epochs,
            "How often every training image is seen. 5 to 30 are usual.",
        ),
        "batch_size": _whole(
            right,
            "Batch size",
            "batch_size",
            RunConfig.batch_size,
            "Images between two corrections of the weights. 16 to 128 are usual.",
        ),
    }


def _details(model: str) -> dict[str, Any]:
    with st.expander("More settings", key="train_more"):
        recipe = st.selectbox(
            "Recipe",
            RECIPES,
            format_func=_RECIPES.__getitem__,
            key="train_set_recipe",
            persist_state="session",
            help="Sets the network's normalisation, and what the fields below begin with.",
        )
        own = RunConfig(model, "", recipe=recipe)
        return {"recipe": recipe, **_regularisation(own), **_split_and_seed()}


def _regularisation(own: RunConfig) -> dict[str, Any]:
    # Keys of their own for each model and recipe, because each has its own usual values.
    suffix = f"{own.model}_{own.recipe}"
    learning_rate = st.number_input(
        "Learning rate",
        value=own.peak_learning_rate,
        step=1e-4,
        format="%g",
        key=f"train_set_learning_rate_{suffix}",
        persist_state="session",
        help="How large a correction is. Too large: loss jumps about. Too small: it hardly falls. "
        "0.0001 to 0.01 are usual.",
    )
    schedule = st.selectbox(
        "Schedule",
        SCHEDULES,
        index=SCHEDULES.index(own.learning_rate_schedule),
        format_func=_SCHEDULES.__getitem__,
        key=f"train_set_schedule_{suffix}",
        persist_state="session",
        help="How the learning rate changes over the run.",
    )
    dropout = st.number_input(
        "Dropout",
        value=own.dropout_rate,
        step=0.05,
        format="%.2f",
        key=f"train_set_dropout_{suffix}",
        persist_state="session",
        help="The share of activations silenced at random in training, against overfitting. "
        "0 to 0.5 are usual.",
    )
    augment = st.toggle(
        "Augmentation",
        value=own.augments,
        disabled=own.model != "custom_cnn",
        key=f"train_set_augment_{suffix}",
        persist_state="session",
        help="Mirror and shift training images, differently in each epoch. MobileNetV2's frozen "
        "part sees each photo once, so there is nothing to vary.",
    )
    patience = _whole(
        st,
        "Early stopping",
        "early_stopping",
        RunConfig.early_stopping,
        "End after so many epochs without a lower validation loss. 0: never. 2 to 5 are usual.",
    )
    return {
        "learning_rate": learning_rate,
        "schedule": schedule,
        "dropout": dropout,
        "augment": augment,
        "early_stopping": patience,
    }


def _split_and_seed() -> dict[str, Any]:
    validation = st.number_input(
        "Validation share",
        value=RunConfig.validation,
        step=0.05,
        format="%.2f",
        key="train_set_validation",
        persist_state="session",
        help="Images held back to measure on. Copies of one image are never on both sides. "
        "0.1 to 0.3 are usual.",
    )
    left, right = st.columns(2)
    seed = _whole(
        left,
        "Seed",
        "seed",
        RunConfig.seed,
        "Decides which images are held back, the first weights and the order of the images.",
    )
    seeds = _whole(
        right,
        "Number of seeds",
        "seeds",
        1,
        f"One run each, from this seed on, to see how much chance is worth. 1 to {_MOST_SEEDS}.",
    )
    deterministic = st.toggle(
        "Deterministic operations",
        key="train_set_deterministic",
        persist_state="session",
        help="Let TensorFlow use only operations that give the same bits at every run. Costs a few "
        "percent of the time; on most processors runs repeat without it.",
    )
    return {"validation": validation, "seed": seed, "seeds": seeds, "deterministic": deterministic}


def _whole(place: Any, label: str, name: str, value: int, help_text: str) -> int:
    # Without bounds of its own: a field that refuses a value keeps the last one, out of sight.
    number = place.number_input(
        label,
        value=value,
        step=1,
        key=f"train_set_{name}",
        persist_state="session",
        help=help_text,
    )
    return int(number)


def _estimate(config: RunConfig, seeds: int, dataset: Dataset, runs: list[Run]) -> None:
    found = estimate(
        config, images=len(dataset.usable), fingerprint=dataset.fingerprint(), runs=runs
    )
    if found is None:
        st.caption("How long it takes shows here once a run of this model has finished.")
        return
    each = " each" if seeds > 1 else ""
    preparing = "" if found.is_complete else ", and the time to prepare the photos"
    st.caption(
        f"About {duration(found.seconds)}{preparing}, and {found.disk_bytes / 1e6:,.0f} MB on "
        f"disk{each}, going by {literal(found.learned_from.title)}."
    )


def _take_over(config: RunConfig, learning_rate: float) -> None:
    key = f"train_set_learning_rate_{config.model}_{config.recipe}"
    st.session_state[key] = learning_rate


def _start(configs: list[RunConfig]) -> None:
    for config in configs:
        if run_actions.attempt(jobs.start, config, says=_PROBLEM) is None:
            return
    st.session_state[run_cards.CHOSEN] = run_cards.LATEST
    st.rerun()
