"""The seconds of a run's phases on a machine where no such run has finished yet.

They follow from the operations that a network needs and the speed of a matrix product, with
constants that were measured on two machines with 2 cores each (docs/log.md, "The time of a first
run"). There they were right within a factor of 1.7.
"""

from collections.abc import Collection

from catsdogs.runs import effective
from catsdogs.runs.config import RunConfig
from catsdogs.runs.machine_speed import MachineSpeed

# The speed of a network in units of the matrix product's: training the custom CNN, in float32 and
# in bfloat16; one forward pass of MobileNetV2; training its blocks, which wait for memory.
_LEARNING, _LEARNING_BFLOAT16, _EMBEDDING, _FINE_TUNING = 0.85, 1.9, 1.0, 0.4
# The default recipe's network learns faster than the plain one, although it computes more.
_DEFAULT_RECIPE = 1.3
# A gradient step takes three forward passes.
_TRAINING_PASSES = 3
# Seconds to load TensorFlow, to start a fit, and to write the files of a run: with a backbone,
# which is converted once for all runs, and without. A head learns so many vectors in a second.
_START_S, _FIT_START_S = 3.0, 1.0
_EXPORT_S, _HEAD_EXPORT_S, _BACKBONE_EXPORT_S = 4.0, 1.5, 4.0
_VECTORS_PER_S = 30_000
# The validation photos that set the limits for "both", and the passes for each.
LIMITING_PHOTOS, LIMITING_PASSES = 2000, 2.6


def seconds_by_phase(
    config: RunConfig,
    speed: MachineSpeed,
    *,
    images: int,
    new_rows: Collection[str],
    is_first: bool,
) -> dict[str, float] | None:
    """Return the seconds of each phase and of the "start" before; None for an unknown network.

    ``new_rows`` names the rows that each of the ``images`` needs and the cache does not hold.
    Rows of pixels are decoded, others also go through the network. ``is_first``: MobileNetV2 has to
    be converted first.
    """
    info = config.info
    if not info.gflop or not speed.gflops:
        return None
    validation = images * config.validation
    preparing = images * sum(_seconds_a_row(row, config, speed) for row in new_rows)
    if info.backbone and is_first:
        preparing += _BACKBONE_EXPORT_S
    seconds = dict.fromkeys(("decode", "embed"), 0.0) | {info.preparing: preparing}
    fit = _fit_s(config, speed, train=images - validation, validation=validation)
    evaluate = validation * info.gflop / speed.gflops if not info.backbone else 0.0
    export = _HEAD_EXPORT_S if info.backbone else _EXPORT_S
    if config.fine_tune:
        export += min(validation, LIMITING_PHOTOS) * LIMITING_PASSES * info.gflop / speed.gflops
    seconds |= {"start": _START_S, "fit": fit, "evaluate": evaluate, "export": export}
    return {name: speed.slowdown * idle_s for name, idle_s in seconds.items()}


def _seconds_a_row(row: str, config: RunConfig, speed: MachineSpeed) -> float:
    decoding = 1 / speed.decoded_per_s if speed.decoded_per_s else 0.0
    if row.endswith("pixels"):
        return decoding
    return decoding + config.info.gflop / (_EMBEDDING * speed.gflops)


def _fit_s(config: RunConfig, speed: MachineSpeed, *, train: float, validation: float) -> float:
    info = config.info
    seen = train * effective.repeats(config)
    passes = _TRAINING_PASSES * seen + validation
    if info.backbone is None:
        learning = _LEARNING_BFLOAT16 if speed.has_bfloat16 else _LEARNING
        learning *= 1 if config.is_plain else _DEFAULT_RECIPE
        an_epoch = passes * info.gflop / (learning * speed.gflops)
        return _FIT_START_S + config.epochs * an_epoch
    head = config.epochs * (train + validation) / _VECTORS_PER_S
    share = info.backbone.blocks[config.fine_tune_from].share if config.fine_tune else 0.0
    an_epoch = passes * share * info.gflop / (_FINE_TUNING * speed.gflops)
    return _FIT_START_S + head + config.fine_tune * an_epoch
