"""The numbers behind an answer, for each run."""

import math

import streamlit as st

from catsdogs.evaluation.metrics import THRESHOLD
from catsdogs.inference.answers import Seen
from catsdogs.inference.panel import Answer
from catsdogs.inference.rejection import Likeness, Rates
from catsdogs.labels import DOG
from catsdogs.runs.run import Run
from catsdogs.text import literal, percent
from catsdogs.ui.classify.runs import Chosen
from catsdogs.ui.classify.verdict import sureness
from catsdogs.ui.shared import run_chips

_HELP = (
    "P({0}) is the probability of {1}. It is calibrated on the run's validation photos: of 100 "
    "photos answered with 90 %, about 90 are right. The raw value is the model's own. Similarity "
    "is the mean cosine similarity to the most similar training photos. A run that knows other "
    "things adds its evidence against them, which gives the score. Below the limit, the answer is "
    "“neither”."
)


def show(seen: Seen, chosen: Chosen) -> None:
    """Draw the numbers in an expander."""
    runs = {run.run_id: run for run in chosen.runs}
    with st.expander("Details", key="classify_details"):
        names = (literal(name) for name in (seen.classes.positive, seen.classes.one(DOG)))
        st.caption("The numbers behind the answer.", help=_HELP.format(*names))
        for answer in seen.answers:
            st.markdown(run_chips.chip(runs[answer.run_id]))
            lines = _lines(answer, runs[answer.run_id], chosen)
            st.markdown("\n".join(f"- {line}" for line in lines))
        changes = ", ".join(seen.changes) if seen.changes else "unchanged"
        st.caption(f"The picture was read {changes}.")


def _lines(answer: Answer, run: Run, chosen: Chosen) -> list[str]:
    positive = literal(answer.classes.positive)
    lines = [f"P({positive}) {answer.calibrated_p_dog:.4f}, raw {answer.p_dog:.6f}"]
    threshold = chosen.decision.threshold
    if sureness(answer, answer.classes.of(answer.calibrated_p_dog, threshold)) < THRESHOLD:
        lines.append(f"The label follows from the threshold of {threshold:g}")
    if answer.likeness:
        lines.append(_similarity(answer.likeness, chosen))
        if answer.likeness.rates:
            lines.append(_refused(answer.likeness.rates))
    lines.append(f"{answer.latency_ms:.0f}\u00a0ms")
    return [*lines, f"Trained on {literal(run.about.dataset.name)}"]


def _similarity(likeness: Likeness, chosen: Chosen) -> str:
    similarity, refused = f"Similarity {likeness.similarity:.3f}", chosen.decision.false_refusal
    if refused is None:
        return similarity
    limit = likeness.floors[refused]
    if math.isinf(limit):
        return f"{similarity}; too few validation photos to set a limit for “neither”"
    side = "below" if likeness.is_neither(refused) else "above"
    score = f"; score {likeness.score:.3f}" if likeness.against_others else ""
    return f"{similarity}{score}, {side} the limit of {limit:.3f}"


def _refused(rates: Rates) -> str:
    return (
        f"The default limit refused {percent(rates.validation)} of validation photos, and "
        f"{percent(rates.unseen)} of those in {rates.clusters} groups without any training photo"
    )
