"""The training of a run: from records to a trained network with validation predictions."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from catsdogs.dataset.index import Dataset
from catsdogs.features import embeddings
from catsdogs.features.backbones import identity, origin
from catsdogs.features.litert import OUTPUT
from catsdogs.learning import (
    checkpoint,
    engines,
    export,
    machine,
    models,
    preparing,
    watching,
    weights,
)
from catsdogs.learning.fitting import Fitted, fit
from catsdogs.learning.frameworks import keras, tensorflow
from catsdogs.learning.preparing import Frozen, Sides
from catsdogs.learning.reporting import Reporter
from catsdogs.learning.stages import FINE_TUNE, stages
from catsdogs.learning.views import Views, with_views
from catsdogs.runs import effective, layout
from catsdogs.runs.config import RunConfig
from catsdogs.runs.run import Run

_HEAD_BATCHES_AT_ONCE = 8


@dataclass(frozen=True)
class Trained:
    """A finished training: the complete Keras model and P(dog) of each validation record."""

    model: keras.Model
    sides: Sides
    p_dog: np.ndarray
    cut_short: bool  # a stop request ended the fit before its last epoch
    export_litert: Callable[[Path], None]
    frozen: Frozen | None = None  # the backbone's output, where it was not trained


def train(run: Run, dataset: Dataset, reporter: Reporter) -> Trained:
    """Train what ``run`` asks for on ``dataset``, from its checkpoint if it has one.

    A stop request during the fit ends it after the current batches and keeps the weights.

    Raises:
        StoppedEarly: when a stop was asked for before the fit.
        ConfigError: when the dataset cannot be split.
        DatasetError: when a resumed run would have other photos on its two sides.
        WeightsUnavailable: for MobileNetV2 without ImageNet weights.
        RunError: when the loss left the finite numbers, or the checkpoint is damaged.
    """
    if run.config.deterministic:
        tensorflow.config.experimental.enable_op_determinism()
    trained_by = _train_on_vectors if run.config.info.backbone else _train_on_pixels
    trained = trained_by(run, dataset, reporter)
    models.output_layer(trained.model).name = run.classes.key(OUTPUT)
    return trained


def _train_on_pixels(run: Run, dataset: Dataset, reporter: Reporter) -> Trained:
    side = run.config.info.side
    photos = preparing.photos(run.config, dataset)
    with reporter.preparing("decode"):
        rows = preparing.decoded(photos, side, reporter)
    sides = preparing.sides(run, photos, [rows], reporter)
    precision = _resolved(run, "precision", machine.fastest_precision, reporter)
    keras.utils.set_random_seed(run.config.seed)
    fitted = models.build(run.config, precision=precision)
    (stage,) = stages(run)
    ended = fit(
        *(
            run,
            stage,
            fitted,
            sides.training(rows, smallest_crop=effective.smallest_crop(run.config)),
        ),
        validation=sides.validation(rows),
        reporter=reporter,
        watched=watching.watch(sides, rows, reporter),
    )
    # The model that is measured and saved computes in float32 and carries no optimizer.
    model = models.build(run.config)
    model.set_weights(fitted.get_weights())
    model = with_views(model, _views(run.config))
    with reporter.phase("evaluate"):
        p_dog = sides.p_dog(model, rows)
    return Trained(
        model,
        sides,
        p_dog,
        ended.cut_short,
        lambda target: export.export_network(model, target),
    )


def _train_on_vectors(run: Run, dataset: Dataset, reporter: Reporter) -> Trained:
    config, photos = run.config, preparing.photos(run.config, dataset)
    with reporter.preparing("embed"):
        weights_file = weights.find_weights(begun_from=run.view.resolved.get("weights"))
        reporter.emit("resolved", name="weights", value=origin(identity(weights_file)))
        fastest = partial(engines.fastest, weights_file, photos.root, photos.records)
        engine = _resolved(run, "engine", fastest, reporter)
        frozen = preparing.frozen(config, photos, weights_file, engine, reporter)
    sides = preparing.sides(run, photos, frozen.tables, reporter)
    # Seed now: exporting the backbone draws random numbers, and the cache may skip the export.
    keras.utils.set_random_seed(config.seed)
    head = models.build_head(embeddings.EMBEDDING_SIZE, dropout=effective.dropout(config))
    first, ended = stages(run)[0], None
    if checkpoint.stage(run.folder / layout.CHECKPOINT) != FINE_TUNE:
        ended = fit(
            *(run, first, head, sides.training(frozen.vectors)),
            validation=sides.validation(frozen.measured),
            reporter=reporter,
            watched=watching.watch(sides, frozen.measured, reporter),
            batches_at_once=_HEAD_BATCHES_AT_ONCE,
        )
    cut_short = ended is not None and ended.cut_short
    if frozen.activations and not cut_short:
        backbone = models.build_backbone(weights_file)
        return _fine_tuned(run, backbone, head, ended, frozen, sides, reporter)
    with reporter.phase("evaluate"):
        p_dog = sides.p_dog(head, frozen.measured)
    with reporter.phase("export"):
        model = models.assemble_mobilenet_v2(models.build_backbone(weights_file), head)
        backbone_file = export.backbone_file(weights_file)
    return Trained(
        model,
        sides,
        p_dog,
        cut_short,
        lambda target: export.export_mobilenet_v2(backbone_file, head, target),
        frozen,
    )


def _fine_tuned(
    run: Run,
    backbone: keras.Model,
    head: keras.Model,
    before: Fitted | None,
    frozen: Frozen,
    sides: Sides,
    reporter: Reporter,
) -> Trained:
    """Fit the upper blocks, or all, starting from the fitted head or from the checkpoint."""
    config, rows = run.config, frozen.tables[-1]
    seen = _views(config)
    fitted = models.build_trainable(
        backbone, head, config.fine_tune_from, centre_crop=seen.centre_crop
    )
    ended = fit(
        *(
            run,
            stages(run)[-1],
            fitted,
            sides.training(rows, smallest_crop=effective.smallest_crop(config)),
        ),
        validation=sides.validation(rows),
        reporter=reporter,
        before=before,
        watched=watching.watch(sides, rows, reporter),
    )
    with reporter.phase("evaluate"):
        # It already sees the middle.
        p_dog = sides.p_dog(with_views(fitted, Views(mirrored=seen.mirrored)), rows)
    models.take_trained(fitted, backbone, config.fine_tune_from)
    model = with_views(models.assemble_mobilenet_v2(backbone, head), seen)
    return Trained(
        model,
        sides,
        p_dog,
        ended.cut_short,
        lambda target: export.export_network(model, target),
    )


def _views(config: RunConfig) -> Views:
    return Views(effective.centre_crop(config), config.mirrored_view)


def _resolved(run: Run, setting: str, measure: Callable[[], str], reporter: Reporter) -> str:
    """Return the value of ``setting`` in this run; "auto" is measured once, not at every resume."""
    value = getattr(run.config, setting)
    if value == "auto":
        value = run.view.resolved.get(setting) or measure()
    reporter.emit("resolved", name=setting, value=value)
    return value
