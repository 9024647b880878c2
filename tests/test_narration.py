"""The sentences about a run, for each thing that can happen to it."""

import pytest

from catsdogs.runs.config import RunConfig
from catsdogs.runs.events import parsed
from catsdogs.runs.narration import kept_on_stop, narrate
from catsdogs.runs.view import fold

STARTED = {"event": "started", "pid": 5, "pid_started_at": 1.0}
SPLIT = {"event": "split", "train": 1600, "validation": 400, "hash": "h"}
RESULT = {"val_accuracy": 0.896, "val_images": 2400}
FINISHED = {"event": "finished", "result": RESULT}
STOPPED = {"event": "stopped", "result": RESULT}
CNN = RunConfig("custom_cnn", "/photos", epochs=10)
PLAIN = RunConfig("custom_cnn", "/photos", recipe="plain")
TUNED = RunConfig("mobilenet_v2", "/photos", epochs=2, fine_tune=3)


def phase(name, done=0, total=0):
    return {"event": "phase", "name": name, "done": done, "total": total}


def batch(epoch, *, loss=0.5, accuracy=0.64):
    values = {"epoch": epoch, "step": 9, "steps": 10, "loss": loss, "accuracy": accuracy}
    return {"event": "batch", **values}


def epoch(number, val_loss, *, right=0.8, training=0.8, balanced=None, best=True):
    values = {"loss": 0.5, "accuracy": training, "val_loss": val_loss, "val_accuracy": right}
    values["val_balanced_accuracy"] = balanced
    told = [{"event": "epoch", "epoch": number, **values}]
    return [*told, {"event": "checkpoint", "epoch": number}] if best else told


def view(*events):
    flat = [e for event in events for e in (event if isinstance(event, list) else [event])]
    values = [{"event": "queued"}, *flat]
    return fold(filter(None, (parsed({"t": float(t), **v}) for t, v in enumerate(values))))


FIT = (STARTED, SPLIT, phase("fit", total=10))
# 95 % of its photos are cats.
RARE = (STARTED, {**SPLIT, "train_dogs": 80, "validation_dogs": 20}, phase("fit", total=10))


@pytest.mark.parametrize(
    ("events", "config", "sentence"),
    [
        ((), CNN, "Waiting for its turn."),
        ((STARTED,), CNN, "Starting: TensorFlow takes a few seconds to load."),
        ((STARTED, phase("decode")), CNN, "Reading the photos."),
        ((STARTED, phase("decode", 500, 2000)), CNN, "Reading the photos: 25 % done."),
        (
            (STARTED, phase("embed", 500, 2000)),
            TUNED,
            "MobileNetV2 looks at each photo once: 25 % done.",
        ),
        (FIT, CNN, "Starting the first epoch."),
        (
            (*FIT, batch(1)),
            CNN,
            "In its first epoch it gets 64.0 % of the training photos right.",
        ),
        (
            # It may still recover.
            (*FIT, batch(1, loss=8.0)),
            CNN,
            "In its first epoch it gets 64.0 % of the training photos right.",
        ),
        (
            (*FIT, epoch(1, 0.5, right=0.81)),
            CNN,
            "Learning: 81.0 % of 400 validation photos right after epoch 1 of 10.",
        ),
        (
            (*FIT, epoch(1, 0.5), epoch(2, 0.4, right=0.881, training=0.95)),
            CNN,
            "Still improving: 88.1 % of 400 validation photos right after epoch 2 of 10.",
        ),
        (
            (*FIT, epoch(1, 0.5), epoch(2, 0.51, best=False)),
            CNN,
            "Learning: 80.0 % of 400 validation photos right after epoch 2 of 10.",
        ),
        (
            (*FIT, epoch(1, 0.5), epoch(2, 0.6, right=0.74, training=0.9, best=False)),
            CNN,
            "It is memorising now: 90.0 % of training photos right, 74.0 % of the others.",
        ),
        (
            (*FIT, epoch(1, 0.5), *(epoch(n, 0.51, best=False) for n in (2, 3, 4))),
            CNN,
            "It has stopped improving: epoch 1 is still the best (80.0 %).",
        ),
        (
            (*FIT, epoch(1, 0.69, right=0.53)),
            CNN,
            "No better than guessing yet: 53.0 % of 400 validation photos right.",
        ),
        (
            (*RARE, epoch(1, 0.2, right=0.95, balanced=0.5)),
            CNN,
            "No better than guessing yet: 95.0 % of 400 validation photos right, and saying cat "
            "to all of them gives 95.0 %.",
        ),
        (
            (*RARE, epoch(1, 0.2, right=0.95, balanced=0.8)),
            CNN,
            "Learning: 95.0 % of 400 validation photos right (balanced 80.0 %) after epoch 1 of "
            "10.",
        ),
        (
            (*FIT, epoch(1, 0.5), batch(2, loss=3.21)),
            CNN,
            "The loss is 3.2, but guessing has 0.69: the learning rate is probably too high.",
        ),
        (
            (*FIT, epoch(1, 0.5), epoch(2, 0.4)),
            TUNED,
            "Fine-tuning: more of the network learns now.",
        ),
        (
            (*FIT, epoch(1, 0.5), phase("evaluate")),
            CNN,
            "Measuring the model on the validation photos.",
        ),
        ((*FIT, epoch(1, 0.5), phase("export")), CNN, "Saving the model."),
        (
            (*FIT, epoch(6, 0.5), epoch(7, 0.6, best=False), FINISHED),
            CNN,
            "Best after epoch 6: 89.6 % of 2,400 validation photos right.",
        ),
        (
            (*FIT, epoch(6, 0.5, best=False), epoch(7, 0.6, best=False), FINISHED),
            PLAIN,
            "After epoch 7: 89.6 % of 2,400 validation photos right.",
        ),
        (
            (*FIT, epoch(3, 0.5), STOPPED),
            CNN,
            "Stopped early. Best after epoch 3: 89.6 % of 2,400 validation photos right.",
        ),
        ((STARTED, {"event": "stopped", "message": "Stopped."}), CNN, "Stopped."),
        ((*FIT, {"event": "failed", "message": "Expected room."}), CNN, "Failed: Expected room."),
    ],
)
def test_a_run_is_described_in_one_sentence(events, config, sentence):
    assert narrate(view(*events), config).replace("\u00a0", " ") == sentence


@pytest.mark.parametrize(
    ("events", "config", "sentence"),
    [
        (
            (STARTED, phase("decode", 5, 10)),
            CNN,
            "Stopping now keeps no model, only the photos prepared so far.",
        ),
        (
            (*FIT, epoch(1, 0.5), FINISHED, {"event": "queued", "extend": 2, "at": 1}, STARTED),
            CNN,
            "Stopping now keeps the model that the run had before.",
        ),
        (
            (*FIT, batch(1)),
            CNN,
            "Stopping now keeps the weights as they are, before the first epoch ends.",
        ),
        (
            (*FIT, epoch(3, 0.6), epoch(4, 0.5, right=0.881), epoch(5, 0.6, best=False)),
            CNN,
            "Stopping now keeps the weights of epoch 4 (88.1 %), or the current ones if they are "
            "better.",
        ),
        ((*FIT, epoch(1, 0.5, best=False)), PLAIN, "Stopping now keeps the weights as they are."),
        (
            (*FIT, epoch(1, 0.5), phase("export")),
            CNN,
            "Training is over: stopping now changes nothing.",
        ),
    ],
)
def test_a_sentence_says_which_weights_a_stop_keeps(events, config, sentence):
    assert kept_on_stop(view(*events), config).replace("\u00a0", " ") == sentence
