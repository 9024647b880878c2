"""The exported web page in a real browser, against the answers that Python gives."""

import base64
import io
import json
import random
from pathlib import Path

import numpy as np
import pytest
from conftest import PROJECT, command_line
from firefox import PROGRAM, firefox
from PIL import Image, ImageOps
from playwright.sync_api import expect
from web_page import answers, opened

from catsdogs.inference.answers import Seen, see
from catsdogs.inference.panel import Decision, Panel
from catsdogs.inference.predictor import Predictor
from catsdogs.runs import layout, model_files, store
from catsdogs.sources.sample import draw_sample
from catsdogs.ui.classify.examples import DRAWINGS, drawing
from catsdogs.webpage.page import page as page_of

pytestmark = pytest.mark.e2e

RUN = "reference-mobilenet_v2-fine_tuned"
# The name, Pillow's format, its options and the EXIF orientation of each kind of file.
KINDS = (
    *(("jpg", "JPEG", {}, 1), ("jpg", "JPEG", {"progressive": True}, 1)),
    *(
        ("jpg", "JPEG", {}, 3),
        ("jpg", "JPEG", {}, 5),
        ("jpg", "JPEG", {}, 6),
        ("jpg", "JPEG", {}, 8),
    ),
    *(("png", "PNG", {}, 1), ("webp", "WEBP", {}, 1), ("gif", "GIF", {}, 1)),
    *(("bmp", "BMP", {}, 1), ("avif", "AVIF", {}, 1), ("jpg", "JPEG", {"subsampling": 0}, 7)),
)

# Gives a PNG to the page as a drop or as a paste.
GIVE = """([kind, content]) => {
  const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0));
  const given = new DataTransfer();
  given.items.add(new File([bytes], `${kind}.png`, {type: "image/png"}));
  if (kind === "paste") return dispatchEvent(new ClipboardEvent("paste", {clipboardData: given}));
  for (const type of ["dragover", "drop"]) {
    dispatchEvent(new DragEvent(type, {dataTransfer: given, cancelable: true}));
  }
}"""


@pytest.fixture
def shipped(monkeypatch):
    """The fine-tuned run that comes with the project."""
    monkeypatch.setenv("CATSDOGS_ARTIFACTS", str(PROJECT / "artifacts"))
    return store.find_with_model(RUN)


@pytest.fixture
def exported(shipped, tmp_path):
    """The web page of that run."""
    path = tmp_path / "page.html"
    path.write_text(page_of(shipped, model_files.intact(shipped, layout.LITERT_MODEL)), "utf-8")
    return path


def pictures(folder: Path, count: int) -> list[Path]:
    """Write drawn animals as all kinds of files: some large, one transparent, some plain."""
    drawn = sorted(draw_sample(folder / "sample", images=count + 20, seed=7).glob("*.jpg"))
    random.Random(7).shuffle(drawn)
    made = []
    for number, (source, side) in enumerate(zip(drawn, (300, 1000) * count, strict=False)):
        suffix, form, options, orientation = KINDS[number % len(KINDS)]
        try:
            with Image.open(source) as opened_image:
                image = ImageOps.contain(opened_image.convert("RGB"), (side, side))
        except OSError:  # The sample has damaged files.
            continue
        exif = Image.Exif()
        exif[0x0112] = orientation
        tag = {"exif": exif} if orientation > 1 else {}
        made.append(folder / f"{number}.{suffix}")
        image.save(made[-1], form, **options, **tag)
    return made[:count]


def python_answers(run, files: list[Path]) -> list[Seen]:
    panel = Panel([run], [run], Predictor)
    return [see(path.name, path.read_bytes, panel) for path in files]


def compared(run, files: list[Path], found: list[dict]) -> tuple[float, np.ndarray, np.ndarray]:
    """Return the share of equal labels, the differences of P(dog), the heat maps' cosines."""
    said = [seen.answers[0] for seen in python_answers(run, files)]
    same = [one.label(Decision()) == other["label"] for one, other in zip(said, found, strict=True)]
    differences = [
        abs(one.calibrated_p_dog - other["calibrated_p_dog"])
        for one, other in zip(said, found, strict=True)
    ]
    pairs = (
        (one.heatmap.ravel(), np.ravel(other["heatmap"]))
        for one, other in zip(said, found, strict=True)
    )
    cosines = [a @ b / np.linalg.norm(a) / np.linalg.norm(b) for a, b in pairs]
    return float(np.mean(same)), np.array(differences), np.array(cosines)


def test_the_page_answers_as_python_does_and_contacts_no_address(
    browser, shipped, exported, tmp_path
):
    files = pictures(tmp_path / "made", len(KINDS))
    with opened(browser, exported) as page:
        found = answers(page, files)
    same, differences, cosines = compared(shipped, files, found)
    assert same == 1
    assert np.median(differences) < 1e-3
    assert differences.max() < 0.05
    assert cosines.min() > 0.99


