"""The Train page in its states, run by Streamlit's own test runner, without a browser."""

import json
import os

import pytest
from conftest import PROJECT
from streamlit.testing.v1 import AppTest

from catsdogs.charts.style import run_colour
from catsdogs.dataset import index
from catsdogs.runs import effective, event_file, layout, machine_speed, queue, store
from catsdogs.runs.about import About, DatasetReference
from catsdogs.runs.config import RunConfig
from catsdogs.runs.estimate import Estimate
from catsdogs.runs.events import State
from catsdogs.runs.machine_speed import MachineSpeed
from catsdogs.sources import current, opening
from catsdogs.system import processes
from catsdogs.ui.runs import forecast
from catsdogs.ui.shared import cache

pytestmark = pytest.mark.page
ENTRY = str(PROJECT / "streamlit_app.py")
ABOUT = About(dataset=DatasetReference(name="photos", fingerprint="f"))
RESULT = {"val_accuracy": 0.9, "val_loss": 0.3, "val_images": 400, "seconds": {"total": 9.0}}
METRICS = {"loss": 0.5, "accuracy": 0.75, "val_loss": 0.6, "val_accuracy": 0.7}


@pytest.fixture(autouse=True)
def fresh_caches():
    """Streamlit's caches outlive a test, its temporary folders do not."""
    cache.forget_datasets()


@pytest.fixture(autouse=True)
def quick_measurement(monkeypatch):
    """A machine whose speed is known at once."""
    speed = MachineSpeed(gflops=100.0, decoded_per_s=1000.0)
    monkeypatch.setattr(machine_speed, "measured", lambda *_, **__: speed)


@pytest.fixture
def chosen(kaggle_folder):
    """Sixteen photos as the current dataset."""
    current.choose(kaggle_folder)
    return kaggle_folder


def opened(**address) -> AppTest:
    app = AppTest.from_file(ENTRY, default_timeout=60)
    for name, value in address.items():
        app.query_params[name] = value
    app.switch_page("pages/train.py")
    return run(app)


def with_settings() -> AppTest:
    """Return the page with the fields of the form open."""
    app = opened()
    app.session_state["train_new"] = True
    run(app)
    app.toggle(key="train_own").set_value(True)
    return run(app)


