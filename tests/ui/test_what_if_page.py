"""*What if …* on Classify: the answers that the slider shows are those of the edited picture."""

import io
import shutil

import components
import pytest
import streamlit as st
from conftest import PROJECT
from PIL import Image
from streamlit.testing.v1 import AppTest

from catsdogs.images.edits import EDITS
from catsdogs.images.picture import Picture
from catsdogs.inference.predictor import Predictor
from catsdogs.inference.what_if import Editable, curve
from catsdogs.runs import store

pytestmark = pytest.mark.page
RUN = "reference-custom_cnn"


@pytest.fixture
def machine(empty_machine):
    """A machine with one run, which came with the project."""
    st.cache_resource.clear()
    shutil.copytree(PROJECT / "artifacts" / RUN, empty_machine / "artifacts" / RUN)


@pytest.fixture
def content():
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize((300, 200)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def app(machine, content):
    app = AppTest.from_file(str(PROJECT / "streamlit_app.py"), default_timeout=60)
    app.switch_page("pages/classify.py")
    app.run()
    app.file_uploader(key="classify_files").set_value([("a.png", content, "image/png")])
    return run(app)


def run(app):
    app.run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def editors(app):
    found = [one for one in app.get("bidi_component") if "-classify_editor" in one.proto.id]
    return [components.data(one) for one in found]


def test_the_editor_shows_the_curve_of_the_chosen_edit_once_it_is_opened(app, content):
    assert not editors(app)
    app.session_state["classify_what_if"] = True
    [data] = editors(run(app))
    expected = curve(
        Editable(Picture(content), Predictor(store.find_usable(RUN))), "rotate", threshold=0.5
    )
    assert data["runs"][0]["p"] == list(expected.p_dog)
    assert data["amounts"][data["at"]] == data["amounts"][data["origin"]] == "0°"
    assert app.button(key="classify_edit_undo").disabled


def test_the_smallest_change_of_each_kind_is_listed_when_it_is_asked_for(app):
    app.session_state["classify_what_if"] = True
    assert not run(app).table
    app.button(key="classify_edit_find").click()
    [table] = run(app).table
    assert list(table.value["Edit"]) == [edit.title for edit in EDITS.values()]
