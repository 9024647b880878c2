"""Keras and TensorFlow are set up as this project needs them, whatever another project left."""

import json
import os
import subprocess
import sys

import pytest
from conftest import PROJECT

from catsdogs.features import backbones

pytestmark = pytest.mark.slow

SHOW = """
import json, os
from catsdogs.learning import models, weights
from catsdogs.learning.frameworks import keras
from catsdogs.runs.config import RunConfig
network = models.build(RunConfig("custom_cnn", "/photos"))
print(json.dumps({
    "backend": keras.config.backend(),
    "floatx": keras.config.floatx(),
    "epsilon": keras.config.epsilon(),
    "image_data_format": keras.config.image_data_format(),
    "dtype_policy": keras.config.dtype_policy().name,
    "max_epochs": keras.config.max_epochs(),
    "parameters": network.count_params(),
    "home": os.environ["KERAS_HOME"],
}))
"""
OTHERS = {"floatx": "float16", "epsilon": 0.5, "backend": "torch"}


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(
            json.dumps({**OTHERS, "image_data_format": "channels_first"}), id="another project's"
        ),
        pytest.param('{"floatx": "int4"}', id="refused by Keras", marks=pytest.mark.long),
    ],
)
def test_the_settings_of_another_project_do_not_matter(tmp_path, settings):
    file = tmp_path / "keras.json"
    file.write_text(settings)
    others = {"KERAS_HOME": str(tmp_path), "KERAS_BACKEND": "jax", "KERAS_MAX_EPOCHS": "1"}
    others["TF_USE_LEGACY_KERAS"] = "1"
    shown = subprocess.run(
        [sys.executable, "-c", SHOW],
        env={**os.environ, **others},
        capture_output=True,
        text=True,
    )
    assert shown.returncode == 0, shown.stderr
    assert json.loads(shown.stdout) == {
        "backend": "tensorflow",
        "floatx": "float32",
        "epsilon": 1e-7,
        "image_data_format": "channels_last",
        "dtype_policy": "float32",
        "max_epochs": None,
        "parameters": 3_342_161,
        "home": str(tmp_path),
    }
    assert file.read_text() == settings


def test_a_backbone_that_was_exported_before_is_found_without_tensorflow(tmp_path, monkeypatch):
    weights = tmp_path / "weights.h5"
    weights.write_bytes(b"weights")
    exported = backbones.export_of(weights)
    exported.parent.mkdir(parents=True)
    exported.touch()
    monkeypatch.setenv(backbones.WEIGHTS_VARIABLE, str(weights))
    asked = [sys.executable, "-X", "importtime", "-m", "catsdogs.learning.backbone"]
    said = subprocess.run(asked, cwd=PROJECT, capture_output=True, text=True)
    assert said.stdout.strip() == str(exported)
    assert "catsdogs.features" in said.stderr
    assert "tensorflow" not in said.stderr
