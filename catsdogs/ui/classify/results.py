"""The answers about the given pictures: a summary, a table, a contact sheet, each in detail."""

import base64
import json
from collections.abc import Sequence
from functools import partial

import pandas as pd
import streamlit as st

from catsdogs.inference import answers
from catsdogs.inference.answers import Seen
from catsdogs.inference.panel import Decision
from catsdogs.labels import NEITHER
from catsdogs.text import counted, printable
from catsdogs.ui.classify import detail, selection, summary
from catsdogs.ui.classify.answers import Answered
from catsdogs.ui.classify.runs import Chosen
from catsdogs.ui.shared import pager
from catsdogs.ui.shared.pager import Pages
from catsdogs.ui.shared.photo_grid import Tile, photo_grid

_DETAIL, _TABLE, _SHEET = "In detail", "Table", "Contact sheet"
_PER_PAGE = {_DETAIL: 5, _TABLE: 50, _SHEET: 50}
_FEW = 4
_PAGE, _KIND = "classify_page", "classify_kind"
_ROW_PX, _HIGHEST_PX = 56, 640
_P_DOG, _LIKENESS = ": P(dog)", ": likeness"


def show(answered: Sequence[Answered], chosen: Chosen) -> None:
    """Show one picture in detail, and several in the way that the user chooses."""
    if len(answered) == 1:
        detail.one(answered[0], chosen)
        return
    seen = [one.seen for one in answered]
    summary.show(seen, chosen)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        view = _view(len(seen))
        order = _order()
        _downloads(seen, chosen)
    positions = selection.ordered(seen, _kind(seen, chosen.decision), order)
    above_numbers = st.container()
    items = pager.choose(Pages(len(positions), _PER_PAGE[view]), key=_PAGE)
    with above_numbers:
        _draw(view, [answered[position] for position in positions[items]], chosen)
    detail.dialog_if_open(answered, chosen, walk=positions)


def _view(count: int) -> str:
    view = st.segmented_control(
        "View",
        list(_PER_PAGE),
        default=_DETAIL if count <= _FEW else _TABLE,
        required=True,
        # Two widgets, because the default of a widget counts only when it is drawn first.
        key="classify_view_few" if count <= _FEW else "classify_view",
        on_change=_first_page,
    )
    return str(view)


def _order() -> str:
    return st.selectbox(
        "Order",
        selection.ORDERS,
        key="classify_order",
        on_change=_first_page,
        width=280,
    )


def _kind(seen: Sequence[Seen], decision: Decision) -> list[int]:
    """Return the positions of the pictures of the kind that the user chooses."""
    kinds = selection.kinds(seen, decision)
    if st.session_state.get(_KIND) not in kinds:
        st.session_state[_KIND] = selection.ALL
    kind = st.pills(
        "Show",
        list(kinds),
        required=True,
        format_func=lambda name: f"{name} · {len(kinds[name]):,}",
        key=_KIND,
        on_change=_first_page,
        help="A picture is called something, or wrong, when any run says so.",
    )
    return kinds[str(kind)]


def _first_page() -> None:
    pager.first(_PAGE)


def _draw(view: str, shown: Sequence[Answered], chosen: Chosen) -> None:
    if view == _TABLE:
        _table(shown, chosen)
    elif view == _SHEET:
        photo_grid(
            [_tile(one.seen, chosen.decision) for one in shown],
            key="classify_sheet",
            on_open=lambda position: detail.open_(shown[position].picture),
        )
    else:
        detail.several(shown, chosen)


def _tile(seen: Seen, decision: Decision) -> Tile:
    name = printable(seen.name.rpartition("/")[2])
    if seen.error:
        return Tile(name, None, str(seen.error))
    said = " / ".join(
        label if label == NEITHER else f"{label} {detail.sureness(answer, label):.0%}"
        for answer, label in zip(seen.answers, seen.labels(decision), strict=True)
    )
    return Tile(name, seen.thumbnail, f"disagree: {said}" if seen.disagree(decision) else said)


def _table(shown: Sequence[Answered], chosen: Chosen) -> None:
    # A new key each time a picture is closed, so that the same cell can be clicked again.
    key = f"classify_table_{detail.times_closed()}"
    rows = _rows([one.seen for one in shown], chosen)
    chance = st.column_config.ProgressColumn(min_value=0.0, max_value=1.0, format="%.3f")

    def opened() -> None:
        cells = st.session_state[key]["selection"]["cells"]
        if cells:
            row, _ = cells[0]
            detail.open_(shown[row].picture)

    st.dataframe(
        rows,
        column_config={
            "Picture": st.column_config.ImageColumn(width=_ROW_PX),
            **{name: chance for name in rows.columns if name.endswith(_P_DOG)},
        },
        hide_index=True,
        row_height=_ROW_PX,
        height=min(_ROW_PX * (len(rows) + 1), _HIGHEST_PX),
        on_select=opened,
        selection_mode="single-cell",
        key=key,
    )
    st.caption("A click on a row shows its picture in detail.")


def _rows(seen: list[Seen], chosen: Chosen) -> pd.DataFrame:
    """Return the columns that a table has room for, the labels first; downloads hold the rest."""
    rows = answers.table(seen, chosen.titles, chosen.decision)
    rows.insert(0, "Picture", [_data_url(one.thumbnail) for one in seen])
    titles = list(chosen.titles.values())
    wanted = ["Picture", "File", "Named", *titles, "Disagree"]
    wanted += [f"{title}{measure}" for measure in (_P_DOG, _LIKENESS) for title in titles]
    wanted += ["Decoding", "Error"]
    rows = rows[[name for name in wanted if name in rows]]
    unknown = {"Named": "", **dict.fromkeys(titles, "unreadable")}
    return rows.fillna({name: text for name, text in unknown.items() if name in rows})


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
            help=f"All {counted(len(seen), 'picture')}, whatever is shown.",
            key=f"classify_{name.lower()}",
        )


def _json(seen: Sequence[Seen], decision: Decision) -> str:
    return json.dumps([one.to_json(decision) for one in seen], indent=1)
