"""The runs that answer, and how their numbers become a label: the *Settings* of Classify."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import streamlit as st

from catsdogs.errors import RunError
from catsdogs.evaluation.metrics import DEFAULT_FALSE_REFUSAL
from catsdogs.inference.answers import OWN_COLUMNS
from catsdogs.inference.panel import Decision, Panel, judge
from catsdogs.inference.rejection import FALSE_REFUSALS
from catsdogs.labels import DOG, PETS, Classes
from catsdogs.runs import store
from catsdogs.runs.run import Run
from catsdogs.text import literal, percent, printable
from catsdogs.ui.runs import origin
from catsdogs.ui.shared import cache, problems, run_chips
from catsdogs.ui.shared.markdown import verbatim

_RUNS, _IN_ADDRESS, _WRITTEN = "classify_runs", "run", "classify_runs_written"
_THRESHOLD, _FALSE_REFUSAL = "classify_threshold", "classify_false_refusal"
_NEVER = "never"
_REJECTED_PETS, _REJECTED_PHOTOS = "Allow wrongly rejected pets", "Allow wrongly rejected photos"


@dataclass(frozen=True)
class Chosen:
    """The runs that answer, all usable runs (some judge for others), and how to read answers."""

    runs: list[Run]
    usable: list[Run]
    decision: Decision

    @property
    def classes(self) -> Classes:
        """The classes that the runs tell apart."""
        return self.runs[0].classes if self.runs else PETS

    @cached_property
    def titles(self) -> dict[str, str]:
        """A distinct short name by run id; no other column of an answers table has it."""
        names = run_chips.names(self.runs)
        return {id_: f"Run {name}" if name in OWN_COLUMNS else name for id_, name in names.items()}

    def judge_of(self, run: Run) -> Run | None:
        """Return the run that decides for ``run`` whether a picture shows neither class."""
        return judge(run, self.usable)


def current(usable: list[Run]) -> Chosen:
    """Return this session's choice, without drawing it: by default the best run of each model.

    All of them tell the same classes apart as the first one.
    """
    ids = {run.run_id: run for run in usable}
    wanted = st.session_state.get(_RUNS)
    if wanted is None or (wanted and not ids.keys() & wanted):  # None, or all deleted since.
        wanted = [run.run_id for run in store.best_usable()]
    refused = st.session_state.get(_FALSE_REFUSAL, DEFAULT_FALSE_REFUSAL)
    threshold = st.session_state.get(_THRESHOLD, Decision.threshold)
    decision = Decision(threshold, refused if isinstance(refused, float) else None)
    runs = [ids[run_id] for run_id in wanted if run_id in ids]
    alike = [run for run in runs if run.classes == runs[0].classes]
    return Chosen(alike, usable, decision)


def choose(usable: list[Run]) -> Chosen:
    """Draw the settings in a popover; return the runs, which the address keeps, and the rest."""
    with st.popover("Settings", icon=":material/tune:", key="classify_settings"):
        _pick(usable)
        classes = current(usable).classes
        one, positive = literal(classes.one(DOG)), literal(classes.positive)
        st.slider(
            "Threshold",
            min_value=0.0,
            max_value=1.0,
            value=Decision.threshold,
            step=0.01,
            key=_THRESHOLD,
            persist_state="session",
            help=f"A picture is called {one} if its calibrated P({positive}) is at least this "
            "high.",
        )
        st.selectbox(
            _REJECTED_PETS if classes.are_pets else _REJECTED_PHOTOS,
            [*FALSE_REFUSALS, _NEVER],
            index=FALSE_REFUSALS.index(DEFAULT_FALSE_REFUSAL),
            format_func=_share,
            key=_FALSE_REFUSAL,
            persist_state="session",
            help="A picture that looks unlike all training photos is called neither. With a larger "
            "share, more pictures of other things are found, and more photos of the two classes "
            "are rejected by mistake. The share is measured on each run's validation photos; since "
            "kinds that the run never saw are refused more often, groups of similar photos stand "
            "for them.",
        )
        chosen = current(usable)
        _about_origins(chosen)
        if chosen.decision.false_refusal is not None:
            _about_judges(chosen)
    return chosen


def loaded(chosen: Chosen) -> tuple[Chosen, Panel | None]:
    """Return the runs whose models load, with their panel; show what is wrong with the others."""
    if not chosen.runs:
        return chosen, None
    try:
        panel = cache.panel(chosen.runs, chosen.usable)
        _warn_of_judges(panel, chosen)
        return chosen, panel
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


def _warn_of_judges(panel: Panel, chosen: Chosen) -> None:
    """Warn if a run cannot say "neither" because the run that it uses for that is damaged."""
    if chosen.decision.false_refusal is not None:
        for problem in panel.problems.values():
            st.warning(verbatim(problem), icon=":material/broken_image:")


def _pick(usable: list[Run]) -> None:
    ids, names = {run.run_id: run for run in usable}, run_chips.names(usable)
    asked = st.query_params.get_all(_IN_ADDRESS)
    # An address that this page did not write is a link from elsewhere, which wins.
    if asked and asked != st.session_state.get(_WRITTEN):
        if gone := [run_id for run_id in asked if run_id not in ids]:
            st.warning(f"Not here, or without a model: {literal(', '.join(gone))}.")
        if known := [run_id for run_id in asked if run_id in ids]:
            st.session_state[_RUNS] = known
    # Set in every script run: otherwise the browser keeps the old name of a renamed run.
    st.session_state[_RUNS] = _alike(current(usable).runs, ids)
    chosen = st.multiselect(
        "Runs",
        list(ids),
        format_func=lambda run_id: f"{names[run_id]} · {_about(ids[run_id])}",
        key=_RUNS,
        persist_state="session",
        help="Each chosen run answers. The first one gives the large answer. The page's address "
        "remembers the choice.",
    )
    st.query_params[_IN_ADDRESS] = st.session_state[_WRITTEN] = list(chosen)


def _alike(runs: list[Run], ids: dict[str, Run]) -> list[str]:
    """Return the ids of ``runs``; say which chosen ones are left out for their other classes."""
    kept = [run.run_id for run in runs]
    asked = [ids[run_id] for run_id in st.session_state.get(_RUNS) or [] if run_id in ids]
    if others := [run for run in asked if run.run_id not in kept]:
        st.warning(
            f"Left out: {_names(others)}. Runs on {literal(str(runs[0].classes))} cannot answer "
            "beside runs on other classes."
        )
    return kept


def _about(run: Run) -> str:
    return f"{printable(run.about.dataset.name)} · {percent(run.result.val_accuracy)}"


def _share(share: float | str) -> str:
    return "Never say neither" if isinstance(share, str) else f"{share:.1%}".replace(".0%", "%")


def _about_origins(chosen: Chosen) -> None:
    """Name the runs that came with the project, and warn of those with a caveat."""
    given = [run for run in chosen.runs if run.is_reference]
    for data in dict.fromkeys(run.about.dataset.name for run in given):
        names = _names([run for run in given if run.about.dataset.name == data])
        st.caption(f"Came with the project, trained on {literal(data)}: {names}.")
    for run in chosen.runs:
        origin.warn(run, _names([run]))


def _about_judges(chosen: Chosen) -> None:
    """Name the runs that cannot answer "neither", and those that ask another run for it."""
    judges = {run.run_id: chosen.judge_of(run) for run in chosen.runs}
    mute = [run for run in chosen.runs if judges[run.run_id] is None]
    if mute:
        st.caption(
            f"{_names(mute)} cannot say “neither”: its files lack the vectors of the training "
            "photos. Newly trained runs keep them."
        )
    alone = [
        run
        for run in chosen.runs
        if judges[run.run_id] is run and not run.config.info.judges_neither
    ]
    if alone:
        st.caption(
            f"{_names(alone)} finds few pictures that show neither: 3 in 100, measured on other "
            "data. Train a MobileNetV2 on the same dataset, and this run uses it instead: it finds "
            "more than 90."
        )
    for run in chosen.runs:
        other = judges[run.run_id]
        if other is not None and other is not run:
            st.caption(
                f"{_names([run])} uses {_names([other])} to detect pictures that show neither."
            )


def _names(runs: Sequence[Run]) -> str:
    return ", ".join(literal(run_chips.name(run)) for run in runs)


def _is_broken(run: Run) -> bool:
    try:
        cache.predictor(run)
    except (RunError, OSError) as error:
        problems.show(f"{run_chips.name(run)}: {error}")
        return True
    return False
