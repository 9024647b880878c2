"""Loading never runs foreign code: ``hostile_runs`` has the run folders that are tried."""

import io
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from importlib.metadata import version

import numpy as np
import pytest
import streamlit as st
from conftest import PROJECT, command_line, seal
from hostile_runs import (
    CONFIGS,
    EVENTS,
    keras_files,
    pickled_array,
    pickled_bytes,
    spoiled,
    without_batches,
)
from streamlit.testing.v1 import AppTest

from catsdogs.dataset import index
from catsdogs.errors import RunError
from catsdogs.features import embeddings
from catsdogs.images import picture
from catsdogs.inference.predictor import Predictor
from catsdogs.runs import layout, model_files, store
from catsdogs.runs.events import State
from catsdogs.sources import current

ARTIFACTS = PROJECT / "artifacts"
SOUND = ("reference-custom_cnn", "reference-mobilenet_v2-fine_tuned")
SLOW = "a line of 100 MB"
SCRIPTS = (
    "streamlit_app.py",
    "pages/train.py",
    "pages/run.py",
    "pages/compare.py",
    "pages/classify.py",
)


@pytest.fixture
def artifacts(empty_machine):
    """A folder with two sound runs."""
    for name in SOUND:
        shutil.copytree(ARTIFACTS / name, empty_machine / "artifacts" / name)
    return empty_machine / "artifacts"


@pytest.fixture(scope="module")
def folder_of_all(tmp_path_factory):
    """Two sound runs among all the others."""
    artifacts, short = (tmp_path_factory.mktemp(name) for name in ("attacked", "short"))
    for name in SOUND:
        shutil.copytree(ARTIFACTS / name, artifacts / name)
        spoiled(artifacts / name, short / name, layout.EVENTS, without_batches)
    for file, spoils in ((layout.CONFIG, CONFIGS), (layout.EVENTS, EVENTS)):
        for number, (name, spoil) in enumerate(spoils.items()):
            if name != SLOW:
                folder = artifacts / f"spoiled-{number:03}-{file}"
                spoiled(short / SOUND[number % 2], folder, file, spoil)
    (artifacts / "a-file").write_text("no folder")
    (artifacts / "a-link").symlink_to(ARTIFACTS / SOUND[0])
    (artifacts / "a-loop").symlink_to("a-loop")
    os.mkfifo(artifacts / "a-pipe")
    return artifacts


@pytest.fixture
def attacked(folder_of_all, kaggle_folder, monkeypatch):
    monkeypatch.setenv("CATSDOGS_ARTIFACTS", str(folder_of_all))
    current.choose(kaggle_folder)
    return folder_of_all


@pytest.mark.slow
def test_sound_runs_are_listed_beside_every_other(attacked):
    runs, broken = store.list_runs()
    assert {run.run_id for run in runs} >= set(SOUND)
    folders = [path for path in attacked.iterdir() if path.is_dir()]
    assert len(runs) + len(broken) == len(folders)
    assert len(broken) > 100
    assert all("Expected a run in" in str(error) and len(str(error)) < 600 for error in broken)
    assert any("a-link" in str(error) for error in broken)
    for run in runs:
        assert run.view.state is run.state
        assert all(map(str, (run.title, run.command, run.epochs_done, run.epochs_planned)))
    assert store.best_usable()


@pytest.mark.page
@pytest.mark.parametrize("script", SCRIPTS)
def test_every_page_works_beside_every_other_run(attacked, script):
    st.cache_resource.clear()
    app = AppTest.from_file(str(PROJECT / "streamlit_app.py"), default_timeout=120)
    if script != "streamlit_app.py":
        app.switch_page(script)
    app.run()
    assert not app.exception, app.exception[0].stack_trace
    if script == "pages/train.py":
        assert sum("cannot be used" in warning.value for warning in app.warning) > 100


@pytest.mark.long
def test_the_command_line_lists_the_sound_ones(attacked):
    status, listed = command_line("runs", "list", CATSDOGS_ARTIFACTS=attacked)
    assert status == 0
    assert {one["run"] for one in listed} >= set(SOUND)


@pytest.mark.slow
def test_a_line_of_a_hundred_megabytes_is_passed_over(artifacts):
    folder = artifacts / "spoiled"
    spoiled(artifacts / SOUND[0], folder, layout.EVENTS, EVENTS[SLOW])
    assert store.load(folder).state is State.FINISHED


@pytest.fixture
def marker(tmp_path):
    """A file that is there as soon as foreign code has run."""
    marker = tmp_path / "marker"
    yield marker
    assert not marker.exists()


@pytest.fixture
def own(artifacts):
    """A copy of a sound run, whose files may be replaced."""
    folder = artifacts / "own"
    return spoiled(artifacts / SOUND[0], folder, layout.LITERT_MODEL, lambda path: None)


def replaced(path, content):
    """Replace a file, its link to the sound run's with it, and renew the run's checksums."""
    path.unlink(missing_ok=True)
    path.write_bytes(content)
    seal(path.parent)


def pickled_npz(marker, like=None):
    """Return an archive of arrays, each of which runs code where it is unpickled."""
    names = np.load(like, allow_pickle=False).files if like else ["progress", "variable_0"]
    buffer = io.BytesIO()
    np.savez(buffer, **dict.fromkeys(names, pickled_array(marker)))
    return buffer.getvalue()


def test_what_is_pickled_does_run_code_where_it_is_let(tmp_path):
    np.load(io.BytesIO(pickled_npz(tmp_path / "ran")), allow_pickle=True)["progress"]
    assert (tmp_path / "ran").exists()


