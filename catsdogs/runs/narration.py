"""A run in plain sentences: how the training is going, and the weights that Stop would keep."""

import math

from catsdogs.dataset.balance import Balance
from catsdogs.runs.config import RunConfig
from catsdogs.runs.doubt import DIVERGED_LOSS, GUESSING_LOSS, chance, doubt
from catsdogs.runs.events import Batch, Epoch, State
from catsdogs.runs.view import RunView
from catsdogs.text import percent

_RECENT_BATCHES = 20
# Memorising: training accuracy is higher by this much, and by what chance may explain.
_GAP, _STANDARD_ERRORS = 0.1, 2
# A plateau: this many epochs without a lower validation loss.
_PATIENCE = 3


def narrate(view: RunView, config: RunConfig) -> str:
    """Return a sentence about what the run is doing, or how it ended."""
    match view.state:
        case State.QUEUED:
            return "Waiting for its turn."
        case State.FINISHED | State.STOPPED:
            return _ended(view, config)
        case State.FAILED:
            return f"Failed: {view.message}" if view.message else "Failed."
        case State.LOST:
            return "The training process ended without a report. Resume the run to continue."
        case State.STOPPING:
            return "Stopping, then measuring and saving the model."
    return _running(view, config)


def kept_on_stop(view: RunView, config: RunConfig) -> str:
    """Return a sentence about the weights that the run keeps when you stop it now."""
    if view.phase in ("evaluate", "export"):
        return "Training is over: stopping now changes nothing."
    if view.phase != "fit":
        if view.result.is_model:
            return "Stopping now keeps the model that the run had before."
        return "Stopping now keeps no model, only the photos prepared so far."
    if config.is_plain:
        return "Stopping now keeps the weights as they are."
    best = _best(view)
    if best is None:
        return "Stopping now keeps the weights as they are, before the first epoch ends."
    accuracy = percent(best.val_accuracy)
    return (
        f"Stopping now keeps the weights of epoch {best.epoch} ({accuracy}), or the current ones "
        "if they are better."
    )


def _running(view: RunView, config: RunConfig) -> str:
    match view.phase:
        case None if view.cluster and not view.is_begun:
            return "Waiting for a free machine of the cluster."
        case None:
            return "Starting: TensorFlow takes a few seconds to load."
        case "decode":
            return f"Reading the photos{_share_done(view)}."
        case "embed":
            return f"{config.info.title} looks at each photo once{_share_done(view)}."
        case "evaluate":
            return "Measuring the model on the validation photos."
        case "export":
            return "Saving the model."
    return _fitting(view, config)


def _share_done(view: RunView) -> str:
    return f": {100 * view.done / view.total:.0f} % done" if view.total else ""


def _fitting(view: RunView, config: RunConfig) -> str:
    if (loss := _recent_loss(view)) > DIVERGED_LOSS:
        return (
            f"The loss is {loss:.2g}, but guessing has {GUESSING_LOSS:.2f}: the learning rate is "
            "probably too high."
        )
    if not view.epochs:
        return _first_epoch(view.batches)
    last = view.epochs[-1]
    if config.fine_tune and last.epoch == config.epochs and not last.is_cut_short:
        return "Fine-tuning: more of the network learns now."
    return _after(last, view, planned=view.epochs_planned(config.all_epochs))


def _recent_loss(view: RunView) -> float:
    """Return the mean training loss of the latest batches, 0 before the first epoch ended.

    A network may begin with a high loss and recover within its first epoch.
    """
    recent = view.batches[-_RECENT_BATCHES:]
    if not view.epochs or not recent:
        return 0.0
    return sum(batch.loss for batch in recent) / len(recent)


def _first_epoch(batches: list[Batch]) -> str:
    if not batches:
        return "Starting the first epoch."
    recent = batches[-_RECENT_BATCHES:]
    right = sum(batch.accuracy for batch in recent) / len(recent)
    return f"In its first epoch it gets {percent(right)} of the training photos right."


def _after(last: Epoch, view: RunView, *, planned: int) -> str:
    validation = f"{_validation(last.val_accuracy, view)} right"
    balance, balanced = _balance(view), last.val_balanced_accuracy
    is_uneven = balance is not None and balance.is_uneven
    if _is_guessing(last, view):
        beside = f", and {balance.baseline_words}" if balance and is_uneven else ""
        return f"No better than guessing yet: {validation}{beside}."
    if _is_memorising(last, view):
        return (
            f"It is memorising now: {percent(last.accuracy)} of training photos right, "
            f"{percent(last.val_accuracy)} of the others."
        )
    lowest = min(view.epochs, key=lambda epoch: epoch.val_loss)
    if last.epoch - lowest.epoch >= _PATIENCE:
        best = percent(lowest.val_accuracy)
        return f"It has stopped improving: epoch {lowest.epoch} is still the best ({best})."
    word = "Learning" if last is not lowest or len(view.epochs) == 1 else "Still improving"
    beside = f" (balanced {percent(balanced)})" if balanced is not None and is_uneven else ""
    return f"{word}: {validation}{beside} after epoch {last.epoch} of {planned}."


def _is_guessing(last: Epoch, view: RunView) -> bool:
    balanced, balance = last.val_balanced_accuracy, _balance(view)
    if balanced is None or balance is None:
        return last.val_accuracy - 0.5 <= _chance(view)
    return balanced - 0.5 <= chance(balance)


def _balance(view: RunView) -> Balance | None:
    return view.split.balance if view.split else None


def _is_memorising(last: Epoch, view: RunView) -> bool:
    return last.accuracy - last.val_accuracy >= max(_GAP, _chance(view))


def _chance(view: RunView) -> float:
    """Return the difference in validation accuracy that chance may explain.

    Two standard errors of a share of one half, the widest there is.
    """
    photos = view.split.validation if view.split else 0
    return _STANDARD_ERRORS * math.sqrt(0.25 / photos) if photos > 0 else 0.0


def _ended(view: RunView, config: RunConfig) -> str:
    if not view.result.is_model:
        return view.message or "Ended without a model."
    best, right = _best(view), _validation(view.result.val_accuracy, view)
    if config.is_plain or best is None:
        after = f"After epoch {view.epochs[-1].epoch}: " if view.epochs else ""
    else:
        after = f"Best after epoch {best.epoch}: "
    stopped = f"{view.message or 'Stopped early.'} " if view.state is State.STOPPED else ""
    found = doubt(view, config)
    if found and found.is_guessing:
        return f"{stopped}{found}"
    return f"{stopped}{after}{right} right.{f' {found}' if found else ''}"


def _best(view: RunView) -> Epoch | None:
    """Return the epoch whose weights are kept; None before there is one."""
    return next((epoch for epoch in view.epochs if epoch.epoch == view.best_epoch), None)


def _validation(accuracy: float, view: RunView) -> str:
    """Return "88.1 % of 400 validation photos"."""
    photos = view.result.val_images or (view.split.validation if view.split else 0)
    return f"{percent(accuracy)} of {f'{photos:,} ' if photos else ''}validation photos"
