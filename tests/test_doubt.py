"""Whether a run has learned anything: each cause has its sentence, and a good run none."""

import pytest

from catsdogs.dataset.balance import Balance
from catsdogs.runs.config import RunConfig
from catsdogs.runs.doubt import doubt
from catsdogs.runs.events import parsed
from catsdogs.runs.narration import narrate
from catsdogs.runs.view import fold

CNN = RunConfig("custom_cnn", "/photos", epochs=10)
PLAIN = RunConfig("custom_cnn", "/photos", recipe="plain")
FAST = RunConfig("custom_cnn", "/photos", learning_rate=1.0)
SLOW = RunConfig("custom_cnn", "/photos", learning_rate=1e-8)
WEIGHED = RunConfig("custom_cnn", "/photos", class_weights="balanced")
TUNED = RunConfig("mobilenet_v2", "/photos", epochs=1, fine_tune=2, fine_tune_learning_rate=0.1)

LEARNED = "Learned nothing: 50.0 % of 400 validation photos right, and guessing gives 50 %."
CHECK = "The labels may be random or wrong: check them on the Dataset page."


def epochs(*losses, training=0.5, right=0.5):
    values = {"accuracy": training, "val_loss": 0.69, "val_accuracy": right}
    numbered = enumerate(losses, 1)
    return [{"event": "epoch", "epoch": n, "loss": loss, **values} for n, loss in numbered]


def ended(told, *, state="finished", **result):
    """Return the view of a run that told of these epochs; by default it answers like a coin."""
    balanced = {"val_balanced_accuracy": 0.5, "train_dogs": 800, "val_dogs": 200}
    known = {"val_accuracy": 0.5, "val_images": 400, "train_images": 1600, **balanced, **result}
    events = [
        {"event": "queued"},
        *told,
        {"event": "checkpoint", "epoch": 1},
        {"event": state, "result": {k: v for k, v in known.items() if v is not None}},
    ]
    return fold(filter(None, (parsed({"t": float(t), **v}) for t, v in enumerate(events))))


STEADY = epochs(0.7, 0.69, 0.69, 0.69)
GOOD = {"val_accuracy": 0.9, "val_balanced_accuracy": 0.9}
RARE = {"train_images": 160, "train_dogs": 8, "val_images": 40, "val_dogs": 2}
ALL_CATS = {**RARE, "val_accuracy": 0.95, "val_balanced_accuracy": 0.5}
# Older versions counted no dogs.
OLD = dict.fromkeys(("train_dogs", "val_dogs", "val_balanced_accuracy"))
RARE_SAID = "Learned nothing: 95.0 % of 40 validation photos right, and saying cat to all of them "


