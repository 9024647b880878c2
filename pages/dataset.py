"""Dataset: the photos that a model learns from, and the problems that a health check finds."""

import streamlit as st

from catsdogs.ui import frame
from catsdogs.ui.dataset import (
    charts,
    collect,
    filters,
    gallery,
    health,
    health_details,
    joining,
    label_form,
    label_queue,
    map_view,
    own_classes,
    picker,
    review,
    views,
)
from catsdogs.ui.dataset.views import View
from catsdogs.ui.shared import current_dataset
from catsdogs.ui.shared.pages import DATASET

SHOW = {
    View.PHOTOS: gallery.show,
    View.CHARTS: charts.show,
    View.MAP: map_view.show,
    View.HEALTH: health.show,
    View.REVIEW: review.show,
    View.LABEL: label_queue.show,
}

frame.page(DATASET, "The photos that a model learns from.")

if picker.is_open():
    picker.show()
else:
    snapshot = current_dataset.snapshot()
    if snapshot is None:
        picker.show_for_unusable()
    else:
        filters.follow(snapshot.dataset.root)
        with st.container(horizontal=True, vertical_alignment="center"):
            view = views.choose(with_queue=label_queue.waits(snapshot))
            own_classes.manage(snapshot.dataset)
            collect.offer(snapshot.dataset)
            joining.offer(snapshot.dataset)
            health.next_step(snapshot, view)
        health_details.warn_of_closed_folders(snapshot.dataset)
        if view is not View.LABEL:
            label_form.offer(snapshot.dataset)
        health_details.say_given_split(snapshot)
        SHOW[view](snapshot)
