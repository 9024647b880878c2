"""The labelling queue of the Dataset page, run by Streamlit's own test runner."""

import components
import pandas as pd
import pytest
from conftest import PROJECT
from streamlit.testing.v1 import AppTest

from catsdogs.background import tasks
from catsdogs.dataset import annotations, index, labelling
from catsdogs.labels import CAT, DOG, Classes
from catsdogs.sources import current
from catsdogs.suggestions import suggested, task
from catsdogs.suggestions.suggested import BATCH, NAMED, Suggestions, Summary
from catsdogs.ui.shared import cache

pytestmark = pytest.mark.page
WAITING = 30


@pytest.fixture
def mixed(kaggle_folder, photo):
    """Sixteen photos with a label by name, and thirty without one, as the current dataset."""
    for number in range(WAITING):
        photo(kaggle_folder / f"{number:02}.jpg", seed=100 + number)
    cache.forget_datasets()
    current.choose(kaggle_folder)
    return kaggle_folder


@pytest.fixture
def suggestions(mixed):
    """Suggestions for them: the later a photo, the surer. The last two are like no other."""
    table = index.scan(mixed).pictures[["path", "digest"]].iloc[:WAITING].reset_index(drop=True)
    assert table["path"].iloc[0] == "00.jpg"
    p_dog = [0.5 + (0.49 + number / 4000) * (-1) ** number for number in range(WAITING)]
    table["p_positive"] = pd.Series(p_dog, dtype="float32")
    table["neither"] = [False] * (WAITING - 2) + [True] * 2
    summary = Summary(1, 0, 15, 16, NAMED, "CNN 1", 0.1)
    suggested.save(mixed, Suggestions(table, summary))
    return table


def opened() -> AppTest:
    app = AppTest.from_file(str(PROJECT / "streamlit_app.py"), default_timeout=60)
    app.switch_page("pages/dataset.py")
    app.query_params["view"] = "Label"
    return run(app)


