"""The answers about the given pictures: one picture with a filmstrip, a table, a contact sheet."""

import base64
import json
from collections.abc import Sequence
from functools import partial

import pandas as pd
import streamlit as st

from catsdogs.inference import answers
from catsdogs.inference.answers import Seen
from catsdogs.inference.panel import Decision
from catsdogs.text import counted, literal, printable
from catsdogs.ui.classify import insight, panes, selection, summary, tray, verdict, what_if
from catsdogs.ui.classify.answers import Answered
from catsdogs.ui.classify.panes import Panes
from catsdogs.ui.classify.runs import Chosen
from catsdogs.ui.shared import pager
from catsdogs.ui.shared.pager import Pages
from catsdogs.ui.shared.photo_grid import PER_PAGE, Tile, photo_grid
from catsdogs.ui.shared.reported import reported

_PICTURE, _TABLE, _SHEET = "Picture", "Table", "Contact sheet"
_VIEWS = (_PICTURE, _TABLE, _SHEET)
_PER_STRIP, _PER_TABLE = 24, 50
_VIEW, _PAGE, _KIND, _TURNED = "classify_view", "classify_page", "classify_kind", "classify_turned"
_ROW_PX, _HIGHEST_PX = 56, 640
_LIKENESS = ": likeness"


def show(answered: Sequence[Answered], chosen: Chosen, where: Panes) -> None:
    """Draw the answers, in the view that the user chooses when there are several."""
    if len(answered) == 1:
        one_of_all(answered, chosen, where)
        return
    seen = [one.seen for one in answered]
    kinds, order, view = _controls(seen, chosen)
    positions = selection.ordered(seen, kinds, order, chosen.classes)
    if view == _PICTURE:
        _with_strip(answered, chosen, where, order=positions)
        with st.expander("Summary", key="classify_summary"):
            summary.show(seen, chosen, panes.split())
    else:
        summary.show(seen, chosen, where)
        _all(view, answered, positions, chosen)


def one_of_all(answered: Sequence[Answered], chosen: Chosen, where: Panes) -> None:
    """Draw the current picture, with a filmstrip when there are several."""
    if len(answered) == 1:
        panes.show(answered[0], chosen, where, walk=None)
        _explanations(answered[0], chosen)
    else:
        _with_strip(answered, chosen, where, order=range(len(answered)))


def _with_strip(
    answered: Sequence[Answered], chosen: Chosen, where: Panes, *, order: Sequence[int]
) -> None:
    """Draw the current picture, and below it a filmstrip of all in ``order`` (positions)."""
    pages = Pages(len(order), _PER_STRIP)
    at = _place(answered, order, pages)
    panes.show(answered[order[at]], chosen, where, walk=panes.walk_over(answered, order[at], order))
    on_page = pages.items(st.session_state[_PAGE])
    shown = [answered[position] for position in order[on_page]]
    photo_grid(
        [_tile(one.seen, chosen.decision, is_current=one is answered[order[at]]) for one in shown],
        key="classify_strip",
        on_open=lambda position: tray.show(shown[position].picture.key),
        on_turn=lambda step: pager.turn(pages, step, key=_PAGE),
        is_strip=True,
    )
    pager.choose(pages, key=_PAGE)
    _explanations(answered[order[at]], chosen)


def _explanations(answered: Answered, chosen: Chosen) -> None:
    what_if.show(answered, chosen)
    insight.show(answered, chosen)


def _place(answered: Sequence[Answered], order: Sequence[int], pages: Pages) -> int:
    """Return the place of the current picture in ``order``; turning a page moves to its first."""
    if st.session_state.get(_PAGE) != st.session_state.get(_TURNED):
        at = pages.items(pages.nearest(st.session_state[_PAGE])).start
        tray.show(answered[order[at]].picture.key)
    keys = [answered[position].picture.key for position in order]
    current = tray.current()
    at = keys.index(current) if current in keys else 0
    st.session_state[_PAGE] = st.session_state[_TURNED] = at // pages.size + 1
    return at