def run(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def said(app: AppTest) -> str:
    kinds = ("markdown", "caption", "info", "success", "warning", "error", "title", "subheader")
    return "\n".join(element.value for kind in kinds for element in app.get(kind)).replace("\\", "")


def keys(app: AppTest) -> set[str]:
    return {button.key for button in app.button}


def finished(data, **result):
    """Return the folder of a finished run with two epochs."""
    folder = store.create(RunConfig("custom_cnn", str(data)), ABOUT)
    with event_file.appending(folder) as emit:
        for epoch in (1, 2):
            emit("batch", epoch=epoch, step=1, steps=1, loss=0.5, accuracy=0.75)
            emit("epoch", epoch=epoch, **METRICS)
        emit("checkpoint", epoch=2)
        emit("finished", result={**RESULT, **result}, epochs=2, planned=2)
    return folder


def test_a_failed_run_shows_why_and_its_log(chosen):
    folder = store.create(RunConfig("custom_cnn", str(chosen)), ABOUT)
    (folder / layout.LOG).write_text("the last words")
    with event_file.appending(folder) as emit:
        emit("queued")
        emit("failed", message="No space left on device")
    app = opened()
    assert "No space left" in app.error[0].value
    app.session_state["train_log"] = True
    assert any("the last words" in code.value for code in app.run().code)


def test_a_lost_run_is_called_lost(chosen):
    folder = store.create(RunConfig("custom_cnn", str(chosen)), ABOUT)
    with event_file.appending(folder) as emit:
        emit("started", pid=2**22 + 1, pid_started_at=1.0)
    assert "Lost" in opened().error[0].value


@pytest.fixture
def at_work(chosen, monkeypatch):
    """The folder of a run whose worker lives."""
    monkeypatch.setattr(store, "is_alive", lambda worker: True)
    folder = store.create(RunConfig("custom_cnn", str(chosen)), ABOUT)
    with event_file.appending(folder) as emit:
        emit("started", pid=2**22 + 1, pid_started_at=1.0)
        emit("phase", name="fit", done=1, total=10)
    return folder


def test_a_run_at_work_is_shown_and_stopped_and_a_second_one_queues(at_work):
    app = opened()
    assert "train_start_best" not in keys(app)
    app.session_state["train_new"] = True
    assert run(app).button(key="train_start_best").label == "Add to the queue"
    app.button(key="train_stop").click().run()
    assert (at_work / layout.STOP).exists()
    assert app.button(key="train_kill")


def test_a_queued_run_says_how_many_are_before_it(at_work, chosen):
    configs = [RunConfig("custom_cnn", str(chosen), seed=seed) for seed in (1, 2)]
    folders = [store.create(config, ABOUT) for config in configs]
    for folder in folders:
        with event_file.appending(folder) as emit:
            emit("queued")
    app = opened()
    app.selectbox(key="train_run").set_value(folders[1].name).run()
    assert "1 run before it" in said(app)
    app.button(key="train_stop").click().run()
    assert store.load(folders[1]).state is State.STOPPED


@pytest.mark.parametrize(
    ("event", "button"),
    [("finished", "train_extend_start"), ("stopped", "train_resume"), ("failed", "train_resume")],
)
def test_a_run_that_has_ended_offers_what_makes_sense(chosen, event, button):
    folder = store.create(RunConfig("custom_cnn", str(chosen)), ABOUT)
    with event_file.appending(folder) as emit:
        emit(event, **({"result": RESULT} if event == "finished" else {"message": "why"}))
    app = opened()
    assert app.button(key=button)
    app.button(key="train_delete_confirm").click().run()
    assert not folder.exists()
    assert "The curves of your first run appear here" in said(app)


def test_what_a_button_could_not_do_is_explained(chosen):
    folder = store.create(RunConfig("custom_cnn", str(chosen)), ABOUT)
    with event_file.appending(folder) as emit:
        emit("finished", result=RESULT)
    app = opened()
    with event_file.appending(folder) as emit:
        emit("queued")
        emit("failed", message="meanwhile")
    app.button(key="train_extend_start").click().run()
    assert "Extend a finished run" in "".join(error.value for error in app.error)


def test_no_better_than_guessing_is_no_success(chosen):
    folder = store.create(RunConfig("custom_cnn", str(chosen)), ABOUT)
    with event_file.appending(folder) as emit:
        emit("finished", result={**RESULT, "val_accuracy": 0.51})
    app = opened()
    assert not app.success
    assert "guessing" in app.warning[0].value


def test_a_run_on_uneven_classes_shows_its_baseline_and_that_it_learned_nothing(chosen):
    for number in range(6):
        (chosen / f"dog.{number}.jpg").unlink()
    uneven = {"val_images": 40, "val_dogs": 2, "val_accuracy": 0.95, "val_balanced_accuracy": 0.5}
    folder = store.create(RunConfig("custom_cnn", str(chosen)), ABOUT)
    with event_file.appending(folder) as emit:
        emit("finished", result={**RESULT, **uneven})
    app = opened(new="1")
    assert "Learned nothing" in app.warning[0].value
    captions = " ".join(caption.value for caption in app.caption).replace("\u00a0", " ")
    assert "Balanced accuracy 50.0 %" in captions
    assert "saying cat to all of them gives 95.0 %" in captions
    assert "Judge a run by its balanced accuracy" in captions


def test_a_live_run_on_uneven_classes_shows_the_baseline(chosen):
    folder = store.create(RunConfig("custom_cnn", str(chosen), epochs=9), ABOUT)
    with event_file.appending(folder) as emit:
        emit("started", **processes.identity_of(os.getpid()).to_json())
        emit("split", train=160, validation=40, hash="h", train_dogs=8, validation_dogs=2)
        emit("phase", name="fit", done=1, total=9)
        emit("epoch", epoch=1, **{**METRICS, "val_accuracy": 0.95}, val_balanced_accuracy=0.9)
    app = opened()
    shown = " ".join(one.value for one in (*app.caption, *app.subheader)).replace("\u00a0", " ")
    assert "Validation photos: 95 % cats (38 of 40)" in shown
    assert "balanced 90" in shown


def test_the_address_chooses_the_run(chosen):
    folders = [store.create(RunConfig("custom_cnn", str(chosen)), ABOUT) for _ in range(2)]
    for folder in folders:
        with event_file.appending(folder) as emit:
            emit("stopped", message=f"this is {folder.name}")
    assert folders[0].name in said(opened(run=folders[0].name))


def test_the_run_at_work_is_shown_when_the_dataset_is_gone(tmp_path, photo, monkeypatch):
    photo(tmp_path / "plain" / "1.jpg")
    current.choose(tmp_path / "plain")
    monkeypatch.setattr(store, "is_alive", lambda worker: True)
    folder = store.create(RunConfig("custom_cnn", "/gone"), ABOUT)
    with event_file.appending(folder) as emit:
        emit("started", pid=1, pid_started_at=1.0)
    assert opened().button(key="train_stop")


@pytest.fixture
def started(monkeypatch):
    """What was started, instead of starting it."""
    configs = []
    monkeypatch.setattr(queue, "start", lambda config: configs.append(config) or config)
    return configs


def test_the_start_button_starts_what_the_form_says(chosen, started):
    app = with_settings()
    app.radio(key="train_model").set_value("custom_cnn").run()
    app.number_input(key="train_set_epochs").set_value(3).run()
    app.button(key="train_start").click().run()
    own = {"learning_rate": 2e-3, "schedule": "cosine", "dropout": 0.3, "augment": True}
    own |= {"repeats": 2, "centre_crop": 0.85}
    assert started == [RunConfig("custom_cnn", str(chosen), epochs=3, **own)]


def test_fine_tuning_has_fields_of_its_own(chosen, started):
    app = with_settings()
    app.number_input(key="train_set_fine_tune").set_value(2).run()
    assert "Start training" in app.button(key="train_start").label
    app.selectbox(key="train_set_fine_tune_from").set_value("block_16").run()
    app.number_input(key="train_set_fine_tune_learning_rate").set_value(1e-4).run()
    app.selectbox(key="train_set_engine").set_value("litert").run()
    app.button(key="train_start").click().run()
    [config] = started
    assert (config.fine_tune, config.fine_tune_from, effective.fine_tuning_rate(config)) == (
        2,
        "block_16",
        1e-4,
    )
    assert (effective.augments(config), effective.smallest_crop(config), config.engine) == (
        True,
        None,
        "litert",
    )
    assert not app.exception


def test_the_custom_cnn_is_not_fine_tuned(chosen):
    app = with_settings()
    app.radio(key="train_model").set_value("custom_cnn").run()
    keys = {field.key for field in app.number_input}
    assert "train_set_fine_tune" not in keys
    app.selectbox(key="train_set_precision").set_value("float32").run()
    assert not app.exception


def test_several_seeds_are_several_runs(chosen, started):
    app = with_settings()
    app.number_input(key="train_set_seeds").set_value(3).run()
    app.button(key="train_start").click().run()
    assert [config.seed for config in started] == [7, 8, 9]


@pytest.mark.parametrize(
    ("field", "value", "name"),
    [
        ("epochs", 0, "epochs"),
        ("batch_size", 2000, "batch size"),
        ("learning_rate_mobilenet_v2_default", -1.0, "learning rate"),
        ("dropout_mobilenet_v2_default", 1.0, "dropout"),
        ("fine_tune", -1, "epochs of fine"),
        ("fine_tune", 1001, "epochs of fine"),
        ("validation", 1.0, "validation share"),
        ("seed", -1, "seed"),
        ("seeds", 0, "number of seeds"),
        ("seeds", 21, "number of seeds"),
    ],
)
def test_an_impossible_value_is_refused_in_the_form(chosen, field, value, name):
    app = with_settings()
    app.number_input(key=f"train_set_{field}").set_value(value).run()
    assert name in app.error[0].value
    assert app.button(key="train_start").disabled


def test_a_preset_starts_with_one_click_and_the_form_folds(chosen, started):
    app = opened()
    app.button(key="train_start_best").click()
    run(app)
    assert started == [RunConfig("mobilenet_v2", str(chosen))]
    assert "train_start_best" not in keys(app)


def test_both_models_start_with_one_click(chosen, started):
    app = opened()
    app.button(key="train_start_both").click()
    run(app)
    assert {config.model for config in started} == {"custom_cnn", "mobilenet_v2"}


def test_a_preset_is_adjusted_in_the_form(chosen, started):
    app = with_settings()
    app.number_input(key="train_set_seed").set_value(11).run()
    app.button(key="train_adjust_overfit").click()
    run(app)
    app.number_input(key="train_set_epochs").set_value(3).run()
    app.button(key="train_start").click().run()
    [config] = started
    assert (config.model, config.recipe, config.epochs, config.seed) == (
        "custom_cnn",
        "plain",
        3,
        7,
    )
    assert (effective.schedule(config), effective.augments(config), effective.dropout(config)) == (
        "constant",
        False,
        0.0,
    )


def test_the_short_look_has_as_many_epochs_as_fit(chosen, started):
    app = opened()
    app.button(key="train_start_look").click().run()
    assert started[0].epochs == 10  # sixteen photos


def test_a_preset_says_how_good_it_was_here_and_how_long_it_takes(chosen):
    about = About(dataset=DatasetReference(name="p", fingerprint=index.scan(chosen).fingerprint()))
    folder = store.create(RunConfig("mobilenet_v2", str(chosen)), about)
    with event_file.appending(folder) as emit:
        emit("finished", result=RESULT)
    app = opened(new="1")
    assert "90.0\u00a0% last time" in said(app)
    assert " to " in said(app)


def test_the_form_keeps_its_values_on_another_page(chosen):
    app = with_settings()
    app.number_input(key="train_set_epochs").set_value(3).run()
    app.switch_page("pages/classify.py").run()
    app.switch_page("pages/train.py").run()
    app.session_state["train_new"] = True
    run(app)
    assert app.number_input(key="train_set_epochs").value == 3


def test_augmentation_is_shown_on_the_users_photos(chosen):
    app = with_settings()
    app.radio(key="train_model").set_value("custom_cnn").run()
    assert not app.main.get("image")
    app.session_state["train_augmentation"] = True
    assert len(app.run().main.get("image")) == 12


def test_the_form_is_folded_once_there_is_a_run_of_ones_own(chosen):
    assert "train_start_best" in keys(opened())
    finished(chosen)
    assert "train_start_best" not in keys(opened())
    assert "train_start_best" in keys(opened(new="1"))


def test_a_run_at_work_says_what_stop_keeps(at_work):
    assert "Stopping now keeps" in said(opened())


def test_a_finished_run_offers_the_next_steps(chosen):
    folder = finished(chosen)
    (folder / layout.LITERT_MODEL).touch()
    app = opened()
    assert {"train_try", "train_mistakes_toggle"} <= keys(app)
    assert "train_compare" not in keys(app)
    assert "See its 40 mistakes" in [button.label for button in app.button]
    finished(chosen)
    assert "train_compare" in keys(opened())


def test_the_mistakes_are_shown_on_the_page(chosen, monkeypatch):
    finished(chosen)
    app = opened()
    app.button(key="train_mistakes_toggle").click().run()
    assert "Expected predictions.parquet" in said(app)


def test_an_eye_overlays_a_run_and_removes_it_again(chosen):
    first, second = finished(chosen), finished(chosen)
    app = opened()
    assert app.button(key=f"train_eye_{second.name}").disabled
    app.button(key=f"train_eye_{first.name}").click()
    run(app)
    legend = next(caption.value for caption in app.caption if "validation" in caption.value)
    assert all(run_colour(store.load(folder)) in legend for folder in (first, second))
    app.button(key=f"train_eye_{first.name}").click()
    run(app)
    legend = next(caption.value for caption in app.caption if "validation" in caption.value)
    assert run_colour(store.load(first)) not in legend


def test_a_name_in_the_list_chooses_the_run(chosen):
    first, _ = finished(chosen), finished(chosen)
    app = opened()
    app.button(key=f"train_open_{first.name}").click()
    run(app)
    assert app.selectbox(key="train_run").value == first.name
    assert app.query_params["run"] == first.name


def test_the_chart_has_room_for_four_more_runs(chosen):
    folders = [finished(chosen) for _ in range(6)]
    app = opened()
    for folder in folders[:4]:
        app.button(key=f"train_eye_{folder.name}").click()
        run(app)
    assert app.button(key=f"train_eye_{folders[4].name}").disabled


def test_all_metrics_are_in_a_table(chosen):
    finished(chosen)
    app = opened()
    assert not app.dataframe
    app.session_state["train_all_metrics"] = True
    assert run(app).dataframe[0].value["Accuracy"].tolist() == [90.0]


def test_a_run_that_finished_without_a_result_is_shown(chosen):
    folder = store.create(RunConfig("custom_cnn", str(chosen)), ABOUT)
    with event_file.appending(folder) as emit:
        emit("finished")
    assert "Ended without a model" in said(opened())


@pytest.mark.parametrize(
    ("seconds", "spread", "text"),
    [
        (70, 1.7, "1 to 2 min"),
        (30, 1.25, "24 to 38 s"),
        (6000, 1.25, "80 min to 2 h 5 min"),
        (10_800, 1.7, "1 h 46 min to 5 h 6 min"),
    ],
)
def test_a_range_of_times_has_its_units(seconds, spread, text):
    assert forecast.text(Estimate({"fit": seconds}, spread, disk_bytes=0)) == text


@pytest.mark.slow
def test_a_mistake_whose_photo_is_gone_says_so_in_plain_text(trained_machine, monkeypatch):
    monkeypatch.setattr(opening, "opened", lambda _: None)
    worst = min(store.list_runs()[0], key=lambda run: run.result.val_accuracy)
    app = opened(run=worst.run_id)
    app.button(key="train_mistakes_toggle").click().run()
    app.session_state["train_mistakes_open"] = 0
    run(app)
    viewer = next(
        c for c in app.get("bidi_component") if "-train_mistakes_open_viewer_picture" in c.proto.id
    )
    assert json.loads(viewer.proto.json)["message"] == "Its dataset is not on this machine."
