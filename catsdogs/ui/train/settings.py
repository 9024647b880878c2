"""The settings of a new run, as fields of a form."""

from dataclasses import replace
from typing import Any

import streamlit as st

from catsdogs.runs.config import (
    FINE_TUNE_FROM,
    FINE_TUNING_RATE,
    MODELS,
    RECIPES,
    SCHEDULES,
    RunConfig,
)

MOST_SEEDS = 20
_RECIPES = {"default": "Recommended", "plain": "Plain: the notebook's way"}
_SCHEDULES = {"cosine": "Warm-up, then down to zero", "constant": "Constant"}
_ENGINES = {
    "auto": "The fastest exact one",
    "litert": "LiteRT, float32",
    "litert-int8": "LiteRT, int8",
    "keras": "Keras, in batches",
}
_PRECISIONS = {
    "auto": "The faster one on this machine",
    "float32": "float32",
    "bfloat16": "bfloat16, mixed",
}
_AUGMENTING = {
    "custom_cnn": "Crop training images at random and mirror half of them, anew in each epoch.",
    "mobilenet_v2": "See each training image as it is in some epochs, mirrored in others. Twice as "
    "much to compute before the first epoch. When the whole network is fine-tuned, it sees random "
    "crops.",
}
_BLOCKS = {
    "block_16": "Block 16, the last",
    "block_13": "Blocks 13 to 16",
    "block_6": "Blocks 6 to 16",
    "all": "The whole network",
}


def model() -> str:
    """Return the model that is chosen."""
    chosen: str = st.radio(
        "Model",
        list(reversed(MODELS)),
        format_func=lambda name: MODELS[name].title,
        captions=[info.summary for info in reversed(MODELS.values())],
        key="train_model",
        persist_state="session",
    )
    return chosen


def basics() -> dict[str, Any]:
    """Return the settings that are always in sight."""
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


def details(model: str) -> dict[str, Any]:
    """Return the other settings of ``model``, or what they are by default."""
    with st.expander("More settings", key="train_more"):
        recipe = st.selectbox(
            "Recipe",
            RECIPES,
            format_func=_RECIPES.__getitem__,
            key="train_set_recipe",
            persist_state="session",
            help="Sets the network's normalisation, and what the fields below begin with.",
        )
        tuned = _fine_tuning() if model == "mobilenet_v2" else {}
        tunes = tuned.get("fine_tune", 0) > 0
        own = RunConfig(model, "", recipe=recipe, fine_tune=int(tunes))
        way = _engine() if model == "mobilenet_v2" else _precision()
        return {"recipe": recipe, **tuned, **_regularisation(own), **_split_and_seed(), **way}


def learning_rate_key(config: RunConfig) -> str:
    """Return the session's key for the learning rate of runs like this one."""
    return f"train_set_learning_rate_{_suffix(config)}"


def _suffix(config: RunConfig) -> str:
    # Fields of their own for each model and recipe, because each has its own usual values.
    return f"{config.model}_{config.recipe}"


def _fine_tuning() -> dict[str, Any]:
    epochs = _whole(
        st,
        "Fine-tuning epochs",
        "fine_tune",
        RunConfig.fine_tune,
        "After its last layer, let more of MobileNetV2 learn. 0: leave it as ImageNet left it. "
        "2 to 5 are usual.",
    )
    if epochs < 1:
        return {"fine_tune": epochs}
    begin = st.selectbox(
        "What is fine-tuned",
        FINE_TUNE_FROM,
        index=FINE_TUNE_FROM.index(RunConfig.fine_tune_from),
        format_func=_BLOCKS.__getitem__,
        key="train_set_fine_tune_from",
        persist_state="session",
        help="What lies below is computed once a photo. The more learns, the longer an epoch.",
    )
    rate = st.number_input(
        "Learning rate of fine-tuning",
        value=FINE_TUNING_RATE,
        step=1e-5,
        format="%g",
        key="train_set_fine_tune_learning_rate",
        persist_state="session",
        help="Small, so that what ImageNet taught is not lost. 0.00001 to 0.0003 are usual.",
    )
    return {"fine_tune": epochs, "fine_tune_from": begin, "fine_tune_learning_rate": rate}


def _regularisation(own: RunConfig) -> dict[str, Any]:
    suffix = _suffix(own)
    learning_rate = st.number_input(
        "Learning rate",
        value=own.peak_learning_rate,
        step=1e-4,
        format="%g",
        key=learning_rate_key(own),
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
        key=f"train_set_augment_{suffix}" + ("_fine_tuned" if own.fine_tune else ""),
        persist_state="session",
        help=_AUGMENTING[own.model],
    )
    repeats = _repeats(own, suffix) if augment and own.model == "custom_cnn" else {}
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
        **repeats,
    }


def _repeats(own: RunConfig, suffix: str) -> dict[str, int]:
    return {
        "repeats": _whole(
            st,
            "Views of an image in an epoch",
            f"repeats_{suffix}",
            replace(own, augment=True).image_repeats,
            "How often an epoch shows each training image, cropped anew. An epoch takes as many "
            "times longer. 1 to 4 are usual.",
        )
    }


def _engine() -> dict[str, str]:
    return _choice(
        "What computes the frozen part",
        "engine",
        _ENGINES,
        "In int8 the photos to learn from take half the time and look a little different to the "
        "network; the validation images are always measured exactly.",
    )


def _precision() -> dict[str, str]:
    return _choice(
        "Precision",
        "precision",
        _PRECISIONS,
        "What training computes in. The finished model is float32 in any case.",
    )


def _choice(label: str, name: str, titles: dict[str, str], help_text: str) -> dict[str, str]:
    chosen = st.selectbox(
        label,
        list(titles),
        format_func=titles.__getitem__,
        key=f"train_set_{name}",
        persist_state="session",
        help=help_text,
    )
    return {name: chosen}


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
        f"One run each, from this seed on, to see how much chance is worth. 1 to {MOST_SEEDS}.",
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
