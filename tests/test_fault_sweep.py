"""A file operation fails, in flows that take a moment: some operations of each.

``make torture`` takes all of them, and the flows that take longer.
"""

import errno
import json
import os
import random
import re
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faulty
import pytest
from conftest import PROJECT, served
from faulty import ERRORS, Ended, Machine
from hostile import photo
from test_faults import check_whole

from catsdogs.errors import CatsDogsError

_SAMPLED = 5
# A full disk is also reported in our own words.
WORDS = {error: [os.strerror(error)] for error in ERRORS}
WORDS[errno.ENOSPC].append("Expected room on the disk")
_TIMES = ("seconds", "latency_ms")
# Names that differ in every run: of temporary files, shards and runs.
_VARYING = re.compile(r"\.tmp-\w+|[0-9a-f]{16,}|\d{8}-\d{6}-\w+-[0-9a-f]{4}|tmp\w{8}|file\w{8}\.py")


@dataclass(frozen=True)
class Flow:
    """``words`` are run by ``function``, on a machine that ``prepare`` has made ready for it.

    ``follow`` is run instead the second time, where the first cannot be repeated.
    """

    words: tuple[str, ...]
    prepare: Callable[[Machine], object] = lambda machine: None
    follow: tuple[str, ...] = ()
    function: str = "catsdogs.cli.parser:main"


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
    words = ("data", "annotations", "photos", "--import", "decisions.csv", "--json")
    assert machine.call("catsdogs.cli.parser:main", words).status == 0
    shutil.rmtree(machine.root / "cache")


def undecided(machine: Machine) -> None:
    """Draw, and write down that two photos are to be decided about; nothing is in effect."""
    draw(machine)
    text = "path,action,label\ncat.1.jpg,exclude,\ndog.1.jpg,relabel,cat\n"
    (machine.root / "decisions.csv").write_text(text)


def trained(machine: Machine) -> None:
    """Draw, and take a run that comes with the project for one of this machine's own."""
    draw(machine)
    (machine.root / "out").mkdir()
    folder = machine.root / "artifacts" / "run"
    shutil.copytree(PROJECT / "artifacts" / "reference-custom_cnn", folder)
    about = json.loads((folder / "config.json").read_text("utf-8"))
    (folder / "config.json").write_text(json.dumps({**about, "run": "run", "reference": False}))


FLOWS = {
    "scan": Flow(("data", "scan", "photos"), decided),
    "decide": Flow(("data", "annotations", "photos", "--import", "decisions.csv"), undecided),
    "draw": Flow(("data", "sample", "--images", "20")),
    "extract": Flow(("data", "fetch", "--from", "photos.zip"), draw),
    "download": Flow(("data", "fetch", "--from", "{url}"), draw),
    "remark": Flow(("runs", "remark", "run", "--name", "x", "--star"), trained),
    "export": Flow(
        ("export", "run", "--format", "litert", "--out", "out/m.tflite", "--force"), trained
    ),
    "delete": Flow(("runs", "delete", "run"), trained, follow=("runs", "list")),
}


@pytest.fixture(scope="session")
def faults(tmp_path_factory):
    """The compiled ``faulty.c``; tests are skipped where there can be none."""
    library = faulty.compiled(tmp_path_factory.mktemp("faulty"))
    if library is None:
        pytest.skip("no C compiler for faults, or not Linux, whose linker puts them in")
    return library


@pytest.fixture(scope="module")
def machine(tmp_path_factory, faults):
    folder = tmp_path_factory.mktemp("faults") / "machine"
    made = Machine(
        folder,
        faults,
        imports=("catsdogs.cli.run_options", "catsdogs.cli.dataset_options", "requests"),
    )
    yield made
    made.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", FLOWS)
def test_whatever_operation_fails_nothing_is_corrupt_and_the_next_attempt_succeeds(name, machine):
    draw = random.Random(name)
    assert sweep(FLOWS[name], machine, lambda found: draw.sample(distinct(found), _SAMPLED))


def distinct(operations: tuple[str, ...]) -> list[int]:
    """Return the number of the first operation of each kind on each file."""
    firsts: dict[str, int] = {}
    for number, operation in enumerate(operations, start=1):
        firsts.setdefault(_VARYING.sub("*", operation), number)
    return list(firsts.values())


