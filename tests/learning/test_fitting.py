"""Fits of a tiny head, in this process: interrupted anywhere, they end as if they had not been."""

import shutil
import time
from pathlib import Path

import keras
import numpy as np
import pytest

from catsdogs.errors import RunError
from catsdogs.features.store import Rows
from catsdogs.learning import checkpoint, fitting, models, stages
from catsdogs.learning.pipeline import Batches
from catsdogs.learning.reporting import Reporter
from catsdogs.runs import effective, event_file, layout, store
from catsdogs.runs.about import About, DatasetReference
from catsdogs.runs.config import RunConfig

pytestmark = pytest.mark.slow

_TRAIN, _VALIDATION, _FEATURES = 18, 10, 12
_ABOUT = About(dataset=DatasetReference(name="vectors", fingerprint="f"))


def created(**settings):
    """Make the folder of a run with these settings, and return it."""
    config = RunConfig("mobilenet_v2", "/vectors", batch_size=4, **settings)
    folder = store.create(config, _ABOUT)
    emit(folder, "queued")
    return folder


@pytest.fixture
def new_run():
    """Return ``created``, whose runs are those of the test."""
    return created


def emit(folder, event, **values):
    with event_file.appending(folder) as write:
        write(event, **values)


def fit(folder, *, stop_after=None, labels=None, at_once=1, watched=()):
    """Fit as a worker would, and stop at a look of this number; return (weights, cut short)."""
    run = store.load(folder)
    generator = np.random.default_rng(1)
    vectors = generator.normal(size=(_TRAIN + _VALIDATION, _FEATURES)).astype(np.float32)
    rows = Rows([vectors], np.array([(0, i) for i in range(len(vectors))]), {})
    labels = (vectors[:, 0] > 0).astype(np.int8) if labels is None else labels
    keras.utils.set_random_seed(run.config.seed)
    head = models.build_head(_FEATURES, dropout=effective.dropout(run.config))
    batches = iter(range(1, 1_000_000))
    with event_file.appending(folder) as write:
        reporter = Reporter(write, lambda: next(batches) == stop_after, began=time.perf_counter())
        ended = None
        for stage in stages.stages(run):
            if checkpoint.stage(folder / layout.CHECKPOINT) == "fine-tune" != stage.name:
                continue
            ended = fitting.fit(
                *(run, stage, head),
                Batches(rows, labels, np.arange(_TRAIN), 4, shuffle_seed=run.config.seed),
                validation=Batches(rows, labels, np.arange(_TRAIN, len(vectors)), 4),
                reporter=reporter,
                before=ended,
                watched=rows.take(np.array(watched)) if len(watched) else None,
                batches_at_once=at_once,
            )
            if ended.cut_short:
                break
    return head.get_weights(), ended.cut_short


def fit_in_pieces(folder, *, batches, **options):
    """Fit, stopping after every so many batches; return the weights at the end."""
    while True:
        weights, cut_short = fit(folder, stop_after=batches, **options)
        if not cut_short:
            return weights
        emit(folder, "stopped")
        emit(folder, "queued")


def told(folder):
    """Return what a run's epochs and batches tell, rounded, and which epoch was the best."""
    view = store.load(folder).view
    metrics = ("loss", "accuracy", "val_loss", "val_accuracy")
    epochs = [
        (e.epoch, e.step, *(round(getattr(e, name), 5) for name in metrics)) for e in view.epochs
    ]
    # How many batches are reported is a matter of time; the last of an epoch always is.
    ends = [e.epoch for e in view.batches if e.step == e.steps]
    return epochs, ends, view.best_epoch


# Labels that have nothing to do with the vectors: what is learned soon makes the validation worse.
_NOISE = np.random.default_rng(5).integers(0, 2, _TRAIN + _VALIDATION).astype(np.int8)


