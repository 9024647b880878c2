"""Dataset: its images, their sizes, and the problems that a health check finds."""

import streamlit as st

from catsdogs.ui import frame
from catsdogs.ui.dataset import charts, filters, gallery, health, picker, review
from catsdogs.ui.shared import current_dataset

VIEWS = {
    "sizes": ("Sizes", charts.sizes),
    "health": ("Health", health.show),
    "review": ("Review", review.show),
    "map": ("Map", charts.embedding_map),
}

frame.page("Dataset", "What a model will learn from: look at it before you train.")

picker.show()
snapshot = current_dataset.snapshot()
if snapshot is not None:
    filters.follow(snapshot.dataset.root)
    current_dataset.about_sample()
    picker.counts(snapshot.dataset)
    view = st.segmented_control(
        "View",
        list(VIEWS),
        default="sizes",
        required=True,
        format_func=lambda name: VIEWS[name][0],
        key="view",
        bind="query-params",
        label_visibility="collapsed",
    )
    VIEWS[view][1](snapshot)
    if view != "review":
        gallery.show(snapshot)
