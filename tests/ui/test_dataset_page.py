"""The Dataset page in its states, run by Streamlit's own test runner, without a browser."""

import shutil
import time
from dataclasses import replace
from functools import partial

import components
import pytest
import storage_server
import test_alike
from conftest import PROJECT
from streamlit.testing.v1 import AppTest

from catsdogs import paths
from catsdogs.background import job, tasks
from catsdogs.background.tasks import TaskState
from catsdogs.dataset import annotations, corrections, decisions_csv, index
from catsdogs.errors import WeightsUnavailable
from catsdogs.health import checkup, named_slices
from catsdogs.health.findings import Findings, load, save, summary_file
from catsdogs.sources import current, fetch_task, sample
from catsdogs.ui.shared import cache

pytestmark = pytest.mark.page


@pytest.fixture(autouse=True)
def fresh_caches():
    """Streamlit's caches outlive a test, its temporary folders do not."""
    cache.forget_datasets()


@pytest.fixture
def chosen(kaggle_folder):
    """Sixteen photos as the current dataset."""
    current.choose(kaggle_folder)
    return kaggle_folder


@pytest.fixture
def small_sample(monkeypatch):
    """The sample, drawn small: the real drawing has tests of its own."""
    monkeypatch.setattr(sample, "draw_sample", partial(sample.draw_sample, images=20))


@pytest.fixture
def checked(chosen):
    """A health check of them that did without MobileNetV2, but doubts two labels."""

    def no_weights():
        raise WeightsUnavailable("No weights here. Download them.")

    findings = checkup.run(index.scan(chosen), backbone=no_weights, report=lambda *_: None)
    doubted = findings.rows["path"].isin(["cat.3.jpg", "dog.5.jpg"])
    findings.rows.loc[:, "label_quality"] = 0.99
    findings.rows.loc[doubted, "label_quality"] = [0.01, 0.02]
    findings.rows.loc[:, "p_dog"] = 0.9
    findings.rows.loc[:, ["similarity", "map_x", "map_y"]] = 0.5
    save(chosen, findings)
    return chosen


def test_a_check_through_the_shipped_backbone_is_warned_of_and_can_be_made_again(checked):
    found = load(checked)
    assert not any("comes with this project" in w.value for w in opened(view="Health").warning)
    summary = replace(found.summary, embedding="", backbone="shipped")
    save(checked, Findings(found.rows, found.neighbours, summary))
    cache.forget_datasets()
    app = opened(view="Health")
    assert any("comes with this project" in warning.value for warning in app.warning)
    assert app.button(key="health_again")


def opened(**address: str) -> AppTest:
    app = AppTest.from_file(str(PROJECT / "streamlit_app.py"), default_timeout=60)
    app.switch_page("pages/dataset.py")
    for name, value in address.items():
        app.query_params[name] = value
    return run(app)


