"""The runs on the home page: how many there are, the best one, and what to do next."""

import streamlit as st

from catsdogs.runs.run import Run
from catsdogs.text import counted


def next_step(runs: list[Run]) -> None:
    """Suggest the most useful next step, with the link to its page."""
    usable = [run for run in runs if run.is_usable]
    own = [run for run in usable if not run.is_reference]
    active = [run for run in runs if run.state.is_active]
    if active:
        st.markdown("A model is being trained. Watch its curves move.")
        st.page_link("pages/train.py", label="Go to Train", icon=":material/model_training:")
    elif not own:
        ready = sum(run.can_classify for run in usable)
        if ready:
            st.markdown(f"Drop a photo: {counted(ready, 'trained model')} came with the project.")
            st.page_link("pages/classify.py", label="Go to Classify", icon=":material/pets:")
        st.markdown(
            f"{'Then train one of your own.' if ready else 'Train a first model.'} MobileNetV2 "
            "takes seconds once its weights are here; the custom CNN learns from nothing, so it "
            "takes longer and shows more of how learning goes."
        )
        st.page_link("pages/train.py", label="Go to Train", icon=":material/model_training:")
    elif len({run.config.model for run in own}) == 1:
        st.markdown("Train the other model too, and see the two side by side.")
        st.page_link("pages/train.py", label="Go to Train", icon=":material/model_training:")
    else:
        st.markdown("Both models are here. Drop a photo and see what each of them says.")
        st.page_link("pages/classify.py", label="Go to Classify", icon=":material/pets:")


def model_count(usable: list[Run]) -> None:
    """Show the number of trained models, and how many of them are the user's own."""
    st.metric("Trained models", len(usable))
    given = [run for run in usable if run.is_reference]
    if given:
        bare = sum(not run.can_classify for run in given)
        without = f", {bare} of them without a model file" if bare else ""
        own = len(usable) - len(given)
        yours = f"{own} {'is' if own == 1 else 'are'} your own" if own else "none is your own yet"
        st.caption(f"{len(given)} came with the project{without}; {yours}.")


def best_accuracy(runs: list[Run], fingerprint: str) -> Run | None:
    """Show the best validation accuracy on the dataset with this fingerprint; return its run."""
    found = [run for run in runs if run.is_usable and run.about.dataset.fingerprint == fingerprint]
    best = max(found, key=lambda run: run.result.val_accuracy, default=None)
    known = f"{best.result.val_accuracy:.2%}" if best else "none yet"
    st.metric("Best validation accuracy on them", known)
    return best
