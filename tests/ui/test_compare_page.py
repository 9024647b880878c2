"""The Compare page in its states, run by Streamlit's own test runner, without a browser."""

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from conftest import PROJECT, command_line, seal
from streamlit.testing.v1 import AppTest

from catsdogs.background import tasks
from catsdogs.dataset import index
from catsdogs.errors import WeightsUnavailable
from catsdogs.evaluation import thresholds, weakest
from catsdogs.health import checkup
from catsdogs.health.findings import save
from catsdogs.reports import test_look
from catsdogs.runs import layout, model_files, store
from catsdogs.runs.run import Remarks
from catsdogs.ui.shared import cache

pytestmark = [pytest.mark.page, pytest.mark.slow]


@pytest.fixture(autouse=True)
def fresh_caches():
    """Streamlit's caches outlive a test, its temporary folders do not."""
    cache.forget_datasets()


def opened(*, tab: str = "", **address) -> AppTest:
    app = AppTest.from_file(str(PROJECT / "streamlit_app.py"), default_timeout=60)
    for name, value in address.items():
        app.query_params[name] = value
    app.switch_page("pages/compare.py")
    if tab:
        app.session_state["compare_tab"] = tab
    app.run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def said(app: AppTest) -> str:
    kinds = ("markdown", "caption", "info", "success", "warning", "error", "header", "subheader")
    text = "\n".join(element.value for kind in kinds for element in app.get(kind))
    return text.replace("\\", "").replace("\u00a0", " ")


def table(app: AppTest, title: str):
    """Return the first table with a row or a column of this title."""
    tables = (frame.value for frame in app.dataframe)
    return next(found for found in tables if title in found.index or title in found.columns)


def options(app: AppTest, key: str) -> list[str]:
    return next(group.options for group in app.get("button_group") if group.key == key)


def run_of(app: AppTest, letter: str):
    return store.find_usable(app.selectbox(key=f"compare_{letter}").value)


def test_one_run_is_not_enough_and_the_next_step_is_to_train(trained_machine):
    shutil.rmtree(store.list_runs()[0][0].folder)
    app = opened()
    assert "You have one: train another" in said(app)
    assert app.button(key="compare_train").label == "Train a model"


def test_the_result_is_a_sentence_with_names(trained_machine):
    app = opened()
    names = [run.short_name for run in store.list_runs()[0]]
    assert sorted(names) == ["CNN 1", "CNN 2"]
    sentence = app.header[0].value
    assert any(name in sentence for name in names) or "No difference" in sentence
    assert "photos right" in sentence
    # The better run first, and it is what the next step offers.
    best = run_of(app, "a")
    assert best.result.val_accuracy >= run_of(app, "b").result.val_accuracy
    assert app.button(key="compare_next").label.startswith("Try CNN")


def test_a_link_wins_over_the_choice_of_an_earlier_visit(trained_machine):
    app = opened()
    a, b = (app.selectbox(key=f"compare_{letter}").value for letter in "ab")
    app.query_params["a"], app.query_params["b"] = b, a
    app.run()
    assert [app.selectbox(key=f"compare_{letter}").value for letter in "ab"] == [b, a]
    # The address that the page wrote is not a link: the next choice of the user counts.
    app.selectbox(key="compare_a").set_value(a).run()
    assert [app.selectbox(key=f"compare_{letter}").value for letter in "ab"] == [a, a]


def test_the_photos_of_the_largest_disagreement_come_first(trained_machine):
    kinds = options(opened(), "compare_kind")
    counts = [int(kind.rpartition("· ")[2]) for kind in kinds]
    assert counts[0] >= counts[1]
    assert all(re.match(r"Only CNN \d is right · |Both are wrong · ", kind) for kind in kinds)


