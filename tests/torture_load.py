"""Twenty sessions for five minutes, and what may disturb them: ``make torture``.

Runs only when it is named: ``python -m pytest -s tests/torture_load.py``. Everything is on one
machine, the visitors too; each prints what it measured. A drop counts from the first byte of its
uploads to the last of the page with all answers.
"""

import io
import threading
import time
import zipfile

import pytest
from e2e.conftest import browser, opened, page, settle
from test_faults import begun, until
from test_sessions import (
    Load,
    answers_alone,
    app,
    drop_bombs,
    jpeg,
    peak_mb,
    pictures,
    together,
    visit,
    world,
)
from visitor import Visitor

from catsdogs.runs import queue, store
from catsdogs.runs.config import RunConfig
from catsdogs.sources.sample import draw_sample, sample_dir

__all__ = ["app", "browser", "page", "pictures", "world"]  # fixtures
_SESSIONS, _EACH = 20, 20
# People look at twenty answers for a while before they drop the next twenty pictures.
_LOOKS_S = (5, 25)
_LONGEST_S, _SLOWER = 5, 1.5
# A session is kept for a minute, in case its tab comes back.
_KEPT_S = 75


@pytest.fixture
def sample(world, monkeypatch):
    """A drawn sample where the app looks for one; runs that a test starts are the app's too."""
    for name in ("DATA", "ARTIFACTS", "CACHE"):
        monkeypatch.setenv(f"CATSDOGS_{name}", str(world / name.lower()))
    folder = sample_dir()
    if not folder.exists():
        draw_sample(folder)
    return folder


def test_twenty_sessions_of_twenty_images_for_five_minutes(app, page, pictures):
    warm(app, pictures)
    before_mb = app.resident_mb()
    opened(page, f"{app.url}/classify", "Classify")
    with peak_mb(app) as most:
        load = busy(app, pictures, minutes=5)
    # A real tab stood open beside them.
    settle(page)
    page.close()
    report("20 sessions", load, f"peak {most[0]:.0f} MB")
    left(app)
    print(f"memory before {before_mb:.0f} MB, after the last tab {app.resident_mb():.0f} MB")
    assert load.percentile(0.95) <= _LONGEST_S
    assert app.resident_mb() <= 1.15 * before_mb


def test_all_at_the_same_moment(app, pictures):
    """The worst that they can do; no promise."""
    load = visit(app, pictures, sessions=_SESSIONS, each=_EACH, seconds=0.5, looks_s=(0, 0.01))
    report("20 sessions at the same moment", load)
    check(load)


def test_what_a_closed_tab_held_is_given_back(app, pictures):
    """Even if it was the only one."""
    warm(app, pictures)
    before_mb = app.resident_mb()
    with Visitor(app.url, "classify") as visitor:
        visitor.drop({f"{number}.jpg": bytes(20 << 20) for number in range(20)})
        held_mb = app.resident_mb()
    left(app)
    print(f"\n400 MB dropped: {before_mb:.0f}, {held_mb:.0f}, {app.resident_mb():.0f} MB")
    assert held_mb > before_mb + 300
    assert app.resident_mb() <= 1.15 * before_mb


def test_fifty_bombs_at_once(app):
    with peak_mb(app) as most:
        load = drop_bombs(app, sessions=50, side_px=22_000)
    report("50 × 3 bombs", load, f"peak {most[0]:.0f} MB")
    assert not load.failures, load.failures
    assert load.pictures == 3 * 50
    assert most[0] < 2000


def test_a_training_run_in_the_background(app, sample, pictures):
    warm(app, pictures)
    alone = busy(app, pictures, minutes=2)
    run = queue.start(RunConfig("custom_cnn", str(sample), epochs=1000))
    try:
        until(lambda: begun(run.folder))
        beside = busy(app, pictures, minutes=2)
        assert is_active(run)
    finally:
        queue.kill(store.load(run.folder))
    report("20 sessions", alone)
    report("20 sessions beside a training run", beside)
    assert beside.percentile(0.95) <= _SLOWER * alone.percentile(0.95)


def test_a_zip_of_two_thousand_holds_nobody_up(app, pictures):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(2000):
            archive.writestr(f"{number}.jpg", jpeg(number % len(pictures), (200, 150)))
    warm(app, pictures)
    alone = visit(app, pictures, sessions=1, each=_EACH, seconds=20, looks_s=(0, 1))
    done = threading.Event()

    def drop_the_zip() -> None:
        with Visitor(app.url, "classify") as visitor:
            assert visitor.drop({"many.zip": buffer.getvalue()}) == [204]
        done.set()

    other = threading.Thread(target=drop_the_zip)
    other.start()
    time.sleep(2)
    beside = visit(app, pictures, sessions=1, each=_EACH, seconds=6, looks_s=(0, 1))
    was_at_work = not done.is_set()
    other.join()
    report("one session", alone)
    report("one session beside a ZIP of 2,000", beside)
    check(alone, beside)
    assert was_at_work
    assert beside.percentile(0.95) <= _LONGEST_S


def test_the_dataset_page_for_twenty(app, sample):
    load, texts = Load(), list[str]()

    def one(_: int) -> None:
        began = time.monotonic()
        with Visitor(app.url, "dataset") as visitor:
            load.seconds.append(time.monotonic() - began)
            texts.append(visitor.text())

    Visitor(app.url, "dataset").close()
    together(_SESSIONS, one, load)
    report("20 × Dataset at the same moment", load)
    check(load)
    assert ["600" in text for text in texts] == [True] * _SESSIONS


def busy(app, pictures, *, minutes: float) -> Load:
    load = visit(
        *(app, pictures),
        **{"sessions": _SESSIONS, "each": _EACH, "seconds": 60 * minutes, "looks_s": _LOOKS_S},
    )
    check(load)
    return load


def check(*loads: Load) -> None:
    for load in loads:
        assert not load.failures, load.failures
        assert not load.wrong, load.wrong


def warm(app, pictures) -> None:
    """Let one session come and leave."""
    answers_alone(app, pictures)
    left(app)


def left(app) -> None:
    """Wait until the sessions that left are forgotten."""
    time.sleep(_KEPT_S)


def is_active(run) -> bool:
    return store.load(run.folder).state.is_active


def report(what: str, load: Load, *more: str) -> None:
    p50, p95, most = (load.percentile(share) for share in (0.5, 0.95, 1))
    print(
        f"\n{what}: {len(load.seconds)} drops, {load.pictures:,} answers, median {p50:.2f} s, "
        f"p95 {p95:.2f} s, longest {most:.2f} s",
        *more,
        sep="; ",
    )