@pytest.mark.parametrize(
    ("batches", "settings"),
    [
        (3, {"epochs": 2, "learning_rate": 0.1}),
        pytest.param(4, {"epochs": 3, "recipe": "plain"}, marks=pytest.mark.long),
        (7, {"epochs": 30, "learning_rate": 0.3, "early_stopping": 1}),
        (5, {"epochs": 2, "fine_tune": 2, "learning_rate": 0.1, "fine_tune_learning_rate": 0.2}),
        pytest.param(
            5,
            {"epochs": 2, "fine_tune": 1, "learning_rate": 0.1, "class_weights": "balanced"},
            marks=pytest.mark.long,
        ),
    ],
    ids=["default", "plain", "early stopping", "fine-tuning", "class weights"],
)
def test_a_fit_in_pieces_is_the_fit_in_one(new_run, settings, batches):
    labels = _NOISE if "early_stopping" in settings else None
    whole, pieces = new_run(**settings), new_run(**settings)
    expected, cut_short = fit(whole, labels=labels)
    assert not cut_short
    found = fit_in_pieces(pieces, batches=batches, labels=labels)
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_array_equal(one, other)
    assert told(pieces) == told(whole)


# One in six is a dog.
_RARE = np.array([0, 0, 1, 0, 0, 0] * 5)[: _TRAIN + _VALIDATION].astype(np.int8)


def test_class_weights_change_what_is_learned_and_not_how_it_is_measured(new_run):
    plain, weighed = (
        new_run(learning_rate=0.1, epochs=2, recipe="plain", class_weights=weights)
        for weights in ("none", "balanced")
    )
    equal, found = (fit(folder, labels=_RARE)[0] for folder in (plain, weighed))
    assert found[1] > equal[1], "the bias towards dogs, the rare class"
    still = [
        new_run(learning_rate=1e-9, epochs=1, recipe="plain", class_weights=weights)
        for weights in ("none", "balanced")
    ]
    for folder in still:
        fit(folder, labels=_RARE)
    assert told(still[0]) == told(still[1])


def test_both_stages_of_fine_tuning_weigh_the_classes(new_run):
    of_stages = {"learning_rate": 1e-9, "fine_tune_learning_rate": 0.1, "epochs": 1, "fine_tune": 2}
    plain, weighed = (
        new_run(**of_stages, recipe="plain", class_weights=weights)
        for weights in ("none", "balanced")
    )
    equal, found = (fit(folder, labels=_RARE)[0] for folder in (plain, weighed))
    assert found[1] > equal[1]


def test_an_epoch_has_the_mean_recall_of_both_classes(new_run):
    folder = new_run(epochs=1, learning_rate=0.3, recipe="plain")
    labels = np.random.default_rng(7).integers(0, 2, _TRAIN + _VALIDATION).astype(np.int8)
    validation = list(range(_TRAIN, _TRAIN + _VALIDATION))
    fit(folder, labels=labels, watched=validation)
    [epoch] = store.load(folder).view.epochs
    right = (np.array(epoch.watched) >= 0.5) == (labels[validation] == 1)
    recalls = [right[labels[validation] == label].mean() for label in (0, 1)]
    assert epoch.val_balanced_accuracy == pytest.approx(np.mean(recalls))
    assert epoch.val_accuracy == pytest.approx(right.mean())


def test_without_images_of_one_class_there_is_no_balanced_accuracy(new_run):
    folder = new_run(epochs=1)
    fit(folder, labels=np.zeros(_TRAIN + _VALIDATION, np.int8))
    assert store.load(folder).view.epochs[0].val_balanced_accuracy is None


def test_watched_photos_are_answered_after_each_epoch_and_change_nothing(new_run):
    plain, watching, pieces = (new_run(epochs=3, learning_rate=0.1) for _ in range(3))
    wall = [20, 18, 25]
    expected, _ = fit(plain)
    found, _ = fit(watching, watched=wall)
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_array_equal(one, other)
    assert told(watching) == told(plain)
    answers = [epoch.watched for epoch in store.load(watching).view.epochs]
    assert [len(answer) for answer in answers] == [3, 3, 3]
    assert len(set(answers)) == 3
    fit_in_pieces(pieces, batches=7, watched=wall)
    assert [epoch.watched for epoch in store.load(pieces).view.epochs] == answers
    assert [epoch.watched for epoch in store.load(plain).view.epochs] == [()] * 3


