"""The photo that is open over a page, and requests from before the browser knew of its end."""

import pytest
from streamlit.testing.v1 import AppTest

from catsdogs.ui.shared import open_photo

pytestmark = pytest.mark.page


def viewer():
    import streamlit as st

    from catsdogs.ui.shared.open_photo import OpenPhoto

    photo = OpenPhoto("photo")
    st.text(photo.path() or "none")
    st.button("Open", on_click=photo.open, args=("cat.1.jpg",))
    st.button("Close", on_click=photo.close)


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until a test moves it, in seconds."""
    now = [1000.0]
    monkeypatch.setattr(open_photo, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def app(clock):
    app = AppTest.from_function(viewer).run()
    return app.button[0].click().run()


def shown(app, address: str | None = None) -> str:
    """Return the text on the page after a request with this photo in its address."""
    if address:
        app.query_params["photo"] = address
    return app.run().text[0].value


def test_the_address_opens_a_photo():
    assert shown(AppTest.from_function(viewer), "cat.2.jpg") == "cat.2.jpg"


def test_a_photo_is_opened_and_closed(app):
    assert shown(app) == "cat.1.jpg"
    assert app.query_params["photo"] == "cat.1.jpg"
    app.button[1].click().run()
    assert shown(app) == "none"
    assert "photo" not in app.query_params


def test_a_request_from_before_the_browser_knew_does_not_open_it_again(app):
    app.button[1].click().run()
    for _ in range(2):
        assert shown(app, "cat.1.jpg") == "none"
        assert "photo" not in app.query_params
    assert shown(app, "cat.2.jpg") == "cat.2.jpg"


def test_it_can_be_opened_again_at_once_and_later_by_its_address(app, clock):
    app.button[1].click().run()
    app.button[0].click().run()
    assert shown(app) == "cat.1.jpg"
    app.button[1].click().run()
    clock[0] += 4
    assert shown(app, "cat.1.jpg") == "cat.1.jpg"