def run(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def press(app: AppTest, key: str) -> None:
    """Press the button of the photo that is shown, by its key on the keyboard."""
    next(b for b in app.button if b.key.startswith("label_") and b.key.endswith(f"_{key}")).click()
    run(app)


def shown(app: AppTest) -> str:
    drawn = [components.data(component) for component in app.get("bidi_component")]
    return next(data["alt"] for data in drawn if "alt" in data).split(",")[0]


def words(app: AppTest) -> str:
    return " ".join(block.value for block in (*app.markdown, *app.caption, *app.success))


def test_photos_are_labelled_before_there_are_suggestions(mixed):
    app = opened()
    assert shown(app) == "00.jpg"
    assert app.button(key="label_suggest")
    press(app, "1")
    assert shown(app) == "01.jpg"
    press(app, "2")
    press(app, "x")
    decided = annotations.in_effect(mixed)
    assert (decided["00.jpg"].label, decided["01.jpg"].label) == (CAT, DOG)
    assert decided["02.jpg"].action == annotations.EXCLUDE
    assert shown(app) == "03.jpg"
    undo = next(button for button in app.button if button.label == "Undo")
    undo.click()
    run(app)
    assert shown(app) == "02.jpg"


def test_a_late_press_changes_no_decision(mixed):
    app = opened()
    late = next(button for button in app.button if button.key.endswith("_2"))
    annotations.annotate(mixed, index.scan(mixed).records.iloc[:1], annotations.RELABEL, label=CAT)
    late.click()
    run(app)
    assert annotations.in_effect(mixed)["00.jpg"].label == CAT


def test_a_skipped_photo_comes_back_at_the_end(mixed):
    app = opened()
    press(app, "s")
    assert shown(app) == "01.jpg"
    for _ in range(WAITING - 1):
        press(app, "1")
    assert shown(app) == "00.jpg"
    press(app, "2")
    assert "Nothing is left to label here." in words(app)
    assert index.scan(mixed).unlabelled == 0


def test_each_order_has_its_own_first_photo(suggestions):
    app = opened()
    assert shown(app) == "00.jpg"
    assert "Suggested: **dog 99.0" in words(app)
    assert "CNN 1 suggests until your answers teach a better classifier." in words(app)
    for order, first in (("Surest first", "27.jpg"), ("Perhaps neither", "28.jpg")):
        app.segmented_control(key="label_order").set_value(order)
        run(app)
        assert shown(app) == first
    assert "perhaps **neither**" in words(app)


def test_photos_that_came_or_changed_after_the_round_have_no_suggestion(mixed, suggestions, photo):
    suggested.save(mixed, Suggestions(suggestions.iloc[2:], suggested.load(mixed).summary))
    photo(mixed / "02.jpg", seed=1000)
    (mixed / "03.jpg").unlink()
    index.scan(mixed)
    cache.forget_datasets()
    app = opened()
    # A changed photo keeps its place, and new ones follow at the end.
    assert shown(app) == "02.jpg"
    assert "Suggestions follow 20 answers" in words(app)
    press(app, "x")
    assert shown(app) == "04.jpg"
    others = index.scan(mixed).records.query("'04.jpg' < path < '28.jpg'")
    annotations.annotate(mixed, others, annotations.EXCLUDE)
    press(app, "x")
    assert shown(app) == "00.jpg"
    press(app, "x")
    assert shown(app) == "01.jpg"


def test_sure_suggestions_are_accepted_in_one_step(mixed, suggestions):
    before = index.scan(mixed).fingerprint()
    app = opened()
    press(app, "all")
    sample = next(
        data["tiles"] for data in map(components.data, app.get("bidi_component")) if "tiles" in data
    )
    assert len(sample) == 12
    assert app.button(key="label_all_confirm").label == "Accept 27"
    app.button(key="label_all_confirm").click()
    run(app)
    labels = index.scan(mixed).records.set_index("path")["label"]
    accepted = suggestions[(suggestions["p_positive"] - 0.5).abs() > 0.49].iloc[:-2]
    assert (labels[accepted["path"]].to_numpy() == (accepted["p_positive"] > 0.5)).all()
    assert index.scan(mixed).unlabelled == 3
    assert annotations.last_step(mixed) == "accept 27 photos"
    annotations.undo(mixed)
    assert index.scan(mixed).fingerprint() == before


def grid(app: AppTest) -> list[dict]:
    drawn = [components.data(component) for component in app.get("bidi_component")]
    return next(data["tiles"] for data in drawn if "tiles" in data)


def test_many_are_answered_at_a_time(mixed, suggestions):
    app = opened()
    app.toggle(key="label_many").set_value(True)
    run(app)
    assert len(grid(app)) == WAITING - 2
    assert grid(app)[0]["note"] == "dog 99.0\N{NO-BREAK SPACE}%"
    assert app.button(key="label_label_many_2").disabled
    app.menu_button(key="gallery_select").click_index(0)
    run(app)
    press(app, "2")
    decided = annotations.in_effect(mixed)
    assert len(decided) == WAITING - 2
    assert {one.label for one in decided.values()} == {DOG}
    assert "Nothing is left to label here." in words(app)
    app.button(key="label_undo").click()
    run(app)
    assert len(grid(app)) == WAITING - 2
    assert not annotations.in_effect(mixed)
    assert app.menu_button(key="gallery_select").label == "Select"


def test_a_photo_is_seen_first_when_asked_for(mixed, suggestions):
    app = opened()
    app.session_state["label_first"] = suggestions["digest"].iloc[3]
    run(app)
    assert shown(app) == "03.jpg"
    press(app, "s")
    assert shown(app) == "00.jpg"


def test_a_round_follows_enough_answers(mixed, suggestions, monkeypatch):
    started = []
    monkeypatch.setattr(tasks, "start", lambda kind, subject: started.append((kind, subject)))
    app = opened()
    for _ in range(BATCH - 1):
        press(app, "1")
    assert not started
    press(app, "2")
    assert started == [(task.KIND, str(mixed))]


def test_a_folder_without_a_label_is_labelled_by_hand(tmp_path, photo):
    for number in range(4):
        photo(tmp_path / "phone" / f"IMG_{number}.jpg", seed=number)
    app = AppTest.from_file(str(PROJECT / "streamlit_app.py"), default_timeout=60)
    app.switch_page("pages/dataset.py")
    app.query_params["open"] = "1"
    run(app)
    app.text_input(key="dataset_path").input(str(tmp_path / "phone"))
    app.button(key="dataset_preview").click()
    run(app)
    app.text_input(key="by_hand_0").input("crab")
    app.text_input(key="by_hand_1").input("Crayfish")
    app.button(key="by_hand_save").click()
    run(app)
    assert shown(app) == "IMG_0.jpg"
    assert labelling.load(tmp_path / "phone").classes == Classes("crab", "Crayfish")
    press(app, "2")
    assert annotations.in_effect(tmp_path / "phone")["IMG_0.jpg"].class_name == "Crayfish"


def test_the_queue_is_not_offered_where_every_photo_has_a_label(kaggle_folder):
    cache.forget_datasets()
    current.choose(kaggle_folder)
    app = opened()
    assert "Label" not in app.segmented_control(key="view").options
