"""*What if …* and *What the network sees* on Classify, with a run that came with the project."""

import io
import shutil

import components
import pytest
import streamlit as st
from conftest import PROJECT
from PIL import Image
from streamlit.testing.v1 import AppTest

from catsdogs.features.activations import Inside
from catsdogs.images.edits import EDITS
from catsdogs.images.picture import Picture
from catsdogs.inference.predictor import Predictor
from catsdogs.inference.what_if import Editable, curve
from catsdogs.runs import store
from catsdogs.ui.classify import insight

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


def test_the_network_is_looked_into_once_the_user_opens_it(app):
    def captions():
        return [image.caption for one in app.get("image") for image in one.proto.imgs]

    assert not any("feature maps" in caption for caption in captions())
    app.session_state["classify_insight_open"] = True
    run(app)
    found = captions()
    assert sum("feature maps" in caption for caption in found) == 3
    assert any("48 first filters" in caption for caption in found)
    assert any("Agreement of the two maps" in one.value for one in app.markdown)


def test_a_model_whose_maps_cannot_be_found_is_named(app, monkeypatch):
    monkeypatch.setattr(insight, "inside", lambda *_: Inside((), None))
    app.session_state["classify_insight_open"] = True
    assert "cannot be read from its model file" in run(app).info[0].value
