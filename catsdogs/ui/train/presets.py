"""Ready-made runs as cards: what each shows, how long it takes and how good it gets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import streamlit as st

from catsdogs.runs.choices import PLAIN
from catsdogs.runs.config import RunConfig
from catsdogs.runs.events import State
from catsdogs.runs.models import MODELS
from catsdogs.runs.run import Run
from catsdogs.text import literal, percent

Kind = Literal["primary", "secondary"]
_LOOK_S = 120.0
_MOST_EPOCHS = 10


@dataclass(frozen=True)
class Preset:
    """A ready-made run, of the model on a backbone or of the one that starts from nothing.

    ``within_s``: with as many epochs as fit into this time, but at least ``epochs``.
    """

    key: str
    title: str
    shows: str
    on_backbone: bool = False
    recipe: str = RunConfig.recipe
    epochs: int = _MOST_EPOCHS
    within_s: float | None = None

    @property
    def model(self) -> str:
        """The name of its model."""
        return next(name for name, i in MODELS.items() if bool(i.backbone) == self.on_backbone)


PRESETS = (
    Preset(
        "best",
        "Best",
        "The network already knows shapes and fur from ImageNet. It only learns to choose.",
        on_backbone=True,
    ),
    Preset(
        "overfit",
        "See it overfit",
        "A plain network memorises the training photos and gets no better at others.",
        recipe=PLAIN,
    ),
    Preset(
        "look",
        "2-minute look",
        "A small network starts from nothing: watch its curves and its answers move.",
        epochs=2,
        within_s=_LOOK_S,
    ),
)


@dataclass(frozen=True)
class Needs:
    """The time of a run as a text, and its ``basis``; ``high_s`` is None if it is unknown."""

    high_s: float | None
    text: str
    basis: str = ""


@dataclass(frozen=True)
class Card:
    """A preset with its settings on a dataset, its time there and how good such a run was."""

    preset: Preset
    config: RunConfig
    needs: Needs
    result: str


@dataclass(frozen=True)
class Click:
    """A click on a card: the settings, to start a run with or else to adjust first."""

    config: RunConfig
    starts: bool


def on(
    data: str, runs: Sequence[Run], *, fingerprint: str, needs: Callable[[RunConfig], Needs]
) -> list[Card]:
    """Return a card for each preset, for the dataset ``data`` with this fingerprint."""
    configs = [_config(preset, data, needs) for preset in PRESETS]
    return [
        Card(preset, own, needs(own), _result(own, runs, fingerprint))
        for preset, own in zip(PRESETS, configs, strict=True)
    ]


def of_both_models(cards: Sequence[Card]) -> list[RunConfig]:
    """Return the settings of one card for each model, without those that show a fault."""
    return [card.config for card in cards if card.config.recipe == RunConfig.recipe]


def show(cards: Sequence[Card], *, start_label: str, is_main: bool) -> Click | None:
    """Draw the cards beside each other; return the click on one of them.

    ``is_main`` says that starting the first one is the main thing to do on the page.
    """
    clicked = None
    for number, (card, column) in enumerate(zip(cards, st.columns(len(cards)), strict=True)):
        with column.container(border=True, height="stretch", gap="small"):
            kind: Kind = "primary" if is_main and not number else "secondary"
            clicked = _card(card, start_label, kind) or clicked
    return clicked


def _card(card: Card, start_label: str, kind: Kind) -> Click | None:
    preset, own = card.preset, card.config
    st.markdown(f"**{preset.title}**")
    st.caption(preset.shows)
    lines = [card.needs.text, f"**{card.result}**" if card.result else "", _settings(own)]
    st.markdown("  \n".join(filter(None, lines)))
    st.space("stretch")  # Aligns the buttons of all cards.
    with st.container(horizontal=True, gap="small"):
        icon, adjusts = ":material/play_arrow:", "Change its settings first"
        starts = st.button(start_label, key=f"train_start_{preset.key}", type=kind, icon=icon)
        key = f"train_adjust_{preset.key}"
        is_adjusted = st.button("Adjust", key=key, type="tertiary", help=adjusts)
    return Click(own, starts) if starts or is_adjusted else None


def _settings(own: RunConfig) -> str:
    return f":small[:gray[{own.info.title}, {own.epochs} epochs]]"


def _config(preset: Preset, data: str, needs: Callable[[RunConfig], Needs]) -> RunConfig:
    """Return the settings of the preset's run on ``data``."""
    own = RunConfig(preset.model, data, recipe=preset.recipe, epochs=preset.epochs)
    if preset.within_s is None:
        return own
    for epochs in range(_MOST_EPOCHS, preset.epochs, -2):
        longer = replace(own, epochs=epochs)
        high_s = needs(longer).high_s
        if high_s is not None and high_s <= preset.within_s:
            return longer
    return own


def _result(own: RunConfig, runs: Sequence[Run], fingerprint: str) -> str:
    """Return how good such a run was: here, or else as it came with the project."""
    finished = [run for run in runs if run.is_usable and run.state is State.FINISHED]
    alike = [run for run in finished if _kind(run.config) == _kind(own)]
    here = [run for run in alike if run.about.dataset.fingerprint == fingerprint]
    given = [run for run in alike if run.is_reference]
    found = next(iter([*here, *given]), None)
    if found is None:
        return ""
    place = "last time" if here else f"on {literal(found.about.dataset.name)}"
    return f"{percent(found.result.val_accuracy)} {place}"


def _kind(config: RunConfig) -> tuple[str, str, bool]:
    return config.model, config.recipe, config.fine_tune > 0