def test_only_the_open_tab_is_computed(trained_machine):
    app = opened()
    assert "McNemar" in said(app)
    assert not app.get("plotly_chart")
    for tab, charts in {"Curves": 2, "Thresholds": 2, "Calibration": 1, "Training": 2}.items():
        app.session_state["compare_tab"] = tab
        app.run()
        assert not app.exception
        assert "McNemar" not in said(app)
        assert len(app.get("plotly_chart")) == charts


def test_metrics_and_costs_stand_beside_each_other(trained_machine):
    figures = table(opened(), "Accuracy")
    assert set(figures.columns) == {"CNN 1", "CNN 2"}
    assert re.fullmatch(r"[\d.]+% \([\d.]+% to [\d.]+%\)", figures.loc["Accuracy", "CNN 1"])
    facts = table(opened(tab="Cost"), "Parameters")
    assert "4,828,481" in facts.to_string()


def test_the_settings_that_differ_stand_beside_each_other(trained_machine):
    differences = table(opened(tab="Differences"), "Differences")
    recipe = differences[differences["Differences"] == "Recipe"].iloc[0]
    assert {recipe["CNN 1"], recipe["CNN 2"]} == {"Recommended", "Plain, as in the notebook"}
    assert "Seed" not in differences["Differences"].tolist()


def test_equivalence_is_tested_only_when_the_gap_is_near_the_margin(trained_machine):
    app = opened()
    app.number_input(key="compare_margin").set_value(20.0).run()
    near = "equivalent within 20 points" in said(app)
    assert near != ("clearly larger, so the runs are not equivalent" in said(app))


@pytest.mark.parametrize("asked", ["a", "curves"])
def test_runs_of_one_name_can_each_be_chosen(asked, trained_machine):
    run = store.list_runs()[0][0]
    for name in ("first", "second"):
        shutil.copytree(run.folder, run.folder.with_name(name))
        store.remark(store.load(run.folder.with_name(name)), Remarks("Twin"))
    app = opened(tab="All 4 runs", **{asked: "second"})
    key = {"a": "compare_a", "curves": "compare_curves_of"}[asked]
    widget = app.selectbox(key=key) if asked == "a" else app.multiselect(key=key)
    assert len(set(widget.options)) == len(widget.options) == 4
    assert "second" in widget.value


def test_a_run_in_the_address_is_compared_with_its_rival(trained_machine):
    for run in store.list_runs()[0]:
        app = opened(a=run.run_id)
        assert run_of(app, "a").run_id == run.run_id
        assert run_of(app, "b").run_id != run.run_id


def test_the_threshold_moves_matrices_reports_and_kinds(trained_machine):
    app = opened(tab="Thresholds")
    answers = model_files.read_predictions(run_of(app, "a"))
    dogs = int((answers["label"] == 1).sum())
    before = options(app, "compare_kind")
    app.slider(key="compare_threshold").set_value(0.0).run()
    assert not app.exception
    # From 0 on, every answer is "dog".
    assert f"{dogs / len(answers):.1%}".replace("%", " % right") in said(app)
    report = table(app, "recall")
    assert (report.loc["dog", "recall"], report.loc["cat", "recall"]) == (1, 0)
    offered = app.selectbox(key="compare_choice").options
    assert f"Both are wrong · {len(answers) - dogs}" in offered
    # The photos that decide the result are those at one half.
    assert options(app, "compare_kind") == before


def test_a_list_offers_every_cell_to_the_keyboard(trained_machine):
    app = opened()
    box = app.selectbox(key="compare_choice")
    cells = [option for option in box.options if "called" in option]
    assert len(cells) == 8
    largest = max(range(8), key=lambda at: int(cells[at].rpartition("· ")[2]))
    box.select_index(largest).run()
    assert not app.exception
    grids = [e for e in app.get("bidi_component") if "compare_chosen_grid" in e.proto.id]
    assert len(grids) == 1