def test_pickled_reference_vectors_are_refused(own, marker):
    path = own / layout.REFERENCES
    replaced(path, pickled_npz(marker, path))
    with pytest.raises(RunError, match="Expected the reference vectors of own"):
        Predictor(store.load(own))


@pytest.mark.slow
def test_a_pickled_checkpoint_is_refused(tmp_path, marker):
    from catsdogs.learning import checkpoint

    (tmp_path / layout.CHECKPOINT).write_bytes(pickled_npz(marker))
    with pytest.raises(RunError, match="Expected the checkpoint"):
        checkpoint.stage(tmp_path / layout.CHECKPOINT)


def test_a_pickle_in_the_place_of_predictions_is_refused(own, marker):
    replaced(own / layout.PREDICTIONS, pickled_bytes(marker))
    with pytest.raises(RunError, match="Expected the validation predictions"):
        model_files.read_predictions(store.load(own))


def test_pickled_rows_in_a_cache_are_never_unpickled(tmp_path, marker, kaggle_folder):
    records = index.scan(kaggle_folder).usable
    place = tmp_path / "cache" / "pixels" / f"8-{picture.DECODE_VERSION}"
    place.mkdir(parents=True)
    np.save(place / "0.npy", pickled_array(marker), allow_pickle=True)
    rows = embeddings.decode(kaggle_folder, records, side=8)
    assert len(rows.take(np.arange(len(records)))) == len(records)


@pytest.mark.parametrize("name", [layout.LITERT_MODEL, layout.PREDICTIONS, layout.REFERENCES])
def test_a_file_that_leads_elsewhere_is_not_computed_with(own, name):
    outside = own.parent.parent / "outside"
    (own / name).rename(outside)
    (own / name).symlink_to(outside)
    with pytest.raises(RunError, match=f"Expected {name} of own"):
        model_files.intact(store.load(own), name)
    (own / name).unlink()
    os.mkfifo(own / name)
    with pytest.raises(RunError, match=f"Expected {name} of own"):
        model_files.intact(store.load(own), name)


FLIPS = """
import pathlib, random, sys
from catsdogs.errors import RunError
from catsdogs.inference.predictor import Predictor
from catsdogs.runs import layout, store
from conftest import seal
folder = pathlib.Path(sys.argv[1])
model, seed = folder / layout.LITERT_MODEL, int(sys.argv[2])
sound = model.read_bytes()
model.unlink()
for number in range(seed, seed + int(sys.argv[3])):
    draw, content = random.Random(number), bytearray(sound)
    for _ in range(draw.choice((1, 3, 20))):
        place = draw.randrange(draw.choice((2000, len(content))))
        content[-place if number % 2 else place] ^= draw.randrange(256)
    model.write_bytes(draw.randbytes(5000) if number % 10 == 0 else content)
    seal(folder)
    try:
        Predictor(store.load(folder))
        print("answers", flush=True)
    except RunError:
        print("refused", flush=True)
"""


@pytest.mark.slow
def test_a_damaged_model_whose_checksum_was_replaced_too_is_refused_or_answers(own):
    """``torture_runs`` tries more of them, some of which end the process."""
    assert set(flipped(own, 0, 12)) <= {"refused", "answers", "died"}


def flipped(folder, seed, count):
    """Load damaged models in a process of its own; return how it went, by how often."""
    done = subprocess.run(
        [sys.executable, "-c", FLIPS, str(folder), str(seed), str(count)],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": f"{PROJECT}:{PROJECT / 'tests'}"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    outcomes = Counter(done.stdout.split())
    if done.returncode < 0:  # LiteRT itself fell over a model: only the checksum guards against it.
        outcomes["died"] += 1
    else:
        assert done.returncode == 0, done.stderr[-2000:]
        assert outcomes.total() == count
    return outcomes


@pytest.mark.slow
def test_code_in_a_keras_file_does_not_run(own, marker, tmp_path):
    """A Lambda layer of marshalled code, and a config that names classes outside Keras."""
    folders = []
    for name, content in keras_files(marker).items():
        folders.append(own.with_name(name))
        spoiled(own, folders[-1], layout.LITERT_MODEL, lambda path: None)
        replaced(folders[-1] / layout.KERAS_MODEL, content)
    ran = tmp_path / "ran-where-it-was-let"
    (tmp_path / "lambda.keras").write_bytes(keras_files(ran)["lambda"])
    done = subprocess.run(
        [sys.executable, "-c", LOAD, str(tmp_path / "lambda.keras"), *map(str, folders)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert len(said) == len(folders) > 5
    for folder, line in zip(folders, said, strict=True):
        assert line.startswith(f"Expected model.keras of {folder.name}")
    assert ran.exists()


LOAD = """
import contextlib, pathlib, sys
import keras
from catsdogs.errors import RunError
from catsdogs.learning.quantization import loaded
from catsdogs.runs import store
for folder in sys.argv[2:]:
    try:
        loaded(store.load(pathlib.Path(folder)))
        print("loaded")
    except RunError as error:
        print(error)
with contextlib.suppress(Exception):
    keras.models.load_model(sys.argv[1], safe_mode=False)
"""


def test_what_is_installed_and_asked_for_loads_keras_files_safely():
    """Before 3.15.1 its safe mode could be bypassed."""
    asked = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    assert "keras>=3.15.1" in asked["dependencies"]
    for pinned in ("requirements.txt", "requirements-dev.txt"):
        found = re.findall(r"^keras==([0-9.]+)", (PROJECT / pinned).read_text("utf-8"), re.M)
        assert [number(one) >= (3, 15, 1) for one in found] == [True]
    assert number(version("keras")) >= (3, 15, 1)


def number(of_version):
    return tuple(map(int, of_version.split(".")[:3]))
