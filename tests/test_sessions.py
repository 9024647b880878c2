"""Several people at once, over real sockets: the pages of each, and the app's memory."""

import io
import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import hostile
import numpy as np
import pytest
from conftest import PROJECT
from e2e.conftest import Server, serving
from visitor import TABLE, Visitor

from catsdogs.sources.drawing.animals import face

pytestmark = [pytest.mark.slow]

_PICTURES = 40
_SIZE_PX = (500, 375)
_ALLOWED_PX = 7000


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """The runs that come with the project, and nothing else."""
    root = tmp_path_factory.mktemp("sessions")
    for run in (PROJECT / "artifacts").glob("reference-*"):
        shutil.copytree(run, root / "artifacts" / run.name)
    return root


@pytest.fixture
def app(world):
    with serving(world) as server:
        yield server


@pytest.fixture(scope="session")
def pictures():
    """JPEGs of drawn cats and dogs, of the size of Kaggle's photos."""
    return [jpeg(number, _SIZE_PX) for number in range(_PICTURES)]


def jpeg(number: int, size_px: tuple[int, int]) -> bytes:
    drawn, quality = face(np.random.default_rng([7, number]), number % 2)
    buffer = io.BytesIO()
    drawn.resize(size_px).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


@dataclass
class Load:
    """The results of visitors who dropped pictures for a while.

    ``seconds`` are from the first byte of the uploads to the last of the page with all answers.
    """

    seconds: list[float] = field(default_factory=list)
    pictures: int = 0
    wrong: list[str] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        return float(np.quantile(self.seconds, share))


def answers_alone(app: Server, pictures: list[bytes]) -> list[dict]:
    """Return what the app says of each picture to somebody who is alone with it."""
    with Visitor(app.url, "classify", query=TABLE) as visitor:
        visitor.drop({f"{number}.jpg": content for number, content in enumerate(pictures)})
        rows = visitor.answers()
    return [said(rows[f"{number}.jpg"]) for number in range(len(pictures))]


def said(row: dict) -> dict:
    """Return a row without the picture's name and place."""
    return {name: row[name] for name in row if name not in ("File", "__index_level_0__")}


def visit(
    app: Server,
    pictures: list[bytes],
    *,
    sessions: int,
    each: int,
    seconds: float,
    looks_s: tuple[float, float],
) -> Load:
    """Let ``sessions`` visitors drop ``each`` pictures, look at the answers, and again.

    Every picture has a name that no other visitor's has.
    """
    expected = answers_alone(app, pictures)
    load, ends_at = Load(), time.monotonic() + seconds

    def one(number: int) -> None:
        draw = random.Random(number)
        time.sleep(draw.uniform(0, looks_s[1]))
        with Visitor(app.url, "classify", query=TABLE) as visitor:
            turn = 0
            while time.monotonic() < ends_at:
                chosen = draw.sample(range(len(pictures)), each)
                names = [f"visitor-{number}-{turn}-{i}.jpg" for i in chosen]
                given = dict(zip(names, (pictures[i] for i in chosen), strict=True))
                began = time.monotonic()
                visitor.drop(given)
                load.seconds.append(time.monotonic() - began)
                rows = visitor.answers()
                load.pictures += len(rows)
                if {name: said(row) for name, row in rows.items()} != {
                    name: expected[i] for name, i in zip(names, chosen, strict=True)
                }:
                    load.wrong.append(f"{number}: {sorted(rows)}")
                turn += 1
                time.sleep(draw.uniform(*looks_s))
        everything = b"".join(visitor.received)
        load.wrong += [
            f"{number} saw {other}'s"
            for other in range(sessions)
            if other != number and b"visitor-%d-" % other in everything
        ]

    together(sessions, one, load)
    return load


def together(count: int, one: Callable[[int], None], load: Load) -> None:
    """Call ``one`` in as many threads; collect what they raise."""

    def safe(number: int) -> None:
        try:
            one(number)
        except Exception as error:
            load.failures.append(error)

    threads = [threading.Thread(target=safe, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@contextmanager
def peak_mb(app: Server) -> Iterator[list[float]]:
    """Yield a list that will hold the most memory that the web process had meanwhile."""
    most, done = [app.resident_mb()], threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            most[0] = max(most[0], app.resident_mb())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield most
    finally:
        done.set()
        thread.join()


def test_each_session_sees_its_own_pictures_and_answers_alone(app, pictures):
    answers_alone(app, pictures)
    before_mb = app.resident_mb()
    load = visit(app, pictures, sessions=4, each=5, seconds=4, looks_s=(0, 1))
    assert not load.failures, load.failures
    assert not load.wrong, load.wrong
    assert load.pictures == 5 * len(load.seconds) >= 20
    # Interpreters, one a core and model, make up most of what a first load adds.
    assert app.resident_mb() - before_mb < 200


def test_bombs_that_are_dropped_together_are_told_and_bounded(app):
    with peak_mb(app) as most:
        load = drop_bombs(app, sessions=4, side_px=8000)
    assert not load.failures, load.failures
    assert load.pictures == 3 * 4
    assert most[0] < 2000


def drop_bombs(app: Server, *, sessions: int, side_px: int) -> Load:
    """Let as many visitors at once drop three bombs; count the reported ones.

    The first is refused by its header, the second when its pixels end. The third is as large as a
    picture may be, and is answered.
    """
    load, begin = Load(), threading.Barrier(sessions)
    given = {"a.png": hostile.png_bomb(side_px), "b.jpg": hostile.jpeg_bomb()}
    given["c.png"] = hostile.png_bomb(_ALLOWED_PX)

    def one(_: int) -> None:
        with Visitor(app.url, "classify", query=TABLE) as visitor:
            begin.wait()
            began = time.monotonic()
            visitor.drop(given)
            load.seconds.append(time.monotonic() - began)
            text = visitor.text()
            load.pictures += "Expected at most 50 megapixels" in text
            load.pictures += "The file is cut short" in text
            load.pictures += not visitor.answers()["c.png"]["Error"]

    together(sessions, one, load)
    return load