@pytest.mark.parametrize("button", range(4))
def test_a_preset_sets_the_threshold(trained_machine, button):
    app = opened()
    app.number_input(key="compare_recall").set_value(90.0).run()
    app.slider(key="compare_threshold").set_value(0.99).run()
    app.button(key=f"compare_preset_{button}").click().run()
    assert not app.exception
    answers = model_files.read_predictions(run_of(app, "a"))
    labels, p_dog = (answers[name].to_numpy() for name in ("label", "p_dog"))
    expected = [
        0.5,
        thresholds.best_f1(labels, p_dog),
        thresholds.equal_error(labels, p_dog),
        thresholds.for_recall(labels, p_dog, 0.9),
    ]
    assert app.session_state["compare_threshold"] == pytest.approx(expected[button])


def test_photos_that_are_gone_are_named(trained_machine):
    for run in store.list_runs()[0]:
        content = json.loads((run.folder / layout.CONFIG).read_text())
        content["config"]["data"] = str(trained_machine / "gone")
        (run.folder / layout.CONFIG).write_text(json.dumps(content))
    app = opened()
    answers = model_files.read_predictions(run_of(app, "a"))
    app.slider(key="compare_threshold").set_value(0.0).run()
    # From 0 on, both are wrong about every cat.
    box = app.selectbox(key="compare_choice")
    choice = next(at for at, text in enumerate(box.options) if text.startswith("Both are wrong"))
    app.session_state["compare_walked"] = "compare_chosen"
    app.query_params["image"] = answers["path"][answers["label"] == 0].iloc[0]
    box.select_index(choice).run()
    assert not app.exception
    assert "no longer on this machine" in said(app)
    assert set(table(app, "Photo")["Photo"]) <= set(answers["path"])
    assert "Labelled **cat**" in said(app)


def test_a_run_against_itself_is_called_that(trained_machine):
    app = opened()
    app.selectbox(key="compare_b").set_value(app.selectbox(key="compare_a").value).run()
    assert "Both sides show the same run" in said(app)
    assert "No difference" in app.header[0].value
    assert "p = 1)" in said(app)


def test_a_run_is_given_a_name_a_note_and_a_star(trained_machine):
    app = opened()
    run_id = app.selectbox(key="compare_b").value
    app.text_input(key=f"compare_remarks_b_name_{run_id}").set_value(" Old *faithful* ")
    app.text_area(key=f"compare_remarks_b_note_{run_id}").set_value("the one to beat")
    app.toggle(key=f"compare_remarks_b_starred_{run_id}").set_value(True)
    next(button for button in app.button if run_id in button.form_id).click().run()
    assert not app.exception
    remarks = Remarks("Old *faithful*", "the one to beat", starred=True)
    assert store.find(run_id).remarks == remarks
    assert app.selectbox(key="compare_b").value == run_id
    assert app.selectbox(key="compare_b").options[0] == "Old *faithful* ★"
    app.session_state["compare_tab"] = "All 2 runs"
    app.run()
    app.toggle(key="compare_starred").set_value(True).run()
    assert table(app, "note")["note"].tolist() == ["the one to beat"]
    app.toggle(key="compare_starred").set_value(False)
    app.text_input(key="compare_find").set_value("custom BEAT").run()
    assert table(app, "note")["note"].tolist() == ["the one to beat"]
    app.text_input(key="compare_find").set_value("nothing like it").run()
    assert "No run matches" in said(app)


def test_all_runs_are_in_a_table_with_intervals(trained_machine):
    found = table(opened(tab="All 2 runs"), "note")
    assert len(found) == 2
    assert (found["low"] <= found["accuracy"]).all()
    assert (found["accuracy"] <= found["high"]).all()


