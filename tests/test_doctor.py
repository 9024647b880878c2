"""The doctor finds what is wrong with a machine, says what to do, and fails over nothing."""

import errno
import json
import shutil
import subprocess
import sys

import pytest
from conftest import PROJECT

from catsdogs.cli import parser
from catsdogs.doctor import checkup, hardware, packages, places, tensorflow_view
from catsdogs.doctor.findings import Finding, Report, State
from catsdogs.doctor.lines import lines
from catsdogs.features.backbones import WEIGHTS_FILE
from catsdogs.system import processes

SEEN = {
    "version": "TensorFlow 2.21.0 with Keras 3.15.1",
    "seconds": 5.0,
    "gpus": [],
    "choices": [{"title": "Custom CNN, precision", "value": "float32", "why": "", "failed": False}],
}


@pytest.fixture(autouse=True)
def usual_machine(monkeypatch, tmp_path):
    """No settings of other projects, and a TensorFlow that answers at once."""
    for name in ("CUDA_VISIBLE_DEVICES", "CATSDOGS_MOBILENET_WEIGHTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(processes, "answer_of", lambda *_, **options: json.dumps(SEEN))


@pytest.fixture
def nvidia(monkeypatch, tmp_path):
    """A machine with an NVIDIA GPU, as nvidia-smi lists it."""
    command = tmp_path / "bin" / "nvidia-smi"
    command.parent.mkdir()
    command.write_text("#!/bin/sh\necho 'GPU 0: NVIDIA L4 (UUID: GPU-1234)'\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(command.parent), prepend=":")


def found(group: str, title: str) -> Finding:
    return next(one for one in checkup.examine([group]).findings if one.title == title)


def test_a_machine_in_order_works():
    report = checkup.examine()
    assert report.works, report.to_do
    assert {one.group for one in report.findings} == {*checkup.QUICK, checkup.SLOW}
    assert all(one.value for one in report.findings)


@pytest.mark.parametrize("module", [hardware, packages, places, tensorflow_view])
def test_a_check_that_fails_is_a_finding_and_the_others_go_on(module, monkeypatch):
    def fail():
        raise RuntimeError("the disk burns")

    monkeypatch.setattr(module, "check", fail)
    report = checkup.examine()
    [failed] = [one for one in report.findings if one.title == "Check"]
    assert "the disk burns" in failed.value
    assert failed.advice
    assert not report.works
    assert len({one.group for one in report.findings}) == 6


def test_every_warning_and_problem_has_advice(monkeypatch, tmp_path):
    (tmp_path / "keras").write_text("")
    monkeypatch.setenv("CATSDOGS_CACHE", str(tmp_path / "keras" / "cache"))
    report = checkup.examine()
    assert len(report.to_do) >= 3
    assert all(one.advice for one in report.to_do)
    assert report.to_do[0].state is State.PROBLEM


def test_a_file_in_the_place_of_kerass_home_is_found(tmp_path):
    (tmp_path / "keras").write_text("")
    home = found("Weights", "Keras home")
    assert home.state is State.WARNING
    assert "a file, not a folder" in home.value
    assert found("Weights", "ImageNet").state is State.WARNING


@pytest.mark.parametrize("content", [b"{broken", b"[]", b"null", b"\xff\xfe", b"[" * 100_000])
def test_strange_settings_of_keras_are_found(content, tmp_path):
    (tmp_path / "keras").mkdir()
    (tmp_path / "keras" / "keras.json").write_bytes(content)
    assert found("Weights", "keras.json").state is State.WARNING


def test_other_settings_of_keras_are_named_and_ignored(tmp_path):
    (tmp_path / "keras").mkdir()
    (tmp_path / "keras" / "keras.json").write_text('{"backend": "torch", "floatx": "float32"}')
    settings = found("Weights", "keras.json")
    assert "backend = torch; ignored" in settings.value
    assert settings.state is State.FINE


def test_weights_with_other_content_are_a_problem(tmp_path):
    kept = tmp_path / "keras" / "models" / WEIGHTS_FILE
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"half a download")
    weights = found("Weights", "ImageNet")
    assert weights.state is State.PROBLEM
    assert "wrong checksum" in weights.value


def test_configured_weights_that_do_not_exist_are_a_problem(monkeypatch, tmp_path):
    monkeypatch.setenv("CATSDOGS_MOBILENET_WEIGHTS", str(tmp_path / "none.h5"))
    assert found("Weights", "ImageNet").state is State.PROBLEM


def test_a_file_in_the_way_of_a_folder_is_a_problem(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CATSDOGS_CACHE", str(tmp_path / "file" / "cache"))
    cache = found("Folders", "Cache")
    assert cache.state is State.PROBLEM
    assert "CATSDOGS_CACHE" in cache.advice


def test_a_full_disk_is_a_problem(monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(places.os, "fsync", full)
    assert "No space left" in found("Folders", "Runs").value
    assert not checkup.examine(["Folders"]).works


def test_the_folders_are_examined_and_left_as_they_are(tmp_path):
    before = sorted(tmp_path.rglob("*"))
    checkup.examine()
    assert sorted(tmp_path.rglob("*")) == before


def test_a_damaged_shipped_model_is_a_problem(tmp_path):
    name = "reference-mobilenet_v2-fine_tuned"
    shutil.copytree(PROJECT / "artifacts" / name, tmp_path / "artifacts" / name)
    assert found("Models", name).state is State.FINE
    model = tmp_path / "artifacts" / name / "model.tflite"
    content = bytearray(model.read_bytes())
    content[1000] ^= 1
    model.write_bytes(content)
    assert found("Models", name).state is State.PROBLEM


def test_a_gpu_that_tensorflow_does_not_see_gets_advice(nvidia):
    assert "1 GPU: NVIDIA L4" in found("Machine", "GPU").value
    gpus = found("TensorFlow", "GPUs")
    assert gpus.state is State.WARNING
    assert "requirements-cuda.txt" in gpus.advice


def test_a_hidden_gpu_is_said_to_be_hidden(nvidia, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    gpu = found("Machine", "GPU")
    assert gpu.state is State.WARNING
    assert "CUDA_VISIBLE_DEVICES" in gpu.advice
    assert found("TensorFlow", "GPUs").state is State.FINE


@pytest.mark.parametrize(
    "error",
    [
        ChildProcessError("ModuleNotFoundError: No module named 'tensorflow'"),
        ChildProcessError("It did not end within 180 s."),
        OSError("no more processes"),
    ],
)
def test_a_tensorflow_that_does_not_load_is_a_problem(error, monkeypatch):
    def fail(*_, **options):
        raise error

    monkeypatch.setattr(processes, "answer_of", fail)
    loaded = found("TensorFlow", "Import")
    assert loaded.state is State.PROBLEM
    assert str(error) in loaded.value


@pytest.mark.parametrize("answer", ["", "no JSON", "{}", "[]"])
def test_an_odd_answer_of_the_process_is_a_problem(answer, monkeypatch):
    monkeypatch.setattr(processes, "answer_of", lambda *_, **options: answer)
    assert not checkup.examine(["TensorFlow"]).works


def test_missing_and_different_packages_are_named(monkeypatch, tmp_path):
    pinned = tmp_path / "requirements.txt"
    pinned.write_text(
        "numpy==0.1 \\\n    --hash=sha256:00\n    # via pandas\nno-such-thing==1.0 \\\n"
        'only-elsewhere==1.0 ; sys_platform == "plan9" \\\n'
    )
    monkeypatch.setattr(packages, "_PINNED", pinned)
    assert found("Packages", "Missing").value == "no-such-thing"
    assert "instead of 0.1" in found("Packages", "Different").value


def test_lines_fit_the_terminal_and_end_with_the_advice():
    report = Report(
        (
            Finding("Machine", "System", "a " * 100),
            Finding("Machine", "Memory", "1 GB", State.PROBLEM, "Buy more of it. " * 20),
        )
    )
    shown = lines(report, 60)
    assert max(map(len, shown)) <= 60
    assert shown[0] == "Machine"
    assert "Something does not work:" in shown
    assert "Buy more" in shown[-1]


@pytest.mark.parametrize(("error", "status"), [(None, 0), (ChildProcessError("broken"), 1)])
def test_the_command_exits_with_1_only_where_something_does_not_work(
    error, status, monkeypatch, capsys
):
    def answer(*_, **options):
        if error:
            raise error
        return json.dumps(SEEN)

    monkeypatch.setattr(processes, "answer_of", answer)
    assert parser.main(["doctor", "--json"]) == status
    document = json.loads(capsys.readouterr().out)
    assert document["works"] is (status == 0)
    assert parser.main(["doctor"]) == status
    assert ("✗" in capsys.readouterr().out) is (status == 1)


@pytest.mark.slow
@pytest.mark.parametrize("package", ["msgspec", "pandas", "rich", "psutil"])
def test_a_missing_package_is_named_although_the_command_line_does_not_load(package):
    code = f"import sys; sys.modules[{package!r}] = None\n" + (
        "from catsdogs.doctor import checkup\n"
        "del checkup._MODULES['TensorFlow']\n"
        "checkup.examine.__defaults__ = (checkup.QUICK,)\n"
        "sys.argv = ['catsdogs', 'doctor', '--json']\n"
        "from catsdogs.__main__ import main\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert package in json.dumps(report)
    assert "Traceback" not in done.stderr


def test_a_command_without_its_package_says_how_to_install_it():
    code = (
        "import sys; sys.modules['pandas'] = None; sys.argv = ['catsdogs', 'evaluate', 'x']\n"
        "from catsdogs.__main__ import main\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("catsdogs: Expected all packages of requirements.txt.")
    assert "pandas" in done.stderr
