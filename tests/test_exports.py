"""The formats of a run's model, and how a model in one of them agrees with its run."""

import json
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from catsdogs.errors import DatasetError, RunError
from catsdogs.exports import making, metadata
from catsdogs.exports.agreement import agreement
from catsdogs.exports.formats import FORMATS
from catsdogs.features.litert import LiteRTModel
from catsdogs.runs import layout, store

REFERENCES = ("reference-custom_cnn", "reference-mobilenet_v2-fine_tuned")
SHIPPED = Path(__file__).resolve().parent.parent / "artifacts"


def test_each_format_is_made_in_one_way():
    for form in FORMATS.values():
        assert sum(map(bool, (form.copied, form.program, form.page_of))) == 1, form.name
        assert not form.page_of or form.page_of in FORMATS


def test_agreement_counts_the_changes_in_each_direction():
    own = np.array([0.1, 0.9, 0.4, 0.6, np.nan, 0.2])
    p_dog = np.array([0.1, 0.2, 0.7, 0.6, 0.5, np.nan])
    found = agreement(p_dog, own, label=np.array([0, 1, 0, 1, 1, 0]))
    assert (found.images, found.to_cat, found.to_dog) == (4, 1, 1)
    assert (found.same_label, found.val_accuracy) == (0.5, 0.5)
    assert found.largest_difference == pytest.approx(0.7)


def test_without_photos_there_is_no_agreement():
    with pytest.raises(DatasetError, match="none that exist"):
        agreement(np.array([np.nan]), np.array([0.5]), label=np.array([1]))


def test_a_missing_package_is_named_with_its_installation(monkeypatch):
    monkeypatch.setattr(making, "find_spec", lambda name: None)
    with pytest.raises(RunError, match=r"pip install -r requirements-onnx.txt"):
        making.require_possible(FORMATS["onnx"], store.load(SHIPPED / REFERENCES[0]))


@pytest.mark.parametrize("name", REFERENCES)
def test_an_exported_litert_file_has_metadata_and_the_same_answers(name, tmp_path):
    run, target = store.load(SHIPPED / name), tmp_path / "model.tflite"
    making.make(FORMATS["litert"], run, target)
    inside = schema.ModelT.InitFromPackedBuf(target.read_bytes())
    assert inside.description.decode().startswith("One picture as uint8 RGB, 0 to 255")
    (entry,) = [one for one in inside.metadata if one.name == b"catsdogs"]
    assert json.loads(bytes(inside.buffers[entry.buffer].data)) == metadata.essentials(run)
    exported, own = LiteRTModel(target), LiteRTModel(run.folder / layout.LITERT_MODEL)
    image = noise(own.side)
    assert exported.output_shapes == own.output_shapes
    for output, values in own(image).items():
        np.testing.assert_array_equal(exported(image)[output], values)


def test_the_weights_of_an_exported_litert_file_are_aligned(tmp_path):
    making.make(FORMATS["litert"], store.load(SHIPPED / REFERENCES[1]), tmp_path / "model.tflite")
    content = (tmp_path / "model.tflite").read_bytes()
    model = schema.Model.GetRootAs(content)
    buffers = [model.Buffers(number) for number in range(model.BuffersLength())]
    begins = [one._tab.Vector(one._tab.Offset(4)) for one in buffers if one.DataLength()]
    assert len(begins) > 100
    assert all(begin % 16 == 0 for begin in begins)


def test_litert_refuses_pixels_that_were_divided_by_255():
    model = LiteRTModel(SHIPPED / REFERENCES[1] / layout.LITERT_MODEL)
    with pytest.raises(ValueError, match="FLOAT32 but expected type UINT8"):
        model((noise(model.side) / 255).astype(np.float32))


def test_metadata_state_how_to_feed_a_run_and_its_temperature():
    run = store.load(SHIPPED / REFERENCES[1])
    found = metadata.essentials(run)
    assert "Do not divide by 255" in found["how_to_feed"]
    assert "224 × 224" in found["how_to_feed"]
    assert (found["labels"], found["run"]) == ("cat,dog", run.run_id)
    assert float(found["temperature"]) == pytest.approx(run.result.calibration.temperature, 1e-5)


@pytest.fixture(scope="module", params=REFERENCES)
def as_onnx(request, tmp_path_factory):
    """A run that comes with the project, and its model as ONNX."""
    pytest.importorskip("tf2onnx")
    pytest.importorskip("onnxruntime")
    from catsdogs.learning import onnx_export

    run, target = store.load(SHIPPED / request.param), tmp_path_factory.mktemp("onnx") / "m.onnx"
    onnx_export.convert(run.folder / layout.LITERT_MODEL, target, metadata.essentials(run))
    return run, target


def noise(side: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)


@pytest.mark.slow
def test_onnx_says_how_to_feed_it_and_refuses_pixels_that_were_divided_by_255(as_onnx):
    import onnxruntime

    run, file = as_onnx
    session = onnxruntime.InferenceSession(file)
    assert session.get_modelmeta().custom_metadata_map == metadata.essentials(run)
    divided = (noise(run.config.info.side)[np.newaxis] / 255).astype(np.float32)
    with pytest.raises(Exception, match=r"Actual: \(tensor\(float\)\) . expected"):
        session.run(["p_dog"], {"image": divided})


@pytest.mark.slow
def test_int8_onnx_is_small_and_has_all_outputs_and_metadata(as_onnx, tmp_path):
    import onnxruntime

    from catsdogs.learning import onnx_quantization

    run, exact = as_onnx
    side, target = run.config.info.side, tmp_path / "int8.onnx"
    if run.config.info.backbone:
        onnx_quantization.quantize(exact, [noise(side)], target)
    else:
        onnx_quantization.quantize_products(exact, target)
    assert target.stat().st_size < 0.5 * exact.stat().st_size
    session = onnxruntime.InferenceSession(target)
    assert session.get_modelmeta().custom_metadata_map == metadata.essentials(run)
    assert {one.name for one in session.get_outputs()} == {"p_dog", "heatmap", "embedding"}
    assert session.get_inputs()[0].type == "tensor(uint8)"


@pytest.mark.slow
def test_onnx_gives_all_outputs_of_litert(as_onnx):
    import onnxruntime

    run, file = as_onnx
    session, model = (
        onnxruntime.InferenceSession(file),
        LiteRTModel(run.folder / layout.LITERT_MODEL),
    )
    image = noise(model.side)
    names = ["p_dog", "heatmap", "embedding"]
    found = session.run(names, {"image": image[np.newaxis]})
    expected = model(image)
    for one, values in zip(names, found, strict=True):
        np.testing.assert_allclose(values[0], expected[one], atol=1e-3)
