"""Dataset: what is in it, how large the images are, what cannot be read."""

import streamlit as st

from catsdogs import figures
from catsdogs.ui import datasets, frame, gallery

frame.page("Dataset", "What a model will learn from: look at it before you train.")

datasets.picker()
dataset = datasets.current_dataset()
if dataset is not None:
    datasets.about_sample()
    records = dataset.usable
    counts = {
        "Usable images": len(records),
        "Without a label": dataset.unlabelled,
        "Unreadable": len(dataset.unreadable),
        "Other files": dataset.other_files,
    }
    for column, (name, count) in zip(st.columns(len(counts)), counts.items(), strict=True):
        column.metric(name, f"{count:,}", border=True)

    st.plotly_chart(figures.class_balance(records["label"]), key="dataset_balance")
    left, right = st.columns(2)
    left.plotly_chart(
        figures.size_heatmap(records["width_px"], records["height_px"]), key="dataset_sizes"
    )
    right.plotly_chart(figures.aspect_ratio_histogram(records), key="dataset_aspects")

    gallery.show(dataset)
    gallery.unreadable(dataset)