def test_three_runs_are_compared_together(trained_machine):
    run, other = store.list_runs()[0]
    twin = run.folder.with_name("20200101-000000-custom_cnn-twin")
    shutil.copytree(run.folder, twin)
    ids = [run.run_id, other.run_id, twin.name]
    app = opened(tab="All 3 runs", curves=ids[:2])
    assert "Choose 3 to 6 runs" in said(app)
    app.multiselect(key="compare_curves_of").set_value(ids).run()
    assert not app.exception
    assert re.search(r"has the most of \d+ photos right", said(app))
    assert len(table(app, "Corrected p")) == len(table(app, "Forward pass")) == 3
    assert len(app.get("plotly_chart")) == 6
    (twin / layout.LITERT_MODEL).unlink()
    app.run()
    assert layout.LITERT_MODEL in said(app)
    assert len(table(app, "Corrected p")) == 3
    assert len(app.get("plotly_chart")) == 5
    status, document = command_line("compare", *ids)
    assert status == 0
    assert [of_run["run"] for of_run in document["runs"]] == ids
    twins = next(pair for pair in document["pairs"] if pair["b"] == twin.name)
    assert (twins["a"], twins["mcnemar_p"], twins["better"]) == (run.run_id, 1.0, None)
    status, said_by = command_line("compare", *ids, "--report", trained_machine / "r.html")
    assert (status, "two runs for --report" in said_by["error"]) == (1, True)


def test_curves_of_more_than_two_runs_are_in_the_address(trained_machine):
    ids = [run.run_id for run in store.list_runs()[0]]
    app = opened(tab="All 2 runs", curves=[*ids, "no such run"])
    assert app.multiselect(key="compare_curves_of").value == ids
    app.multiselect(key="compare_curves_of").set_value(ids[:1]).run()
    assert app.query_params["curves"] == ids[0]


def test_after_a_check_metrics_have_twins_and_photos_are_grouped_by_light(trained_machine):
    def no_weights():
        raise WeightsUnavailable("No weights here. Download them.")

    root = Path(store.list_runs()[0][0].config.data)
    app = opened()
    assert "After a health check" in said(app)
    app.session_state["compare_tab"] = "Kinds of photos"
    app.run()
    assert options(app, "compare_slices") == ["Size", "Shape"]
    findings = checkup.run(index.scan(root), backbone=no_weights, report=lambda *_: None)
    findings.rows.loc[:, "p_dog"] = findings.rows["path"].str.contains("dog").astype(float)
    findings.rows.loc[::4, "p_dog"] = 0.5 - (findings.rows["p_dog"] - 0.5)
    save(root, findings)
    app.run()
    assert not app.exception
    assert options(app, "compare_slices") == ["Size", "Shape", "Light", "Sharpness"]
    app.session_state["compare_tab"] = "How sure?"
    app.run()
    columns = table(app, "Accuracy").columns
    assert len(columns) == 4
    assert re.fullmatch(r"CNN \d without \d+ suspect labels?", columns[1])
    assert re.search(r"Without the \d+ photos? with suspect labels: CNN", said(app))


def test_a_kind_of_photos_opens_its_photos(trained_machine, monkeypatch):
    assert "too few photos of different kinds" in said(opened(tab="Kinds of photos"))
    monkeypatch.setattr(weakest, "LEAST", 2)
    app = opened(tab="Kinds of photos")
    assert "stands out for CNN" in said(app) or "makes more mistakes on" in said(app)
    kinds = table(app, "Kind of photos").set_index("Kind of photos")
    box = app.selectbox(key="compare_choice")
    option = next(option for option in box.options if option.startswith(kinds.index[0]))
    assert option == f"{kinds.index[0]} · {kinds['Photos'].iloc[0]}"
    box.set_value(option).run()
    assert not app.exception


