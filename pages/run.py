"""Run: everything about one trained model, in one place."""

import streamlit as st

from catsdogs.runs import store
from catsdogs.ui import frame
from catsdogs.ui.one_run import page
from catsdogs.ui.runs import cards
from catsdogs.ui.shared import next_step
from catsdogs.ui.shared.pages import RUN, TRAIN

frame.page(RUN, "Everything about one model.", follows_runs=True)

runs, broken = store.list_runs()
if runs:
    page.show(runs)
else:
    st.info("No run is here yet. Train a model first.")
    next_step.show("Train a model", TRAIN, key="run_train")
cards.broken_folders(broken)
