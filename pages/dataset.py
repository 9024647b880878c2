"""Dataset: its images, their sizes, and the problems that a health check finds."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from catsdogs.health.snapshot import Snapshot
from catsdogs.ui import frame
from catsdogs.ui.dataset import charts, filters, gallery, health, picker, review
from catsdogs.ui.shared import current_dataset
from catsdogs.ui.shared.pages import DATASET


@dataclass(frozen=True)
class View:
    """One of the page's views: its title, and the function that draws it."""

    title: str
    show: Callable[[Snapshot], None]


VIEWS = {
    "sizes": View("Sizes", charts.sizes),
    "health": View("Health", health.show),
    "review": View("Review", review.show),
    "map": View("Map", charts.embedding_map),
}

frame.page(DATASET, "What a model will learn from: look at it before you train.")

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
        format_func=lambda name: VIEWS[name].title,
        key="view",
        bind="query-params",
        label_visibility="collapsed",
    )
    VIEWS[view].show(snapshot)
    if view != "review":
        gallery.show(snapshot)
