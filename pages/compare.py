"""Compare: two runs side by side, on the images that both were measured on."""

import streamlit as st

from catsdogs.runs import store
from catsdogs.ui import frame
from catsdogs.ui.shared.pages import COMPARE

frame.page(COMPARE, "Which model is better, by how much, and could it be chance?")

usable = [run for run in store.list_runs()[0] if run.is_usable]
if len(usable) < 2:
    st.info(
        f"Two trained models are needed, and {len(usable)} "
        f"{'is' if len(usable) == 1 else 'are'} here. Train "
        f"{'another, then come back' if usable else 'two, then come back'}."
    )
    st.page_link("pages/train.py", label="Go to Train", icon=":material/model_training:")
else:
    # Imported here, because SciPy's statistics take a second to import.
    from catsdogs.ui.compare import answers, comparison, runs

    runs.show(usable)
    a, b = comparison.pick(usable)
    pair = comparison.read(a, b)
    if pair:
        margin = comparison.verdict(pair)
        comparison.metrics(pair)
        answers.show(pair, margin)
    comparison.curves({"A": a, "B": b})
