"""Classify: give pictures, read what each chosen run says of them, and why."""

import streamlit as st

from catsdogs.runs import store
from catsdogs.ui import answers, classify_inputs, classify_results, classify_runs, frame

frame.page("Classify", "Drop pictures of cats and dogs; every chosen run answers side by side.")

usable = [run for run in store.list_runs()[0] if run.can_classify]
if not usable:
    st.info("A trained model is needed, and none is here. Train one, then come back.")
    st.page_link("pages/train.py", label="Go to Train", icon=":material/model_training:")
else:
    chosen = classify_runs.choose(usable)
    pictures = classify_inputs.show(chosen)
    if not chosen.runs:
        st.warning("Choose at least one run.")
    elif pictures:
        chosen, panel = classify_runs.loaded(chosen)
        if panel is not None:
            seen = answers.of(pictures, chosen.runs, panel)
            classify_results.show(pictures, seen, chosen)
    else:
        answers.forget()