def test_two_runs_answer_as_python_does_and_say_whether_they_agree(browser, shipped, tmp_path):
    runs, path = [shipped, store.find_with_model("reference-custom_cnn")], tmp_path / "two.html"
    one, other = (run.run_id for run in runs)
    status, result = command_line("export", one, "--format", "web", "--with", other, "--out", path)
    assert (status, result["run"], result["with"]) == (0, one, other)
    files = [*pictures(tmp_path / "made", 4), pair_of_animals(tmp_path / "pair.png")]
    with opened(browser, path, viewport={"width": 420, "height": 800}) as page:
        found = answers(page, files)
        assert page.evaluate("document.documentElement.scrollWidth") == 420
        expect(page.get_by_text("May show both").filter(visible=True)).to_have_count(
            sum(bool(answer["both"]) for one in found for answer in one["runs"])
        )
    panel = Panel(runs, runs, Predictor)
    for seen, one in zip([see(f.name, f.read_bytes, panel) for f in files], found, strict=True):
        assert [answer["label"] for answer in one["runs"]] == seen.labels(Decision())
        assert [answer["both"] for answer in one["runs"]] == [a.both for a in seen.answers]
        assert one["agree"] != seen.disagree(Decision())


def pair_of_animals(path: Path) -> Path:
    """Write a cat and a dog side by side."""
    both = [Image.open(io.BytesIO(drawing(*one))).resize((300, 300)) for one in DRAWINGS[:2]]
    Image.fromarray(np.hstack(both)).save(path)
    return path


def test_a_picture_of_something_else_is_neither_and_a_text_is_no_picture(
    browser, exported, tmp_path
):
    plain, text = tmp_path / "plain.png", tmp_path / "notes.txt"
    Image.new("RGB", (300, 200), "green").save(plain)
    text.write_text("Not a picture.")
    with opened(browser, exported, viewport={"width": 420, "height": 800}) as page:
        neither, unread = answers(page, [plain, text])
        assert page.evaluate("document.documentElement.scrollWidth") == 420
        assert page.get_by_role("status").text_content() == f"notes.txt: {unread['error']}"
    assert neither["label"] == "neither"
    assert "cannot open it as a picture" in unread["error"]


def test_pictures_can_be_dropped_pasted_and_taken_with_a_phone(browser, exported, tmp_path):
    cat = tmp_path / "cat.png"
    Image.open(io.BytesIO(drawing(*DRAWINGS[0]))).save(cat)
    phone = {"viewport": {"width": 420, "height": 800}, "is_mobile": True, "has_touch": True}
    with opened(browser, exported, **phone) as page:
        expect(page.get_by_text("Take a photo")).to_be_visible()
        assert page.locator("#camera").get_attribute("capture") == "environment"
        page.locator("#camera").set_input_files(cat)
        expect(page.locator("#answers > li")).to_have_count(1)
        for count, kind in enumerate(("drop", "paste"), start=2):
            page.evaluate(GIVE, [kind, base64.b64encode(cat.read_bytes()).decode()])
            expect(page.locator("#answers > li")).to_have_count(count)
        said = page.locator("#answers > li strong").all_text_contents()
        assert len(set(said)) == 1
        assert said[0].startswith("Cat")
        assert not page.evaluate("document.body.classList.contains('dropping')")


@pytest.mark.long
@pytest.mark.skipif(PROGRAM is None, reason="no Firefox: install firefox-esr")
def test_firefox_answers_as_python_does_and_contacts_no_address(shipped, exported, tmp_path):
    files, profile = pictures(tmp_path / "made", len(KINDS)), tmp_path / "profile"
    profile.mkdir()
    with firefox(profile) as page:
        page.open(exported)
        page.wait_for("document.getElementById('status').textContent.startsWith('Ready')")
        page.choose("#files", files)
        page.wait_for(f"document.querySelectorAll('#answers > li').length === {len(files)}")
        page.evaluate("document.getElementById('save').click()")
        found = json.loads(page.downloaded("answers.json").read_text("utf-8"))["pictures"]
        others = set(page.requests) - {exported.as_uri()}
        assert [url for url in others if not url.startswith(("blob:", "data:"))] == []
    same, differences, cosines = compared(shipped, files, found)
    assert same == 1
    assert np.median(differences) < 1e-3
    assert cosines.min() > 0.99


@pytest.mark.long
def test_two_hundred_pictures_of_twelve_kinds_have_the_same_answers(
    browser, shipped, exported, tmp_path
):
    files = pictures(tmp_path / "made", 200)
    with opened(browser, exported) as page:
        found = answers(page, files)
    same, differences, cosines = compared(shipped, files, found)
    assert same >= 0.995
    assert np.median(differences) <= 0.01
    assert cosines.min() >= 0.99
