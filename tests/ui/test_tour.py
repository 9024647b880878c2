"""The tour: its runs, its numbers, its way back, and its end."""

import shutil

import pytest
from conftest import PROJECT
from streamlit.testing.v1 import AppTest

from catsdogs.runs import store
from catsdogs.sources import current
from catsdogs.ui.shared import cache, tour

pytestmark = pytest.mark.page
PLAIN, DEFAULT = "reference-custom_cnn-plain", "reference-custom_cnn"


@pytest.fixture(autouse=True)
def machine(empty_machine, kaggle_folder):
    """A machine with the runs of the tour."""
    for name in (PLAIN, DEFAULT):
        shutil.copytree(PROJECT / "artifacts" / name, empty_machine / "artifacts" / name)
    current.choose(kaggle_folder)
    cache.forget_datasets()
    return empty_machine


def opened(script: str, **address) -> AppTest:
    app = AppTest.from_file(str(PROJECT / "streamlit_app.py"), default_timeout=60)
    for name, value in address.items():
        app.query_params[name] = value
    app.switch_page(script)
    app.run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def card(app: AppTest) -> str:
    return "\n".join(one.value for one in app.markdown[:2]).replace("\u00a0", " ")


def buttons(app: AppTest) -> set[str]:
    return {button.key for button in app.button}


def test_the_tour_compares_two_recipes_on_the_same_photos(machine):
    found = tour.recipes(store.list_runs()[0])
    assert (found.plain.run_id, found.default.run_id) == (PLAIN, DEFAULT)
    shutil.rmtree(machine / "artifacts" / DEFAULT)
    assert tour.recipes(store.list_runs()[0]) is None
    assert "tour_start" not in buttons(opened("pages/train.py"))


def test_a_step_says_the_numbers_of_its_run():
    epochs = store.find(PLAIN).view.epochs
    app = opened("pages/run.py", run=PLAIN, tour="1")
    assert tour.TITLE in card(app)
    assert f"{100 * epochs[-1].accuracy:.1f} % of its training photos" in card(app)
    assert f"({min(epoch.val_loss for epoch in epochs):.2f})" in card(app)
    assert app.button(key="tour_back").disabled
    assert "tour_start" not in buttons(app)


def test_the_card_leads_back_to_its_page_and_ends():
    app = opened("pages/train.py", tour="3")
    assert "tour_here" in buttons(app)
    app.button(key="tour_end").click().run()
    assert "tour_end" not in buttons(app)
    assert "tour" not in app.query_params


@pytest.mark.parametrize("number", ["0", "6", "x", ""])
def test_an_address_without_a_step_shows_no_card(number):
    assert "tour_end" not in buttons(opened("pages/train.py", tour=number))
