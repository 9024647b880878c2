"""Home: the dataset, the trained models, and what to do next."""

import streamlit as st

from catsdogs.runs import store
from catsdogs.ui import frame
from catsdogs.ui.runs import cards, origin, overview
from catsdogs.ui.shared import current_dataset
from catsdogs.ui.shared.pages import HOME

frame.page(
    HOME,
    "Understand and build a cat/dog image classifier, on this machine alone.",
    follows_runs=True,
)

dataset = current_dataset.dataset()
runs, broken = store.list_runs()
usable = [run for run in runs if run.is_usable]

if dataset is not None:
    current_dataset.about_sample()
    left, middle, right = st.columns(3, border=True)
    with left:
        st.metric("Images to learn from", f"{len(dataset.usable):,}")
        st.page_link("pages/dataset.py", label="Browse them", icon=":material/photo_library:")
    with middle:
        overview.model_count(usable)
        st.page_link("pages/train.py", label="Train one", icon=":material/model_training:")
    with right:
        best = overview.best_accuracy(usable, dataset.fingerprint())
        st.page_link("pages/compare.py", label="Compare models", icon=":material/balance:")
    if best:
        origin.warn(best, "Best validation accuracy")

    st.subheader("What to do next")
    overview.next_step(runs)

cards.broken_folders(broken)
