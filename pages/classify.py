"""Classify: give pictures, and see the answer of each chosen run and the reasons for it."""

import streamlit as st

from catsdogs.runs import store
from catsdogs.ui import frame
from catsdogs.ui.classify import answers, inputs, results, runs
from catsdogs.ui.shared.pages import CLASSIFY

frame.page(CLASSIFY, "Drop pictures of cats and dogs; every chosen run answers side by side.")

usable = [run for run in store.list_runs()[0] if run.can_classify]
if not usable:
    st.info("A trained model is needed, and none is here. Train one, then come back.")
    st.page_link("pages/train.py", label="Go to Train", icon=":material/model_training:")
else:
    chosen = runs.choose(usable)
    pictures = inputs.show(chosen)
    if not chosen.runs:
        st.warning("Choose at least one run.")
    elif pictures:
        chosen, panel = runs.loaded(chosen)
        if panel is not None:
            results.show(answers.of(pictures, chosen.runs, panel), chosen)
    else:
        answers.forget()
