"""Classify: drop images, read what each model says of them."""

import streamlit as st

from catsdogs.runs import store
from catsdogs.ui import answers, frame

frame.page("Classify", "Drop photos of cats and dogs; every chosen model answers side by side.")

usable = [run for run in store.list_runs()[0] if run.is_usable]
if not usable:
    st.info("A trained model is needed, and none is here. Train one, then come back.")
    st.page_link("pages/train.py", label="Go to Train", icon=":material/model_training:")
else:
    runs = answers.pick(usable)
    uploads = st.file_uploader(
        "Photos",
        accept_multiple_files=True,
        key="classify_files",
        help="JPEG, PNG, WebP, GIF, BMP or TIFF, up to 25 MB each.",
    )
    st.caption("Photos stay on this machine and are forgotten when you leave this page.")
    if not runs:
        st.warning("Choose at least one model.")
    elif uploads:
        answers.show(uploads, runs)
