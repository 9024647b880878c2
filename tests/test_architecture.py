"""The three rules of ``catsdogs/__init__.py``, checked on every import in the source."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PROJECT

LEARNING_ONLY = {"tensorflow", "keras"}
UI_ONLY = {"streamlit"}
# What copies a process, the threads and locks of its TensorFlow too, instead of starting one.
FORKS = {"multiprocessing", "concurrent.futures.process", "concurrent.futures.ProcessPoolExecutor"}
FORKING_CALLS = {"os.fork", "os.forkpty", "pty.fork", "preexec_fn"}
SOURCES = sorted(
    [PROJECT / "streamlit_app.py", *PROJECT.glob("pages/*.py"), *PROJECT.glob("catsdogs/**/*.py")]
)


def violations(path: Path, source: str) -> list[str]:
    """Return what is wrong with the imports of ``source``, the module at ``path``."""
    parts = path.parts
    learning = parts[:2] == ("catsdogs", "learning")
    shows = parts[:2] == ("catsdogs", "ui") or parts[0] in ("pages", "streamlit_app.py")
    found = []
    for name in imported_names(source):
        top = name.split(".")[0]
        if top in LEARNING_ONLY and not learning:
            found.append(f"{path} imports {name}, which belongs into catsdogs/learning")
        if name.startswith("catsdogs.learning") and not learning:
            found.append(f"{path} imports {name}, which would load TensorFlow")
        if top in UI_ONLY and not shows:
            found.append(f"{path} imports {name}, which belongs into catsdogs/ui or pages")
        if name.startswith("catsdogs.ui") and not shows:
            found.append(f"{path} imports {name}: only pages use the ui")
    return found


def forks(source: str) -> set[str]:
    """Return what in ``source`` starts a process in another way than by a new program."""
    nodes = list(ast.walk(ast.parse(source)))
    named = {ast.unparse(node) for node in nodes if isinstance(node, ast.Attribute)}
    arguments = {node.arg for node in nodes if isinstance(node, ast.keyword) and node.arg}
    return (FORKING_CALLS & (named | arguments)) | (FORKS & set(imported_names(source)))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_a_module_starts_processes_and_never_copies_its_own(path):
    assert not forks(path.read_text("utf-8"))


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos.fork()",
        "import multiprocessing",
        "from concurrent.futures import ProcessPoolExecutor",
        "subprocess.Popen(command, preexec_fn=print)",
    ],
)
def test_the_check_finds_a_copied_process(source):
    assert forks(source)


def imported_names(source: str) -> list[str]:
    """Return the modules that ``source`` imports anywhere, inside functions too."""
    names = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Call) and "import" in ast.unparse(node.func):
            names += [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
    return names


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_a_module_imports_only_what_its_room_may(path):
    assert violations(path.relative_to(PROJECT), path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("catsdogs/dataset/index.py", "import tensorflow as tf"),
        ("catsdogs/ui/shared/cache.py", "def load():\n    from keras.models import load_model"),
        ("catsdogs/runs/queue.py", "from catsdogs.learning import worker"),
        ("catsdogs/runs/queue.py", "from catsdogs import learning\nimport catsdogs.learning"),
        ("catsdogs/charts/training.py", "import streamlit"),
        ("catsdogs/learning/training.py", "import streamlit as st"),
        ("catsdogs/cli/parser.py", "from catsdogs.ui import frame"),
        ("pages/train.py", "from tensorflow import keras"),
        ("pages/train.py", "import importlib\nimportlib.import_module('tensorflow')"),
        ("pages/train.py", "__import__('keras')"),
    ],
)
def test_the_check_finds_an_import_in_the_wrong_room(path, source):
    assert violations(Path(path), source)


FOREIGN_CODE = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "yaml"}
RUNS_TEXT = {"eval", "exec", "compile", "read_pickle", "enable_unsafe_deserialization"}
SETTINGS = {"allow_pickle": True, "safe_mode": False, "weights_only": False}


def dangers(source: str) -> list[str]:
    """Return what in ``source`` could run code that a file brings along."""
    found = [name for name in imported_names(source) if name.split(".")[0] in FOREIGN_CODE]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            # ``re.compile`` compiles no code, and ``model.compile`` a model.
            called = node.func
            name = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
            if name in RUNS_TEXT and (name != "compile" or isinstance(called, ast.Name)):
                found.append(name)
            found += [
                str(word.arg)
                for word in node.keywords
                if word.arg in SETTINGS
                and not (
                    isinstance(word.value, ast.Constant)
                    and word.value.value is not SETTINGS[word.arg]
                )
            ]
    return found


EVERYTHING = sorted(
    [*SOURCES, *(p for part in ("tools", "benchmarks") for p in PROJECT.glob(f"{part}/**/*.py"))]
)


@pytest.mark.parametrize("path", EVERYTHING, ids=lambda path: str(path.relative_to(PROJECT)))
def test_nothing_runs_code_that_a_file_brings_along(path):
    assert dangers(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "import marshal as m",
        "import yaml",
        "np.load(path, allow_pickle=True)",
        "np.load(path, allow_pickle=let)",
        "keras.models.load_model(path, safe_mode=False)",
        "pd.read_pickle(path)",
        "eval(text)",
        "exec(text)",
        "compile(text, '', 'exec')",
    ],
)
def test_the_check_finds_what_would_run_code(source):
    assert dangers(source)


def test_importing_everything_but_learning_loads_no_tensorflow():
    modules = [
        ".".join(path.relative_to(PROJECT).with_suffix("").parts)
        for path in SOURCES
        if path.parts[-2] != "learning" and path.name != "__main__.py" and "pages" not in path.parts
    ]
    code = (
        "import importlib, sys\n"
        f"for name in {modules!r}: name == 'streamlit_app' or importlib.import_module(name)\n"
        "sys.exit(any(m.split('.')[0] in ('tensorflow', 'keras') for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT).returncode == 0


def test_importing_the_package_writes_nothing(empty_machine):
    code = "import catsdogs.cli.parser"
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=True)
    assert not any((empty_machine / name).exists() for name in ("data", "artifacts", "cache"))
