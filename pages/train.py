"""Train: choose the settings, start a run, watch it, stop it, resume it."""

import streamlit as st

from catsdogs.runs import store
from catsdogs.ui import frame
from catsdogs.ui.runs import cards
from catsdogs.ui.shared import current_dataset
from catsdogs.ui.shared.pages import TRAIN
from catsdogs.ui.train import form, live

frame.page(
    TRAIN, "Start a model, watch it learn, stop it when you have seen enough.", follows_runs=True
)

dataset = current_dataset.dataset()
runs, broken = store.list_runs()
left, right = st.columns([1, 2], gap="large")
if dataset is not None:
    with left:
        form.show(dataset, runs)
with right:
    live.show(runs)

st.subheader("All runs")
if runs:
    cards.table(runs)
else:
    st.info("None yet. Start one with the form above.")
cards.broken_folders(broken)