@pytest.mark.parametrize(
    ("view", "config", "said"),
    [
        (ended(STEADY), CNN, f"{LEARNED} {CHECK}"),
        (ended(STEADY, **OLD), CNN, f"{LEARNED} {CHECK}"),
        (
            ended(STEADY[:1]),
            CNN,
            f"{LEARNED} It had only 1 epoch: train it for more.",
        ),
        (
            ended(STEADY),
            FAST,
            f"{LEARNED} The learning rate of 1 is probably too large: try 0.002.",
        ),
        (
            ended(STEADY),
            SLOW,
            f"{LEARNED} The learning rate of 1e-08 is probably too small: 0.002 is usual.",
        ),
        (
            ended(epochs(0.69, 0.8, 3.4)),
            CNN,
            f"{LEARNED} The loss rose from 0.69 to 3.4. The learning rate of 0.002 is probably "
            "too large: try 0.0002.",
        ),
        (
            ended(epochs(40, 0.69, 0.69)),
            CNN,
            f"{LEARNED} The learning rate of 0.002 is probably too large: try 0.0002.",
        ),
        (
            ended(epochs(0.7, 0.3, 0.1, training=0.98)),
            CNN,
            f"{LEARNED} It gets 98.0 % of the training photos right, so it only memorised them: "
            "the labels may be random, or the photos too few.",
        ),
        (
            ended(STEADY, **ALL_CATS),
            CNN,
            f"{RARE_SAID}gives 95.0 %. Only 8 of 160 training photos are dogs: add more, or "
            "balance the class weights.",
        ),
        (
            ended(STEADY, **ALL_CATS),
            WEIGHED,
            f"{RARE_SAID}gives 95.0 %. Only 8 of 160 training photos are dogs: add more.",
        ),
        (
            ended(
                epochs(0.4, 0.3, 0.2),
                val_images=8,
                val_dogs=4,
                val_accuracy=0.75,
                **{"val_balanced_accuracy": 0.75},
            ),
            CNN,
            "No better than guessing, as far as so few photos can show: 75.0 % of 8 validation "
            "photos right. Use more photos, or a larger validation share.",
        ),
        (
            ended(STEADY, val_images=8, val_dogs=4),
            CNN,
            "No better than guessing, as far as so few photos can show: 50.0 % of 8 validation "
            "photos right. Use more photos, or a larger validation share.",
        ),
        (
            ended(STEADY, val_dogs=0, val_balanced_accuracy=None),
            CNN,
            "Its 400 validation photos are all cats, so they cannot show whether it learned "
            "anything. Add dogs to the validation photos.",
        ),
        (
            ended(epochs(0.5, 0.2, 2.9), **GOOD),
            CNN,
            "The loss rose from 0.2 to 2.9. The learning rate of 0.002 is probably too large: try "
            "0.0002. The weights of epoch 1 are kept.",
        ),
        (
            ended(epochs(0.5, 0.2, 2.9), **GOOD),
            PLAIN,
            "The loss rose from 0.2 to 2.9. The learning rate of 0.001 is probably too large: try "
            "0.0001.",
        ),
        (
            ended(epochs(0.5, 0.2, 2.9), **GOOD),
            TUNED,
            "The loss rose from 0.2 to 2.9. The learning rate of 0.1 is probably too large: try "
            "0.0001. The weights of epoch 1 are kept.",
        ),
    ],
)
def test_a_run_that_learned_nothing_says_so_with_the_likely_cause(view, config, said):
    assert str(doubt(view, config)).replace("\u00a0", " ") == said


@pytest.mark.parametrize(
    "view",
    [
        ended(STEADY, **GOOD),
        ended(STEADY, **{**OLD, **GOOD, "val_balanced_accuracy": None}),
        ended([], **GOOD),
        # Few mistakes on the rare class, though accuracy is below the baseline.
        ended(STEADY, val_dogs=20, val_accuracy=0.94, val_balanced_accuracy=0.93),
        # All of two dogs and of 38 cats.
        ended(STEADY, **RARE, val_accuracy=1.0, val_balanced_accuracy=1.0),
        ended(epochs(0.3, 0.2, 0.21), **GOOD),
        ended([], val_accuracy=None),
    ],
)
def test_a_run_that_learned_raises_no_doubt(view):
    assert doubt(view, CNN) is None


def test_a_run_that_learned_nothing_is_described_as_such():
    found = narrate(ended(STEADY, state="stopped", **ALL_CATS), CNN).replace("\u00a0", " ")
    assert found.startswith("Stopped early. Learned nothing: 95.0 % of 40 validation photos right")
    assert "Best after" not in found


@pytest.mark.parametrize(
    ("cats", "dogs", "words", "uneven"),
    [
        (190, 10, "95 % cats (190 of 200)", True),
        (10, 190, "95 % dogs (190 of 200)", True),
        (120, 80, "60 % cats (120 of 200)", False),
        (121, 79, "60.5 % cats (121 of 200)", True),
        (1, 1, "50 % cats (1 of 2)", False),
        (0, 3, "100 % dogs (3 of 3)", True),
        (99_999, 1, "> 99.9 % cats (99,999 of 100,000)", True),
    ],
)
def test_the_balance_of_classes_is_said_in_words(cats, dogs, words, uneven):
    found = Balance(cats, dogs)
    assert found.words.replace("\u00a0", " ") == words
    assert found.is_uneven is uneven


@pytest.mark.parametrize(("images", "dogs"), [(10, None), (10, 11), (float("nan"), 3), (0, 0)])
def test_a_balance_that_is_not_known_is_none(images, dogs):
    assert Balance.of(images, dogs) is None
