"""The settings, photos, code and machine that two runs do not share."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from msgspec import UnsetType

from catsdogs.errors import RunError
from catsdogs.runs import in_words, model_files
from catsdogs.runs.config import SETTINGS
from catsdogs.runs.run import Run
from catsdogs.text import counted

SETTING, DATA, CODE, MACHINE = "Setting", "Data", "Code", "Machine"
_NONE = in_words.NONE


@dataclass(frozen=True)
class Difference:
    """One thing that differs: its ``name`` for programs, and its title and values for people."""

    name: str
    kind: str
    title: str
    a: str
    b: str


def differences(a: Run, b: Run) -> list[Difference]:
    """Return everything that the two runs do not share; settings first.

    Settings are compared by the values that they have in effect. Facts that only one of the runs
    recorded are not compared.
    """
    return [*_settings(a, b), *_data(a, b), *_code(a, b), *_machine(a, b)]


def _settings(a: Run, b: Run) -> Iterator[Difference]:
    for name, setting in SETTINGS.items():
        values = [in_words.effective(name, run) for run in (a, b)]
        if name != "data" and values[0] != values[1]:
            yield Difference(
                name, SETTING, setting.label, *(in_words.said(name, v) for v in values)
            )
    if all(run.config.info.backbone for run in (a, b)) and a.began_from != b.began_from:
        yield Difference("weights", SETTING, "Pretrained weights", a.began_from, b.began_from)


def _data(a: Run, b: Run) -> Iterator[Difference]:
    decisions, sets = [run.about.annotations for run in (a, b)], [a.about.dataset, b.about.dataset]
    changed = decisions[0].hash != decisions[1].hash
    are_others = sets[0].fingerprint != sets[1].fingerprint
    if are_others and (sets[0].name != sets[1].name or not changed):
        yield Difference("dataset", DATA, "Dataset", *(_dataset(run) for run in (a, b)))
    if changed:
        said = (
            f"{one.excluded:,} excluded, {one.relabelled:,} relabelled" if one.hash else "none"
            for one in decisions
        )
        yield Difference("decisions", DATA, "Decisions about photos", *said)
    for name in ("excluded", "relabelled", "corrections"):
        counts = [getattr(one, name) or 0 for one in decisions]
        if counts[0] != counts[1]:
            said = (counted(count, "photo") for count in counts)
            yield Difference(name, DATA, name.capitalize(), *said)
    for name, title in (
        ("near_duplicates", "Near duplicates found"),
        ("label_map", "Mapping of names to classes"),
    ):
        values = [getattr(one, name) for one in decisions]
        if not any(isinstance(one, UnsetType) for one in values) and values[0] != values[1]:
            yield Difference(name, DATA, title, *(one or _NONE for one in values))
    yield from _photos(a, b)


def _dataset(run: Run) -> str:
    found = run.about.dataset
    images = "" if isinstance(found.images, UnsetType) else f", {counted(found.images, 'photo')}"
    return f"{found.name}{images} ({found.fingerprint})"


def _photos(a: Run, b: Run) -> Iterator[Difference]:
    """Yield the sides of the split whose photos are not the same, by content."""
    for name, title, read in (
        ("training_photos", "Training photos", model_files.training_digests),
        ("validation_photos", "Validation photos", model_files.validation_digests),
    ):
        try:
            mine, theirs = read(a), read(b)
        except RunError:
            continue  # The page says what is damaged.
        if mine is None or theirs is None or mine == theirs:
            continue
        yield Difference(
            name,
            DATA,
            title,
            f"{len(mine):,}, {len(mine - theirs):,} of them only here",
            f"{len(theirs):,}, {len(theirs - mine):,} of them only here",
        )


def _code(a: Run, b: Run) -> Iterator[Difference]:
    known = [run.about.versions for run in (a, b)]
    if not any(isinstance(one, UnsetType) for one in known):
        mine, theirs = (dict(one) for one in known if not isinstance(one, UnsetType))
        # An older run recorded only some packages.
        for package in sorted(mine.keys() & theirs.keys()):
            if mine[package] != theirs[package]:
                yield Difference(
                    f"versions.{package}", CODE, package, mine[package], theirs[package]
                )
    commits = [run.about.git_commit for run in (a, b)]
    if all(isinstance(one, str) for one in commits) and commits[0] != commits[1]:
        yield Difference("git_commit", CODE, "Commit", *(str(one)[:12] for one in commits))
    dirty = [run.about.uncommitted for run in (a, b)]
    if all(isinstance(one, bool) for one in dirty) and dirty[0] != dirty[1]:
        said = ("yes" if one else "no" for one in dirty)
        yield Difference("uncommitted", CODE, "Changes after the commit", *said)


def _machine(a: Run, b: Run) -> Iterator[Difference]:
    for name, title in (
        ("host", "Host"),
        ("system", "System"),
        ("processor", "Kind of processor"),
        ("python", "Python"),
        ("cpu", "Processor"),
        ("gpus", "GPUs"),
        ("cores", "Cores"),
        ("memory_bytes", "Memory"),
    ):
        values = [getattr(run.about.machine, name) for run in (a, b)]
        if any(isinstance(one, UnsetType) or one == "" for one in values):
            continue
        a_said, b_said = (_machine_value(name, one) for one in values)
        if a_said != b_said:
            yield Difference(f"machine.{name}", MACHINE, title, a_said, b_said)


def _machine_value(name: str, value: Any) -> str:
    if name == "memory_bytes":
        return f"{value / 1e9:.1f} GB"
    if name == "gpus":
        return ", ".join(value) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
