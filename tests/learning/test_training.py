"""Real workers on the drawn sample: what a run leaves behind, and that its models agree."""

import io
import json
import re
import subprocess
import sys

import numpy as np
import pytest
from conftest import command_line, seal
from PIL import ExifTags, Image
from sklearn.datasets import load_sample_image

from catsdogs.comparison.repetition import repetition
from catsdogs.dataset import index
from catsdogs.dataset.split import split
from catsdogs.errors import RunError
from catsdogs.features.litert import LiteRTModel
from catsdogs.images import picture
from catsdogs.images.picture import Picture
from catsdogs.inference.predictor import Predictor
from catsdogs.learning import worker
from catsdogs.learning.preparing import Sides
from catsdogs.learning.referencing import references
from catsdogs.runs import effective, event_file, layout, model_files, queue, store
from catsdogs.runs.about import About, DatasetReference
from catsdogs.runs.config import RunConfig
from catsdogs.runs.events import State

pytestmark = pytest.mark.slow


@pytest.fixture
def runs(trained_machine):
    """The two trained runs by recipe."""
    return {run.config.recipe: run for run in store.list_runs()[0]}


def test_a_finished_run_has_every_file_and_no_temporary_one(runs):
    for run in runs.values():
        assert run.state is State.FINISHED
        assert sorted(path.name for path in run.folder.iterdir()) == sorted(
            (
                *(
                    layout.CONFIG,
                    layout.REFERENCES,
                    layout.EVENTS,
                    layout.LOG,
                    layout.KERAS_MODEL,
                    layout.LITERT_MODEL,
                ),
                *(layout.PREDICTIONS, layout.TRAINING, layout.EVALUATION, layout.MODEL_CARD),
                *(layout.CHECKPOINT, layout.LOCK),
            )
        )


def test_the_code_in_a_model_card_answers_as_the_app_does(runs, tmp_path):
    """On a photo that a camera held upright: a JPEG larger than the input, turned by its EXIF."""
    run = runs["default"]
    card = (run.folder / layout.MODEL_CARD).read_text("utf-8")
    for name in (layout.LITERT_MODEL, layout.KERAS_MODEL):
        (tmp_path / name).symlink_to(run.folder / name)
    turned = Image.Exif()
    turned[ExifTags.Base.Orientation] = 6
    Image.fromarray(load_sample_image("china.jpg")).save(tmp_path / "photo.jpg", exif=turned)
    for_litert, for_keras = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
    code = f"{for_litert}\n{for_keras}\nprint(model.predict(pixels / 255, verbose=0)[0, 0])"
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    by_litert, by_keras, divided = (float(line.split()[-1]) for line in ran.stdout.splitlines())
    expected = Predictor(run)(Picture((tmp_path / "photo.jpg").read_bytes())).p_dog
    assert by_litert == pytest.approx(expected, abs=1e-6)
    assert by_keras == pytest.approx(expected, abs=1e-3)
    assert abs(divided - expected) > 1e-3, "the card warns of this"


def test_a_model_card_says_what_goes_in_and_what_comes_out(runs):
    card = (runs["default"].folder / layout.MODEL_CARD).read_text("utf-8")
    for said in (
        "uint8 RGB pixels, 0 to 255, shape (1, 150, 150, 3)",
        "not cropped",
        "Do not divide by 255",
        "0 = cat, 1 = dog",
        "| `p_dog` | (1, 1) |",
        "| `heatmap` | (1, 20, 20) |",
        "| `embedding` | (1, 256) |",
    ):
        assert said in card


def test_the_last_event_is_the_only_end(runs):
    for run in runs.values():
        kinds = [event["event"] for event in event_file.read_events(run.folder)]
        assert (kinds[0], sorted(kinds[1:3])) == ("queued", ["launched", "started"])
        assert [kind for kind in kinds if kind in ("finished", "stopped", "failed")] == kinds[-1:]


def test_parameters_are_exact(runs):
    assert runs["plain"].view.result.parameters == 4_828_481
    assert runs["default"].view.result.parameters == 3_342_161


