"""Compare: two runs side by side, on the photos that both were measured on."""

import streamlit as st

from catsdogs.runs import store
from catsdogs.ui import frame
from catsdogs.ui.shared import next_step, steps
from catsdogs.ui.shared.pages import COMPARE, TRAIN
from catsdogs.ui.shared.steps import Step

frame.page(COMPARE, "Which model is better, by how much, and could it be chance?")

usable = [run for run in store.list_runs()[0] if run.is_usable]
if len(usable) < 2:
    st.info(
        "A comparison needs two trained models. You have one: train another."
        if usable
        else "A comparison needs two trained models. Train two first."
    )
    next_step.show("Train a model", TRAIN, key="compare_train")
else:
    # Imported here, because SciPy's statistics take a second to import.
    from catsdogs.ui.compare import choice, page

    a, b = choice.pick(usable)
    if page.show(a, b, usable):
        steps.mark(Step.COMPARE)
