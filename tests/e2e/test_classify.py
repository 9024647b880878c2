"""The Classify page in a real browser: files of all kinds, ZIPs, clipboard, camera, corrections."""

import base64
import io
import json
import re
import shutil
import zipfile

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, expect

from catsdogs.errors import UnreadableImage
from catsdogs.images.edits import EDITS
from catsdogs.images.picture import Picture, digest, load_upright
from catsdogs.inference import answers
from catsdogs.inference.panel import Decision, Panel
from catsdogs.inference.predictor import Predictor
from catsdogs.inference.what_if import Editable, curve
from catsdogs.labels import CAT, CLASS_NAMES, DOG, PETS
from catsdogs.runs import store
from catsdogs.runs.run import Run
from catsdogs.sources.drawing.animals import face
from catsdogs.text import percent
from catsdogs.ui.shared import run_chips
from e2e.conftest import (
    BROWSER_OPTIONS,
    SCREENSHOTS,
    assert_above_the_fold,
    at_sizes,
    opened,
    picture,
    press_until,
    serving,
    settle,
)

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SHEET = ".st-key-classify_sheet .tile"
# Pastes a PNG as the browser does for a screenshot.
PASTE = """async (node, content) => {
  const bytes = await (await fetch(`data:image/png;base64,${content}`)).arrayBuffer();
  const clipboard = new DataTransfer();
  clipboard.items.add(new File([bytes], "image.png", {type: "image/png"}));
  const options = {clipboardData: clipboard, bubbles: true, cancelable: true};
  node.dispatchEvent(new ClipboardEvent("paste", options));
}"""
COPY = """async (content) => {
  const blob = await (await fetch(`data:image/png;base64,${content}`)).blob();
  await navigator.clipboard.write([new ClipboardItem({"image/png": blob})]);
}"""
REFUSE_CAMERA = """(name) => {
  navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("", name));
}"""
FAKE_CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
UNREADABLE = {"cat.cut.jpg": "cut short", "text.jpg": "Received: text"}


@pytest.fixture(scope="module")
def world(trained_world, tmp_path_factory):
    """A copy of two trained runs, and of what they were trained on."""
    world = tmp_path_factory.mktemp("classify")
    for name in ("data", "artifacts", "cache"):
        shutil.copytree(trained_world / name, world / name)
    return world


@pytest.fixture(scope="module")
def app(world):
    with serving(world) as server:
        yield server


@pytest.fixture
def runs(world, monkeypatch):
    monkeypatch.setenv("CATSDOGS_ARTIFACTS", str(world / "artifacts"))
    return store.list_runs()[0]