def test_batches_are_reported_as_they_are_not_as_running_means(runs):
    for run in runs.values():
        batches, epoch = run.view.batches, run.view.epochs[0]
        assert all(0 <= batch.accuracy <= 1.0001 for batch in batches)
        assert all(batch.loss > 0 for batch in batches)
        picture = run.view.result.train_images * effective.repeats(run.config)
        seen = [min(8 * batch.step, picture) for batch in batches]
        sizes = np.diff([0, *seen])
        mean = np.average([batch.loss for batch in batches], weights=sizes)
        assert mean == pytest.approx(epoch.loss, rel=1e-3)


def test_evaluation_and_predictions_tell_the_same(runs):
    for run in runs.values():
        table = model_files.read_predictions(run)
        evaluation = json.loads((run.folder / layout.EVALUATION).read_text())
        right = (table["p_dog"] >= 0.5) == (table["label"] == 1)
        assert right.mean() == pytest.approx(run.view.result.val_accuracy)
        assert evaluation["accuracy"] == run.view.result.val_accuracy
        assert len(table) == run.view.result.val_images


def test_the_wall_shows_validation_photos_with_the_answers_of_each_epoch(runs):
    for run in runs.values():
        view, table = run.view, model_files.read_predictions(run).set_index("path")
        paths = [photo.path for photo in view.watched]
        assert 0 < len(paths) <= 12
        assert [photo.label for photo in view.watched] == list(table["label"][paths])
        assert [photo.digest for photo in view.watched] == list(table["digest"][paths])
        # Both runs have one epoch: its weights are those that predicted, in float32.
        assert len(view.epochs) == 1
        np.testing.assert_allclose(view.epochs[0].watched, table["p_dog"][paths], atol=0.05)


def test_the_exported_model_gives_the_validation_predictions(runs, trained_machine):
    root = trained_machine / "data" / "sample"
    # The runs were trained in another place: their paths are relative, so they hold here too.
    for run in runs.values():
        table = model_files.read_predictions(run)
        answers = dict(Predictor(run).p_dog_of_files(root, list(table["path"])))
        np.testing.assert_allclose(
            [answers[path] for path in table["path"]], table["p_dog"], atol=1e-3
        )


@pytest.mark.long
def test_a_run_with_a_mirrored_view_gives_its_validation_predictions(trained_machine):
    sample = trained_machine / "data" / "sample"
    settings = RunConfig("custom_cnn", str(sample), epochs=1, batch_size=8, mirrored_view=True)
    run = queue.follow(queue.start(settings), lambda seen: None)
    assert run.state is State.FINISHED, run.message
    table = model_files.read_predictions(run)
    answers = dict(Predictor(run).p_dog_of_files(sample, list(table["path"])))
    np.testing.assert_allclose([answers[path] for path in table["path"]], table["p_dog"], atol=1e-3)


def test_validation_images_were_not_trained_on(runs, trained_machine):
    usable = index.scan(trained_machine / "data" / "sample").usable
    for run in runs.values():
        table = model_files.read_predictions(run)
        result = run.view.result
        assert result.train_images + result.val_images == len(usable)
        train = usable[~usable["path"].isin(table["path"])]
        assert not set(train["digest"]) & set(table["digest"])


def test_a_rotated_photo_gets_the_upright_ones_answer(runs, trained_machine):
    relative = model_files.read_predictions(runs["plain"])["path"][0]
    source = trained_machine / "data" / "sample" / relative
    upright = picture.load_upright(source.read_bytes())
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    upright.transpose(Image.Transpose.ROTATE_90).save(buffer, "PNG", exif=exif)
    plain = io.BytesIO()
    upright.save(plain, "PNG")
    predictor = Predictor(runs["plain"])
    rotated, straight = (predictor(Picture(b.getvalue())) for b in (buffer, plain))
    assert rotated.p_dog == pytest.approx(straight.p_dog, abs=1e-4)
    np.testing.assert_allclose(rotated.heatmap, straight.heatmap, atol=1e-4)


def test_classify_answers_with_both_runs_and_reports_what_is_no_picture(runs, trained_machine):
    sample = trained_machine / "data" / "sample"
    names = list(model_files.read_predictions(runs["plain"])["path"][:3])
    (trained_machine / "fake.jpg").write_text("this is text")
    status, answers = command_line(
        *("classify", *(sample / name for name in names), trained_machine / "fake.jpg"),
        *("--run", *(run.run_id for run in runs.values())),
    )
    assert status == 2
    assert [len(answer["results"]) for answer in answers] == [2, 2, 2, 0]
    assert [answer["error"] and answer["error"]["code"] for answer in answers[2:]] == [
        None,
        "not_an_image",
    ]
    assert all(r["label"] in ("cat", "dog") for answer in answers for r in answer["results"])


