"""The Classify page in its states, and which pictures it shows in which order."""

import io
import json
import os
import shutil
import zipfile
from pathlib import Path

import components
import numpy as np
import pandas as pd
import pytest
import streamlit as st
from conftest import PROJECT, seal
from hostile_tars import entry, tar
from streamlit.testing.v1 import AppTest

from catsdogs.background import tasks
from catsdogs.dataset import corrections
from catsdogs.errors import UnreadableImage
from catsdogs.images import picture
from catsdogs.inference import answers as inference_answers
from catsdogs.inference import folder_task, heatmap, rejection
from catsdogs.inference.answers import Seen
from catsdogs.inference.panel import Answer, Decision, Panel, judge
from catsdogs.inference.predictor import Predictor
from catsdogs.inference.rejection import Likeness, References
from catsdogs.runs import layout, model_files, store
from catsdogs.runs.run import Remarks
from catsdogs.sources import current, opening, web_picture
from catsdogs.system import processes
from catsdogs.system.processes import identity_of
from catsdogs.text import counted, literal, percent
from catsdogs.ui.classify import answers, selection
from catsdogs.ui.shared import photo_viewer, run_chips

pytestmark = pytest.mark.page
FLOORS = dict.fromkeys(rejection.FALSE_REFUSALS, 0.5)


@pytest.fixture(autouse=True)
def fresh_caches():
    """Streamlit's caches outlive a test, its runs do not."""
    st.cache_resource.clear()


def opened(**address) -> AppTest:
    app = AppTest.from_file(str(PROJECT / "streamlit_app.py"), default_timeout=60)
    for name, value in address.items():
        app.query_params[name] = value
    app.switch_page("pages/classify.py")
    return run(app)


