"""``python -m catsdogs.learning.onnx_quantization FORMAT RUN_FOLDER OUT``: ONNX in int8.

The float32 ONNX file is quantized. Prints how the result agrees with the run, as JSON.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import onnxruntime
from onnxruntime import quantization
from onnxruntime.quantization.shape_inference import quant_pre_process

from catsdogs.exports.agreement import Agreement, agreement, answers, validation_photos
from catsdogs.exports.metadata import essentials
from catsdogs.learning import export_program, onnx_export
from catsdogs.learning.quantization import photos_to_calibrate
from catsdogs.runs import layout, model_files
from catsdogs.runs.run import Run


def exported(run: Run, out: Path) -> Agreement:
    """Write the model of ``run`` as ONNX in int8 to ``out``; compare it with the run.

    Raises:
        DatasetError: if the run's photos, needed to measure and to calibrate, are missing.
        RunError: if a file of the run is damaged.
    """
    photos, side = validation_photos(run), run.config.info.side
    source = model_files.intact(run, layout.LITERT_MODEL)
    with TemporaryDirectory() as folder:
        exact = Path(folder) / "exact.onnx"
        onnx_export.convert(source, exact, essentials(run))
        if run.config.info.backbone:
            quantize(exact, photos_to_calibrate(run), out)
        else:
            quantize_products(exact, out)
    session = onnxruntime.InferenceSession(out)
    p_dog = answers(lambda image: onnx_export.p_dog_of(session, image), photos, side=side)
    own, label = (photos.table[name].to_numpy() for name in ("p_dog", "label"))
    return agreement(p_dog, own, label)


def quantize(exact: Path, photos: Sequence[np.ndarray], out: Path) -> None:
    """Write a float32 ONNX file as one that computes in int8, calibrated on uint8 ``photos``.

    docs/log.md compares other ways to quantize.
    """
    with _prepared(exact) as prepared:
        quantization.quantize_static(prepared, out, _Fed(photos), per_channel=True)
    _copy_metadata(exact, out)


def quantize_products(exact: Path, out: Path) -> None:
    """Write a float32 ONNX file as one that multiplies matrices in int8, and no more.

    Most weights of the custom CNN are in one matrix. No photos are needed: the ranges of the
    activations are computed for each picture.
    """
    with _prepared(exact) as prepared:
        quantization.quantize_dynamic(
            *(prepared, out, ["MatMul", "Gemm"]),
            per_channel=True,
            weight_type=quantization.QuantType.QInt8,
        )
    _copy_metadata(exact, out)


@contextmanager
def _prepared(exact: Path) -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(exact, prepared, skip_symbolic_shape=True)
        yield prepared


def _copy_metadata(source: Path, target: Path) -> None:
    model = onnx.load(target)
    facts = {entry.key: entry.value for entry in onnx.load(source).metadata_props}
    onnx.helper.set_model_props(model, facts)
    onnx.save(model, target)


class _Fed(quantization.CalibrationDataReader):
    """Photos as the inputs of an ONNX model, one after the other."""

    def __init__(self, photos: Sequence[np.ndarray]) -> None:
        self._inputs = ({"image": photo[np.newaxis]} for photo in photos)

    def get_next(self) -> dict[str, np.ndarray] | None:
        """Return the next input; None after the last one."""
        return next(self._inputs, None)


if __name__ == "__main__":
    sys.exit(export_program.main(exported))
