"""A tour over the pages: why the notebook's recipe overfits, and what the default recipe changes.

It follows two runs that come with the project. A card on each page holds the step, which is also
in the address, so that a reload or a link continues the tour.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import streamlit as st

from catsdogs.runs.events import Epoch
from catsdogs.runs.run import Run
from catsdogs.text import percent
from catsdogs.ui.shared import run_chips
from catsdogs.ui.shared.pages import COMPARE, RUN, TRAIN, Page

TITLE = "Why the notebook overfits"
_STEP = "tour"  # in the address and in the session: the number of the step, from 1


@dataclass(frozen=True)
class Recipes:
    """Two runs of one model on the same photos: the notebook's recipe and the default one."""

    plain: Run
    default: Run


@dataclass(frozen=True)
class Step:
    """A step of the tour: its place, and its text. ``state`` opens a tab of the page."""

    title: str
    page: Page
    address: Callable[[Recipes], dict[str, str]]
    text: Callable[[Recipes], str]
    state: dict[str, str] = field(default_factory=dict)


def recipes(runs: Sequence[Run]) -> Recipes | None:
    """Return the runs of the tour; None where they are missing."""
    usable = [run for run in runs if run.is_reference and run.is_usable and run.view.epochs]
    for plain in (run for run in usable if run.config.is_plain):
        for default in (run for run in usable if not run.config.is_plain):
            is_same = plain.about.dataset.fingerprint == default.about.dataset.fingerprint
            if is_same and plain.config.model == default.config.model:
                return Recipes(plain, default)
    return None


def offer(runs: Sequence[Run]) -> None:
    """Draw the button that starts the tour, unless it runs or its runs are missing."""
    found = recipes(runs)
    if found is None or _number() is not None:
        return
    if st.button(f"Tour: {TITLE}", key="tour_start", icon=":material/tour:", type="tertiary"):
        _go(1, found)


def show(page: Page, runs: Sequence[Run]) -> None:
    """Draw the card of the step, if the tour runs."""
    number, found = _number(), recipes(runs)
    if number is None or found is None:
        return
    st.session_state[_STEP] = number
    st.query_params[_STEP] = str(number)
    step = STEPS[number - 1]
    with st.container(border=True, key="tour_card", gap="small"):
        st.markdown(f"**{TITLE}** · {number} of {len(STEPS)}: {step.title}")
        if page is step.page:
            st.markdown(step.text(found))
        else:
            st.caption("This step is on another page.")
        _buttons(number, found, is_here=page is step.page)


def _buttons(number: int, found: Recipes, *, is_here: bool) -> None:
    with st.container(horizontal=True, gap="xsmall"):
        if st.button("Back", key="tour_back", icon=":material/arrow_back:", disabled=number == 1):
            _go(number - 1, found)
        if not is_here and st.button("Show it", key="tour_here", type="primary"):
            _go(number, found)
        if number < len(STEPS):
            if st.button(
                "Next",
                key="tour_next",
                icon=":material/arrow_forward:",
                type="primary" if is_here else "secondary",
            ):
                _go(number + 1, found)
        elif st.button("Train your own", key="tour_train", icon=TRAIN.icon, type="primary"):
            _end()
            st.switch_page(TRAIN.script, query_params={"new": "1"})
        if st.button("End the tour", key="tour_end", type="tertiary"):
            _end()
            st.rerun()


def _number() -> int | None:
    """Return the number of the current step; None while the tour does not run."""
    asked = st.query_params.get(_STEP, "")
    number = int(asked) if asked.isdecimal() else st.session_state.get(_STEP)
    return number if number is not None and 1 <= number <= len(STEPS) else None


def _go(number: int, found: Recipes) -> None:
    step = STEPS[number - 1]
    st.session_state[_STEP] = number
    for key, value in step.state.items():
        st.session_state[key] = value
    address = {**step.address(found), _STEP: str(number)}
    st.switch_page(step.page.script, query_params=address)


def _end() -> None:
    st.session_state.pop(_STEP, None)
    st.query_params.pop(_STEP, None)


def _of_plain(found: Recipes) -> dict[str, str]:
    return {"run": found.plain.run_id}


def _of_default(found: Recipes) -> dict[str, str]:
    return {"run": found.default.run_id}


def _of_both(found: Recipes) -> dict[str, str]:
    return {"a": found.plain.run_id, "b": found.default.run_id}


def _memorising(found: Recipes) -> str:
    epochs = found.plain.view.epochs
    lowest, last = min(epochs, key=lambda epoch: epoch.val_loss), epochs[-1]
    return (
        f"{run_chips.chip(found.plain)} repeats the notebook. It gets {percent(last.accuracy)} of "
        "its training photos right at the end. But on the validation photos, its loss is lowest "
        f"after epoch {lowest.epoch} ({lowest.val_loss:.2f}) and then rises to "
        f"{last.val_loss:.2f}: from there on it memorises photos."
    )


def _learning(found: Recipes) -> str:
    lowest = min(found.default.view.epochs, key=lambda epoch: epoch.val_loss)
    return (
        f"{run_chips.chip(found.default)} has the default recipe. Its validation loss is lowest "
        f"after epoch {lowest.epoch} of {found.default.epochs_done}, at {lowest.val_loss:.2f}. It "
        "sees each photo a little different every time, so it can hardly memorise one."
    )


def _gap(found: Recipes) -> str:
    plain, default = (_points(run.view.epochs[-1]) for run in (found.plain, found.default))
    return (
        "Scroll to the tab *Training* at the end of this page. Dotted lines are training photos, "
        "solid ones validation photos. The gap between them is the overfitting: in accuracy it is "
        f"{plain} for {run_chips.chip(found.plain)} at the end, and {default} for "
        f"{run_chips.chip(found.default)}."
    )


def _points(epoch: Epoch) -> str:
    return f"{100 * (epoch.accuracy - epoch.val_accuracy):.1f} points"


def _photos(found: Recipes) -> str:
    return (
        "The sentence below says how many more photos the default recipe gets right. Below it are "
        "the photos that only one of the two gets right. Click one to see both answers."
    )


def _settings(found: Recipes) -> str:
    return (
        "Scroll to the tab *Differences* at the end of this page. It lists everything that the two "
        f"do not share. {run_chips.chip(found.plain)} also keeps its last weights, and the default "
        "recipe those of the best epoch."
    )


STEPS = (
    Step("It memorises", RUN, _of_plain, _memorising, {"run_tab": "Curves"}),
    Step("A recipe that generalises", RUN, _of_default, _learning, {"run_tab": "Curves"}),
    Step("The gap", COMPARE, _of_both, _gap, {"compare_tab": "Training"}),
    Step("Photos that only one gets right", COMPARE, _of_both, _photos),
    Step("The differences", COMPARE, _of_both, _settings, {"compare_tab": "Differences"}),
)
