"""Whether a run has learned anything, as its events show; if not, the likely cause."""

import math
from dataclasses import dataclass, replace

from catsdogs.dataset.balance import Balance
from catsdogs.runs import effective
from catsdogs.runs.choices import BALANCED
from catsdogs.runs.config import RunConfig
from catsdogs.runs.result import RunResult
from catsdogs.runs.view import RunView
from catsdogs.text import counted, percent

# The loss of guessing, ln 2, and a loss that only a diverging network reaches.
GUESSING_LOSS = math.log(2)
DIVERGED_LOSS = 1.5 * GUESSING_LOSS
# Early in training, the loss of a sound network may be high, but not as high as this.
_EXPLODED_LOSS = 3 * GUESSING_LOSS
# A balanced accuracy up to this counts as guessing, however many images were measured.
_GUESSING = 0.55
# Guesses that may be this far above one half by chance: fewer than 25 photos.
_FEW_PHOTOS = 0.2
# A rise of the training loss that noise does not explain: by this factor and by this much.
_RISE_FACTOR, _LEAST_RISE = 2.0, 0.2
# A learning rate that is unusual: this many times the model's own, or this fraction of it.
_LARGE_RATE, _SMALL_RATE = 10, 1 / 100
# Memorising: the accuracy on training images is higher by this much.
_GAP = 0.2
_FEW_EPOCHS = 2


@dataclass(frozen=True)
class Doubt:
    """A reason to doubt a run, and its likely cause with what to do about it.

    ``is_guessing`` says that its answers are no better than guesses, as far as can be shown.
    """

    finding: str
    cause: str
    is_guessing: bool = True

    def __str__(self) -> str:
        """Return both as sentences."""
        return f"{self.finding} {self.cause}"


def doubt(view: RunView, config: RunConfig) -> Doubt | None:
    """Return the reason to doubt the model of a run that has ended; None if there is none."""
    result = view.result
    if not result.is_model:
        return None
    balance = result.val_balance
    if balance is not None and min(balance.cats, balance.dogs) == 0:
        return _one_class(balance)
    if result.balanced_score <= max(_GUESSING, 0.5 + _by_chance(result)):
        return Doubt(_finding(result), _cause(view, config))
    if rise := _rise(view):
        kept = "" if config.is_plain else f" The weights of epoch {view.best_epoch} are kept."
        return Doubt(rise, _too_large(view, config) + kept, is_guessing=False)
    return None


def chance(balance: Balance) -> float:
    """Return how far above one half the balanced accuracy of guesses may be by chance.

    Two standard errors of the mean of two shares; infinite where one class is missing.
    """
    if min(balance.cats, balance.dogs) == 0:
        return math.inf
    return math.sqrt(0.25 / balance.cats + 0.25 / balance.dogs)


def _by_chance(result: RunResult) -> float:
    balance = result.val_balance
    return 1 / math.sqrt(result.val_images) if balance is None else chance(balance)


def _one_class(balance: Balance) -> Doubt:
    return Doubt(
        f"Its {counted(balance.images, 'validation photo')} are all {balance.larger_plural}, so "
        "they cannot show whether it learned anything.",
        f"Add {balance.smaller_plural} to the validation photos.",
    )


def _finding(result: RunResult) -> str:
    right = f"{percent(result.val_accuracy)} of {result.val_images:,} validation photos right"
    balance, score = result.val_balance, result.balanced_score
    if balance is not None and balance.is_uneven and score <= _GUESSING:
        return f"Learned nothing: {right}, and {balance.baseline_words}."
    if score > _GUESSING or _by_chance(result) > _FEW_PHOTOS:
        return f"No better than guessing, as far as so few photos can show: {right}."
    return f"Learned nothing: {right}, and guessing gives 50 %."


def _cause(view: RunView, config: RunConfig) -> str:
    """Return the likeliest cause, the most specific first."""
    if rise := _rise(view):
        return f"{rise} {_too_large(view, config)}"
    rate, usual = _rates(view, config)
    if rate >= _LARGE_RATE * usual or _exploded(view):
        return _too_large(view, config)
    if rate <= _SMALL_RATE * usual:
        return f"The learning rate of {rate:g} is probably too small: {usual:g} is usual."
    return _cause_in_data(view, config)


def _cause_in_data(view: RunView, config: RunConfig) -> str:
    training, last = view.result.train_balance, view.epochs[-1] if view.epochs else None
    if training is not None and training.is_uneven:
        return _rare(training, config)
    if 0 < len(view.epochs) <= _FEW_EPOCHS:
        return f"It had only {counted(len(view.epochs), 'epoch')}: train it for more."
    if view.result.balanced_score > _GUESSING or _by_chance(view.result) > _FEW_PHOTOS:
        return "Use more photos, or a larger validation share."
    if last is not None and last.accuracy - last.val_accuracy >= _GAP:
        return (
            f"It gets {percent(last.accuracy)} of the training photos right, so it only memorised "
            "them: the labels may be random, or the photos too few."
        )
    return "The labels may be random or wrong: check them on the Dataset page."


def _rare(training: Balance, config: RunConfig) -> str:
    few = f"Only {min(training.cats, training.dogs):,} of {training.images:,} training photos are"
    weigh = "" if config.class_weights == BALANCED else ", or balance the class weights"
    return f"{few} {training.smaller_plural}: add more{weigh}."


def _rise(view: RunView) -> str:
    """Return a sentence on a training loss that rose and stayed high; "" if it did not."""
    losses = [epoch.loss for epoch in view.epochs]
    if not losses:
        return ""
    low, last = min(losses), losses[-1]
    if last < max(_RISE_FACTOR * low, low + _LEAST_RISE):
        if last <= DIVERGED_LOSS:
            return ""
        return f"The loss is {last:.2g}, but guessing has {GUESSING_LOSS:.2f}."
    return f"The loss rose from {low:.2g} to {last:.2g}."


def _exploded(view: RunView) -> bool:
    return any(epoch.loss > _EXPLODED_LOSS for epoch in view.epochs)


def _too_large(view: RunView, config: RunConfig) -> str:
    rate, usual = _rates(view, config)
    better = usual if rate > usual else rate / 10
    return f"The learning rate of {rate:g} is probably too large: try {better:g}."


def _rates(view: RunView, config: RunConfig) -> tuple[float, float]:
    """Return the learning rate of the latest epoch, and the model's own for it."""
    own = replace(config, learning_rate=None, fine_tune_learning_rate=None)
    if config.fine_tune and len(view.epochs) > config.epochs:
        return effective.fine_tuning_rate(config), effective.fine_tuning_rate(own)
    return effective.learning_rate(config), effective.learning_rate(own)
