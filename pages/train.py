"""Train: choose, start, watch, stop, go on."""

import streamlit as st

from catsdogs.runs import store
from catsdogs.ui import datasets, frame, live_run, run_cards, run_form

frame.page(
    "Train", "Start a model, watch it learn, stop it when you have seen enough.", follows_runs=True
)

dataset = datasets.current_dataset()
runs, broken = store.list_runs()
left, right = st.columns([1, 2], gap="large")
if dataset is not None:
    with left:
        run_form.show(dataset, runs)
with right:
    live_run.show(runs)

st.subheader("All runs")
if runs:
    run_cards.table(runs)
else:
    st.info("None yet. Start one with the form above.")
run_cards.broken_folders(broken)
