"""Long lists in pages: every item is on exactly one page, and no turn leaves the list."""

import pytest
from streamlit.testing.v1 import AppTest

from catsdogs.ui.shared.pager import Pages

pytestmark = pytest.mark.page


@pytest.mark.parametrize(("count", "size", "last"), [(0, 5, 1), (1, 5, 1), (5, 5, 1), (6, 5, 2)])
def test_the_last_page_is_the_first_that_ends_the_list(count, size, last):
    assert Pages(count, size).last == last


@pytest.mark.parametrize("count", [0, 1, 23, 24, 25, 48, 1000])
def test_each_item_is_on_one_page_in_its_order(count):
    pages, items = Pages(count, 24), list(range(count))
    shown = [item for page in range(1, pages.last + 1) for item in items[pages.items(page)]]
    assert shown == items


@pytest.mark.parametrize(("page", "nearest"), [(-3, 1), (0, 1), (1, 1), (3, 3), (4, 3)])
def test_a_page_beyond_the_list_becomes_the_nearest(page, nearest):
    assert Pages(count=11, size=5).nearest(page) == nearest


def listing():
    import streamlit as st

    from catsdogs.ui.shared import pager
    from catsdogs.ui.shared.pager import Pages

    pages = Pages(st.session_state["count"], size=5)
    items = pager.choose(pages, key="number")
    st.text(list(range(pages.count))[items])
    st.button("On", on_click=pager.turn, args=(pages, 1), kwargs={"key": "number"})
    st.button("First", on_click=pager.first, args=("number",))


def opened(count: int) -> AppTest:
    app = AppTest.from_function(listing)
    app.session_state["count"] = count
    return app.run()


def test_turning_on_stops_at_the_last_page_and_goes_back_to_the_first():
    app = opened(7)
    assert app.text[0].value == "[0, 1, 2, 3, 4]"
    for _ in range(2):
        app.button[0].click().run()
        assert app.text[0].value == "[5, 6]"
    app.button[1].click().run()
    assert app.text[0].value == "[0, 1, 2, 3, 4]"


def test_a_list_that_became_shorter_shows_its_last_page():
    app = opened(12)
    app.session_state["number"] = 3
    assert app.run().text[0].value == "[10, 11]"
    app.session_state["count"] = 7
    assert app.run().text[0].value == "[5, 6]"


@pytest.mark.parametrize(("count", "widgets"), [(5, 0), (6, 1)])
def test_page_numbers_are_drawn_only_for_more_than_one_page(count, widgets):
    assert len(opened(count).get("pagination")) == widgets
