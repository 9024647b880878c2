"""A run as it was on disk when it was loaded."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from catsdogs.errors import RunError
from catsdogs.features.backbones import IMAGENET, SHIPPED
from catsdogs.labels import Classes
from catsdogs.runs import layout
from catsdogs.runs.about import About
from catsdogs.runs.command import repeating
from catsdogs.runs.config import RunConfig
from catsdogs.runs.event_file import read_view
from catsdogs.runs.events import Ended, State
from catsdogs.runs.result import NO_RESULT, RunResult
from catsdogs.runs.view import RunView
from catsdogs.system.processes import Identity


@dataclass(frozen=True)
class Remarks:
    """The owner's name, note and star for a run; ``remarked_by`` had signed in."""

    name: str = ""
    note: str = ""
    starred: bool = False
    remarked_by: str = ""

    @property
    def line(self) -> str:
        """The note in one line."""
        return " / ".join(self.note.splitlines())


@dataclass(frozen=True)
class Run:
    """A run. ``about`` is what ``config.json`` holds.

    ``state`` takes dead workers and requested stops into account. ``ending`` is the last event of a
    run that has ended, ``worker`` the process of one that has not. ``earlier`` is the result of the
    model that the run keeps while it is resumed or extended. ``number`` counts the runs of its
    folder from 1, in the order of their creation.
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
    number: int = 0

    @property
    def view(self) -> RunView:
        """The view of all its events so far; empty when they cannot be read at the moment."""
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
        """Why it ended, where its state does not say enough."""
        return (self.ending and self.ending.message) or ""

    def require_classes(self, classes: Classes) -> None:
        """Check that it tells these classes apart.

        Raises:
            RunError: if it tells others.
        """
        if self.classes != classes:
            raise RunError(
                f"Expected a run that tells {classes} apart. Received: {self.run_id}, which tells "
                f"{self.classes}. Choose another run, or other photos."
            )

    @property
    def is_usable(self) -> bool:
        """Whether it has a model, perhaps one from before it failed or was resumed."""
        return self.result.is_model

    @property
    def classes(self) -> Classes:
        """The classes that it tells apart."""
        return self.about.classes

    @property
    def is_reference(self) -> bool:
        """Whether it comes with the project and cannot be changed or deleted."""
        return self.about.is_reference

    @property
    def command(self) -> str:
        """The command line that repeats it."""
        return "make reference DATA=…" if self.is_reference else repeating(self.config)

    @property
    def can_classify(self) -> bool:
        """Whether it has its model file: some reference runs come without one."""
        return self.is_usable and not (
            self.is_reference and not (self.folder / layout.LITERT_MODEL).is_file()
        )

    @property
    def began_from(self) -> str:
        """The weights MobileNetV2 started from: IMAGENET, SHIPPED, or 12 hex digits of a file."""
        if self.is_usable:
            return self.result.weights or IMAGENET
        return self.view.resolved.get("weights", IMAGENET)

    @property
    def caveat(self) -> str:
        """A warning that belongs beside its metrics; "" when there is none."""
        if self.began_from != SHIPPED:
            return ""
        began = "It started from the MobileNetV2 that comes with this project"
        if not self.classes.are_pets:
            return f"{began}, which was trained on other photos, not from ImageNet's weights."
        return (
            f"{began}, which was trained on photos of Dogs vs. Cats. On such photos its validation "
            "metrics are optimistic."
        )

    @property
    def epochs_done(self) -> int:
        """The number of epochs done; the last one may be incomplete."""
        known = self.ending.epochs if self.ending else None
        return len(self.view.epochs) if known is None else known

    @property
    def epochs_planned(self) -> int:
        """The number of epochs planned, including extensions."""
        known = self.ending.planned if self.ending else None
        return self.view.epochs_planned(self.config.all_epochs) if known is None else known

    @property
    def counts(self) -> dict[str, int]:
        """The epochs done and planned, for the last event: listing runs reads no other."""
        view = self.view
        return {"epochs": len(view.epochs), "planned": view.epochs_planned(self.config.all_epochs)}

    @property
    def name(self) -> str:
        """Its owner's name for it, its model and recipe, and whether it is a reference run."""
        own = self.remarks.name
        name = f"{own} ({self.config.title})" if own else self.config.title
        return f"{name} · reference" if self.is_reference else name

    @property
    def short_name(self) -> str:
        """The owner's name for it, or else "CNN 3", "Reference MobileNet (fine-tuned)"."""
        if self.remarks.name:
            return self.remarks.name
        model = self.config.info.short_title
        if self.is_reference:
            return f"Reference {model}{self.config.ways}"
        return f"{model} {self.number}"

    @property
    def title(self) -> str:
        """A long name for pages: its name, its seed and its start time."""
        created = datetime.fromisoformat(self.about.created_at)
        return f"{self.name} · seed {self.config.seed} · {created:%d %b %H:%M:%S}"
