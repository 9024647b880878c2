"""Errors on a page: shown where they happen, or noted by a callback and shown once."""

import pytest
from streamlit.testing.v1 import AppTest

from catsdogs.ui.shared import problems

pytestmark = pytest.mark.page


def page():
    import streamlit as st

    from catsdogs.errors import RunError
    from catsdogs.ui.shared import problems

    def fails(kind):
        raise {"run": RunError, "disk": OSError}[kind](f"*{kind}*")

    for kind in ("run", "disk"):
        note_as = {"note_as": f"{kind}_problem"}
        st.button(kind, on_click=problems.attempt, args=(fails, kind), kwargs=note_as)
    with problems.shown():
        fails("run")
    st.text("after the block")
    problems.show_noted("run_problem")
    problems.show_noted("disk_problem")


def test_an_error_is_shown_in_its_place_as_it_is_and_the_page_goes_on():
    app = AppTest.from_function(page).run()
    assert [error.value for error in app.error] == [r"\*run\*"]
    assert app.text[0].value == "after the block"


@pytest.mark.parametrize(("button", "message"), [(0, r"\*run\*"), (1, r"\*disk\*")])
def test_an_error_of_a_callback_is_shown_once(button, message):
    app = AppTest.from_function(page).run()
    app.button[button].click().run()
    assert [error.value for error in app.error] == [r"\*run\*", message]
    assert len(app.run().error) == 1


def test_a_bug_is_not_shown_as_a_problem():
    with pytest.raises(ZeroDivisionError), problems.shown():
        _ = 1 / 0
    with pytest.raises(ZeroDivisionError):
        problems.attempt(lambda: 1 / 0, note_as="problem")


def test_what_an_action_returns_comes_back():
    assert problems.attempt(max, 1, 2, note_as="problem") == 2
