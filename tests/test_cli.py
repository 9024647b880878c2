"""The command line as its users call it: a process, its exit status, its JSON."""

import json
import shutil

import pytest
from conftest import command_line

from catsdogs import cli
from catsdogs.data import sources


def call(capsys, *arguments):
    status = cli.main([*map(str, arguments), "--json"])
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
    status = cli.main(["data", "scan", str(tmp_path / "nowhere"), "--json"])
    printed = capsys.readouterr()
    assert status == 1
    assert "nothing at that path" in json.loads(printed.out)["error"]
    assert len(printed.err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["train", "--model", "resnet", "--data", "x"], ["data"], []]
)
def test_a_usage_error_ends_with_one(arguments, capsys):
    assert cli.main(arguments) == 1
    assert "usage" in capsys.readouterr().err


def test_help_ends_with_zero(capsys):
    assert cli.main(["train", "--help"]) == 0
    assert "--recipe" in capsys.readouterr().out


def test_a_wrong_setting_is_refused_before_anything_is_made(kaggle_folder, capsys, empty_machine):
    status, result = call(
        capsys, "train", "--model", "custom_cnn", "--data", kaggle_folder, "--epochs", 0
    )
    assert status == 1
    assert "epochs" in result["error"]
    assert not (empty_machine / "artifacts").exists()


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
    assert sources.current() == target


@pytest.mark.parametrize(
    "arguments",
    [
        ("data", "sample", "--out", "/proc/nowhere"),
        ("data", "scan", "~nobody-of-that-name/x"),
        ("embed", "/tmp", "--out", "vectors.txt"),
    ],
)
def test_what_the_system_refuses_is_one_line_too(arguments, capsys):
    status = cli.main([*arguments, "--json"])
    printed = capsys.readouterr()
    assert status == 1
    assert json.loads(printed.out)["error"]
    assert "Traceback" not in printed.err


def test_readable_output_needs_no_json(kaggle_folder, capsys):
    assert cli.main(["data", "scan", str(kaggle_folder)]) == 0
    assert "cats: 8" in capsys.readouterr().out
