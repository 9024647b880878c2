"""A run as it was on disk when it was loaded."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from catsdogs.features.backbones import IMAGENET, SHIPPED
from catsdogs.runs import layout
from catsdogs.runs.about import About
from catsdogs.runs.command import repeating
from catsdogs.runs.config import RunConfig
from catsdogs.runs.event_file import read_view
from catsdogs.runs.events import Ended, RunView, State
from catsdogs.runs.result import NO_RESULT, RunResult
from catsdogs.system.processes import Identity


@dataclass(frozen=True)
class Remarks:
    """What its owner says of a run."""

    name: str = ""
    note: str = ""
    starred: bool = False

    @property
    def line(self) -> str:
        """The note in one line."""
        return " / ".join(self.note.splitlines())


@dataclass(frozen=True)
class Run:
    """A run. ``about`` is what ``config.json`` holds.

    ``state`` takes dead workers and requested stops into account. ``ending`` is the last event of
    a run that has ended, ``worker`` the process of one that has not. ``earlier`` are the figures of
    the model that is still there while the run is resumed or extended.
    """

    run_id: str
    folder: Path
    config: RunConfig
    about: About
    state: State
    ending: Ended | None = None
    worker: Identity | None = None
    earlier: RunResult = NO_RESULT
    remarks: Remarks = Remarks()

    @property
    def view(self) -> RunView:
        """Everything that its events say by now; nothing where they cannot be read just then."""
        view = RunView()
        with suppress(OSError):
            view = read_view(self.folder)
        return replace(view, state=self.state)

    @property
    def result(self) -> RunResult:
        """The metrics of its model; ``NO_RESULT`` where it has none."""
        found = self.ending.result if self.ending and self.ending.result else self.earlier
        return found if found.is_model else NO_RESULT

    @property
    def message(self) -> str:
        """Why it ended, where there is more to say than that it did."""
        return (self.ending and self.ending.message) or ""

    @property
    def is_usable(self) -> bool:
        """Whether it has a model that can classify, perhaps from before it failed or goes on."""
        return self.result.is_model

    @property
    def is_reference(self) -> bool:
        """Whether it came with the project, and is there to stay."""
        return self.about.is_reference

    @property
    def command(self) -> str:
        """The command line that repeats it."""
        return "make reference DATA=…" if self.is_reference else repeating(self.config)

    @property
    def can_classify(self) -> bool:
        """Whether it is usable for new pictures: some reference runs come without their model."""
        return self.is_usable and not (
            self.is_reference and not (self.folder / layout.LITERT_MODEL).is_file()
        )

    @property
    def began_from(self) -> str:
        """What MobileNetV2 began with: IMAGENET, SHIPPED, or 12 hex digits of another file."""
        if self.is_usable:
            return self.result.weights or IMAGENET
        return self.view.resolved.get("weights", IMAGENET)

    @property
    def caveat(self) -> str:
        """What a reader of its figures must know; "" where nothing is unusual."""
        if self.began_from != SHIPPED:
            return ""
        return (
            "It began from the MobileNetV2 that comes with this project, which has learned from "
            "photos of Dogs vs. Cats already: on such photos the validation score is optimistic."
        )

    @property
    def epochs_done(self) -> int:
        """How many epochs it has behind it, the last perhaps in part."""
        known = self.ending.epochs if self.ending else None
        return len(self.view.epochs) if known is None else known

    @property
    def epochs_planned(self) -> int:
        """How many epochs it is to have, extensions included."""
        known = self.ending.planned if self.ending else None
        return self.view.epochs_planned(self.config.all_epochs) if known is None else known

    @property
    def counts(self) -> dict[str, int]:
        """What its last event is to say of its epochs, for those who read no other."""
        view = self.view
        return {"epochs": len(view.epochs), "planned": view.epochs_planned(self.config.all_epochs)}

    @property
    def name(self) -> str:
        """Its model and recipe, after the name that its owner gave it, and "reference" where so."""
        own = self.remarks.name
        name = f"{own} ({self.config.title})" if own else self.config.title
        return f"{name} · reference" if self.is_reference else name

    @property
    def title(self) -> str:
        """A short name for pages: its name, its seed, and when the run was made."""
        created = datetime.fromisoformat(self.about.created_at)
        return f"{self.name} · seed {self.config.seed} · {created:%d %b %H:%M:%S}"