def run(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def give(app: AppTest, *files: tuple[str, bytes], key: str = "classify_files") -> AppTest:
    app.file_uploader(key=key).set_value([(*file, "application/octet-stream") for file in files])
    return run(app)


def said(app: AppTest) -> str:
    kinds = ("markdown", "caption", "info", "success", "warning", "error")
    return "\n".join(element.value for kind in kinds for element in app.get(kind))


def labels(app: AppTest) -> list[str]:
    """The label of each run about the current picture: on a line a run, or large for one run."""
    lines = [m.value.split("\u2003")[1] for m in app.markdown if "\u2003" in m.value]
    large = [m.value.removeprefix("## ") for m in app.markdown if m.value.startswith("## ")]
    return [words.split()[0].lower() for words in lines or large]


def component(app: AppTest, key: str) -> dict:
    """The data of one of our components."""
    found = next(one for one in app.get("bidi_component") if f"-{key}" in one.proto.id)
    return components.data(found)


def table(app: AppTest) -> pd.DataFrame:
    return next(d.value for d in app.dataframe if (d.key or "").startswith("classify_table"))


def group(app: AppTest, key: str):
    return next(found for found in app.get("button_group") if found.key == key)


def zip_of(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened_zip:
        for name, content in files.items():
            opened_zip.writestr(name, content)
    return buffer.getvalue()


def answer(p_dog, likeness=1.0, run_id="a", *, both=None):
    heatmap = np.zeros((2, 2), dtype=np.float32)
    return Answer(run_id, p_dog, p_dog, heatmap, 1.0, Likeness(likeness, (), FLOORS), both=both)


class TestSelection:
    SEEN = (
        Seen("cat.1.jpg", (answer(0.1), answer(0.9, run_id="b"))),
        Seen("b/2.jpg", (answer(0.8, 0.1), answer(0.9, 0.1, "b"))),
        Seen("dog.3.jpg", (answer(0.9, 0.7), answer(0.7, 0.7, "b"))),
        Seen("a.jpg", error=UnreadableImage("empty", "The file is empty.")),
        Seen("dog.4.jpg", (answer(0.2), answer(0.3, run_id="b", both=True))),
    )

    def test_every_kind_holds_what_its_name_says(self):
        assert selection.kinds(self.SEEN, Decision()) == {
            "All": [0, 1, 2, 3, 4],
            "Called cat": [0, 4],
            "Called dog": [0, 2],
            "Called neither": [1],
            "May show both": [4],
            "Disagreement": [0],
            "Wrong": [0, 4],
            "Unreadable": [3],
        }

    def test_the_kinds_follow_the_decision(self):
        kinds = selection.kinds(self.SEEN, Decision(0.0, None))
        assert kinds == {
            "All": [0, 1, 2, 3, 4],
            "Called dog": [0, 1, 2, 4],
            "May show both": [4],
            "Wrong": [0],
            "Unreadable": [3],
        }

    @pytest.mark.parametrize(
        ("order", "expected"),
        [
            ("As given", [0, 1, 2, 3, 4]),
            ("By name", [3, 1, 0, 2, 4]),
            ("Most like a dog first", [1, 2, 0, 4, 3]),
            ("Most like a cat first", [4, 0, 2, 1, 3]),
            ("Largest disagreement first", [0, 2, 1, 4, 3]),
            ("Least like training photos first", [1, 2, 0, 4, 3]),
        ],
    )
    def test_what_cannot_be_read_comes_last_in_an_order_by_answers(self, order, expected):
        assert order in selection.orders()
        assert selection.ordered(self.SEEN, range(5), order) == expected


def test_without_a_run_the_page_says_how_to_get_one():
    app = opened()
    assert "No model is here yet" in app.info[0].value
    assert any(button.label == "Train a model" for button in app.button)
    assert not app.file_uploader


@pytest.mark.slow
class TestWithTrainedRuns:
    """The page on two runs that a real worker trained."""

    @pytest.fixture
    def sample(self, trained_machine):
        return trained_machine / "data" / "sample"

    @pytest.fixture
    def photos(self, sample):
        """Readable photos, by name."""
        paths = [*sorted(sample.glob("cat.*.jpg")), *sorted(sample.glob("dog.*.jpg"))]
        contents = {path.name: path.read_bytes() for path in paths}
        return {name: content for name, content in contents.items() if is_readable(content)}

    @pytest.fixture
    def runs(self, trained_machine):
        return store.list_runs()[0]

    @pytest.fixture
    def both(self, runs):
        """The address that chooses both runs."""
        return {"run": [one.run_id for one in runs]}

    @pytest.fixture
    def panel(self, runs):
        return Panel(runs, runs, Predictor)

    def test_the_best_run_answers_unless_the_address_says_otherwise(self, runs):
        app = opened()
        best = [one.run_id for one in store.best_usable()]
        assert app.multiselect(key="classify_runs").value == best
        assert app.query_params.get("run") == best[0]
        other = next(one for one in runs if one.run_id not in best)
        assert opened(run=other.run_id).multiselect(key="classify_runs").value == [other.run_id]
        options = app.multiselect(key="classify_runs").options
        option = next(o for o in options if o.startswith(run_chips.name(other)))
        assert "Drawn sample" in option
        assert percent(other.result.val_accuracy) in option

    def test_a_run_of_the_address_that_is_gone_is_named(self, runs):
        app = opened(run=["gone", runs[0].run_id])
        assert "gone" in app.warning[0].value
        assert app.multiselect(key="classify_runs").value == [runs[0].run_id]

    def test_no_run_is_a_choice_too(self, photos):
        app = opened()
        app.multiselect(key="classify_runs").set_value([])
        app = give(run(app), ("cat.jpg", next(iter(photos.values()))))
        assert "Choose at least one run" in said(app)

    def test_a_link_from_another_page_chooses_the_runs_even_on_a_second_visit(self, runs):
        app = opened(run=runs[0].run_id)
        app.switch_page("streamlit_app.py")
        run(app)
        app.switch_page("pages/classify.py")
        app.query_params["run"] = runs[1].run_id
        assert run(app).multiselect(key="classify_runs").value == [runs[1].run_id]

    def test_a_picture_is_shown_with_what_each_run_says_and_why(self, both, photos, panel):
        name, content = next(iter(photos.items()))
        app = give(opened(**both), (name, content))
        expected = inference_answers.see(name, lambda: content, panel)
        assert labels(app) == expected.labels(Decision())
        assert len(component(app, "classify_picture")["heats"]) == 2
        # Five training photos for each judge, which each run is itself, and the dataset's card.
        assert len(app.main.get("image")) == 2 * 5
        assert said(app).count("Most similar training photos") == 2
        assert said(app).count("\u00a0ms") == 2
        large = next(m.value for m in app.markdown if m.value.startswith("## "))
        first = expected.answers[0].calibrated_p_dog
        assert percent(max(first, 1 - first)) in large or "Neither" in large
        for one in expected.answers:
            assert f"P(dog) {one.calibrated_p_dog:.4f}, raw {one.p_dog:.6f}" in said(app)

    def test_a_picture_that_may_show_both_names_each_class_where_it_is(self, runs, photos):
        log = runs[0].folder / layout.EVENTS
        *others, last = log.read_text("utf-8").splitlines()
        ending = json.loads(last)
        # Limits that every picture is above.
        ending["result"]["both"] = {"mixed": -1e9, "evidence": -1e9, "images": 2000}
        log.write_text("\n".join([*others, json.dumps(ending)]) + "\n", "utf-8")
        name, content = next(iter(photos.items()))
        app = give(opened(run=runs[0].run_id), (name, content))
        app.selectbox(key="classify_false_refusal").set_value("never")
        app = run(app)
        assert "May show both a cat and a dog" in said(app)
        (heat,) = component(app, "classify_picture")["heats"]
        (answer,) = Panel(runs[:1], runs[:1], Predictor).answers(picture.Picture(content))
        assert heat["places"] == {
            label: list(place) for label, place in heatmap.places(answer.heatmap).items()
        }
        assert "may show both" in component(app, "classify_picture")["alt"]

    def test_a_picture_that_trained_the_run_is_marked(self, runs, photos):
        one = runs[0]
        training = model_files.training_digests(one)
        seen, new = (
            next(c for c in photos.values() if (picture.digest(c) in training) is is_seen)
            for is_seen in (True, False)
        )
        app = give(opened(run=one.run_id), ("renamed.jpg", seen))
        assert "In this run's training photos" in said(app)
        app = give(opened(run=one.run_id), ("renamed.jpg", new))
        assert "In this run's validation photos" in said(app)
        app = give(opened(run=one.run_id), ("renamed.jpg", seen + b" "))
        assert "In this run's" not in said(app)

    # The two shares beside the floor, and none.
    @pytest.mark.parametrize("refused", [0.005, 0.01, "never"])
    def test_labels_follow_threshold_and_refusal(
        self, both, runs, photo, tmp_path, refused, monkeypatch
    ):
        # For shares below 1 %, no picture is below the floor; from 1 % on, every picture is.
        for one in runs:
            references = References.read(one.folder)
            floors = {share: 1.5 if share >= 0.01 else -1.5 for share in rejection.FALSE_REFUSALS}
            monkeypatch.setattr(references, "floors", floors)
            references.save(one.folder)
            seal(one.folder)
        runs = [store.load(one.folder) for one in runs]
        panel = Panel(runs, runs, Predictor)
        content = photo(tmp_path / "noise.jpg", size=(300, 200)).read_bytes()
        app = opened(**both)
        app.selectbox(key="classify_false_refusal").set_value(refused)
        app = give(run(app), ("noise.jpg", content))
        expected = inference_answers.see("noise.jpg", lambda: content, panel)
        for threshold in (0.0, 0.5, 1.0):
            app.slider(key="classify_threshold").set_value(threshold)
            decision = Decision(threshold, None if refused == "never" else refused)
            assert labels(run(app)) == expected.labels(decision)
            assert ("runs disagree" in said(app)) is expected.disagree(decision)
            is_refused = "neither" in expected.labels(decision)
            assert is_refused == (refused != "never" and refused >= 0.01)
            assert ("unlike the training photos" in said(app)) is (
                expected.labels(decision)[0] == "neither"
            )

    def test_a_run_from_before_references_says_that_it_cannot_refuse(self, runs, photos):
        for one in runs:
            (one.folder / layout.REFERENCES).unlink()
        app = give(opened(run=runs[0].run_id), next(iter(photos.items())))
        assert "cannot say “neither”" in said(app)
        assert "Similarity" not in said(app)
        assert len(labels(app)) == 1
        app.selectbox(key="classify_false_refusal").set_value("never")
        assert "cannot say" not in said(run(app))

    def test_evidence_whose_dataset_is_gone_is_absent(self, runs, photos, monkeypatch):
        monkeypatch.setattr(opening, "opened", lambda path: None)
        app = give(opened(run=runs[0].run_id), next(iter(photos.items())))
        assert not app.main.get("image")
        assert "Most similar" not in said(app)

    def test_many_are_counted_and_measured_by_their_names(self, both, runs, photos, panel):
        some = list(photos.items())[::4]
        app = give(opened(**both), *some)
        seen = [inference_answers.see(name, lambda c=content: c, panel) for name, content in some]
        for position in range(len(runs)):
            told = [s.answers[position].label(Decision()) for s in seen]
            right = sum(s.truth == label for s, label in zip(seen, told, strict=True))
            cats, dogs, neither = (told.count(name) for name in ("cat", "dog", "neither"))
            counts = f"{counted(cats, 'cat')}, {counted(dogs, 'dog')}, {neither} neither"
            assert f"{counts}; {right} of {len(some)} right" in said(app)
        assert len(app.table) == 2
        assert sum(matrix.value.to_numpy().sum() for matrix in app.table) == 2 * len(some)
        disagreements = sum(s.disagree(Decision()) for s in seen)
        assert counted(disagreements, "disagreement") in said(app)

    def test_what_has_no_name_is_not_measured(self, photos):
        contents = list(photos.values())[:5]
        app = give(opened(), *((f"{number}.jpg", c) for number, c in enumerate(contents)))
        assert not app.table
        assert " right (" not in said(app)

    def test_zips_folders_and_files_are_answered_together_and_bad_ones_listed(self, photos):
        (one, first), (two, second), (three, third) = list(photos.items())[:3]
        app = give(
            opened(classify_view="Table"),
            ("bad.zip", b"PK\x03\x04nonsense"),
            ("good.zip", zip_of({f"x/{one}": first, "notes.txt": b"no", "cut.jpg": second[:200]})),
            (two, second),
            ("fake.jpg", b"text"),
        )
        app = give(app, (f"holiday/{three}", third), key="classify_folder")
        assert "bad" in app.error[0].value
        assert list(table(app)["File"]) == [
            f"x/{one}",
            "cut.jpg",
            two,
            "fake.jpg",
            f"holiday/{three}",
        ]
        assert "Received\\: text" in app.error[1].value
        assert "cut" in app.error[1].value
        assert (table(app)["Picture"].str.startswith("data:image/jpeg;base64,")).sum() == 3
        assert list(table(app).iloc[[1, 3], 3]) == ["unreadable", "unreadable"]

    def test_of_a_dropped_folder_every_file_is_answered_listed_or_counted(self, photos):
        (_, first), (_, second), (_, third) = list(photos.items())[:3]
        app = give(
            opened(classify_view="Table"),
            ("holiday/cat.1.jfif", first),
            ("holiday/cat.2", second),
            ("holiday/notes.txt", b"text"),
            ("holiday/Thumbs.db", b"x"),
            ("holiday/@eaDir/cat.1.jfif/SYNOPHOTO_THUMB_M.jpg", first),
            ("holiday/.hidden.jpg", first),
            ("holiday/photos.7z", b"7z\xbc\xaf\x27\x1c" + bytes(60)),
            ("holiday/more.tar", tar(entry("dog.1", third))),
            key="classify_folder",
        )
        assert list(table(app)["File"]) == [
            *("holiday/cat.1.jfif", "holiday/cat.2", "holiday/notes.txt", "holiday/photos.7z"),
            "dog.1",
        ]
        assert (table(app)["Picture"].str.startswith("data:image/jpeg;base64,")).sum() == 3
        assert "Not shown: 2 system files, 1 hidden file." in said(app)
        assert "7z archive" in app.error[0].value

    def test_hostile_names_are_shown_as_they_are(self, photos):
        contents = list(photos.values())[:3]
        names = ["![x](http://evil)*b*.jpg", "<b>\u202e.jpg", "=cmd|' /C calc'!A0.jpg"]
        app = give(opened(), *zip(names, contents, strict=True))
        assert literal(names[0]) in said(app)
        for name in names[1:]:
            app.button(key="classify_walk_next").click()
            assert literal(name) in said(run(app))
        group(app, "classify_view").set_value("Table")
        assert list(table(run(app))["File"]) == [names[0], "<b>\ufffd.jpg", names[2]]

    def test_pages_order_and_filter_are_of_all_pictures(self, photos, panel):
        some = list(photos.items())[:52]
        content = zip_of({**dict(some), "zz.jpg": b"text"})
        app = give(opened(classify_view="Table"), ("all.zip", content))
        assert len(table(app)) == 50
        app.selectbox(key="classify_order").set_value("Most like a dog first")
        first = table(run(app))
        app.session_state["classify_page"] = 2
        second = table(run(app))
        p_dog = pd.concat([first, second]).filter(like="P(dog)").iloc[:, 0]
        assert len(p_dog) == 53
        assert p_dog.iloc[:52].is_monotonic_decreasing
        assert list(second["File"])[-1] == "zz.jpg"
        kinds = group(app, "classify_kind")
        assert any("Unreadable · 1" in option for option in kinds.options)
        kinds.set_value("Unreadable")
        assert list(table(run(app))["File"]) == ["zz.jpg"]

    def test_only_what_is_new_is_looked_at_and_what_is_removed_forgotten(self, photos, monkeypatch):
        asked = []

        def see_all(given, *arguments, **options):
            asked.append([name for name, _ in given])
            return inference_answers.see_all(given, *arguments, **options)

        monkeypatch.setattr(answers, "see_all", see_all)
        (one, first), (two, second) = list(photos.items())[:2]
        app = give(opened(), (one, first))
        app.slider(key="classify_threshold").set_value(0.9)
        run(app)
        assert asked == [[one]]
        app = give(app, (two, second), key="classify_folder")
        assert asked == [[one], [two]]
        assert len(app.session_state["classify_seen"]) == 2
        app.file_uploader(key="classify_files").set_value(None)
        assert len(run(app).session_state["classify_seen"]) == 1
        app.file_uploader(key="classify_folder").set_value(None)
        run(app)
        assert "classify_seen" not in app.session_state

    def test_another_choice_of_runs_asks_again(self, runs, photos):
        app = give(opened(run=runs[0].run_id), next(iter(photos.items())))
        assert len(labels(app)) == 1
        app.multiselect(key="classify_runs").set_value([one.run_id for one in runs])
        assert len(labels(run(app))) == 2
        assert app.query_params["run"] == [one.run_id for one in runs]

    def test_more_than_fit_in_memory_are_refused_with_another_way(self, photos, monkeypatch):
        monkeypatch.setattr(inference_answers, "MOST_PICTURES", 2)
        app = give(opened(), *list(photos.items())[:3])
        assert "Only the first 2 of 3" in said(app)
        assert len(component(app, "classify_strip")["tiles"]) == 2

    def test_a_damaged_model_is_explained_beside_the_good_one(self, both, runs, photos):
        (runs[0].folder / layout.LITERT_MODEL).write_bytes(b"not a model")
        app = give(opened(**both), next(iter(photos.items())))
        assert "other content" in app.error[0].value
        assert len(labels(app)) == 1

    def test_damaged_references_are_explained_beside_the_good_run(self, both, runs, photos):
        references = runs[0].folder / layout.REFERENCES
        references.write_bytes(b"no vectors")
        app = give(opened(**both), next(iter(photos.items())))
        assert "other content" in app.error[0].value
        assert len(labels(app)) == 1

    def test_a_damaged_judge_is_reported_beside_the_answer(self, tmp_path, photos, monkeypatch):
        cnn, judge = "reference-custom_cnn", "reference-mobilenet_v2-fine_tuned"
        monkeypatch.setenv("CATSDOGS_ARTIFACTS", str(tmp_path / "shipped"))
        for name in (cnn, judge):
            shutil.copytree(PROJECT / "artifacts" / name, tmp_path / "shipped" / name)
        (tmp_path / "shipped" / judge / layout.LITERT_MODEL).write_bytes(b"damaged")
        app = give(opened(run=cnn), next(iter(photos.items())))
        (warning,) = [w.value for w in app.warning if "cannot say neither" in w.value]
        assert "fine\\_tuned" in warning
        assert len(labels(app)) == 1
        app.selectbox(key="classify_false_refusal").set_value("never")
        assert not any("cannot say neither" in w.value for w in run(app).warning)

    def test_a_wrong_answer_is_kept_and_taken_back(self, photos):
        name, content = next(iter(photos.items()))
        app = give(opened(), (name, content))
        assert not corrections.folder().exists()
        button(app, "Dog").click()
        run(app)
        kept = corrections.folder() / "dog" / f"{picture.digest(content)}.jpg"
        assert kept.read_bytes() == content
        assert literal(f"data/corrections/dog/{kept.name}") in said(app)
        button(app, "Undo").click()
        run(app)
        assert not kept.exists()
        assert "Marked as" not in said(app)

    def test_kept_pictures_can_be_made_the_dataset(self, photos):
        app = give(opened(), next(iter(photos.items())))
        button(app, "Neither").click()
        run(app)
        assert not [b for b in app.button if b.label == "Open as dataset"]
        button(app, "Undo").click()
        run(app)
        button(app, "Cat").click()
        run(app)
        button(app, "Open as dataset").click()
        app.run()
        assert current.path() == corrections.folder()

    def test_a_full_disk_is_told(self, photos, monkeypatch):
        def fails(*_):
            raise OSError("No space left on device")

        app = give(opened(), next(iter(photos.items())))
        monkeypatch.setattr(corrections.files, "write_bytes", fails)
        button(app, "Dog").click()
        assert "No space left" in run(app).error[0].value

    def test_examples_are_shown_until_there_is_a_picture(self, trained_machine):
        app = opened()
        assert "try one of these" in said(app)
        tiles = component(app, "classify_example")["tiles"]
        assert [tile["name"].startswith("Drawing of a") for tile in tiles] == [True] * 6 + [
            False
        ] * 2
        assert all(tile["src"] for tile in tiles)

    def test_a_picture_is_encoded_once_for_an_answer(self, trained_machine, photos, monkeypatch):
        app, made = give(opened(), next(iter(photos.items()))), []
        shown = component(app, "classify_picture")
        encode = photo_viewer.shown
        monkeypatch.setattr(
            photo_viewer, "shown", lambda *a, **k: made.append(1) or encode(*a, **k)
        )
        assert component(run(app), "classify_picture") == shown
        assert not made
        for threshold in (0.0, 1.0):
            app.slider(key="classify_threshold").set_value(threshold)
            run(app)
        assert made

    def test_the_camera_is_loaded_on_demand_only_with_the_run_and_its_judge(self, trained_machine):
        app = opened()
        chosen, usable = store.best_usable()[0], store.list_runs()[0]
        assert not [one for one in app.get("bidi_component") if "_camera" in one.proto.id]
        app.session_state["classify_camera_open"] = True
        shown = component(run(app), "classify_camera")
        assert shown["uploader"] == "classify_files"
        judges = {chosen.run_id, judge(chosen, usable).run_id}
        assert len(shown["networks"]) == len(judges)
        assert [one for one in shown["networks"] if one["references"]] == shown["networks"][-1:]
        app.selectbox(key="classify_false_refusal").set_value("never")
        (alone,) = component(run(app), "classify_camera")["networks"]
        assert not alone["references"]

    def test_a_picture_from_an_address_is_answered_and_a_refused_one_says_why(
        self, photos, monkeypatch
    ):
        _, content = next(iter(photos.items()))
        app = opened()
        app.text_input(key="classify_address").set_value("http://127.0.0.1/a.jpg")
        app.button(key="classify_address_get").click()
        assert "not on the public internet" in run(app).error[0].value
        assert not labels(app)
        monkeypatch.setattr(web_picture, "read", lambda url: content)
        url = "https://pets.example/b.jpg"
        for _ in range(2):
            app.text_input(key="classify_address").set_value(url)
            app.button(key="classify_address_get").click()
            run(app)
        assert not app.error
        assert len(labels(app)) == 1
        assert literal(url) in said(app)

    def test_pictures_survive_a_change_of_pages_and_are_the_same_on_home(self, photos):
        (one, first), (two, second), *_ = photos.items()
        app = give(opened(), (one, first))
        app.switch_page("pages/dataset.py")
        run(app)
        app.switch_page("streamlit_app.py")
        assert len(labels(run(app))) == 1
        assert literal(one) in said(app)
        app = give(app, (two, second), key="home_files")
        assert literal(two) in said(app)
        app.switch_page("pages/classify.py")
        strip = component(run(app), "classify_strip")["tiles"]
        assert [tile["name"] for tile in strip] == [one, two]
        app = give(app, ("three.jpg", first))
        strip = component(app, "classify_strip")["tiles"]
        assert [tile["name"] for tile in strip] == [one, two, "three.jpg"]

    def test_a_damaged_zip_is_forgotten_with_the_page_that_lists_it(self, photos):
        app = give(opened(), ("bad.zip", b"PK\x03\x04nonsense"))
        assert "bad.zip" in app.error[0].value.replace("\\", "")
        app.switch_page("streamlit_app.py")
        run(app)
        app.switch_page("pages/classify.py")
        assert not run(app).error

    @pytest.mark.parametrize("name", inference_answers.OWN_COLUMNS)
    def test_a_run_may_be_named_like_a_column_of_the_table(self, photos, name):
        store.remark(store.list_runs()[0][0], Remarks(name=name))
        run_ids = [run.run_id for run in store.list_runs()[0]]
        app = opened(classify_view="Table", run=run_ids)
        app = give(app, *list(photos.items())[:2])
        assert f"Run {name}" in table(app)

    def test_clear_all_empties_the_session(self, photos):
        app = give(opened(), *list(photos.items())[:2])
        app.button(key="classify_clear").click()
        assert not labels(run(app))
        assert "classify_seen" not in app.session_state
        app.switch_page("streamlit_app.py")
        assert not labels(run(app))

    def test_one_picture_is_removed(self, photos):
        (one, first), (two, second), *_ = photos.items()
        app = give(opened(), (one, first), (two, second))
        app.button(key="classify_remove").click()
        assert literal(two) in said(run(app))
        assert literal(one) not in said(app)

    def test_the_walk_goes_through_the_pictures(self, photos):
        names = list(photos)[:3]
        app = give(opened(), *list(photos.items())[:3])
        for name in names[1:]:
            app.button(key="classify_walk_next").click()
            assert literal(name) in said(run(app))
        assert app.button(key="classify_walk_next").disabled
        strip = component(app, "classify_strip")["tiles"]
        assert [tile["current"] for tile in strip] == [False, False, True]

    def test_the_strip_has_pages_that_follow_the_current_picture(self, photos):
        app = give(opened(), *list(photos.items())[:30])
        app.session_state["classify_page"] = 2
        run(app)
        strip = component(app, "classify_strip")["tiles"]
        assert [tile["current"] for tile in strip] == [True] + [False] * 5
        app.button(key="classify_walk_previous").click()
        run(app)
        assert len(component(app, "classify_strip")["tiles"]) == 24
        assert app.session_state["classify_page"] == 1

    def test_the_promise_is_on_the_page(self, trained_machine):
        app = opened()
        assert "stay on this machine" in said(app)
        tips = [caption.proto.help for caption in app.caption]
        assert any("a minute after you close the tab" in tip for tip in tips)


@pytest.mark.slow
class TestAFolderOnThisMachine:
    """The task that classifies a folder, with its work done at once instead of in a process."""

    @pytest.fixture(autouse=True)
    def process(self, trained_machine, monkeypatch):
        def launch(module, task_folder, *, log, on_exit=None):
            tasks.main(task_folder, folder_task.classify)
            return identity_of(os.getpid())

        monkeypatch.setattr(processes, "launch", launch)

    def start(self, app: AppTest, path) -> AppTest:
        app.text_input(key="classify_path").set_value(str(path))
        button(app, "Classify folder").click()
        return run(app)

    def test_its_answers_are_counted_and_written_as_csv(self, trained_machine):
        sample = trained_machine / "data" / "sample"
        app = self.start(opened(), sample)
        task = tasks.of_kind(folder_task.KIND)[0]
        written = pd.read_csv(task.result["csv"])
        names = sorted(p.name for p in sample.iterdir() if p.suffix == ".jpg")
        assert sorted(written["File"]) == names
        assert task.result["unreadable"] == written["Error"].notna().sum() > 0
        run_id = store.best_usable()[0].run_id
        counts = written[run_id].value_counts().to_dict()
        assert task.result["counts"] == {run_id: counts}
        found = next(d.value for d in app.dataframe if "Run" in d.value)
        assert list(found.iloc[0][["Cat", "Dog", "Neither"]]) == [
            counts.get(name, 0) for name in ("cat", "dog", "neither")
        ]
        button(app, "Delete result").click()
        run(app)
        assert not tasks.of_kind(folder_task.KIND)
        assert not Path(task.result["csv"]).exists()

    def test_numbered_pictures_are_offered_as_a_submission_to_kaggle(self, trained_machine):
        folder = trained_machine / "test1"
        folder.mkdir()
        for number, photo in enumerate(sorted((trained_machine / "data" / "sample").iterdir())[:6]):
            shutil.copy(photo, folder / f"{number + 1}.jpg")
        app = self.start(opened(), folder)
        task = tasks.of_kind(folder_task.KIND)[0]
        written = pd.read_csv(task.result["kaggle"]["csv"])
        assert written["id"].tolist() == [1, 2, 3, 4, 5, 6]
        assert written["label"].between(0, 1).all()
        offered = next(one for one in app.get("download_button") if one.label == "Kaggle CSV")
        assert "Expected log loss" in offered.help
        button(app, "Delete result").click()
        run(app)
        assert not Path(task.result["kaggle"]["csv"]).exists()

    @pytest.mark.parametrize("typed", ["", "/nowhere/at/all", "~nobody/x", "a\0b", "https://x.y/z"])
    def test_no_folder_is_explained(self, typed):
        app = self.start(opened(), typed)
        assert app.error or "Type the path" in said(app)
        assert not tasks.of_kind(folder_task.KIND)

    def test_a_folder_without_pictures_fails_with_its_reason(self, tmp_path):
        (tmp_path / "empty").mkdir()
        app = self.start(opened(), tmp_path / "empty")
        assert "Expected pictures" in app.error[0].value

    def test_a_stopped_task_writes_nothing(self, trained_machine):
        order = folder_task.Order(
            str(trained_machine / "data" / "sample"), (store.list_runs()[0][0].run_id,), 0.5, 0.01
        )
        with pytest.raises(folder_task.Cancelled):
            folder_task.classify(order.subject(), lambda *_: None, lambda: True)
        assert not (trained_machine / "cache" / "classified").exists()
        assert folder_task.Order.of_subject(order.subject()) == order


def button(app: AppTest, label: str):
    return next(found for found in app.button if found.label == label)


def is_readable(content: bytes) -> bool:
    try:
        picture.load_upright(content)
    except UnreadableImage:
        return False
    return True
