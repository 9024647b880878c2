"""Train: choose, start, watch, stop."""

import streamlit as st

from catsdogs.runs import store
from catsdogs.ui import datasets, frame, live_run, run_cards, run_form

frame.page("Train", "Start a model, watch it learn, stop it when you have seen enough.")

dataset = datasets.current_dataset()
runs, broken = store.list_runs()
form, live = st.columns([1, 2], gap="large")
if dataset is not None:
    with form:
        run_form.show(dataset, busy=any(run.state.is_active for run in runs))
with live:
    live_run.show(runs)

st.subheader("Earlier runs")
ended = [run for run in runs if not run.state.is_active]
if ended:
    run_cards.table(ended)
else:
    st.info("None yet. Start one with the form above.")
run_cards.broken_folders(broken)