def test_several_batches_at_once_tell_of_the_same_epochs_and_stop_between_them(new_run):
    one_by_one, whole, pieces = (new_run(epochs=3, learning_rate=0.1) for _ in range(3))
    fit(one_by_one)
    # 5 batches an epoch: the last check of each sees only one batch.
    expected, _ = fit(whole, at_once=2)
    assert told(whole) == told(one_by_one)
    found = fit_in_pieces(pieces, batches=4, at_once=2)
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_array_equal(one, other)
    assert told(pieces) == told(whole)


def test_early_stopping_ends_a_fit_and_an_extension_goes_on_from_there(new_run):
    folder = new_run(epochs=30, learning_rate=0.3, early_stopping=1)
    assert not fit(folder, labels=_NOISE)[1]
    done = store.load(folder).epochs_done
    assert done < 30
    emit(folder, "finished", result={"a": 1}, **store.load(folder).counts)
    emit(folder, "queued", extend=2, at=done)
    fit(folder, labels=_NOISE)
    epochs, ends, _ = told(folder)
    assert [epoch for epoch, *_ in epochs] == list(range(1, len(epochs) + 1))
    assert done < len(epochs) <= done + 2
    assert ends == list(range(1, len(epochs) + 1))


@pytest.mark.long
def test_an_extension_in_pieces_is_the_extension_in_one(new_run):
    whole, pieces = new_run(epochs=2), new_run(epochs=2)
    for folder in (whole, pieces):
        fit(folder)
        emit(folder, "finished", result={"a": 1}, epochs=2, planned=2)
        emit(folder, "queued", extend=2, at=2)
    expected, _ = fit(whole)
    for one, other in zip(expected, fit_in_pieces(pieces, batches=4), strict=True):
        np.testing.assert_array_equal(one, other)
    assert told(pieces) == told(whole)
    assert len(told(whole)[0]) == 4


def test_the_pace_of_fine_tuning_is_told_from_its_own_epochs(new_run):
    folder = new_run(epochs=3, fine_tune=2)
    fit(folder)
    phase = store.load(folder).view.phases["fit"]
    assert (phase.begun_done, phase.done, phase.total) == (3, 5, 5)


def test_fine_tuning_that_makes_it_worse_keeps_the_heads_weights(new_run):
    alone, tuned = new_run(epochs=2), new_run(epochs=2, fine_tune=1, fine_tune_learning_rate=10.0)
    expected, _ = fit(alone, labels=_NOISE)
    found, _ = fit(tuned, labels=_NOISE)
    assert told(tuned)[2] == told(alone)[2]
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_stop_before_the_first_report_repeats_no_epoch(new_run, monkeypatch):
    monkeypatch.setattr(fitting, "_SEEN_SHARE", 1e9)
    folder = new_run(epochs=2)
    fit_in_pieces(folder, batches=4)
    assert [epoch for epoch, *_ in told(folder)[0]] == [1, 2]


