"""The command line as its users call it: a process, its exit status, its JSON."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from conftest import PROJECT, command_line
from PIL import Image

from catsdogs import __version__
from catsdogs.cli import parser
from catsdogs.health import named_slices
from catsdogs.health.gallery_query import Query
from catsdogs.runs import event_file, layout, model_files, store
from catsdogs.runs.about import About, DatasetReference
from catsdogs.runs.config import RunConfig
from catsdogs.sources import current


def call(capsys, *arguments):
    status = parser.main([*map(str, arguments), "--json"])
    return status, json.loads(capsys.readouterr().out)


def test_a_scan_counts_and_names_what_cannot_be_read(kaggle_folder):
    (kaggle_folder / "dog.9.jpg").write_bytes(b"")
    status, found = command_line("data", "scan", kaggle_folder)
    assert status == 2
    assert (found["images"], found["cats"], found["dogs"]) == (16, 8, 8)
    assert found["unreadable"][0]["path"] == "dog.9.jpg"
    assert found["seconds"] >= 0


def test_a_clean_scan_ends_with_zero(kaggle_folder, capsys):
    assert call(capsys, "data", "scan", kaggle_folder)[0] == 0


def test_a_failure_is_one_json_document_and_one_line(tmp_path, capsys):
    status = parser.main(["data", "scan", str(tmp_path / "nowhere"), "--json"])
    printed = capsys.readouterr()
    assert status == 1
    assert "nothing at that path" in json.loads(printed.out)["error"]
    assert len(printed.err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["train", "--model", "resnet", "--data", "x"], ["data", "scan"]]
)
def test_a_usage_error_ends_with_one(arguments, capsys):
    assert parser.main(arguments) == 1
    assert "usage" in capsys.readouterr().err


@pytest.mark.parametrize("group", [(), ("data",), ("runs",)])
def test_without_a_command_the_help_is_printed(group, capsys):
    assert parser.main(list(group)) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith(f"usage: {' '.join(('catsdogs', *group))} COMMAND")
    assert "commands:" in printed.out
    assert printed.err == ""


def test_help_ends_with_zero(capsys):
    assert parser.main(["train", "--help"]) == 0
    assert "--recipe" in capsys.readouterr().out


def test_a_wrong_setting_is_refused_before_anything_is_made(kaggle_folder, capsys, empty_machine):
    status, result = call(
        capsys, "train", "--model", "custom_cnn", "--data", kaggle_folder, "--epochs", 0
    )
    assert status == 1
    assert "epochs" in result["error"]
    assert not (empty_machine / "artifacts").exists()


def test_a_cluster_that_would_not_be_used_is_refused(kaggle_folder, capsys):
    given = ("train", "--model", "custom_cnn", "--data", kaggle_folder, "--address", "10.0.0.5:1")
    status, result = call(capsys, *given)
    assert status == 1
    assert "--engine ray or --on ray" in result["error"]


def test_classifying_without_a_run_says_how_to_get_one(kaggle_folder, capsys):
    status, result = call(capsys, "classify", kaggle_folder / "cat.0.jpg")
    assert status == 1
    assert "catsdogs train" in result["error"]


def test_no_runs_is_an_empty_list(capsys):
    assert call(capsys, "runs", "list") == (0, [])


def test_fetching_an_archive_makes_it_the_current_dataset(kaggle_folder, capsys, tmp_path):
    shutil.make_archive(str(tmp_path / "train"), "zip", kaggle_folder)
    target = tmp_path / "mine"
    status, result = call(
        capsys, "data", "fetch", "--from", tmp_path / "train.zip", "--out", target
    )
    assert (status, result["path"]) == (0, str(target))
    assert current.path() == target


@pytest.mark.parametrize(
    "arguments",
    [
        ("data", "sample", "--out", "/proc/nowhere"),
        ("data", "scan", "~nobody-of-that-name/x"),
        ("embed", "/tmp", "--out", "vectors.txt"),
    ],
)
def test_what_the_system_refuses_is_one_line_too(arguments, capsys):
    status = parser.main([*arguments, "--json"])
    printed = capsys.readouterr()
    assert status == 1
    assert json.loads(printed.out)["error"]
    assert "Traceback" not in printed.err


def test_without_ray_the_engine_says_what_to_install(kaggle_folder, monkeypatch, capsys):
    monkeypatch.setattr("catsdogs.distributed.ray_engine.find_spec", lambda name: None)
    monkeypatch.setattr("catsdogs.features.embeddings.exported_backbone", lambda: None)
    status, result = call(capsys, "embed", kaggle_folder, "--engine", "ray")
    assert (status, "pip install -r requirements-ray.txt" in result["error"]) == (1, True)


def test_an_empty_folder_is_an_error_that_says_what_was_expected(tmp_path, kaggle_folder, capsys):
    (tmp_path / "empty").mkdir()
    status, result = call(capsys, "data", "scan", tmp_path / "empty")
    assert (status, "Received: none. Check the path." in result["error"]) == (1, True)


def test_a_folder_of_unlabelled_photos_can_be_scanned(photo, tmp_path, capsys):
    photo(tmp_path / "photos" / "1.jpg")
    status, found = call(capsys, "data", "scan", tmp_path / "photos")
    assert (status, found["images"], found["unlabelled"]) == (0, 0, 1)


def test_readable_output_counts_and_has_units(kaggle_folder, capsys):
    (kaggle_folder / "dog.9.jpg").write_bytes(b"")
    assert parser.main(["data", "scan", str(kaggle_folder)]) == 2
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "images 16: 8 cats, 8 dogs" in lines
    assert "width 64 to 64 px, median 64 px" in lines
    assert "dog.9.jpg The file is empty (zero bytes)." in lines


def test_a_scan_of_uneven_classes_says_what_accuracy_is_worth(photo, tmp_path, capsys):
    for number in range(20):
        label = "dog" if number == 7 else "cat"
        photo(tmp_path / "photos" / f"{label}.{number}.jpg", seed=number)
    parser.main(["data", "scan", str(tmp_path / "photos")])
    out = capsys.readouterr().out
    assert "95 % cats (19 of 20); saying cat to all of them gives 95.0 %" in out
    assert call(capsys, "data", "scan", tmp_path / "photos")[1]["majority_baseline"] == 0.95


def test_a_run_on_uneven_classes_is_shown_with_its_balance_and_a_warning(capsys, kaggle_folder):
    about = About(dataset=DatasetReference(name="photos", fingerprint="f"))
    folder = store.create(RunConfig("custom_cnn", str(kaggle_folder)), about)
    images = {"train_images": 160, "train_dogs": 8, "val_images": 40, "val_dogs": 2}
    metrics = {"val_accuracy": 0.95, "val_balanced_accuracy": 0.5, "val_loss": 0.2}
    known = {"parameters": 9, "seconds": {"total": 1.0}}
    with event_file.appending(folder) as emit:
        emit("finished", result={**images, **metrics, **known})
    parser.main(["runs", "show", folder.name])
    out = " ".join(capsys.readouterr().out.split())
    assert "balanced accuracy 50.00 %; saying cat to all of them gives 95.0 %" in out
    assert "validated on 40 images: 95 % cats (38 of 40)" in out
    assert "trained on 160 images: 95 % cats (152 of 160)" in out
    assert "warning Learned nothing:" in out


def test_a_name_is_shown_as_text_whatever_it_holds(photo, tmp_path, capsys):
    photo(tmp_path / "photos" / "cat.\x1b[31m[bold]:smile:\n.jpg").write_bytes(b"")
    (tmp_path / "photos" / "dog.\udcff.jpg").touch()
    assert parser.main(["data", "scan", str(tmp_path / "photos")]) == 2
    out = capsys.readouterr().out
    assert "[31m[bold]:smile:" in out
    assert r"dog.\xff.jpg" in out
    assert out.replace("\n", "").isprintable()


def test_an_error_is_one_line_whatever_the_path_holds(tmp_path, capsys):
    assert parser.main(["data", "scan", str(tmp_path / "\x1b[31m\nred")]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.strip().isprintable()


def test_no_runs_is_said_in_words(capsys):
    assert parser.main(["runs", "list"]) == 0
    assert "No runs yet" in capsys.readouterr().out


def test_a_lost_run_is_not_extended_and_one_at_work_not_deleted(capsys):
    config, about = (
        RunConfig("custom_cnn", "/photos"),
        About(dataset=DatasetReference(name="x", fingerprint="f")),
    )
    lost, queued = (store.create(config, about) for _ in range(2))
    for folder, events in (
        (lost, [("queued", {}), ("launched", {"pid": 2**22 + 1, "pid_started_at": 1.0})]),
        (queued, [("queued", {})]),
    ):
        with event_file.appending(folder) as emit:
            for name, values in events:
                emit(name, **values)
    for arguments, word in (
        (("runs", "extend", lost.name, "--epochs", "1"), "lost"),
        (("runs", "delete", queued.name), "queued"),
    ):
        status = parser.main([*arguments, "--json"])
        printed = capsys.readouterr()
        assert (status, word in json.loads(printed.out)["error"]) == (1, True)
        assert len(printed.err.splitlines()) == 1


@pytest.fixture
def runs(trained_machine):
    """The ids of two trained runs, the newest first."""
    return [run.run_id for run in store.list_runs()[0]]


@pytest.mark.slow
def test_runs_are_listed_as_a_table(runs, capsys):
    assert parser.main(["runs", "list"]) == 0
    header, _, *rows = capsys.readouterr().out.splitlines()
    titles = "Run State Model Recipe Data Epochs Accuracy Started"
    assert header.split() == titles.split()
    assert [row.split()[0] for row in rows] == runs
    assert all("1/1" in row and "%" in row and "finished" in row for row in rows)


@pytest.mark.slow
def test_a_run_is_shown_with_its_settings_epochs_and_command(runs, capsys):
    assert parser.main(["runs", "show", runs[0]]) == 0
    out = capsys.readouterr().out
    for word in ("batch size", "Val accuracy", "ms per image", "MB", "python -m catsdogs train"):
        assert word in out


@pytest.mark.slow
def test_a_run_is_remarked_on(runs, capsys):
    remark = ("runs", "remark", runs[0])
    assert parser.main([*remark, "--name", "[red]Best", "--note", "mine", "--star"]) == 0
    out = capsys.readouterr().out
    assert "★ [red]Best" in out
    assert "mine" in out
    assert parser.main([*remark, "--note", ""]) == 0
    assert "mine" not in capsys.readouterr().out
    assert parser.main(["runs", "list", "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert [first[name] for name in ("name", "note", "starred")] == ["[red]Best", "", True]
    assert [second[name] for name in ("name", "note", "starred")] == ["", "", False]
    assert parser.main([*remark, "--name", "x" * 81, "--json"]) == 1
    assert "at most 80 characters" in capsys.readouterr().out
    (store.find(runs[0]).folder / layout.REMARKS).write_text("{")
    assert store.find(runs[0]).name == store.find(runs[0]).config.title


@pytest.mark.slow
def test_two_runs_are_compared_in_words(runs, capsys):
    assert parser.main(["compare", *runs]) == 0
    out = capsys.readouterr().out
    assert "95 % interval" in out
    assert "p = " in out
    # The result is a sentence with the runs' names.
    assert re.search(r"CNN \d (is better: it )?gets \d+ more of|No difference: each", out)
    for name in ("CNN 1", "CNN 2"):
        assert re.search(f"{name} +2.*: .* right", out)


@pytest.mark.slow
def test_an_evaluation_shows_its_matrix(runs, trained_machine, capsys):
    sample = str(trained_machine / "data" / "sample")
    # The sample holds two files that cannot be read.
    assert parser.main(["evaluate", runs[0], "--data", sample]) == 2
    out = capsys.readouterr().out
    for word in ("log loss", "Predicted dog", "Recall", "Unreadable"):
        assert word in out


@pytest.mark.slow
def test_classified_files_come_with_what_each_run_says(runs, photo, tmp_path, capsys):
    good, bad = photo(tmp_path / "[red]x.jpg"), tmp_path / "bad.jpg"
    bad.touch()
    assert parser.main(["classify", str(good), str(bad), "--run", *runs]) == 2
    lines = capsys.readouterr().out.splitlines()
    [row] = [line for line in lines if "[red]x.jpg" in line]
    assert len(re.findall(r"(?:cat|dog) [\d.]+ %|neither", row)) == 2
    assert all(any(run in line for line in lines) for run in runs)
    assert any("bad.jpg" in line and "empty" in line for line in lines)


@pytest.mark.slow
def test_what_decoding_changed_is_listed_by_picture(runs, photo, tmp_path, capsys):
    plain, grey = photo(tmp_path / "plain.jpg"), tmp_path / "deep.png"
    Image.fromarray(np.full((40, 60), 4000, np.uint16) + np.arange(60, dtype=np.uint16)).save(grey)
    assert parser.main(["classify", str(plain), str(grey), "--run", runs[0]]) == 0
    _, _, below = capsys.readouterr().out.partition("Decoded differently")
    assert "deep.png" in below
    assert "plain.jpg" not in below


@pytest.mark.slow
def test_the_threshold_decides_what_a_pet_is_called_and_has_to_be_one(runs, capsys):
    run = store.find(runs[0])
    photo = Path(run.config.data) / model_files.read_predictions(run)["path"][0]

    def said(threshold):
        return call(capsys, "classify", photo, "--run", runs[0], "--threshold", threshold)

    for threshold, label in ((0, "dog"), (1, "cat")):
        _, (answer,) = said(threshold)
        assert answer["results"][0]["label"] == label
    status, result = said(1.5)
    assert (status, "Expected a threshold" in result["error"]) == (1, True)


@pytest.mark.slow
def test_a_zip_is_read_like_a_folder(runs, photo, tmp_path, capsys):
    for name in ("1.jpg", "2.png"):
        photo(tmp_path / "photos" / name)
    (tmp_path / "photos" / "3.jpg").touch()
    shutil.make_archive(str(tmp_path / "photos"), "zip", tmp_path / "photos")
    said = {}
    for place in (tmp_path / "photos", tmp_path / "photos.zip"):
        status, answers = call(capsys, "classify", place, "--run", *runs)
        assert status == 2
        said[place.name] = {
            answer["file"].removeprefix(f"{place}/"): [r["p_dog"] for r in answer["results"]]
            for answer in answers
        }
    assert said["photos"] == said["photos.zip"]
    assert [len(found) for _, found in sorted(said["photos"].items())] == [2, 2, 0]
    assert parser.main(["classify", str(tmp_path / "photos.zip"), "--run", *runs]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert sum("photos.zip/" in line and "empty" not in line for line in lines) == 2
    assert sum(any(run in line for run in runs) for line in lines) == 2


@pytest.mark.slow
def test_a_table_is_written_once(runs, photo, tmp_path, capsys):
    picture, target = photo(tmp_path / "cat.1.jpg"), tmp_path / "said.csv"
    assert call(capsys, "classify", picture, "--csv", target)[0] == 0
    (row,) = csv.DictReader(target.read_text().splitlines())
    assert (row["File"], row["Named"]) == (str(picture), "cat")
    status, result = call(capsys, "classify", picture, "--csv", target)
    assert (status, "Expected a new file" in result["error"]) == (1, True)
    assert call(capsys, "classify", picture, "--csv", target, "--force")[0] == 0


@pytest.mark.slow
def test_one_bad_argument_does_not_cost_the_answers_about_the_others(runs, photo, tmp_path, capsys):
    good = photo(tmp_path / "photos" / "cat.1.jpg")
    (tmp_path / "empty").mkdir()
    with zipfile.ZipFile(tmp_path / "empty.zip", "w"):
        pass
    bad = [tmp_path / name for name in ("empty", "empty.zip", "gone.jpg")]
    status, answers = call(capsys, "classify", *bad, good, "--run", runs[0])
    assert status == 2
    assert [answer["file"] for answer in answers] == [*map(str, bad), str(good)]
    codes = [answer["error"] and answer["error"]["code"] for answer in answers]
    assert codes == ["no_pictures", "no_pictures", "missing", None]
    (tmp_path / "photos" / "notes.txt").touch()
    (tmp_path / "photos" / "Thumbs.db").touch()
    assert parser.main(["classify", str(good.parent), "--run", runs[0]]) == 0
    assert "Not classified: 1 .txt file, 1 system file." in capsys.readouterr().out
    pattern = f"'{tmp_path}/photos/*.jpg'"
    status, answers = call(capsys, "classify", pattern, f"file://{good}", "--run", runs[0])
    assert (status, [answer["file"] for answer in answers]) == (0, [str(good)] * 2)


@pytest.mark.slow
def test_a_folder_that_cannot_be_read_is_listed_by_classify_and_evaluate(
    runs, trained_machine, capsys, monkeypatch
):
    sample = trained_machine / "data" / "sample"
    (sample / "closed").mkdir()
    real = os.scandir

    def scandir(path):
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    status, answers = call(capsys, "classify", sample, "--run", runs[0])
    closed = [answer["error"]["code"] for answer in answers if "closed" in answer["file"]]
    assert (status, closed) == (2, ["unreadable_folder"])
    status, result = call(capsys, "evaluate", runs[0], "--data", sample)
    reasons = {one["path"]: one["reason"] for one in result["unreadable"]}
    assert (status, reasons["closed"]) == (2, "unreadable_folder")


@pytest.mark.slow
def test_evaluate_measures_your_slices_and_lists_the_weakest(runs, trained_machine, capsys):
    sample = trained_machine / "data" / "sample"
    named_slices.keep(sample, "a class", Query(label="cat"))
    _, result = call(capsys, "evaluate", runs[0], "--data", sample)
    [own] = result["slices"]["own"]
    [right, wrong], _ = result["confusion_matrix"]
    assert (own["name"], own["images"]) == ("a class", right + wrong)
    assert own["accuracy"]["value"] == right / (right + wrong)
    values = [one["p"] for one in result["weakest"]]
    assert values == sorted(values)
    assert ("own", "a class") in [(one["kind"], one["name"]) for one in result["weakest"]]
    named_slices.file(sample).write_text("{")
    assert parser.main(["evaluate", runs[0], "--data", str(sample)]) == 2
    assert "your slices" in " ".join(capsys.readouterr().err.split())


@pytest.mark.slow
def test_a_damaged_judge_is_reported_with_the_answers(photo, tmp_path, capsys, monkeypatch):
    cnn, judge = "reference-custom_cnn", "reference-mobilenet_v2-fine_tuned"
    for run in (cnn, judge):
        shutil.copytree(PROJECT / "artifacts" / run, tmp_path / "artifacts" / run)
    (tmp_path / "artifacts" / judge / layout.LITERT_MODEL).write_bytes(b"damaged")
    monkeypatch.setenv("CATSDOGS_ARTIFACTS", str(tmp_path / "artifacts"))
    picture = photo(tmp_path / "cat.1.jpg")
    status, [answer] = call(capsys, "classify", picture, "--run", cnn)
    [result] = answer["results"]
    assert (status, result["likeness"]) == (2, None)
    assert f"{cnn} cannot say neither: it uses {judge}" in result["judge_problem"]
    assert parser.main(["classify", str(picture), "--run", cnn]) == 2
    assert "cannot say neither" in " ".join(capsys.readouterr().out.split())
    assert call(capsys, "classify", picture, "--run", cnn, "--never-neither")[0] == 0


@pytest.mark.slow
def test_an_empty_folder_is_nothing_to_classify(runs, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    status, result = call(capsys, "classify", tmp_path / "empty")
    assert (status, "Expected pictures" in result["error"]) == (1, True)


@pytest.mark.slow
def test_an_export_makes_no_folder_and_replaces_nothing_unasked(runs, tmp_path, capsys):
    arguments = ("export", runs[0], "--format", "litert", "--out")
    status, result = call(capsys, *arguments, tmp_path / "nowhere" / "model.tflite")
    assert (status, "Expected a folder that exists" in result["error"]) == (1, True)
    assert not (tmp_path / "nowhere").exists()
    mine = tmp_path / "mine.tflite"
    mine.write_bytes(b"mine")
    status, result = call(capsys, *arguments, mine)
    assert (status, "--force" in result["error"]) == (1, True)
    assert mine.read_bytes() == b"mine"
    status, result = call(capsys, *arguments, mine, "--force")
    assert (status, result["bytes"]) == (0, mine.stat().st_size)
    assert call(capsys, *arguments, tmp_path)[0] == 1
    assert call(capsys, *arguments, tmp_path / "new.tflite")[0] == 0


@pytest.mark.slow
def test_a_finished_run_is_not_resumed(runs, capsys):
    status = parser.main(["runs", "resume", runs[0], "--json"])
    printed = capsys.readouterr()
    assert (status, "finished" in json.loads(printed.out)["error"]) == (1, True)
    assert len(printed.err.splitlines()) == 1


@pytest.mark.slow
def test_a_reader_that_has_seen_enough_gets_no_traceback(runs):
    for flags in ([], ["--json"]):
        line = [sys.executable, "-m", "catsdogs", "runs", "show", runs[0], *flags]
        with subprocess.Popen(
            line, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            process.stdout.close()
            assert process.stderr.read() == b""


def test_the_version_is_printed_and_nothing_else(capsys):
    assert parser.main(["--version"]) == 0
    assert capsys.readouterr() == (f"catsdogs {__version__}\n", "")
