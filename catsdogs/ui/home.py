"""The Home page."""

import streamlit as st

from catsdogs.runs import store
from catsdogs.ui import frame
from catsdogs.ui.classify import bench, results, runs
from catsdogs.ui.runs import cards, overview
from catsdogs.ui.shared import current_dataset
from catsdogs.ui.shared.pages import HOME


def show() -> None:
    """Draw a place for a photo, and below it the dataset, the runs and the next step."""
    frame.page(HOME, overview.question(), follows_runs=True)
    all_runs, broken = store.list_runs()
    usable = [run for run in all_runs if run.can_classify]
    if usable:
        bench.show("home", usable, choose=runs.current, draw=results.one_of_all)
    dataset = current_dataset.dataset()
    if dataset is not None:
        left, middle, right = st.columns(3, border=True)
        with left:
            overview.dataset(dataset)
        with middle:
            overview.models(usable, dataset)
        with right:
            overview.next_step(all_runs, dataset)
    cards.broken_folders(broken)
