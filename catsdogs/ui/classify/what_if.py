"""The picture edited by a slider or a brush, and how the answer of each run follows.

The server answers for every step of a slider when the user chooses it. So the numbers follow the
slider in the browser without a request, and are exactly those that the command line prints.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import streamlit as st

from catsdogs.errors import UnreadableImage
from catsdogs.images.edits import EDITS, NO_EDITS, Edits, Stroke
from catsdogs.images.picture import Picture, digest
from catsdogs.inference.what_if import Curve, Editable, curve
from catsdogs.runs.run import Run
from catsdogs.text import counted, literal
from catsdogs.ui.classify import edit_view
from catsdogs.ui.classify.answers import Answered
from catsdogs.ui.classify.edit_view import View
from catsdogs.ui.classify.runs import Chosen
from catsdogs.ui.shared import cache, problems

COVER = "cover"
_STATE, _KIND, _SEARCH = "classify_edited", "classify_edit", "classify_edit_search"
_HELP = (
    "The picture is edited before it is resized for the model. The curves show each run's "
    "calibrated probability. “Neither” is not considered."
)


_Key = tuple[object, ...]


@dataclass(frozen=True)
class _Step:
    """One step back for *Undo*: the kind of the edit, and all edits before it."""

    kind: str
    before: Edits


@dataclass
class _Session:
    """The edits of the current picture, and what is known about them.

    ``turn`` changes whenever the server, and not the slider, has changed the edits.
    """

    subject: tuple[str, tuple[str, ...]]
    pictures: Sequence[Editable]
    edits: Edits = NO_EDITS
    steps: list[_Step] = field(default_factory=list)
    turn: int = 0
    view: tuple[_Key, View] | None = None
    curves: dict[_Key, list[Curve]] = field(default_factory=dict)


def show(answered: Answered, chosen: Chosen) -> None:
    """Draw the editor in an expander; nothing is computed until the user opens it."""
    if answered.seen.error:
        return
    with st.expander("What if …", key="classify_what_if", on_change="rerun") as folded:
        if folded.open:
            try:
                session = _session(answered.picture.read(), chosen.runs)
            except UnreadableImage as error:  # It was uploaded, and has been removed since.
                problems.show(error)
            else:
                _editor(session, chosen)


def forget() -> None:
    """Forget the edits."""
    st.session_state.pop(_STATE, None)


def _session(content: bytes, runs: Sequence[Run]) -> _Session:
    subject = digest(content), tuple(run.run_id for run in runs)
    known: _Session | None = st.session_state.get(_STATE)
    if known is None or known.subject != subject:
        pictures = [Editable(Picture(content), cache.predictor(run)) for run in runs]
        known = st.session_state[_STATE] = _Session(subject, pictures)
    return known


# A fragment, so that an edit does not draw the whole page again.
@st.fragment
def _editor(session: _Session, chosen: Chosen) -> None:
    kind = st.segmented_control(
        "Edit",
        [*EDITS, COVER],
        default=next(iter(EDITS)),
        required=True,
        format_func=lambda name: EDITS[name].title if name in EDITS else "Cover",
        key=_KIND,
        help=_HELP,
        wrap=True,
    )
    kind = str(kind)
    with st.spinner("Computing the answers …"):
        view = _view(session, chosen, kind)
    edit_view.show(
        view,
        kind,
        amount=session.edits.amounts.get(kind, 0),
        turn=session.turn,
        threshold=chosen.decision.threshold,
        positive=chosen.classes.positive,
        key="classify_editor",
        on_settled=lambda amount: _settle(session, kind, session.edits.with_amount(kind, amount)),
        on_stroke=lambda stroke: _cover(session, stroke),
    )
    _steps_back(session)
    _smallest(session, chosen)


def _view(session: _Session, chosen: Chosen, kind: str) -> View:
    """Return the view of one kind of edit. Only the latest is kept: its frames take memory."""
    key = _depends_on(session, chosen, kind)
    if session.view is None or session.view[0] != key:
        curves = _curves(session, chosen, kind)
        session.view = (
            key,
            edit_view.computed(kind, session.edits, chosen, session.pictures, curves),
        )
    return session.view[1]


def _curves(session: _Session, chosen: Chosen, kind: str) -> list[Curve]:
    key = _depends_on(session, chosen, kind)
    if key not in session.curves:
        session.curves[key] = [
            _curve(picture, kind, session.edits, chosen.decision.threshold)
            for picture in session.pictures
        ]
    return session.curves[key]


def _curve(picture: Editable, kind: str, edits: Edits, threshold: float) -> Curve:
    if kind == COVER:
        return Curve((0.0,), (picture.p_dog(edits),), None, None)
    return curve(picture, kind, edits, threshold=threshold)


def _depends_on(session: _Session, chosen: Chosen, kind: str) -> _Key:
    """Return what a curve depends on: the threshold, and all edits of other kinds."""
    others = session.edits.with_amount(kind, 0)
    made = tuple(sorted(others.amounts.items()))
    return kind, made, others.strokes, chosen.decision.threshold


def _settle(session: _Session, kind: str, edits: Edits) -> None:
    """Make edits the current ones. Successive amounts of one kind are one step back."""
    if kind == COVER or not session.steps or session.steps[-1].kind != kind:
        session.steps.append(_Step(kind, session.edits))
    session.edits = edits


def _cover(session: _Session, stroke: Stroke) -> None:
    _settle(session, COVER, session.edits.with_stroke(stroke))
    session.turn += 1


def _undo(session: _Session) -> None:
    session.edits = session.steps.pop().before
    session.turn += 1


def _reset(session: _Session) -> None:
    session.edits, session.steps = NO_EDITS, []
    session.turn += 1


def _steps_back(session: _Session) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for title, icon, action in (
            ("Undo", ":material/undo:", _undo),
            ("Reset", ":material/restart_alt:", _reset),
        ):
            st.button(
                title,
                icon=icon,
                key=f"classify_edit_{title.lower()}",
                disabled=not session.steps,
                on_click=action,
                args=(session,),
            )
        st.caption(_made(session.edits), width="content")


def _made(edits: Edits) -> str:
    """Return all current edits in words."""
    made = [
        f"{EDITS[kind].title} {EDITS[kind].written(edits.amounts[kind])}"
        for kind in EDITS
        if kind in edits.amounts
    ]
    if edits.strokes:
        made.append(counted(len(edits.strokes), "brush stroke"))
    return ", ".join(made) if made else "The original picture."


def _smallest(session: _Session, chosen: Chosen) -> None:
    """Draw the smallest amount of each edit that changes the answer, once the user asks for it."""
    asked = session.subject, _depends_on(session, chosen, "")
    st.button(
        "Find the smallest changes",
        icon=":material/search:",
        key="classify_edit_find",
        help="The smallest amount of each edit that changes the answer, while all other edits stay "
        "as they are.",
        on_click=lambda: st.session_state.__setitem__(_SEARCH, asked),
    )
    # Drawn in any case: a fragment may leave a table of the last full run on the page.
    place = st.empty()
    if st.session_state.get(_SEARCH) == asked:
        with place, st.spinner("Trying every edit …"):
            rows = [_row(session, chosen, kind) for kind in EDITS]
        place.table(rows, border="horizontal", hide_index=True)


def _row(session: _Session, chosen: Chosen, kind: str) -> dict[str, str]:
    found = zip(chosen.titles.values(), _curves(session, chosen, kind), strict=True)
    return {
        "Edit": EDITS[kind].title,
        **{literal(title): _flip(kind, one) for title, one in found},
    }


def _flip(kind: str, found: Curve) -> str:
    if found.flips_at is None:
        return "no amount"
    return f"{EDITS[kind].written(found.flips_at)} → {literal(str(found.flips_to))}"
