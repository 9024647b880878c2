"""The n-th file operation fails, in flows that take a moment: some n of each.

``make torture`` takes every n, and the flows that take longer.
"""

import itertools
import os
import random
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import faulty
import pytest
from conftest import served
from faulty import ERRORS, Ended, Machine
from hostile import photo
from test_faults import check_whole

_SAMPLED = 6


@dataclass(frozen=True)
class Flow:
    """``words`` is what is run; ``prepare`` has made the machine ready for it.

    ``follow`` is run instead the second time, where the first cannot be repeated.
    """

    words: tuple[str, ...]
    prepare: Callable[[Machine], object] = lambda machine: None
    follow: tuple[str, ...] = ()


def draw(machine: Machine) -> None:
    """Make four cats and four dogs, and a zip of them."""
    folder = machine.root / "photos"
    folder.mkdir()
    with zipfile.ZipFile(machine.root / "photos.zip", "w") as archive:
        for number in range(4):
            for name, seed in ((f"cat.{number}.jpg", number), (f"dog.{number}.jpg", 100 + number)):
                (folder / name).write_bytes(photo(seed))
                archive.write(folder / name, f"train/{name}")


def decided(machine: Machine) -> None:
    """Draw, and write down that one cat is to be excluded, in a CSV and in effect."""
    draw(machine)
    (machine.root / "decisions.csv").write_text("path,action\ncat.1.jpg,exclude\n")
    words = ("data", "annotations", "photos", "--import", "decisions.csv")
    assert machine.command(*words).status == 0
    shutil.rmtree(machine.root / "cache")


def undecided(machine: Machine) -> None:
    """Draw, and write down that two photos are to be decided about; nothing is in effect."""
    draw(machine)
    text = "path,action,label\ncat.1.jpg,exclude,\ndog.1.jpg,relabel,cat\n"
    (machine.root / "decisions.csv").write_text(text)


FLOWS = {
    "scan": Flow(("data", "scan", "photos"), decided),
    "decide": Flow(("data", "annotations", "photos", "--import", "decisions.csv"), undecided),
    "draw": Flow(("data", "sample", "--images", "20")),
    "extract": Flow(("data", "fetch", "--from", "photos.zip"), draw),
    "download": Flow(("data", "fetch", "--from", "{url}"), draw),
}


@pytest.fixture(scope="session")
def faults(tmp_path_factory):
    """The compiled ``faulty.c``; tests are skipped where there can be none."""
    library = faulty.library(tmp_path_factory.mktemp("faulty"))
    if library is None:
        pytest.skip("no C compiler for faults, or not Linux, whose linker puts them in")
    return library


@pytest.fixture(scope="module")
def machine(tmp_path_factory, faults):
    folder = tmp_path_factory.mktemp("faults") / "machine"
    made = Machine(folder, faults, imports=("catsdogs.cli", "catsdogs.data.sample", "requests"))
    yield made
    made.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", FLOWS)
def test_whatever_operation_fails_nothing_is_corrupt_and_the_next_attempt_succeeds(name, machine):
    generator = random.Random(name)
    swept = sweep(
        FLOWS[name],
        machine,
        numbers=lambda counted: sorted(generator.sample(range(1, counted + 1), _SAMPLED)),
    )
    assert swept == _SAMPLED


def sweep(flow: Flow, machine: Machine, *, numbers=None, errors=ERRORS, lasting=None) -> int:
    """Let an operation of a flow fail, in turn each of ``numbers`` or all; return how many did.

    The errors take turns, as do those that go by and those that last, unless one is asked for.
    """
    machine.clear()
    flow.prepare(machine)
    with served(
        (machine.root / "photos.zip").read_bytes() if "{url}" in flow.words else b""
    ) as url:
        words = [word.format(url=url) for word in flow.words]
        follow = [word.format(url=url) for word in flow.follow] or words
        machine.keep()
        clean = machine.command(*words)
        assert clean.status == 0, clean.err
        assert clean.counted
        problems, met = [], 0
        for number in numbers(clean.counted) if numbers else itertools.count(1):
            machine.again()
            error = errors[number % len(errors)]
            lasts = lasting if lasting is not None else bool(number // len(errors) % 2)
            ended = machine.command(*words, at=number, error=error, lasting=lasts)
            if not ended.fault and numbers is None:
                break
            met += bool(ended.fault)
            try:
                check(ended, clean, error, machine.root)
                check_files(machine.root)
                after = machine.command(*follow)
                assert after.status == 0, after
                assert follow != words or said(after) == said(clean)
            except AssertionError as problem:
                lasted = ", and from then on" if lasts else ""
                problems.append(
                    f"{number}: {ended.fault}: {os.strerror(error)}{lasted}\n{ended}\n{problem}"
                )
        assert not problems, "\n\n".join(problems)
        return met


def check(ended: Ended, clean: Ended, error: int, root: Path) -> None:
    """Check that a command has ended as if nothing had been, or said what had been."""
    assert "Traceback" not in ended.err
    if ended.status == 0:
        assert said(ended) == said(clean)
        return
    assert ended.status in (1, 2)
    # Status 2: a photo of many that cannot be read is told of beside the rest.
    told = ended.document["error"] if ended.status == 1 else ended.out
    assert os.strerror(error) in told, "the cause is missing"
    failed = [Path(f.split(" ", 1)[1]).relative_to(root) for f in (ended.fault, ended.last_fault)]
    assert any(part in told for path in failed for part in path.parts), "the name is missing"


def said(ended: Ended) -> dict:
    """Return what a command printed, without what differs from time to time."""
    return {name: value for name, value in ended.document.items() if name != "seconds"}


def check_files(root: Path) -> None:
    """Check that every file that can be seen is whole, and that nothing unfinished is left."""
    paths = list(root.rglob("*"))
    assert not [path for path in paths if path.name.startswith((".tmp-", ".sample-"))]
    check_whole(paths)
