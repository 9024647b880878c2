"""The answer in large type, whether the runs agree, and each run's answer on a line."""

import streamlit as st

from catsdogs.inference.answers import Seen
from catsdogs.inference.panel import Answer
from catsdogs.labels import CAT, DOG, NEITHER
from catsdogs.runs.seen_before import SIDES
from catsdogs.text import capital, literal, percent
from catsdogs.ui.classify.runs import Chosen
from catsdogs.ui.shared import run_chips


def show(seen: Seen, chosen: Chosen) -> None:
    """Draw the answer about one picture. The first run gives the large answer."""
    labels = seen.labels(chosen.decision)
    with st.container(gap="xsmall", key="classify_answer"):
        st.caption(literal(seen.name))
        st.markdown(f"## {_headline(seen, chosen)}")
        if labels[0] == NEITHER:
            otherwise = _otherwise(seen.answers[0], chosen)
            st.caption(f"It looks unlike the training photos. {otherwise}.")
        _both(seen, chosen)
        if len(labels) > 1:
            _agreement(seen, chosen)
            _each(seen, chosen)
        else:
            st.markdown(run_chips.chip(chosen.runs[0]))
    for side in SIDES:
        _seen_before(seen, chosen, side)
    if seen.truth:
        is_right = labels[0] == seen.truth
        mark = ":green[✓ Right]" if is_right else ":red[✗ Wrong]"
        st.markdown(f"{mark}: the file's name says **{literal(seen.truth)}**.")


def sureness(answer: Answer, label: str) -> float:
    """Return the calibrated probability of the class ``label``."""
    return answer.classes.probability(label, answer.calibrated_p_dog)


def said(answer: Answer, label: str) -> str:
    """Return "cat 99.9 %", or "neither", which has no probability."""
    return label if label == NEITHER else f"{label} {percent(sureness(answer, label))}"


def _marked(answer: Answer, label: str) -> str:
    """Return ``said`` as Markdown."""
    return said(answer, label).replace(label, literal(label), 1)


def _otherwise(answer: Answer, chosen: Chosen) -> str:
    label = answer.classes.of(answer.calibrated_p_dog, chosen.decision.threshold)
    otherwise = "As a pet" if answer.classes.are_pets else "Otherwise"
    return f"{otherwise}: {literal(label)} {percent(sureness(answer, label))}"


def _headline(seen: Seen, chosen: Chosen) -> str:
    label = seen.answers[0].label(chosen.decision)
    return capital(_marked(seen.answers[0], label))


def _both(seen: Seen, chosen: Chosen) -> None:
    """Say that the picture may show both classes, and name other runs that found this."""
    ids = {one.run_id for one in seen.answers if one.may_show_both(chosen.decision)}
    if ids:
        chips = [run_chips.chip(run) for run in chosen.runs if run.run_id in ids]
        each = " and ".join(literal(seen.classes.one(label)) for label in (CAT, DOG))
        said_by = "" if chosen.runs[0].run_id in ids else f", says {' '.join(chips)}"
        st.markdown(
            f":blue-badge[:material/pets: May show both {each}]{said_by}",
            help="The heat map shows evidence for each class in another part of the picture.",
        )


def _agreement(seen: Seen, chosen: Chosen) -> None:
    if seen.disagree(chosen.decision):
        st.markdown(":orange-badge[:material/compare_arrows: The runs disagree]")
    else:
        count = len(seen.answers)
        all_ = "Both runs agree" if count == 2 else f"All {count} runs agree"
        st.markdown(f":green-badge[:material/check: {all_}]")


def _seen_before(seen: Seen, chosen: Chosen, side: str) -> None:
    """Warn that a picture was among the photos of a run, so that the answer proves little."""
    ids = {answer.run_id for answer in seen.answers if answer.seen == side}
    chips = [run_chips.chip(run) for run in chosen.runs if run.run_id in ids]
    if len(chosen.runs) == 1 and chips:
        st.markdown(f":orange-badge[:material/history: In this run's {side} photos]")
    elif chips:
        st.markdown(f":material/history: In the {side} photos of {' '.join(chips)}")


def _each(seen: Seen, chosen: Chosen) -> None:
    runs = {run.run_id: run for run in chosen.runs}
    for answer, label in zip(seen.answers, seen.labels(chosen.decision), strict=True):
        st.markdown(f"{run_chips.chip(runs[answer.run_id])}\u2003{_marked(answer, label)}")
