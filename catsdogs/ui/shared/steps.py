"""The five steps from photos to a classifier in use, and which of them are done."""

from dataclasses import dataclass
from enum import StrEnum

import streamlit as st

from catsdogs.runs.run import Run
from catsdogs.sources import current

_SEEN = "steps_done"


class Step(StrEnum):
    """A step, as the navigation names it."""

    LOOK, CLEAN, TRAIN, COMPARE, USE = "Look", "Clean", "Train", "Compare", "Use"


@dataclass(frozen=True)
class Facts:
    """The facts that decide whether a step is done, apart from what this session did."""

    runs: list[Run]
    fingerprint: str
    is_checked: bool  # A health check has finished on the current dataset.
    is_clean: bool  # It left no suspect label without a decision.


def mark(step: Step) -> None:
    """Remember that this session did a step with the current dataset.

    It saw photos, compared runs or classified a picture.
    """
    st.session_state.setdefault(_SEEN, set()).add((current.path(), step))


def done(facts: Facts) -> list[Step]:
    """Return the steps that are done on the current dataset, in order."""
    own = [
        run
        for run in facts.runs
        if run.is_usable
        and not run.is_reference
        and run.about.dataset.fingerprint == facts.fingerprint
    ]
    is_done = {
        Step.LOOK: facts.is_checked or bool(own),
        Step.CLEAN: facts.is_clean,
        Step.TRAIN: bool(own),
        Step.COMPARE: False,
        Step.USE: False,
    }
    seen, path = st.session_state.get(_SEEN, set()), current.path()
    return [step for step in Step if is_done[step] or (path, step) in seen]


def show(found: list[Step]) -> None:
    """Draw the steps on one line: a tick before each that is done, an arrow before the next."""
    following = next((step for step in Step if step not in found), None)
    words = []
    for step in Step:
        if step in found:
            words.append(f":green[✓\u00a0{step}]")
        elif step is following:
            words.append(f"→\u00a0{step}")
        else:
            words.append(f":gray[{step}]")
    st.progress(len(found) / len(Step), text=f":small[{' · '.join(words)}]")
