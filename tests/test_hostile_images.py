"""No image stops the app, or loses the rest of a batch: ``hostile_images`` has what is tried."""

import re
import shutil
import subprocess
import sys
import threading
import warnings
from functools import partial
from pathlib import Path

import fuzzing
import pytest
from conftest import PROJECT, command_line
from hostile_images import bomb, corpus, encoded, hollow_jpeg, write_corpus
from PIL import Image

from catsdogs.dataset import index
from catsdogs.errors import UnreadableImage
from catsdogs.health import measures
from catsdogs.images.picture import Picture, read_header
from catsdogs.inference.answers import see_all
from catsdogs.system.memory import Room

CODES = {"empty", "not_an_image", "unsupported", "truncated", "damaged", "too_large"}


@pytest.fixture(autouse=True)
def as_outside_of_tests():
    """Pillow's warnings are not errors in the app."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def code_of(ask) -> str:
    try:
        ask()
    except UnreadableImage as error:
        return error.code
    return ""


def unlike(found: dict[str, str], expected: dict[str, str | None]) -> dict[str, tuple]:
    """Return which files met another fate than they should have."""
    assert set(found.values()) <= {"", *CODES}
    return {
        name: (found[name], code)
        for name, code in expected.items()
        if code is not None and found[name] != code
    }


def test_a_file_is_a_picture_or_has_one_named_reason():
    expected = {name: code for name, (_, code) in corpus().items()}
    found = {name: code_of(lambda c=c: Picture(c).square(224)) for name, (c, _) in corpus().items()}
    assert not unlike(found, expected)


def test_what_is_said_of_a_file_beside_its_pixels_never_raises_anything_else():
    for content, _ in corpus().values():
        code_of(lambda c=content: read_header(c))
        code_of(lambda c=content: Picture(c).changes())


class Answering:
    """A panel that only looks."""

    def answers(self, picture):
        assert picture.square(32).shape == (32, 32, 3)
        return []


@pytest.mark.slow
def test_a_batch_goes_on_behind_every_file():
    sources = [(name, partial(bytes, content)) for name, (content, _) in corpus().items()]
    seen = list(see_all(sources, Answering(), thumbnails=True))
    assert [one.name for one in seen] == list(corpus())
    found = {one.name: one.error.code if one.error else "" for one in seen}
    assert not unlike(found, {name: code for name, (_, code) in corpus().items()})
    assert all(one.error or one.thumbnail for one in seen)


@pytest.mark.slow
def test_a_scan_and_the_measures_of_a_health_check_go_on_behind_every_file(tmp_path):
    expected = write_corpus(tmp_path / "corpus")
    dataset = index.scan(tmp_path / "corpus")
    assert len(dataset.records) == len(expected)
    usable = dataset.usable
    missing = measures.measure(dataset.root, usable).missing
    found = dict.fromkeys(usable["path"], "")
    found |= {path: error.code for path, error in missing.items()}
    found |= dict(zip(dataset.unreadable["path"], dataset.unreadable["problem"], strict=True))
    assert not unlike(found, expected)


@pytest.mark.slow
def test_the_command_line_answers_for_every_file(tmp_path):
    """For every eighth of them: ``torture_images`` asks for all."""
    answered(tmp_path, every=8)


def answered(tmp_path, *, every):
    expected = write_corpus(tmp_path / "corpus", every=every)
    name = "reference-custom_cnn"
    shutil.copytree(PROJECT / "artifacts" / name, tmp_path / "artifacts" / name)
    status, answers = command_line("classify", *sorted((tmp_path / "corpus").iterdir()))
    assert status == 2
    codes = {
        Path(one["file"]).name: one["error"]["code"] if one["error"] else "" for one in answers
    }
    assert not unlike(codes, expected)
    assert all(one["error"] or len(one["results"]) == 1 for one in answers)
    status, summary = command_line("data", "scan", tmp_path / "corpus")
    assert status == 2
    assert summary["found"] == len(expected) == summary["images"] + len(summary["unreadable"])


def peak_mb(code: str, *contents: bytes, tmp_path) -> int:
    """Return by how many MB at most a process grows that runs ``code`` with these files."""
    for number, content in enumerate(contents):
        (tmp_path / f"{number}").write_bytes(content)
    script = (
        "import pathlib, re, sys, threading\n"
        "from catsdogs.images.picture import Picture\n"
        "from catsdogs.errors import UnreadableImage\n"
        "status = pathlib.Path('/proc/self/status')\n"
        "def peak(): return int(re.search(r'VmHWM:\\s+(\\d+)', status.read_text())[1])\n"
        "contents = [pathlib.Path(name).read_bytes() for name in sys.argv[1:]]\n"
        f"before = peak()\n{code}\nprint(peak() - before)"
    )
    if not Path("/proc/self/status").exists():
        pytest.skip("only Linux tells a process how much memory it had at most")
    names = [str(tmp_path / f"{number}") for number in range(len(contents))]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, *names],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout) >> 10


SQUARE = """
for content in contents:
    try:
        assert Picture(content).square(224).shape == (224, 224, 3)
    except UnreadableImage:
        pass
