"""The formats of a run's model, and how a model in one of them agrees with its run."""

from pathlib import Path

import numpy as np
import pytest

from catsdogs.errors import DatasetError, RunError
from catsdogs.exports import making
from catsdogs.exports.agreement import agreement
from catsdogs.exports.formats import FORMATS
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
    with pytest.raises(RunError, match=r"pip install .catsdogs\[onnx\]."):
        making.require_possible(FORMATS["onnx"], store.load(SHIPPED / REFERENCES[0]))


@pytest.mark.slow
@pytest.mark.parametrize("name", REFERENCES)
def test_onnx_gives_all_outputs_of_litert(name, tmp_path):
    pytest.importorskip("tf2onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    from catsdogs.features.litert import LiteRTModel
    from catsdogs.learning import onnx_export

    litert = SHIPPED / name / layout.LITERT_MODEL
    onnx_export.convert(litert, tmp_path / "model.onnx")
    session, model = onnxruntime.InferenceSession(tmp_path / "model.onnx"), LiteRTModel(litert)
    image = np.random.default_rng(0).integers(0, 256, (model.side, model.side, 3), dtype=np.uint8)
    names = ["p_dog", "heatmap", "embedding"]
    found = session.run(names, {"image": image[np.newaxis]})
    expected = model(image)
    for one, values in zip(names, found, strict=True):
        np.testing.assert_allclose(values[0], expected[one], atol=1e-3)