@pytest.fixture
def mixed(tmp_path):
    """Twelve files, as people have them: ten that are pictures, two that only seem so."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    cat, dog = (face(np.random.default_rng([3, label]), label)[0] for label in (CAT, DOG))
    exif = Image.Exif()
    exif[0x0112] = 6
    see_through = dog.convert("RGBA")
    mask = Image.new("L", dog.size, 0)
    ImageDraw.Draw(mask).ellipse((0, 0, *dog.size), fill=255)
    see_through.putalpha(mask)
    cat.save(folder / "cat.good.jpg")
    dog.save(folder / "dog.good.jpg")
    dog.transpose(Image.Transpose.ROTATE_90).save(folder / "dog.turned.jpg", exif=exif)
    cat.convert("CMYK").save(folder / "cat.cmyk.jpg")
    see_through.save(folder / "dog.alpha.png")
    cat.quantize(64).save(folder / "cat.palette.gif")
    dog.save(folder / "dog.webp")
    cat.save(folder / "cat.avif")
    _write_heic(dog, folder / "dog.heic")
    content = (folder / "cat.good.jpg").read_bytes()
    (folder / "cat.cut.jpg").write_bytes(content[: len(content) // 2])
    (folder / "text.jpg").write_text("this is text")
    Image.linear_gradient("L").save(folder / "nothing *b* [x](y).png")
    assert len(list(folder.iterdir())) == 12
    return sorted(folder.iterdir())


def _write_heic(photo: Image.Image, path) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    pillow_heif.from_pillow(photo).save(path)


def classify(page: Page, app, *runs: Run) -> None:
    asked = "&".join(f"run={run.run_id}" for run in runs)
    opened(page, f"{app.url}/classify?{asked}", "Classify")
    expect(page.get_by_text("Drop pictures, or archives of pictures")).to_be_visible()


def drop(page: Page, *files) -> None:
    """Give files, and wait for the answers."""
    page.set_input_files("input[type=file]", list(files))
    expect(answer(page)).to_be_visible()
    settle(page)


def answer(page: Page):
    """The answer in large type."""
    return page.locator(".st-key-classify_answer h2")


def view(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name, exact=True).click()
    settle(page)


def tiles(page: Page) -> dict[str, str]:
    """What the contact sheet says of each picture."""
    expect(page.locator(SHEET).first).to_be_visible()
    names, notes = (page.locator(f"{SHEET} .{what}").all_inner_texts() for what in ("name", "note"))
    return dict(zip(names, notes, strict=True))


def downloaded(page: Page, name: str, tmp_path):
    more = page.get_by_role("button", name="More", exact=True)
    if more.count() and not page.get_by_test_id("stDownloadButton").count():
        more.click()
    with page.expect_download() as download:
        page.get_by_test_id("stDownloadButton").filter(has_text=name).click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_twelve_mixed_files_are_answered_and_the_csv_says_the_same(
    app, page, runs, mixed, tmp_path
):
    classify(page, app, *runs)
    drop(page, *mixed)
    view(page, "Table")
    expect(page.get_by_text("2 files cannot be read")).to_be_visible()
    picture(page, "classify-mixed-table")
    view(page, "Contact sheet")
    shown = tiles(page)
    assert list(shown) == [path.name for path in mixed]
    panel, decision = Panel(runs, runs, Predictor), Decision()
    written = pd.read_csv(downloaded(page, "CSV", tmp_path)).set_index("File")
    as_json = json.loads(downloaded(page, "JSON", tmp_path).read_text())
    records = {record["file"]: record for record in as_json}
    assert list(written.index) == list(shown) == list(records)
    for path in mixed:
        seen, row = answers.see(path.name, path.read_bytes, panel), written.loc[path.name]
        note, record = shown[path.name], records[path.name]
        if path.name in UNREADABLE:
            assert UNREADABLE[path.name] in note
            assert row["Error"] == note == record["error"]["message"]
            continue
        labels = [result["label"] for result in record["results"]]
        assert labels == seen.labels(decision)
        for run, answer, told, label in zip(
            runs, seen.answers, note.removeprefix("disagree: ").split(" / "), labels, strict=True
        ):
            title = _column(written, run)
            p_dog = row[f"{title}: P(dog)"]
            sure = percent(p_dog if label == CLASS_NAMES[DOG] else 1 - p_dog)
            assert row[title] == label
            assert told == (label if label == "neither" else f"{label} {sure}")
            assert p_dog == pytest.approx(answer.calibrated_p_dog, abs=1e-4)
            assert row[f"{title}: raw P(dog)"] == pytest.approx(answer.p_dog, abs=1e-4)
    assert records["dog.turned.jpg"]["changes"] == ["turned by 90°"]
    assert written.loc["cat.cmyk.jpg", "Decoding"] == "CMYK made RGB"
    assert "transparency" in written.loc["dog.alpha.png", "Decoding"]
    picture(page, "classify-mixed-sheet")
    assert page.strangers == []


def _column(written: pd.DataFrame, run: Run) -> str:
    return next(name for name in written.columns if name == run_chips.name(run))


def test_a_click_on_a_tile_that_another_click_removes_is_no_error(app, page, runs, mixed):
    classify(page, app, *runs)
    drop(page, *mixed)
    for delay_ms in (0, 30, 60, 120):
        both = [
            page.get_by_role("radio", name="Contact sheet", exact=True).element_handle(),
            page.locator(".strip .tile").nth(2).element_handle(),
        ]
        page.evaluate(
            "([sheet, tile, ms]) => { sheet.click(); setTimeout(() => tile.click(), ms); }",
            [*both, delay_ms],
        )
        page.wait_for_timeout(delay_ms)
        settle(page)
        expect(page.get_by_role("heading", name="Classify", exact=True)).to_be_visible()
        view(page, "Picture")
        expect(page.locator(".strip .tile").nth(2)).to_be_visible()
    assert page.strangers == []


def test_a_tile_opens_its_picture_and_arrows_go_on(app, page, runs, mixed):
    classify(page, app, *runs)
    drop(page, *mixed)
    view(page, "Contact sheet")
    page.locator(SHEET, has_text="dog.turned.jpg").click()
    expect(page.get_by_role("img", name="dog.turned.jpg")).to_be_visible()
    page.get_by_text("Details", exact=True).click()
    expect(page.get_by_text("turned by 90°")).to_be_visible()
    expect(page.get_by_text("Most similar training photos").first).to_be_visible()
    settle(page)
    picture(page, "classify-picture")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("img", name="dog.webp")).to_be_visible()
    page.get_by_role("button", name="Previous").click()
    expect(page.get_by_role("img", name="dog.turned.jpg")).to_be_visible()


def test_a_row_opens_its_picture_as_often_as_it_is_clicked(app, page, runs, mixed):
    classify(page, app, runs[0])
    drop(page, *mixed)
    for _ in range(2):
        view(page, "Table")
        # Below the header, the second row is that of "cat.cmyk.jpg".
        grid = page.locator("[class*=st-key-classify_table] canvas").first
        grid.scroll_into_view_if_needed()
        box = grid.bounding_box()
        page.mouse.click(box["x"] + 140, box["y"] + 36 + 1.5 * 56)
        expect(page.get_by_role("img", name="cat.cmyk.jpg")).to_be_visible()
        settle(page)


def test_a_zip_is_answered_beside_one_that_is_none(app, page, runs, tmp_path):
    photo = face(np.random.default_rng(1), CAT)[0]
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG")
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as opened_zip:
        for number in range(60):
            opened_zip.writestr(f"cats/{number:02}.jpg", buffer.getvalue())
        opened_zip.writestr("dogs/broken.jpg", b"nothing")
    (tmp_path / "bad.zip").write_bytes(b"PK\x03\x04")
    classify(page, app, runs[0])
    drop(page, tmp_path / "many.zip", tmp_path / "bad.zip")
    expect(page.locator(".tile")).to_have_count(24)
    expect(page.get_by_text("which cannot be opened")).to_be_visible()
    expect(page.get_by_role("radio", name="All · 61")).to_be_visible()
    view(page, "Contact sheet")
    assert len(tiles(page)) == 48
    page.get_by_role("radio", name="Unreadable · 1").click()
    settle(page)
    assert list(tiles(page)) == ["broken.jpg"]
    assert len(pd.read_csv(downloaded(page, "CSV", tmp_path))) == 61
    page.get_by_role("button", name="Remove many.zip").click()
    expect(page.get_by_text("Or try one of these")).to_be_visible()


def test_a_pasted_screenshot_is_answered_until_it_is_removed(app, page, runs):
    classify(page, app, runs[0])
    settle(page)
    buffer = io.BytesIO()
    face(np.random.default_rng(2), DOG)[0].save(buffer, "PNG")
    page.locator("body").evaluate(PASTE, base64.b64encode(buffer.getvalue()).decode())
    expect(answer(page)).to_be_visible()
    expect(page.get_by_role("img", name="image.png")).to_be_visible()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(answer(page)).to_have_count(0)
    assert page.strangers == []


def test_the_paste_button_reads_the_clipboard(app, browser, runs):
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    classify(page, app, runs[0])
    settle(page)
    buffer = io.BytesIO()
    face(np.random.default_rng(2), DOG)[0].save(buffer, "PNG")
    page.evaluate(COPY, base64.b64encode(buffer.getvalue()).decode())
    page.get_by_role("button", name="Paste").click()
    expect(page.get_by_role("img", name="pasted.png")).to_be_visible()
    context.close()


@pytest.mark.long
def test_a_dropped_picture_fits_above_the_fold_with_its_answer(app, page, runs, mixed):
    for files in (mixed[:1], mixed):
        classify(page, app, *runs)
        drop(page, *files)
        for _, height in at_sizes(page, ((1440, 900), (1100, 800))):
            assert_above_the_fold(page, height)


def test_pictures_come_back_after_another_page(app, page, runs, mixed):
    good = [path for path in mixed if "good" in path.name]
    classify(page, app, runs[0])
    drop(page, *good)
    sidebar = page.get_by_test_id("stSidebar")
    sidebar.get_by_role("link", name="Dataset").click()
    expect(page.get_by_role("heading", name="Dataset", exact=True)).to_be_visible()
    settle(page)
    sidebar.get_by_role("link", name="Home").click()
    expect(answer(page)).to_be_visible()
    sidebar.get_by_role("link", name="Classify").click()
    expect(page.locator(".tile")).to_have_count(2)
    settle(page)
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("button", name="Clear all").click()
    expect(answer(page)).to_have_count(0)


@pytest.fixture
def with_camera(browser: Browser):
    """A page of a browser that has a camera, and lets anyone use it."""
    path = browser.browser_type.executable_path
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), path)
    with_camera = browser.browser_type.launch(
        executable_path=found, args=[*BROWSER_OPTIONS, *FAKE_CAMERA]
    )
    page = with_camera.new_page()
    # Counts how often the page asks for the camera.
    page.add_init_script(
        """window.asked = 0;
        const devices = navigator.mediaDevices, ask = devices.getUserMedia.bind(devices);
        devices.getUserMedia = (wanted) => { window.asked += 1; return ask(wanted); };"""
    )
    yield page
    with_camera.close()


def test_the_camera_answers_in_the_browser_and_sends_no_frame(app, with_camera, runs):
    page, sent, requests = with_camera, [], []
    page.on("websocket", lambda socket: socket.on("framesent", lambda data: sent.append(data)))
    page.on("request", lambda request: requests.append(request))
    classify(page, app, runs[0])
    settle(page)
    assert page.evaluate("window.asked") == 0
    assert not [one.url for one in requests if "live_camera" in one.url]
    open_camera(page)
    expect(page.get_by_text(re.compile("answers a second"))).to_be_visible()
    said, before = len(sent), len(requests)
    page.get_by_text("Heat map", exact=True).click()
    page.wait_for_timeout(2000)
    # A frame of the camera is 900 kB, and its smallest JPEG 5 kB.
    assert sum(map(len, sent[said:])) < 4000
    assert len(requests) == before


@pytest.mark.long
def test_a_frame_that_is_kept_is_one_upload(app, with_camera, runs):
    page, sent, requests = with_camera, [], []
    page.on("websocket", lambda socket: socket.on("framesent", lambda data: sent.append(data)))
    page.on("request", lambda request: requests.append(request))
    classify(page, app, runs[0])
    open_camera(page)
    expect(page.get_by_text(re.compile("answers a second"))).to_be_visible()
    label = page.locator(".label").text_content().split(",")[0]
    page.get_by_role("button", name="Keep this frame").click()
    expect(answer(page)).to_be_visible()
    expect(page.locator("video")).to_have_count(0)
    assert label in page.locator(".st-key-classify_answer h2").text_content()
    assert max(map(len, sent)) < 4000
    assert [one.method for one in requests].count("PUT") == 1
    fetched = [one.url for one in requests if ".wasm" in one.url]
    open_camera(page)
    expect(page.get_by_text(re.compile("answers a second"))).to_be_visible()
    assert [one.url for one in requests if ".wasm" in one.url] == fetched


def test_a_camera_that_cannot_be_used_says_why_and_what_to_do(app, page, runs):
    classify(page, app, runs[0])
    for name, said in (
        ("NotAllowedError", "does not allow this page to use the camera"),
        ("NotFoundError", "No camera was found"),
        ("NotReadableError", "Close other programs that use it"),
    ):
        page.evaluate(REFUSE_CAMERA, name)
        open_camera(page)
        expect(page.get_by_text(said)).to_be_visible()
        page.keyboard.press("Escape")
    page.evaluate("Object.defineProperty(navigator, 'mediaDevices', {value: undefined})")
    open_camera(page)
    expect(page.get_by_text("only at http://localhost or over https")).to_be_visible()


def open_camera(page: Page) -> None:
    settle(page)
    page.get_by_role("button", name="Camera", exact=True).click()


def test_a_wrong_answer_is_kept_and_taken_back(app, page, runs, mixed, world):
    classify(page, app, runs[0])
    good = next(path for path in mixed if path.name == "dog.good.jpg")
    drop(page, good)
    page.get_by_role("button", name="Wrong?").click()
    page.get_by_role("button", name="Cat", exact=True).click()
    expect(page.get_by_text("Marked as")).to_be_visible()
    kept = world / "data" / "corrections" / "cat" / f"{digest(good.read_bytes())}.jpg"
    assert kept.read_bytes() == good.read_bytes()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Marked as")).to_be_hidden()
    assert not kept.exists()


def flipping(run: Run, paths):
    """Return a picture, an edit that changes its answer, and the curve of that edit."""
    predictor = Predictor(run)
    tried = (
        (path, kind, curve(Editable(Picture(path.read_bytes()), predictor), kind, threshold=0.5))
        for path in paths
        for kind in EDITS
    )
    return next(one for one in tried if one[2].flips_at is not None)


def test_a_slider_flips_the_answer_and_undo_takes_it_back(app, page, runs, mixed):
    good = [path for path in mixed if path.name.endswith(".good.jpg")]
    path, kind, found = flipping(runs[0], good)
    edit = EDITS[kind]
    classify(page, app, runs[0])
    drop(page, path)
    radio = page.get_by_role("radio", name=edit.title, exact=True)
    press_until(page.get_by_text("What if …", exact=True).click, radio)
    radio.click()
    settle(page)
    said = page.locator(".view .said")
    before = said.inner_text()
    assert before.startswith(PETS.of(found.p_dog[found.amounts.index(0)]))
    flip = f"{found.flips_to} at {edit.written(found.flips_at)}"
    expect(page.locator(".view .flips")).to_contain_text(flip)
    flipped = [at for at, p in enumerate(found.p_dog) if PETS.of(p) == found.flips_to]
    page.get_by_role("slider", name=edit.title, exact=True).fill(str(flipped[0]))
    expect(said).to_contain_text(found.flips_to)
    expect(page.get_by_text("changed", exact=True)).to_be_visible()
    settle(page)
    picture(page, "what-if")
    page.get_by_role("radio", name="Cover", exact=True).click()
    settle(page)
    page.locator(".view .canvas").click()
    expect(page.get_by_text("1 brush stroke")).to_be_visible()
    for left in (1, 0):
        page.get_by_role("button", name="Undo", exact=True).click()
        settle(page)
        assert page.get_by_role("button", name="Undo", exact=True).is_enabled() == bool(left)
    expect(said).to_have_text(before)


def test_a_look_into_the_network_shows_a_strip_of_each_stage_with_a_caption(app, page, runs, mixed):
    classify(page, app, *runs)
    drop(page, next(path for path in mixed if path.name == "dog.good.jpg"))
    page.get_by_text("What the network sees", exact=True).click()
    expect(page.get_by_text("Agreement of the two maps")).to_be_visible()
    for alt in (
        "Heat map of the evidence",
        "Occlusion map of the evidence",
        "filters of the first",
    ):
        expect(page.get_by_role("img", name=alt)).to_be_visible()
    for stage, cells in enumerate((25, 12, 6), 1):
        strip = page.get_by_role(
            "img", name=f"feature maps of stage {stage}, {cells} × {cells} cells"
        )
        expect(strip).to_be_visible()
        expect(page.get_by_text(f"Stage {stage}: 6 of")).to_be_visible()
    picture(page, "network")


def test_a_folder_on_this_machine_is_classified_by_a_task(app, page, runs, world, tmp_path):
    classify(page, app, *runs)
    page.get_by_text("Classify a folder on this machine").click()
    page.get_by_role("textbox", name="Folder").fill(str(world / "data" / "sample"))
    page.get_by_role("button", name="Classify folder").click()
    expect(page.get_by_text("80 pictures")).to_be_visible()
    written = pd.read_csv(downloaded(page, "CSV", tmp_path))
    assert len(written) == 80
    readable = [_is_readable(world / "data" / "sample" / name) for name in written["File"]]
    assert list(written["Error"].isna()) == readable
    page.get_by_role("button", name="Delete result").click()
    expect(page.get_by_text("80 pictures")).to_be_hidden()


def _is_readable(path) -> bool:
    try:
        load_upright(path.read_bytes())
    except UnreadableImage:
        return False
    return True


def test_the_choice_of_runs_is_in_the_address(app, page, runs):
    classify(page, app, runs[1])
    page.get_by_role("button", name="Settings").click()
    chosen = page.get_by_test_id("stMultiSelect")
    expect(chosen.get_by_text(run_chips.name(runs[1]))).to_be_visible()
    settle(page)
    assert f"run={runs[1].run_id}" in page.url
    assert runs[0].run_id not in page.url


def test_on_a_phone_everything_stands_in_one_column(app, page, runs, mixed):
    page.set_viewport_size({"width": 420, "height": 900})
    classify(page, app, *runs)
    drop(page, mixed[0])
    camera, files = (
        page.get_by_text(text, exact=True).bounding_box()
        for text in ("Camera", "Drop pictures, or archives of pictures")
    )
    assert camera["y"] < files["y"]
    wide = page.get_by_test_id("stMain").evaluate("node => node.scrollWidth > node.clientWidth")
    assert not wide
    SCREENSHOTS.mkdir(exist_ok=True)
    page.set_viewport_size({"width": 420, "height": 3000})
    page.wait_for_timeout(500)
    page.screenshot(path=SCREENSHOTS / "classify-phone.png")


def test_the_web_process_loaded_no_tensorflow(app):
    loaded = app.loaded_files()
    assert "pyarrow" in loaded
    assert "tensorflow" not in loaded
