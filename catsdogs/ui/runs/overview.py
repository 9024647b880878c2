"""Home below the answer: the dataset, the runs that can answer, and the next step."""

import streamlit as st

from catsdogs.dataset.index import Dataset
from catsdogs.labels import CAT, DOG, PETS
from catsdogs.runs.run import Run
from catsdogs.sources import current
from catsdogs.sources.sample import sample_dir
from catsdogs.text import literal, percent
from catsdogs.ui.shared import class_counts, problems, run_chips
from catsdogs.ui.shared import next_step as primary
from catsdogs.ui.shared.pages import COMPARE, DATASET, TRAIN


def question() -> str:
    """Return what Home answers about a photo, as Markdown, in the words of the current dataset."""
    classes = PETS
    with problems.shown():
        classes = current.classes()
    one, other = (literal(classes.one(label)) for label in (CAT, DOG))
    return f"Drop a photo: is it {one} or {other}?"


def dataset(found: Dataset) -> None:
    """Draw the usable photos of the current dataset, and the ways to see or to change them."""
    labels = found.usable["label"]
    st.metric("Photos in your dataset", f"{len(labels):,}", help="Readable, with a label, and in.")
    st.caption(class_counts.of(labels, found.classes))
    st.page_link(DATASET.script, label="Look at them", icon=DATASET.icon)
    if found.root == sample_dir():
        st.page_link(
            DATASET.script,
            label="Get real photos",
            icon=":material/download:",
            query_params={"open": "1"},
        )


def models(usable: list[Run], found: Dataset) -> None:
    """Draw how many runs can answer, and the best one on this dataset or else the best known."""
    usable = [run for run in usable if run.classes == found.classes]
    st.metric("Models that can answer", len(usable))
    own = [run for run in usable if run.about.dataset.fingerprint == found.fingerprint()]
    best = max(own or usable, key=lambda run: run.result.val_accuracy, default=None)
    if best is not None:
        right = percent(best.result.val_accuracy)
        where = "of your validation photos" if own else f"of {literal(best.about.dataset.name)}"
        caveat = f"  \n:material/warning: Optimistic. {best.caveat}" if best.caveat else ""
        st.caption(f"Best: {run_chips.chip(best)}, right on {right} {where}.{caveat}")
    st.page_link(TRAIN.script, label="See all runs", icon=TRAIN.icon)


def next_step(runs: list[Run], found: Dataset) -> None:
    """Draw the most useful next step: a sentence and its button."""
    st.markdown("**Next step**")
    own = [run for run in runs if run.is_usable and not run.is_reference]
    on_these = [run for run in own if run.about.dataset.fingerprint == found.fingerprint()]
    if any(run.state.is_active for run in runs):
        st.caption("A model is learning now.")
        primary.show("Watch it learn", TRAIN, key="home_next")
    elif not on_these:
        st.caption("Train a model on these photos. MobileNet takes seconds.")
        primary.show("Train a model", TRAIN, key="home_next")
    elif len({run.config.model for run in on_these}) == 1:
        st.caption("Train the other model too, then see which one is better.")
        primary.show("Train the other model", TRAIN, key="home_next")
    else:
        a, b = _newest_of_each_model(on_these)
        st.caption(
            f"{run_chips.chip(a)} and {run_chips.chip(b)} are trained. See where they differ."
        )
        primary.show("Compare them", COMPARE, key="home_next", a=a.run_id, b=b.run_id)


def _newest_of_each_model(runs: list[Run]) -> list[Run]:
    """Return the newest run of two models; ``runs`` are newest first."""
    newest: dict[str, Run] = {}
    for run in runs:
        newest.setdefault(run.config.model, run)
    return list(newest.values())[:2]
