"""The runs that answer on the Classify page, and how their numbers become a label."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import streamlit as st

from catsdogs.errors import RunError
from catsdogs.evaluation.metrics import DEFAULT_FALSE_REFUSAL
from catsdogs.inference.panel import Decision, Panel, judge
from catsdogs.inference.rejection import FALSE_REFUSALS
from catsdogs.runs import store
from catsdogs.runs.run import Run
from catsdogs.text import literal, printable
from catsdogs.ui.runs import origin, remarks
from catsdogs.ui.shared import cache, problems

_RUNS, _IN_ADDRESS = "classify_runs", "run"
_NEVER = "never"


@dataclass(frozen=True)
class Chosen:
    """The runs that answer, all usable runs (some judge for others), and how to read answers."""

    runs: list[Run]
    usable: list[Run]
    decision: Decision

    @cached_property
    def titles(self) -> dict[str, str]:
        """A short name by run id: only the model's if that distinguishes the runs."""
        ways = (
            [run.name for run in self.runs],
            [run.title for run in self.runs],
            [run.run_id for run in self.runs],
        )
        names = next(names for names in ways if len(set(names)) == len(names))
        return {run.run_id: printable(name) for run, name in zip(self.runs, names, strict=True)}

    def judge_of(self, run: Run) -> Run | None:
        """Return the run that decides for ``run`` whether a picture shows a pet at all."""
        return judge(run, self.usable)


def choose(usable: list[Run]) -> Chosen:
    """Return the runs that the user chooses, kept in the address, and how to read their answers."""
    runs = _pick(usable)
    left, right = st.columns(2)
    threshold = left.slider(
        "Threshold",
        min_value=0.0,
        max_value=1.0,
        value=Decision.threshold,
        step=0.01,
        key="classify_threshold",
        persist_state="session",
        help="From this calibrated P(dog) on a picture is called a dog.",
    )
    refused = right.selectbox(
        "Pets that may be called neither",
        [*FALSE_REFUSALS, _NEVER],
        index=FALSE_REFUSALS.index(DEFAULT_FALSE_REFUSAL),
        format_func=_share,
        key="classify_false_refusal",
        persist_state="session",
        help="A picture that looks like nothing in training is called neither. The more real cats "
        "and dogs may be refused by mistake, the more other pictures are found. Measured on each "
        "run's validation photos.",
    )
    false_refusal = refused if isinstance(refused, float) else None
    chosen = Chosen(runs, usable, Decision(threshold, false_refusal))
    _about_origins(chosen)
    if false_refusal is not None:
        _about_judges(chosen)
    return chosen


def loaded(chosen: Chosen) -> tuple[Chosen, Panel | None]:
    """Return the runs whose models load, with their panel; show what is wrong with the others."""
    if not chosen.runs:
        return chosen, None
    try:
        return chosen, cache.panel(chosen.runs, chosen.usable)
    except (RunError, OSError) as error:
        judges = (chosen.judge_of(run) for run in chosen.runs)
        needed = {run.run_id: run for run in (*chosen.runs, *judges) if run}
        broken = {run_id for run_id, run in needed.items() if _is_broken(run)}
        if not broken:  # A file was being replaced while it was read.
            problems.show(error)
            return replace(chosen, runs=[]), None
    sound = [
        [run for run in runs if run.run_id not in broken] for runs in (chosen.runs, chosen.usable)
    ]
    return loaded(replace(chosen, runs=sound[0], usable=sound[1]))


def _pick(usable: list[Run]) -> list[Run]:
    ids = {run.run_id: run for run in usable}
    if _RUNS not in st.session_state:
        asked = st.query_params.get_all(_IN_ADDRESS)
        if gone := [run_id for run_id in asked if run_id not in ids]:
            st.warning(f"Not here, or without a model: {literal(', '.join(gone))}.")
        known = [run_id for run_id in asked if run_id in ids]
        st.session_state[_RUNS] = known or [run.run_id for run in store.best_usable()]
    # Set in every script run: otherwise the browser keeps the old name of a renamed run.
    st.session_state[_RUNS] = [run_id for run_id in st.session_state[_RUNS] if run_id in ids]
    labels = remarks.labels(usable, _label)
    chosen = st.multiselect(
        "Runs",
        list(ids),
        format_func=lambda run_id: labels[run_id],
        key=_RUNS,
        persist_state="session",
        help="Any number of finished runs; they answer side by side. The address remembers them.",
    )
    st.query_params[_IN_ADDRESS] = chosen
    return [ids[run_id] for run_id in chosen]


def _label(run: Run) -> str:
    data, accuracy = run.about.dataset.name, run.result.val_accuracy
    return f"{remarks.starred_title(run)} · {printable(data)} · {accuracy:.1%}"


def _share(share: float | str) -> str:
    if share == _NEVER:
        return "never say neither"
    return f"{share:.1%}".replace(".0%", "%").replace("%", "\u00a0%")


def _about_origins(chosen: Chosen) -> None:
    """Name the runs that came with the project, and warn of those with a caveat."""
    given = [run for run in chosen.runs if run.is_reference]
    for data in dict.fromkeys(run.about.dataset.name for run in given):
        names = _names(chosen, [run for run in given if run.about.dataset.name == data])
        st.caption(f"Came with the project, trained on {literal(data)}: {names}.")
    for run in chosen.runs:
        origin.warn(run, _names(chosen, [run]))


def _about_judges(chosen: Chosen) -> None:
    """Name the runs that cannot answer "neither", and those that ask another run for it."""
    judges = {run.run_id: chosen.judge_of(run) for run in chosen.runs}
    mute = [run for run in chosen.runs if judges[run.run_id] is None]
    if mute:
        st.caption(
            f"{_names(chosen, mute)} cannot say “neither”: the vectors of training photos that it "
            "takes are not among its files. A run that is trained now keeps them."
        )
    alone = [
        run
        for run in chosen.runs
        if judges[run.run_id] is run and not run.config.info.judges_neither
    ]
    if alone:
        st.caption(
            f"By its own last layer {_names(chosen, alone)} can hardly tell what is no pet: where "
            "that was measured, it found 3 in 100 pictures without one. Train a MobileNetV2 on the "
            "same data, and it will ask that one, which found 95."
        )
    for run in chosen.runs:
        other = judges[run.run_id]
        if other is not None and other is not run:
            st.caption(
                f"What is no pet, {_names(chosen, [run])} cannot tell well by itself: it asks "
                f"{literal(other.title)}."
            )


def _names(chosen: Chosen, runs: Sequence[Run]) -> str:
    return ", ".join(literal(chosen.titles[run.run_id]) for run in runs)


def _is_broken(run: Run) -> bool:
    try:
        cache.predictor(run)
    except (RunError, OSError) as error:
        problems.show(f"{run.title}: {error}")
        return True
    return False
