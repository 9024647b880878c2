"""What callbacks do when the part that reports has left the page."""

import pytest
import streamlit as st

from catsdogs.ui.shared import photo_grid
from catsdogs.ui.shared.photo_grid import Selection, Tile
from catsdogs.ui.shared.reported import reported


@pytest.fixture
def state(monkeypatch):
    known = {}
    monkeypatch.setattr(st, "session_state", known)
    return known


def test_a_part_that_has_left_the_page_reports_nothing(state):
    assert reported("grid", "opened") is None
    state["grid"] = {"opened": 0}
    assert reported("grid", "opened") == 0
    assert reported("grid", "turned") is None


def test_a_grid_calls_back_only_while_it_is_on_the_page(state, monkeypatch):
    callbacks, calls = {}, []
    monkeypatch.setattr(photo_grid, "_element", lambda: lambda **given: callbacks.update(given))
    photo_grid.photo_grid(
        [Tile("cat.jpg", None, "")],
        key="grid",
        on_open=lambda position: calls.append(("open", position)),
        on_turn=lambda step: calls.append(("turn", step)),
        selection=Selection(1, [], lambda positions: calls.append(("select", positions))),
    )
    reports = [callbacks[f"on_{name}_change"] for name in ("opened", "turned", "selected")]
    for report in reports:
        report()
    assert calls == []
    selected = {"version": 1, "positions": [0]}
    state["grid"] = {"opened": 0, "turned": -1, "selected": selected}
    for report in reports:
        report()
    assert calls == [("open", 0), ("turn", -1), ("select", [0])]