def test_photos_that_went_away_meanwhile_are_no_references(runs, trained_machine):
    run, root = runs["plain"], trained_machine / "data" / "sample"
    usable = index.scan(root).usable.reset_index(drop=True)
    found = split(usable, run.config.split_rule)
    train, held_back = found.train, found.validation
    sides = Sides(run.config, usable, train, held_back, usable.iloc[:0])
    gone = list(usable["path"].iloc[train[:3]])
    for path in gone:
        (root / path).unlink()
    found = references(sides, None, root, run.folder / layout.LITERT_MODEL)
    found.save(trained_machine)
    with np.load(trained_machine / layout.REFERENCES) as kept:
        assert set(kept["paths"]) == set(usable["path"].iloc[train]) - set(gone)
        assert len(kept["vectors"]) == len(kept["paths"])
    for path in usable["path"].iloc[held_back]:
        (root / path).unlink()
    assert references(sides, None, root, run.folder / layout.LITERT_MODEL) is None


def test_evaluate_counts_every_usable_image(runs, trained_machine):
    sample = trained_machine / "data" / "sample"
    status, result = command_line("evaluate", runs["plain"].run_id, "--data", sample)
    dataset = index.scan(sample)
    assert status == 2
    assert result["images"] == len(dataset.usable)
    assert [file["path"] for file in result["unreadable"]] == list(dataset.unreadable["path"])
    assert sum(map(sum, result["confusion_matrix"])) == result["images"]


def test_compare_and_export_answer(runs, trained_machine):
    a, b = (run.run_id for run in runs.values())
    status, result = command_line("compare", a, b)
    assert status == 0
    counted = ("both_right", "both_wrong", "a_right_b_wrong", "b_right_a_wrong")
    assert sum(result[name] for name in counted) == result["images"]
    assert result["without_suspects"] is None
    for run in "ab":
        parts = result["slices"]["size"][run]
        assert sum(part["images"] for part in parts) == result["images"]
        right = sum(part["images"] * part["accuracy"]["value"] for part in parts if part["images"])
        assert right / result["images"] == pytest.approx(result[f"accuracy_{run}"])
    for kind in ("keras", "litert"):
        target = trained_machine / f"model.{kind}"
        status, result = command_line("export", a, "--format", kind, "--out", target)
        assert (status, target.stat().st_size) == (0, result["bytes"])


@pytest.mark.parametrize(
    ("form", "share", "difference"),
    [
        ("litert-int8", 0.3, 0.1),
        pytest.param("litert-float16", 0.51, 0.01, marks=pytest.mark.long),
    ],
)
def test_a_smaller_custom_cnn_says_what_it_said(runs, trained_machine, form, share, difference):
    run, out = runs["default"], trained_machine / "small.tflite"
    status, result = command_line("export", run.run_id, "--format", form, "--out", out)
    assert status == 0, result
    assert result["bytes"] < share * (run.folder / layout.LITERT_MODEL).stat().st_size
    assert result["images"] == run.result.val_images
    assert result["largest_difference"] < difference
    outputs = LiteRTModel(out)(np.zeros((150, 150, 3), np.uint8))
    assert set(outputs) == {"p_dog", "heatmap", "embedding"}


def test_an_int8_export_without_the_photos_says_what_it_needs(runs, tmp_path):
    about = runs["default"].folder / layout.CONFIG
    content = json.loads(about.read_text("utf-8"))
    content["config"]["data"] = str(tmp_path / "cwd")
    about.write_text(json.dumps(content), "utf-8")
    out = tmp_path / "small.tflite"
    words = ("export", runs["default"].run_id, "--format", "litert-int8", "--out", out)
    status, result = command_line(*words)
    assert status == 1
    assert "Expected" in result["error"]
    assert not out.exists()