def sweep(
    flow: Flow,
    machine: Machine,
    numbers: Callable[[tuple[str, ...]], list[int]] | None = None,
    *,
    same: Callable[[Any], Any] | None = None,
    for_good: bool = True,
) -> int:
    """Let an operation of a flow fail, in turn each of ``numbers`` or all; return how many did.

    The errors alternate, and so do temporary and, where possible, lasting ones.
    ``same`` returns what a command's document has to have in common with that of any other machine.
    """
    same = same or timeless
    machine.clear()
    flow.prepare(machine)
    content = (machine.root / "photos.zip").read_bytes() if "{url}" in flow.words else b""
    with served(content) as url:
        words = [*(word.format(url=url) for word in flow.words), "--json"]
        follow = [*flow.follow, "--json"] if flow.follow else words
        machine.keep()
        clean = machine.call(flow.function, words)
        assert clean.status == 0, clean
        problems, met = [], 0
        # Runs differ a little, so no operation may reach the last numbers.
        most = len(clean.operations) + 20
        for number in numbers(clean.operations) if numbers else range(1, most):
            machine.again()
            error, lasts = ERRORS[number % len(ERRORS)], for_good and number // len(ERRORS) % 2 > 0
            ended = machine.call(flow.function, words, at=number, error=error, lasting=lasts)
            if not ended.fault:
                continue
            met += 1
            try:
                named = [ended.fault, *(clean.operations if lasts else ())]
                check(ended, same(clean.document), same)
                if ended.status and not is_of_tensorflow(ended.fault, machine.root):
                    told = ended.out + ended.err + logs_named(ended.out, machine.root)
                    assert any(words in told for words in WORDS[error]), "the cause is missing"
                    assert is_named(named, told, machine.root), "the name is missing"
                check_files(machine.root)
                after = machine.call(flow.function, follow)
                assert after.status == 0, after
                assert follow != words or same(after.document) == same(clean.document)
            except (AssertionError, ValueError, CatsDogsError) as problem:
                lasted = ", and from then on" if lasts else ""
                what = f"{number}: {ended.fault}: {os.strerror(error)}{lasted}"
                said = f"{ended.status} {ended.out} {ended.err[-2000:]}"
                problems.append(f"{what}\n{said}\n{problem}")
        assert not problems, "\n\n".join(problems)
        return met


def check(ended: Ended, expected: Any, same: Callable[[Any], Any]) -> None:
    """Check that a command has ended as if nothing had been, or else with a message."""
    assert "Traceback" not in ended.err
    if ended.status == 0:
        assert same(ended.document) == expected
    elif ended.status == 1:
        assert ended.document["error"]
    else:
        # One unreadable photo among many is reported beside the others.
        assert ended.status == 2


def is_of_tensorflow(operation: str, root: Path) -> bool:
    """Return whether it is on a temporary file: what fails there, TensorFlow keeps to itself."""
    return f" {root / 'tmp'}" in operation


def logs_named(told: str, root: Path) -> str:
    """Return what is in the logs that a message sends its reader to."""
    logs = (log for log in root.glob("artifacts/*/worker.log") if str(log) in told)
    return "".join(log.read_text("utf-8") for log in logs)


def is_named(operations: list[str], told: str, root: Path) -> bool:
    """Return whether the message names a file or a folder of the operation."""
    paths = (Path(operation.split(" ", 1)[1]).relative_to(root) for operation in operations)
    return any(part in told for path in paths for part in path.parts)


def timeless(document: Any) -> Any:
    """Return a document without what takes another time at every run."""
    if isinstance(document, dict):
        return {name: timeless(of) for name, of in document.items() if name not in _TIMES}
    return [timeless(one) for one in document] if isinstance(document, list) else document


def check_files(root: Path) -> None:
    """Check that every file that can be seen is whole, and that nothing unfinished is left."""
    paths = list(root.rglob("*"))
    assert not [path for path in paths if path.name.startswith((".tmp-", ".sample-"))]
    check_whole(paths)