def run(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def tiles(app: AppTest, position: int = -1) -> list[dict]:
    drawn = [components.data(component) for component in app.get("bidi_component")]
    return [data["tiles"] for data in drawn if "tiles" in data][position]


def names(app: AppTest) -> list[str]:
    return [tile["name"] for tile in tiles(app)]


def said(app: AppTest) -> str:
    kinds = ("markdown", "caption", "info", "success", "warning", "error")
    return "\n".join(element.value for kind in kinds for element in app.get(kind))


def press(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()


def count(app: AppTest) -> str:
    """What the bar says of the number of photos."""
    return next(line.value for line in app.markdown if "photo" in line.value and "**" in line.value)


def preview(app: AppTest, path: object) -> None:
    app.text_input(key="dataset_path").set_value(str(path))
    app.button(key="dataset_preview").click().run()


def decide(app: AppTest, title: str) -> None:
    titles = list(app.menu_button(key="decide_all").options)
    app.menu_button(key="decide_all").click_index(titles.index(title)).run()


def test_files_are_counted_and_the_unreadable_listed(chosen):
    (chosen / "cat.70.jpg").write_bytes(b"")
    (chosen / "notes.txt").write_text("not an image")
    assert count(opened()) == "**16 photos**"
    app = opened(view="Health")
    assert "16 usable images · 1 unreadable · 1 .txt file" in said(app).replace("\\", "")
    assert app.dataframe[0].value["path"].tolist() == ["cat.70.jpg"]
    assert app.dataframe[0].value["problem"].tolist() == ["empty"]


def test_the_split_of_a_dataset_is_described_with_its_leaks(tmp_path, photo):
    for side, each in (("train", 6), ("test", 4)):
        for number in range(each):
            for label in ("cat", "dog"):
                seed = 100 * (side == "test") + 20 * (label == "cat") + number
                photo(tmp_path / "own" / side / f"{label}s" / f"{number}.jpg", seed=seed)
    current.choose(tmp_path / "own")
    assert "Its own split: 12 in train/, 8 in test/." in said(opened()).replace("\\", "")
    assert "on several sides" not in said(opened())
    copy = tmp_path / "own" / "train" / "cats" / "copy.jpg"
    copy.write_bytes((tmp_path / "own" / "test" / "cats" / "0.jpg").read_bytes())
    cache.forget_datasets()
    assert "leaves out 1 photo" in said(opened())
    sides = next(pills for pills in opened().get("button_group") if pills.key == "side")
    assert sides.options == ["Training", "Validation", "Test"]


def test_the_gallery_turns_pages_and_a_filter_turns_back(chosen, photo):
    for number in range(100, 140):
        photo(chosen / f"dog.{number}.jpg", seed=number)
    app = opened(sort="Name")
    assert names(app)[:2] == ["cat.0.jpg", "cat.1.jpg"]
    app.session_state["page"] = 3
    assert names(run(app)) == [f"dog.{number}.jpg" for number in range(132, 140)]
    app.text_input(key="find").set_value("dog.1").run()
    assert "dog.1.jpg" in names(app)
    assert app.session_state["page"] == 1
    assert "cat.0.jpg" not in names(app)


def test_cats_and_dogs_are_mixed_until_the_order_is_chosen(chosen):
    found = names(opened())
    assert len({name[:3] for name in found[:6]}) == 2
    assert names(opened()) == found
    assert names(opened(sort="Name"))[:8] == [f"cat.{number}.jpg" for number in range(8)]


def test_the_filter_panel_is_pinned_beside_the_photos_and_folded_again(chosen):
    app = opened(find="cat.3")
    for key in ("filters_pin", "filters_fold"):
        app.button(key=key).click().run()
        assert app.text_input(key="find").value == "cat.3"
        assert names(app) == ["cat.3.jpg"]
    app.button(key="clear").click().run()
    assert len(names(app)) == 16


def test_a_filter_survives_another_view(chosen):
    app = opened(find="cat.3")
    for view in ("Health", "Photos"):
        app.segmented_control(key="view").set_value(view).run()
    assert names(app) == ["cat.3.jpg"]


def test_an_address_holds_the_filter(chosen):
    assert names(opened(find="CAT.3")) == ["cat.3.jpg"]
    assert all(name.startswith("dog.") for name in names(opened(**{"class": "Dogs"})))
    side = names(opened(side="Validation"))
    assert len(side) == 4


def test_an_address_that_somebody_typed_breaks_nothing(chosen):
    app = opened(area="size:1,x;;", photo="../../etc/passwd", flag="nonsense", page="-4", px="no")
    assert len(names(app)) == 16


def test_an_area_on_the_chart_of_sizes_filters(chosen, photo):
    photo(chosen / "cat.50.jpg", size=(300, 200), seed=50)
    app = opened(area="size:200,100;400,100;400,300;200,300")
    assert names(app) == ["cat.50.jpg"]
    assert "selection on the chart of sizes" in said(app)
    app.button(key="clear").click().run()
    assert len(names(app)) == 17


def test_nothing_found_says_so(chosen):
    assert "No photo matches" in said(opened(find="no such name"))


def test_names_are_shown_as_they_are(chosen, photo):
    name = "cat.5 [x](http:..evil) *b* :smile: <i>.jpg"
    photo(chosen / name)
    assert name in names(opened())
    app = opened(photo=name)
    assert not app.exception


@pytest.mark.parametrize(
    ("view", "key"),
    [
        *((view, "health_run") for view in ("Photos", "Charts", "Health")),
        *((view, "check_offer") for view in ("Map", "Review")),
    ],
)
def test_a_check_is_offered_wherever_it_is_missed(chosen, view, key):
    app = opened(view=view)
    primary = [button for button in app.button if button.proto.type == "primary"]
    assert [button.key for button in primary] == [key]


def test_copies_across_the_split_are_counted_when_somebody_asks(chosen):
    (chosen / "cat.90.jpg").write_bytes((chosen / "cat.0.jpg").read_bytes())
    app = run(opened(view="Health"))
    assert "on several sides" not in said(app)
    app.session_state["health_copies"] = True
    assert "**0** of 1 group of exact duplicates have photos on several sides" in said(run(app))


def test_findings_without_photos_have_no_card(checked):
    app = opened(view="Health")
    assert "2 suspect labels" in said(app)
    assert "identical file" not in said(app)
    assert not [button for button in app.button if button.label.endswith("· 0")]


def test_a_finding_filters_the_gallery(checked):
    app = opened(view="Health")
    app.button(key="finding_suspect").click().run()
    assert names(app) == ["cat.3.jpg", "dog.5.jpg"]
    assert "No weights here" in said(opened(view="Health"))


def test_the_review_queue_asks_about_the_most_doubtful_first_and_moves_on(checked):
    before = index.scan(checked).fingerprint()
    app = opened()
    press(app, "Review 2 suspect labels (60 s)")
    assert "cat\\.3\\.jpg" in said(app)
    press(app, "Relabel as dog")
    assert "dog\\.5\\.jpg" in said(app)
    press(app, "Exclude")
    assert "Nothing is left" in said(app)
    decided = index.scan(checked)
    assert (decided.excluded, decided.relabelled) == (1, 1)
    assert app.button(key="next_train")
    for _ in range(2):
        press(app, "Undo")
    assert index.scan(checked).fingerprint() == before


def test_the_review_queue_can_be_walked_without_deciding(checked):
    app = opened(view="Review")
    app.button(key="review_next").click().run()
    assert "dog\\.5\\.jpg" in said(app)
    app.button(key="review_previous").click().run()
    assert "cat\\.3\\.jpg" in said(app)


def test_everything_that_a_filter_finds_is_excluded_and_brought_back_in_one_step(chosen):
    app = opened(find="cat", sort="Name")
    decide(app, "Exclude all")
    assert index.scan(chosen).excluded == 8
    assert names(opened(flag="Excluded by you", sort="Name")) == [f"cat.{n}.jpg" for n in range(8)]
    app.button(key="gallery_undo").click().run()
    assert index.scan(chosen).excluded == 0


def test_a_decision_about_more_than_twenty_photos_asks_once(chosen, photo):
    for number in range(100, 108):
        photo(chosen / f"dog.{number}.jpg", seed=number)
    app = opened()
    decide(app, "Exclude all")
    assert index.scan(chosen).excluded == 0
    app.button(key="all_confirm").click().run()
    assert index.scan(chosen).excluded == 24
    app.button(key="gallery_undo").click().run()
    assert count(app) == "**24 photos**"


def select(app: AppTest, title: str) -> None:
    menu = app.menu_button(key="gallery_select")
    menu.click_index([option.startswith(title) for option in menu.options].index(True)).run()


def label_of_menu(app: AppTest, key: str) -> str:
    return app.menu_button(key=key).label


def test_a_selection_is_decided_about_and_stays_on_other_pages_and_filters(chosen, photo):
    for number in range(100, 120):
        photo(chosen / f"dog.{number}.jpg", seed=number)
    app = opened(sort="Name")
    select(app, "All on this page")
    assert label_of_menu(app, "gallery_select") == "24 selected"
    app.session_state["page"] = 2
    run(app)
    assert label_of_menu(app, "decide_all") == "Decide for 24"
    app.text_input(key="find").set_value("cat").run()
    assert label_of_menu(app, "gallery_select") == "8 selected"
    decide(app, "Relabel all as dog")
    assert index.scan(chosen).relabelled == 8
    app.button(key="gallery_undo").click().run()
    assert index.scan(chosen).relabelled == 0
    select(app, "None")
    assert label_of_menu(app, "gallery_select") == "Select"
    assert label_of_menu(app, "decide_all") == "Decide for all"


def test_another_dataset_with_the_same_names_has_a_selection_of_its_own(chosen):
    copy = shutil.copytree(chosen, chosen.parent / "copy")
    app = opened()
    before = components.data(app.get("bidi_component")[0])["version"]
    select(app, "All on this page")
    current.choose(copy)
    run(app)
    assert label_of_menu(app, "gallery_select") == "Select"
    assert components.data(app.get("bidi_component")[0])["selected"] == []
    assert components.data(app.get("bidi_component")[0])["version"] > before + 1


def test_selected_photos_are_tagged_with_any_text_and_found_by_it(chosen):
    app = opened(find="cat", sort="Name")
    select(app, "All on this page")
    app.multiselect(key="gallery_tag_names").set_value(["my **best**"])
    press(app, "Add")
    assert tiles(app)[0]["note"].endswith("#my **best**")
    assert app.multiselect(key="gallery_tag_names").value == []
    assert names(opened(tag="my **best**", sort="Name")) == [f"cat.{n}.jpg" for n in range(8)]
    app.button(key="gallery_undo").click().run()
    assert "#" not in tiles(app)[0]["note"]


def test_a_tag_that_is_too_long_says_so_and_stays_in_the_field(chosen):
    app = opened()
    app.multiselect(key="gallery_tag_names").set_value(["x" * 41])
    press(app, "Add")
    assert "Expected a tag" in app.error[0].value
    assert app.multiselect(key="gallery_tag_names").value == ["x" * 41]


def test_one_of_each_duplicate_is_kept_after_it_was_said_which(chosen):
    (chosen / "cat.70.jpg").write_bytes((chosen / "cat.0.jpg").read_bytes())
    assert not any("duplicate" in title for title in opened(find="dog").menu_button[0].options)
    app = opened(flag="Exact duplicates")
    decide(app, "Keep the largest of each duplicate")
    assert "photo with the most pixels" in said(app)
    assert index.scan(chosen).excluded == 0
    app.button(key="all_confirm").click().run()
    assert set(index.scan(chosen).usable["path"]) >= {"cat.0.jpg"}
    assert index.scan(chosen).excluded == 1
    app.button(key="gallery_undo").click().run()
    assert index.scan(chosen).excluded == 0


@pytest.fixture
def coloured(chosen, monkeypatch):
    """The current dataset, MobileNetV2 a network that saw all photos but one."""
    backbone = cache.Backbone(test_alike.BACKBONE, test_alike.Colours())
    monkeypatch.setattr(cache, "_backbone", lambda: backbone)
    pictures = index.scan(chosen).pictures
    test_alike.look_at(chosen, pictures[pictures["path"] != "dog.7.jpg"])
    return chosen


def test_photos_like_an_open_one_come_first_with_their_similarity(coloured):
    app = opened(photo="cat.3.jpg", find="cat")
    app.button(key="alike_photo").click().run()
    assert "photo" not in app.query_params
    assert names(app)[0] == "cat.3.jpg"
    assert tiles(app)[0]["note"].startswith("alike 1.00 · cat")
    assert "Most similar to cat\\.3\\.jpg first" in said(app)
    assert not any("cannot be compared" in info.value for info in app.info)
    app.button(key="alike_end").click().run()
    assert not tiles(app)[0]["note"].startswith("alike")


def test_a_dropped_picture_is_searched_by_and_missing_vectors_are_offered(coloured):
    app = opened()
    app.file_uploader(key="alike_upload").set_value(
        ("mine.jpg", (coloured / "dog.1.jpg").read_bytes(), "image/jpeg")
    )
    run(app)
    assert names(app)[0] == "dog.1.jpg"
    assert names(app)[-1] == "dog.7.jpg"
    assert "1 photo cannot be compared yet" in said(app)
    assert app.button(key="alike_compute")


def test_an_upload_that_is_no_picture_says_so(coloured):
    app = opened()
    app.file_uploader(key="alike_upload").set_value(("mine.jpg", b"no picture", "image/jpeg"))
    run(app)
    assert "alike_wanted" not in app.session_state
    assert app.error


def test_corrections_join_by_a_switch(chosen, photo, tmp_path):
    assert not opened().toggle(key="desc").value
    assert not [toggle for toggle in opened().toggle if toggle.key == "corrections_joined"]
    before = index.scan(chosen).fingerprint()
    content = photo(tmp_path / "wrong.jpg", seed=700).read_bytes()
    corrections.keep(content, "wrong.jpg", "dog")
    app = opened()
    assert app.toggle(key="corrections_joined").label == "Include 1 correction"
    app.toggle(key="corrections_joined").set_value(True).run()
    assert count(app) == "**17 photos**"
    assert len(names(opened(flag="Corrections"))) == 1
    app.toggle(key="corrections_joined").set_value(False).run()
    assert count(app) == "**16 photos**"
    assert index.scan(chosen).fingerprint() == before


def test_an_open_photo_shows_what_is_known_of_it(checked):
    app = opened(photo="cat.3.jpg")
    facts = app.table[0].value
    assert facts.loc["Size"].iloc[0] == "64 × 48 px"
    assert facts.loc["Label"].iloc[0] == "cat"
    assert "Brightness" in facts.index


def test_an_open_photo_says_why_decisions_cannot_be_read(chosen):
    # A dialog is drawn anew without the page around it, which would have said so.
    def dialog(root):
        from catsdogs.ui.dataset import photo

        photo.details(root, [])

    app = AppTest.from_function(dialog, args=(chosen,), default_timeout=60)
    app.query_params["photo"] = "cat.1.jpg"
    assert not run(app).error
    (paths.review_dir(chosen) / "annotations.jsonl").mkdir(parents=True)
    assert "Is a directory" in run(app).error[0].value


def test_decisions_are_exported(checked):
    annotations.annotate(checked, index.scan(checked).usable.head(3), annotations.EXCLUDE)
    assert decisions_csv.to_csv(checked, index.scan(checked).records).count("exclude") == 3
    assert "3 excluded, 0 relabelled" in said(opened(view="Health"))


@pytest.mark.parametrize("view", ["Photos", "Charts", "Health", "Review", "Map"])
def test_every_view_works_on_a_checked_and_on_an_unchecked_dataset(view, checked):
    opened(view=view)
    summary_file(checked).unlink()
    cache.forget_datasets()
    opened(view=view)


@pytest.fixture
def other(tmp_path, photo):
    """Another dataset, of one cat and one dog."""
    photo(tmp_path / "other" / "cats" / "1.jpg")
    photo(tmp_path / "other" / "dogs" / "1.jpg", seed=4)
    return tmp_path / "other"


def test_another_dataset_is_previewed_before_it_is_used(chosen, other):
    app = opened(open="1")
    preview(app, other)
    assert "1 cat, 1 dog" in said(app)
    assert "folders' names" in said(app)
    assert current.path() == chosen
    app.button(key="dataset_use").click().run()
    assert not app.exception
    assert current.path() == other
    assert count(app) == "**2 photos**"


def test_a_preview_can_be_refused(chosen, other):
    app = opened(open="1")
    preview(app, other)
    app.button(key="preview_back").click().run()
    assert app.text_input(key="dataset_path")
    app.button(key="open_back").click().run()
    assert len(names(app)) == 16
    assert current.path() == chosen


def test_an_address_is_previewed_and_used_like_a_folder(chosen, other, storage):
    for path in other.rglob("*.jpg"):
        storage.put(f"photos/{path.relative_to(other.parent).as_posix()}", path.read_bytes())
    address = f"s3://photos/{other.name}"
    app = opened(open="1")
    preview(app, "s3://photos/nothing")
    assert "nothing at that address" in app.error[0].value
    preview(app, address)
    assert "1 cat, 1 dog" in said(app)
    assert address in said(app).replace("\\", "")
    app.button(key="dataset_use").click().run()
    assert count(app) == "**2 photos**"
    storage.fail(storage_server.REFUSED)
    cache.forget_datasets()
    assert count(opened()) == "**2 photos**"


def test_a_wrong_path_is_explained(chosen, tmp_path):
    app = opened(open="1")
    preview(app, tmp_path / "nowhere")
    assert "nothing at that path" in app.error[0].value
    assert current.path() == chosen


def test_another_dataset_can_be_chosen_while_a_filter_is_on(chosen, other):
    app = opened(find="cat", flag="Small", photo="cat.1.jpg", page="1")
    app.button(key="open_photos").click().run()
    preview(app, other)
    app.button(key="dataset_use").click().run()
    assert not app.exception
    assert current.path() == other
    assert len(names(app)) == 2


def test_a_dataset_that_has_gone_is_named(chosen, small_sample):
    chosen.rename(chosen.with_name("elsewhere"))
    assert "no longer exists" in said(opened())


def test_when_everything_is_excluded_the_page_says_so(chosen):
    annotations.annotate(chosen, index.scan(chosen).usable, annotations.EXCLUDE)
    assert "All photos are excluded" in said(opened(view="Charts"))
    assert "No photo matches" in said(opened())


def test_a_folder_without_labels_cannot_be_used(chosen, tmp_path, photo):
    photo(tmp_path / "holidays" / "beach.jpg")
    app = opened(open="1")
    preview(app, f'"{tmp_path / "holidays"}"')
    assert "none of them labelled" in app.error[0].value
    assert not [button for button in app.button if button.key == "dataset_use"]


def test_a_folder_of_one_class_is_used_only_against_a_warning(chosen, tmp_path, photo):
    photo(tmp_path / "only" / "cats" / "1.jpg")
    app = opened(open="1")
    preview(app, tmp_path / "only")
    assert "There are no dogs here" in said(app)
    assert app.button(key="dataset_use").label == "Use it anyway"
    assert app.button(key="dataset_use").proto.type == "secondary"


def test_a_wrong_address_is_refused_before_anything_is_downloaded(chosen):
    app = opened(open="1")
    app.text_input(key="dataset_url").set_value("ftp://example.org/a.zip").run()
    app.button(key="download_address").click().run()
    assert "Expected" in app.error[0].value
    assert tasks.find(fetch_task.KIND, "ftp://example.org/a.zip") is None


@pytest.mark.slow
def test_a_download_that_failed_says_why_until_that_is_closed(chosen):
    url = "http://127.0.0.1:9/photos.zip"
    tasks.start(fetch_task.KIND, url)
    deadline = time.monotonic() + 60
    while tasks.find(fetch_task.KIND, url).is_running:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert tasks.find(fetch_task.KIND, url).state is TaskState.FAILED
    app = opened()
    assert "Expected" in app.error[0].value
    press(app, "Close")
    assert not app.error


def test_back_leaves_a_download_that_failed(chosen):
    url = "http://example.org/photos.zip"
    folder = tasks.folder_of(fetch_task.KIND, url)
    folder.mkdir(parents=True)
    job.report(folder, "queued", kind=fetch_task.KIND.name, subject=url)
    job.report(folder, "failed", message="Expected a zip. Received: a page.")
    app = opened()
    assert "Expected a zip" in app.error[0].value
    app.button(key="open_back").click().run()
    assert len(names(app)) == 16


def test_a_text_in_the_address_is_shown_as_text(chosen):
    app = opened(find="![i](http://example.org/i.png)")
    shown = next(one.value for one in app.caption if one.value.startswith("Filter:"))
    assert "![i](" not in shown
    assert "![i](http://example.org/i.png)" in shown.replace("\\", "")


def test_a_link_to_a_photo_opens_it_even_after_a_switch_of_the_dataset(chosen, other):
    app = opened()
    app.switch_page("pages/train.py")
    run(app)
    current.choose(other)
    cache.forget_datasets()
    app.switch_page("pages/dataset.py")
    app.query_params["photo"] = "cats/1.jpg"
    assert "photo_next" in [button.key for button in run(app).button]


@pytest.fixture
def italian(tmp_path, photo):
    """Photos in folders with Italian names."""
    for number in range(3):
        for place, name in enumerate(("gatto", "cane", "cavallo")):
            photo(tmp_path / "animals" / name / f"{number}.jpg", seed=10 * place + number)
    return tmp_path / "animals"


def label_rows(app, **classes):
    for row in app.segmented_control:
        for name, choice in classes.items():
            if f"**{name}**" in row.label:
                row.set_value(choice)
    app.button(key="label_form_save").click().run()


def test_a_folder_with_names_in_another_language_is_labelled_once_and_used(chosen, italian):
    app = opened(open="1")
    preview(app, italian)
    assert "cane (3), cavallo (3), gatto (3)" in app.error[0].value.replace("\\", "")
    label_rows(app, gatto="Cat", cane="Dog", cavallo="Leave out")
    assert not app.exception
    assert "3 cats, 3 dogs" in said(app)
    app.button(key="dataset_use").click().run()
    assert current.path() == italian
    assert len(names(app)) == 9


def test_a_current_dataset_without_labels_is_labelled_on_the_spot(italian):
    current.choose(italian)
    app = opened()
    assert "gatto (3)" in app.error[0].value.replace("\\", "")
    label_rows(app, gatto="Cat", cane="Dog")
    assert not app.error
    assert len(names(app)) == 9


def test_images_without_a_label_can_be_labelled_later(chosen, photo):
    for number in range(3):
        photo(chosen / "perros" / f"{number}.jpg", seed=30 + number)
    app = opened()
    assert "3 images without a label" in [box.label for box in app.expander]
    app.session_state["dataset_unlabelled"] = True
    app.run()
    label_rows(app, perros="Dog")
    assert not app.exception
    assert (index.last_scan(chosen).usable["label"] == 1).sum() == 11


@pytest.fixture
def with_table(tmp_path, photo):
    """Photos whose labels are only in a table beside them."""
    for number in range(1, 5):
        photo(tmp_path / "set" / "images" / f"{number}.jpg", seed=number)
    (tmp_path / "set" / "train.csv").write_text("id,label\n1,0\n2,1\n3,0\n4,1\n")
    return tmp_path / "set"


@pytest.mark.parametrize("is_current", [True, False], ids=["current", "previewed"])
def test_labels_are_taken_from_a_table_beside_the_photos(with_table, kaggle_folder, is_current):
    current.choose(with_table if is_current else kaggle_folder)
    app = opened() if is_current else opened(open="1")
    if not is_current:
        preview(app, with_table)
    button = app.button(key="table_take_0")
    assert button.label == "Take the labels of train\\.csv"
    button.click().run()
    assert not app.exception
    assert current.path() == with_table
    assert len(names(app)) == 4
    assert index.last_scan(with_table).usable["label"].tolist() == [0, 1, 0, 1]


def test_a_filter_is_kept_as_a_slice_and_removed(chosen):
    app = opened(find="1")
    assert "Compare and the page of a run" in said(app)
    app.text_input(key="slice_name").set_value("ones")
    app.button(key="slice_keep").click()
    run(app)
    [kept] = named_slices.read(chosen)
    assert (kept.name, kept.query.text) == ("ones", "1")
    app.button(key="slice_remove_0").click()
    run(app)
    assert named_slices.read(chosen) == []
    app.text_input(key="slice_name").set_value(" ")
    app.button(key="slice_keep").click()
    assert "Expected a name of 1 to 60 characters" in said(run(app)).replace("\\", "")


def test_the_classes_by_side_are_a_chart(chosen):
    app = opened(view="Charts", chart="Classes by side")
    assert "Click a bar to see its photos" in said(app)
    assert len(app.get("plotly_chart")) == 1