def test_a_checkpoint_that_is_lost_begins_the_fit_anew(new_run):
    whole, again = new_run(epochs=2), new_run(epochs=2)
    expected, _ = fit(whole)
    fit(again, stop_after=7)
    (again / layout.CHECKPOINT).unlink()
    emit(again, "queued")
    for one, other in zip(expected, fit(again)[0], strict=True):
        np.testing.assert_array_equal(one, other)
    assert told(again) == told(whole)


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """The folder of a run that was stopped after three batches."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CATSDOGS_ARTIFACTS", str(tmp_path_factory.mktemp("stopped")))
        folder = created(epochs=2)
        fit(folder, stop_after=3)
    return folder


@pytest.fixture
def cut_short(stopped, tmp_path):
    """A copy of it that a test may change."""
    return Path(shutil.copytree(stopped, tmp_path / stopped.name))


@pytest.mark.parametrize("place", [0, 100, 0.3, 0.6, -30])
def test_a_damaged_checkpoint_is_refused_with_what_to_do(cut_short, place):
    path = cut_short / layout.CHECKPOINT
    content = bytearray(path.read_bytes())
    at = int(place * len(content)) if isinstance(place, float) else place
    content[at : at + 8 or None] = b"damaged!"
    path.write_bytes(content)
    with pytest.raises(RunError, match=r"checkpoint\.npz"):
        fit(cut_short)


@pytest.mark.parametrize("kept", [0.0, 0.5, 0.99])
def test_a_checkpoint_that_was_cut_off_is_refused(cut_short, kept):
    path = cut_short / layout.CHECKPOINT
    path.write_bytes(path.read_bytes()[: int(kept * path.stat().st_size)])
    with pytest.raises(RunError, match=r"checkpoint\.npz"):
        fit(cut_short)


def test_a_checkpoint_of_another_network_is_refused(cut_short):
    other = models.build_head(_FEATURES + 1, dropout=0.0)
    other.compile(keras.optimizers.Adam())
    with pytest.raises(RunError, match="another network"):
        checkpoint.restore(cut_short / layout.CHECKPOINT, other)


def test_a_loss_past_all_numbers_fails_and_leaves_no_epoch(new_run):
    folder = new_run(epochs=1, learning_rate=1e-3)
    labels = np.full(_TRAIN + _VALIDATION, np.nan)
    with pytest.raises(RunError, match="stays finite"):
        fit(folder, labels=labels)
    assert told(folder)[0] == []


@pytest.mark.parametrize("steps", [1, 2, 19, 20, 100, 1000])
def test_a_cycle_is_a_warm_up_and_a_cosine(steps):
    warm_up = round(0.05 * steps)
    keras_own = keras.optimizers.schedules.CosineDecay(
        0.0 if warm_up else 0.01,
        max(steps - warm_up, 1),
        warmup_target=0.01 if warm_up else None,
        warmup_steps=warm_up,
    )
    ours = stages.WarmRestarts(0.01, [(0, steps)])
    for step in range(steps + 2):
        assert float(ours(step)) == pytest.approx(float(keras_own(step)), abs=1e-7)


def test_an_extension_makes_one_more_cycle():
    schedule = stages.WarmRestarts(0.01, [(0, 100), (60, 40)])
    alone = stages.WarmRestarts(0.01, [(0, 40)])
    first = stages.WarmRestarts(0.01, [(0, 100)])
    rates = [float(schedule(step)) for step in range(101)]
    assert rates[:60] == [float(first(step)) for step in range(60)]
    assert rates[60:] == [float(alone(step)) for step in range(41)]
    assert rates[100] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("stage", "recipe", "averages"),
    [("fine-tune", "default", True), ("fine-tune", "plain", False), ("fit", "default", False)],
)
def test_fine_tuning_ends_an_epoch_at_the_running_mean_of_its_weights(stage, recipe, averages):
    steps, rate = 10, 0.01
    config = RunConfig("mobilenet_v2", "/photos", recipe=recipe, schedule="constant")
    stage = stages.Stage(stage, ((0, 1),), rate)
    weight = keras.Variable([1.0])
    optimizer = fitting._optimizer(config, stage, steps)
    for _ in range(steps):
        optimizer.apply([keras.ops.ones(1)], [weight])
    # With a constant gradient, each step of Adam has the size of the rate.
    taken = [1 - rate * (step + 1) for step in range(steps)]
    mean = taken[0]
    for value in taken[1:]:
        mean += (value - mean) / (2 * steps)
    assert weight.numpy()[0] == pytest.approx(mean if averages else taken[-1], abs=1e-5)


def test_weight_decay_shrinks_kernels_but_not_normalisation_or_biases():
    config = RunConfig("custom_cnn", "/photos", schedule="constant", weight_decay=0.1)
    stage = stages.Stage("fit", ((0, 1),), 0.5)
    weights = [keras.Variable([1.0], name=name) for name in ("kernel", "gamma", "beta", "bias")]
    optimizer = fitting._optimizer(config, stage, 10)
    optimizer.apply([keras.ops.zeros(1)] * 4, weights)
    assert [float(weight.numpy()[0]) for weight in weights] == pytest.approx([0.95, 1, 1, 1])