def test_a_run_is_verified_and_one_with_a_changed_weight_is_not(runs):
    run, runs_before = runs["default"], len(store.list_runs()[0])
    status, result = command_line("runs", "verify", run.run_id, "--keep")
    assert (status, result["identical"], result["other_answers"]) == (0, True, 0)
    assert (result["same_model"], result["differs"]) == (True, [])
    assert len(store.list_runs()[0]) == runs_before + 1

    model = run.folder / layout.LITERT_MODEL
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.write_bytes(content)
    seal(run.folder)
    found = repetition(store.load(run.folder), store.find(result["again"]))
    assert (found.is_identical, found.same_model) == (False, False)
    assert found.other_answers == 0  # The predictions were made before.


def test_a_run_on_photos_that_changed_is_not_verified(runs):
    about = runs["plain"].folder / layout.CONFIG
    content = json.loads(about.read_text("utf-8"))
    content["dataset"]["fingerprint"] = "before"
    about.write_text(json.dumps(content), "utf-8")
    status, result = command_line("runs", "verify", runs["plain"].run_id)
    assert status == 1
    assert result["error"].startswith("Expected the dataset that")


@pytest.mark.long
def test_a_stopped_run_keeps_its_model(trained_machine):
    sample = trained_machine / "data" / "sample"
    run = queue.start(RunConfig("custom_cnn", str(sample), epochs=500, batch_size=8))
    asked = []

    def stop_after_an_epoch(seen):
        if seen.view.epochs and not asked:
            asked.append(seen)
            queue.request_stop(seen)

    run = queue.follow(run, stop_after_an_epoch)
    assert run.state is State.STOPPED
    assert len(run.view.epochs) < 500
    assert run.is_usable
    some = model_files.read_predictions(run)["path"][0]
    assert 0 <= Predictor(run)(Picture((sample / some).read_bytes())).p_dog <= 1


def test_a_stop_before_the_fit_leaves_no_model(trained_machine):
    sample = trained_machine / "data" / "sample"
    run = queue.start(RunConfig("custom_cnn", str(sample), batch_size=8))
    queue.request_stop(run)
    run = queue.follow(run, lambda seen: None)
    assert run.state is State.STOPPED
    assert not run.is_usable
    assert "no model" in run.view.message


def test_a_dataset_that_changed_since_the_start_fails_the_run(trained_machine):
    sample = trained_machine / "data" / "sample"
    about = About(dataset=DatasetReference(name="sample", fingerprint="older than the decision"))
    folder = store.create(RunConfig("custom_cnn", str(sample), epochs=1), about)
    assert worker.main(folder) == 1
    run = store.load(folder)
    assert run.state is State.FAILED
    assert "decisions changed" in run.view.message


@pytest.mark.long
def test_a_deterministic_run_trains_too(trained_machine):
    sample = trained_machine / "data" / "sample"
    settings = RunConfig("custom_cnn", str(sample), epochs=1, batch_size=8, deterministic=True)
    run = queue.follow(queue.start(settings), lambda seen: None)
    assert run.state is State.FINISHED, run.message


def test_without_weights_a_transfer_run_fails_with_what_to_do(trained_machine):
    status, result = command_line(
        *("train", "--model", "mobilenet_v2", "--data", trained_machine / "data" / "sample"),
        CATSDOGS_MOBILENET_WEIGHTS=trained_machine / "nowhere.h5",
    )
    assert status == 1
    assert "CATSDOGS_MOBILENET_WEIGHTS" in result["error"]
    assert store.list_runs()[0][0].state is State.FAILED


@pytest.mark.parametrize("name", [layout.LITERT_MODEL, layout.PREDICTIONS, layout.REFERENCES])
def test_a_flipped_bit_in_what_a_run_left_is_told(runs, name):
    run = runs["default"]
    path = run.folder / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(RunError, match=f"Expected {name} .* other content"):
        model_files.read_predictions(run) if name == layout.PREDICTIONS else Predictor(run)


@pytest.mark.parametrize(
    ("form", "name"),
    [
        ("litert", layout.LITERT_MODEL),
        ("keras", layout.KERAS_MODEL),
        pytest.param("litert-int8", layout.KERAS_MODEL, marks=pytest.mark.long),
    ],
)
def test_a_damaged_model_is_not_exported(runs, trained_machine, form, name):
    path = runs["default"].folder / name
    path.write_bytes(path.read_bytes()[:-1])
    out = trained_machine / "exported"
    status, result = command_line(
        *("export", runs["default"].run_id, "--format", form, "--out", out)
    )
    assert status == 1
    assert f"Expected {name}" in result["error"]
    assert not out.exists()
