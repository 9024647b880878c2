"""A run's settings as they were in effect, and where it comes from, in words."""

from datetime import datetime
from typing import Any

from msgspec import UnsetType

from catsdogs.features.backbones import IMAGENET, SHIPPED
from catsdogs.runs.config import SETTINGS
from catsdogs.runs.events import Resumed
from catsdogs.runs.run import Run
from catsdogs.runs.settings import Choice, Flag
from catsdogs.text import counted

NONE = "–"  # The run does not say, or has nothing of the kind.


def settings(run: Run) -> dict[str, str]:
    """Return the value of each setting that counted in the run, by its label."""
    values = {name: effective(name, run) for name in SETTINGS if name != "data"}
    return {
        SETTINGS[name].label: said(name, value)
        for name, value in values.items()
        if value is not None
    }


def effective(name: str, run: Run) -> Any:
    """Return the value of a setting that counted in the run; None if it has no such setting."""
    setting = SETTINGS[name]
    if not (setting.applies(run.config.info) and setting.matters(run.config)):
        return None
    value = setting.effective(run.config) if setting.effective else getattr(run.config, name)
    return run.view.resolved.get(name, value) if value == "auto" else value


def said(name: str, value: Any) -> str:
    """Return the value of a setting in words."""
    kind = SETTINGS[name].kind
    if value is None:
        return NONE
    if isinstance(kind, Flag):
        return "yes" if value else "no"
    if isinstance(kind, Choice):
        return kind.title(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def lineage(run: Run) -> list[str]:
    """Return where the run comes from, a sentence each: its start, its search, its resumptions."""
    started = f"Started on {datetime.fromisoformat(run.about.created_at):%d %b %Y at %H:%M}"
    who = run.about.started_by
    by = "" if isinstance(who, UnsetType) else f" by {who}"
    sentences = [f"{started}{by}, {_weights(run)}."]
    if not isinstance(search := run.about.search, UnsetType):
        sentences.append(f"Trial {search.trial} of the search {search.name}.")
    extended_at = [at for at, _ in run.view.extensions]
    sentences += [_resumed(one) for one in run.view.resumptions if not _extends(one, extended_at)]
    for at, more in run.view.extensions:
        sentences.append(f"Continued after epoch {at} for {counted(more, 'more epoch')}.")
    if (best := run.view.best_epoch) is not None:
        sentences.append(f"Keeps the weights of epoch {best} of {run.epochs_done}.")
    return sentences


def _weights(run: Run) -> str:
    if not run.config.info.backbone:
        return "from random weights"
    known = {IMAGENET: "ImageNet's weights", SHIPPED: "the weights that come with the project"}
    return f"from {known.get(run.began_from, f'the weights {run.began_from}')}"


def _extends(resumed: Resumed, extended_at: list[int]) -> bool:
    """Whether the fit continued because the run was extended."""
    return resumed.step == 0 and resumed.epoch - 1 in extended_at


def _resumed(resumed: Resumed) -> str:
    after = f", after batch {resumed.step:,}" if resumed.step else ""
    return f"Resumed with epoch {resumed.epoch}{after}."
