"""The contents of a run's ``config.json``: its settings, its data, the versions, the machine."""

import platform
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from catsdogs.labels import PETS, Classes
from catsdogs.system import hardware


class DatasetReference(Struct, frozen=True, kw_only=True):
    """The dataset that a run was made on: its name for people, its ``Dataset.fingerprint``.

    ``images``, ``cats`` and ``dogs`` count its usable images. ``classes`` are those of a dataset
    with two of its own: then ``cats`` are the images of the first.
    """

    name: str
    fingerprint: str
    images: int | UnsetType = UNSET
    cats: int | UnsetType = UNSET
    dogs: int | UnsetType = UNSET
    classes: Classes | UnsetType = UNSET


class Decisions(Struct, frozen=True, kw_only=True):
    """The decisions about photos that were in effect.

    ``hash`` is ``annotations.content_hash``, ``near_duplicates`` is ``duplicates.content_hash`` and
    ``label_map`` is ``labelling.content_hash``; it is "" without a mapping. ``corrections`` counts
    the images that joined the dataset because they had been classified wrongly.
    """

    hash: str = ""
    excluded: int = 0
    relabelled: int = 0
    near_duplicates: str | UnsetType = UNSET
    label_map: str | UnsetType = UNSET
    corrections: int | UnsetType = UNSET


class Machine(Struct, frozen=True, kw_only=True):
    """Where a run was made: ``processor`` is its kind ("x86_64"), ``cpu`` and ``gpus`` are names.

    ``cores`` and ``memory_bytes`` are those that a process may use. Older versions left them out.
    ``host`` is the machine's name in its network, known for runs on a cluster.
    """

    system: str = ""
    processor: str = ""
    python: str = ""
    cpu: str | UnsetType = UNSET
    gpus: list[str] | UnsetType = UNSET
    cores: float | UnsetType = UNSET
    memory_bytes: float | UnsetType = UNSET
    host: str | UnsetType = UNSET


class SearchReference(Struct, frozen=True, kw_only=True):
    """The search that a run belongs to: its name, and the number of the trial, from 1."""

    name: str
    trial: int


class About(Struct, frozen=True, kw_only=True):
    """Everything in ``config.json``. ``config`` holds the settings as they were written.

    ``created_at`` is ISO 8601 with the offset from UTC. ``reference`` is true for runs that come
    with the project. ``search`` names the search that the run is a trial of. ``started_by`` is the
    person who had signed in. ``versions`` are those of all packages, and ``uncommitted`` tells
    whether the code differs from the commit; older versions wrote six packages, and nothing about
    that.
    """

    run: str = ""
    created_at: str = ""
    config: dict[str, Any] = {}
    command: str | UnsetType = UNSET
    dataset: DatasetReference
    annotations: Decisions = Decisions()
    versions: dict[str, str] | UnsetType = UNSET
    git_commit: str | UnsetType | None = UNSET
    uncommitted: bool | UnsetType = UNSET
    machine: Machine = Machine()
    reference: bool | UnsetType = UNSET
    search: SearchReference | UnsetType = UNSET
    started_by: str | UnsetType = UNSET

    @property
    def classes(self) -> Classes:
        """The classes that the run tells apart."""
        found = self.dataset.classes
        return PETS if isinstance(found, UnsetType) else found

    @property
    def is_reference(self) -> bool:
        """Whether the run comes with the project."""
        return self.reference is True

    def to_json(self) -> dict[str, Any]:
        """Return everything that is known as JSON-ready values."""
        values: dict[str, Any] = msgspec.to_builtins(self)
        return values


def this_machine() -> Machine:
    """Describe the machine that this process runs on. Its name is left out: runs are shared."""
    return Machine(
        system=platform.system(),
        processor=platform.machine(),
        python=platform.python_version(),
        cpu=hardware.processor()[0],
        gpus=hardware.gpus(),
        cores=hardware.cores(),
        memory_bytes=hardware.memory_bytes(),
    )