def test_the_first_pair_was_measured_on_the_same_photos(trained_machine):
    newest, other = store.list_runs()[0]
    twin = trained_machine / "artifacts" / "20200101-000000-custom_cnn-old0"
    shutil.copytree(other.folder, twin)
    content = json.loads((other.folder / layout.CONFIG).read_text())
    content["dataset"]["fingerprint"] = "another"
    (other.folder / layout.CONFIG).write_text(json.dumps(content))
    content["dataset"]["fingerprint"] = newest.about.dataset.fingerprint
    content["created_at"] = "2020-01-01T00:00:00+00:00"
    (twin / layout.CONFIG).write_text(json.dumps(content))
    app = opened()
    assert {run_of(app, letter).run_id for letter in "ab"} == {newest.run_id, twin.name}


def test_damaged_predictions_are_explained_and_the_other_tabs_stay(trained_machine):
    run = store.list_runs()[0][0]
    (run.folder / layout.PREDICTIONS).write_bytes(b"")
    app = opened()
    assert "other content" in app.error[0].value
    assert [tab.label for tab in app.tabs] == [
        *("Differences", "Training", "Cost", "Download", "All 2 runs")
    ]


def test_runs_that_share_no_photos_are_shown_on_their_own(trained_machine):
    run = store.list_runs()[0][0]
    answers = pd.read_parquet(run.folder / layout.PREDICTIONS).assign(digest="other")
    answers.to_parquet(run.folder / layout.PREDICTIONS)
    seal(run.folder)
    app = opened()
    assert "share validation images" in app.warning[0].value
    assert "each is shown on its own" in said(app)
    assert not [box for box in app.selectbox if box.key == "compare_choice"]


@pytest.fixture
def locked(trained_machine):
    """Both trained runs, the first one as if it had locked six photos away."""
    first, second = store.list_runs()[0]
    photos = index.scan(trained_machine / "data" / "sample").usable.groupby("label").head(3)
    photos[["path", "label", "digest"]].to_parquet(first.folder / layout.TEST)
    events = first.folder / layout.EVENTS
    *others, last = events.read_text("utf-8").splitlines()
    ending = json.loads(last)
    ending["result"]["test_images"] = len(photos)
    events.write_text("\n".join([*others, json.dumps(ending)]) + "\n", "utf-8")
    seal(first.folder)
    return store.load(first.folder), second


def test_the_test_set_shows_no_metric_before_a_look_and_then_counts_them(locked, monkeypatch):
    run, without = locked
    started = []
    monkeypatch.setattr(tasks, "start", lambda *task: started.append(task))
    app = opened(tab="Test set", a=run.run_id, b=without.run_id)
    assert "6 photos, not looked at yet" in said(app)
    assert "It counts as look 1." in said(app)
    assert "No test set." in said(app)
    assert not app.dataframe
    app.button(key=f"compare_test_look_{run.run_id}").click().run()
    assert started == [(test_look.KIND, run.run_id)]
    looked = test_look.look(run, by="Compare")
    app = opened(tab="Test set", a=run.run_id, b=without.run_id)
    assert "6 photos, looked at 1 time" in said(app)
    assert "It counts as look 2." in said(app)
    accuracy = table(app, "Balanced accuracy").loc["Accuracy", "Test set"]
    assert accuracy.startswith(f"{looked.evaluation.accuracy:.2%} (")


def test_runs_without_a_test_set_have_no_tab_for_it(trained_machine):
    app = opened(tab="Test set")
    assert "Measure on the test set" not in [button.label for button in app.button]


def test_test_sets_of_different_photos_are_said_to_differ(locked, trained_machine):
    for run in locked:
        kept = run.folder / layout.TEST
        if not kept.is_file():
            shutil.copyfile(locked[0].folder / layout.TEST, kept)
        events = run.folder / layout.EVENTS
        lines = [json.loads(line) for line in events.read_text("utf-8").splitlines()]
        for line in lines:
            if line["event"] == "split":
                line |= {"test": 6, "test_hash": run.run_id}
        lines[-1]["result"]["test_images"] = 6
        events.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
        seal(run.folder)
    app = opened(tab="Test set", a=locked[0].run_id, b=locked[1].run_id)
    assert "hold different photos" in said(app)
