"""The form that starts a run."""

import streamlit as st

from catsdogs.data import sources
from catsdogs.data.index import Dataset
from catsdogs.errors import CatsDogsError
from catsdogs.runs import jobs
from catsdogs.runs.config import MODELS, RunConfig
from catsdogs.ui.text import literal

_RECIPES = {
    "default": "Recommended: made not to overfit",
    "plain": "Plain: the notebook's way, to see it overfit",
}


def show(dataset: Dataset, *, busy: bool) -> None:
    """Show the settings and the start button; a start draws the page anew."""
    given = sources.current() or dataset.root
    st.subheader("New run")
    st.caption(f"On {len(dataset.usable):,} images of {literal(sources.display_name(given))}.")
    model = st.radio(
        "Model",
        list(MODELS),
        format_func=lambda name: MODELS[name].title,
        captions=[info.summary for info in MODELS.values()],
        key="train_model",
    )
    recipe = st.selectbox(
        "Recipe", list(_RECIPES), format_func=_RECIPES.__getitem__, key="train_recipe"
    )
    left, right = st.columns(2)
    epochs = left.number_input(
        "Epochs",
        1,
        1000,
        RunConfig.epochs,
        key="train_epochs",
        help="How often every training image is seen. 5 to 30 are usual.",
    )
    batch_size = right.number_input(
        "Batch size",
        1,
        1024,
        RunConfig.batch_size,
        key="train_batch_size",
        help="Images between two corrections of the weights. 16 to 128 are usual.",
    )
    seed = st.number_input(
        "Seed",
        0,
        2**32 - 1,
        RunConfig.seed,
        key="train_seed",
        help="Decides which images are held back, the first weights and the order of the images.",
    )
    learning_rate = st.number_input(
        "Learning rate",
        1e-6,
        10.0,
        MODELS[model].learning_rate,
        step=1e-4,
        format="%.5f",
        # A key of its own for each model, because each has its own usual rate.
        key=f"train_learning_rate_{model}",
        help="How large a correction is. Too large: loss jumps about. Too small: it hardly falls.",
    )
    validation = st.slider(
        "Validation share",
        0.05,
        0.5,
        RunConfig.validation,
        0.05,
        key="train_validation",
        help="Images held back to measure on. Copies of one image are never on both sides.",
    )
    if st.button(
        "Start training", type="primary", key="train_start", disabled=busy, width="stretch"
    ):
        _start(
            model=model,
            data=str(given),
            recipe=recipe,
            epochs=int(epochs),
            batch_size=int(batch_size),
            learning_rate=float(learning_rate),
            validation=float(validation),
            seed=int(seed),
        )
    if busy:
        st.caption("One run at a time: two would each take twice as long.")


def _start(**settings: object) -> None:
    try:
        jobs.start(RunConfig(**settings))  # type: ignore[arg-type]
    except CatsDogsError as error:
        st.error(literal(str(error)))
    else:
        st.rerun()