def _controls(seen: Sequence[Seen], chosen: Chosen) -> tuple[list[int], str, str]:
    """Draw the choice of pictures, order and view, and what can be done with all pictures."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        view = st.segmented_control(
            "View",
            _VIEWS,
            default=_PICTURE,
            required=True,
            key=_VIEW,
            bind="query-params",
            on_change=_first_page,
            label_visibility="collapsed",
        )
        kinds = _kind(seen, chosen)
        with st.popover("More", icon=":material/more_horiz:", key="classify_more"):
            order = st.selectbox(
                "Order",
                selection.orders(chosen.classes),
                key="classify_order",
                on_change=_first_page,
            )
            _downloads(seen, chosen)
            st.button(
                "Clear all",
                icon=":material/delete:",
                key="classify_clear",
                on_click=tray.clear,
                help="Removes all pictures from this session.",
            )
    return kinds, order, str(view)


def _kind(seen: Sequence[Seen], chosen: Chosen) -> list[int]:
    """Return the positions of the pictures of the kind that the user chooses."""
    kinds = selection.kinds(seen, chosen.decision, chosen.classes)
    if st.session_state.get(_KIND) not in kinds:
        st.session_state[_KIND] = selection.ALL
    kind = st.pills(
        "Show",
        list(kinds),
        required=True,
        format_func=lambda name: f"{literal(name)} · {len(kinds[name]):,}",
        key=_KIND,
        on_change=_first_page,
        label_visibility="collapsed",
    )
    return kinds[str(kind)]


def _first_page() -> None:
    pager.first(_PAGE)


def _open(picture: tray.Given) -> None:
    tray.show(picture.key)
    st.session_state[_VIEW] = _PICTURE


def _all(view: str, answered: Sequence[Answered], order: Sequence[int], chosen: Chosen) -> None:
    """Draw the pictures in ``order`` (positions) as a table or as a contact sheet, in pages."""
    pages = Pages(len(order), _PER_TABLE if view == _TABLE else PER_PAGE)
    shown = [answered[position] for position in order[pager.choose(pages, key=_PAGE)]]
    st.session_state[_TURNED] = st.session_state[_PAGE]
    if view == _TABLE:
        _table(shown, chosen)
    else:
        photo_grid(
            [_tile(one.seen, chosen.decision) for one in shown],
            key="classify_sheet",
            on_open=lambda position: _open(shown[position].picture),
            on_turn=lambda step: pager.turn(pages, step, key=_PAGE),
        )
    pager.repeat(pages, key=_PAGE)


def _tile(seen: Seen, decision: Decision, *, is_current: bool = False) -> Tile:
    name = printable(seen.name.rpartition("/")[2])
    if seen.error:
        return Tile(name, None, str(seen.error), is_current=is_current)
    labels = seen.labels(decision)
    said = " / ".join(map(verdict.said, seen.answers, labels))
    note = f"disagree: {said}" if seen.disagree(decision) else said
    is_right = None if seen.truth is None else labels[0] == seen.truth
    return Tile(name, seen.thumbnail, note, is_right=is_right, is_current=is_current)


def _table(shown: Sequence[Answered], chosen: Chosen) -> None:
    rows = _rows([one.seen for one in shown], chosen)
    chance = st.column_config.ProgressColumn(min_value=0.0, max_value=1.0, format="%.3f")

    def opened() -> None:
        selection = reported("classify_table", "selection")
        if selection and selection["cells"]:
            row, _ = selection["cells"][0]
            _open(shown[row].picture)

    st.caption("Click a row to see its picture.")
    st.dataframe(
        rows,
        column_config={
            "Picture": st.column_config.ImageColumn(width=_ROW_PX),
            **{name: chance for name in rows.columns if name.endswith(_probability(chosen))},
        },
        hide_index=True,
        row_height=_ROW_PX,
        height=min(_ROW_PX * (len(rows) + 1), _HIGHEST_PX),
        on_select=opened,
        selection_mode="single-cell",
        key="classify_table",
    )


def _rows(seen: list[Seen], chosen: Chosen) -> pd.DataFrame:
    """Return the columns that a table has room for, the labels first; downloads hold the rest."""
    rows = answers.table(seen, chosen.titles, chosen.decision)
    rows.insert(0, "Picture", [_data_url(one.thumbnail) for one in seen])
    titles = list(chosen.titles.values())
    wanted = ["Picture", "File", "Named", *titles, "Disagree"]
    wanted += [
        f"{title}{measure}" for measure in (_probability(chosen), _LIKENESS) for title in titles
    ]
    wanted += ["Decoding", "Error"]
    rows = rows[[name for name in wanted if name in rows]]
    unknown = {"Named": "", **dict.fromkeys(titles, "unreadable")}
    return rows.fillna({name: text for name, text in unknown.items() if name in rows})


def _probability(chosen: Chosen) -> str:
    """Return the end of the names of the columns with probabilities."""
    return f": P({chosen.classes.positive})"


def _data_url(jpeg: bytes | None) -> str | None:
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}" if jpeg else None


def _downloads(seen: Sequence[Seen], chosen: Chosen) -> None:
    """Offer all answers, whichever are shown; each file is written when it is downloaded."""
    decision = chosen.decision
    as_csv = partial(answers.csv, seen, chosen.titles, decision)
    for name, data, mime in (
        ("CSV", as_csv, "text/csv"),
        ("JSON", partial(_json, seen, decision), "application/json"),
    ):
        st.download_button(
            name,
            data,
            f"answers.{name.lower()}",
            mime,
            icon=":material/download:",
            on_click="ignore",
            help=f"The answers about all {counted(len(seen), 'picture')}.",
            key=f"classify_{name.lower()}",
        )


def _json(seen: Sequence[Seen], decision: Decision) -> str:
    return json.dumps([one.to_json(decision) for one in seen], indent=1)
