"""Classify: give pictures, and see the answer of each chosen run and the reasons for it."""

import streamlit as st

from catsdogs.runs import store
from catsdogs.ui import frame
from catsdogs.ui.classify import bench, folder_job, results, runs
from catsdogs.ui.exports import section as exports
from catsdogs.ui.shared import next_step
from catsdogs.ui.shared.pages import CLASSIFY, TRAIN

frame.page(CLASSIFY, "Drop pictures to see what your models answer, and why.")

usable = [run for run in store.list_runs()[0] if run.can_classify]
if not usable:
    st.info("No model is here yet. Train one, then come back with a picture.")
    next_step.show("Train a model", TRAIN, key="classify_train")
else:
    chosen = bench.show("classify", usable, choose=runs.choose, draw=results.show)
    folder_job.show(chosen)
    exports.folded(chosen.runs, key="classify_exports")
    bench.promise()