"""


@pytest.mark.slow
def test_small_files_that_say_they_are_large_take_little_memory(tmp_path):
    black = encoded(Image.new("RGB", (6000, 6000)), "JPEG")
    contents = [bomb(19_000), hollow_jpeg(6000), black]
    assert (len(contents[0]), len(contents[1])) < (400_000, 400)
    took = peak_mb(SQUARE, *contents, tmp_path=tmp_path)
    print(f"three bombs took {took} MB")
    assert took < 60


FIFTY = """
def look(content):
    picture = Picture(content)
    with picture.held(at_least_px=224):
        picture.square(224)
threads = [threading.Thread(target=look, args=(contents[n % len(contents)],)) for n in range(50)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


@pytest.mark.slow
def test_fifty_sessions_decode_no_more_at_once_than_two_of_the_largest(tmp_path):
    contents = [
        encoded(Image.new("RGBA", (7000, 7000), (9, 9, 9, 9)), "PNG", compress_level=1),
        bomb(7000),
        *[hollow_jpeg(4000, progressive=True)] * 23,
    ]
    took = peak_mb(FIFTY, *contents, tmp_path=tmp_path)
    print(f"fifty bombs at a time took {took} MB")
    assert took < 1700


def test_room_is_taken_in_turn_and_given_back():
    room, entered, let_go = Room(10), [], threading.Event()

    def take(name, pixels):
        with room.taken(pixels), room.taken(pixels):  # The second would wait for the first.
            entered.append(name)
            let_go.wait(30)

    def begin(name, pixels):
        thread = threading.Thread(target=take, args=(name, pixels))
        thread.start()
        threads.append(thread)

    threads = []
    begin("six", 6)
    while entered != ["six"]:
        pass
    begin("ten", 10)
    begin("one", 1)  # It would find room, but came later.
    threads[2].join(0.2)
    assert entered == ["six"]
    let_go.set()
    for thread in threads:
        thread.join(30)
    assert entered == ["six", "ten", "one"]
    with room.taken(10):
        pass


@pytest.mark.slow
def test_no_file_that_seconds_of_fuzzing_find_breaks_the_decoder(tmp_path):
    """``torture_images`` takes minutes."""
    fuzzed("pixels", 4, tmp_path)


def fuzzed(target: str, seconds: int, tmp_path: Path) -> str:
    """Fuzz for so long; return how much was tried, and how much code was reached."""
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    for number, (content, _) in enumerate(corpus().values()):
        if len(content) < 60_000:
            (seeds / str(number)).write_bytes(content)
    tried, log = fuzzing.fuzzed("fuzz_images.py", target, seeds, seconds=seconds)
    reached = re.findall(r"cov: (\d+) ft: (\d+)", log)
    assert reached
    return f"{tried:,} files, {reached[-1][0]} edges reached, {reached[-1][1]} features"
