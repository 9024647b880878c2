"""The rules of the house. Each rule has a test on the real sources and a test that it bites.

The sets and tables named ``KNOWN_…`` list today's exceptions. They must match exactly, so that an
exception disappears from here together with its cause.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from graphlib import CycleError, TopologicalSorter
from itertools import chain

import pytest
from source_tree import PROJECT, Module, app, modules

# Rule 1: a package imports only from floors below its own. Lowest floor first; rooms on the same
# floor do not import each other.
FLOORS = (
    {"errors", "labels", "paths", "text"},
    {"system", "evaluation", "people"},
    {"storage"},
    {"background", "images"},
    {"dataset", "features", "distributed"},
    {"sources", "health"},
    {"runs"},
    {"charts", "comparison", "inference"},
    {"reports", "doctor", "webpage", "suggestions"},
    {"searching", "exports", "service"},
    {"learning", "cli", "ui"},
    {"__main__", "pages", "streamlit_app"},
)
UI_FLOORS = (
    {"shared"},
    {"runs", "exports"},
    {"frame", "dataset", "train", "compare", "one_run", "classify"},
    {"api", "home"},
)


def climbs(module: Module) -> list[str]:
    """Return the rooms that ``module`` imports although they are not on a floor below its own."""
    return _climbs(module, "catsdogs", FLOORS) + _climbs(module, "catsdogs.ui", UI_FLOORS)


def _climbs(module: Module, package: str, floors: tuple[set[str], ...]) -> list[str]:
    own = _room(module.name, package)
    if own is None:
        return []
    # The version is an attribute of the package, not a room.
    imported = {_room(name, package) for name in module.imports} - {own, None, "__version__"}
    levels = {room: level for level, rooms in enumerate(floors) for room in rooms}
    top = len(floors)
    return [
        f"{module.path} imports {room}"
        for room in sorted(imported)
        if levels.get(room, top) >= levels.get(own, -1)
    ]


def _room(name: str, package: str) -> str | None:
    """Return the room of ``package`` that a dotted name lies in. The pages are rooms, too."""
    if name.startswith(f"{package}."):
        return name.removeprefix(f"{package}.").split(".")[0]
    first = name.split(".")[0]
    return first if package == "catsdogs" and first in ("pages", "streamlit_app") else None


def test_a_room_imports_only_from_floors_below():
    assert _found(climbs) == set()


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("catsdogs/errors.py", "import catsdogs.paths"),
        ("catsdogs/system/files.py", "from catsdogs.dataset import index"),
        ("catsdogs/health/flags.py", "def show():\n    from catsdogs.runs import store"),
        ("catsdogs/features/store.py", "from catsdogs.dataset import index"),
        ("catsdogs/dataset/index.py", "from catsdogs.sources.opening import opened"),
        ("catsdogs/cli/parser.py", "from catsdogs.ui import frame"),
        ("catsdogs/runs/queue.py", "from pages import train"),
        ("catsdogs/attic/box.py", "from catsdogs import errors"),
        ("catsdogs/cli/parser.py", "from catsdogs.attic import box"),
        ("catsdogs/ui/train/form.py", "from catsdogs.ui.compare import photos"),
        ("catsdogs/ui/classify/inputs.py", "from catsdogs.ui.dataset.gallery import show"),
        ("catsdogs/ui/shared/cache.py", "from catsdogs.ui.runs import cards"),
        ("catsdogs/ui/runs/cards.py", "from catsdogs.ui.train import form"),
        ("catsdogs/ui/runs/cards.py", "from catsdogs.ui import frame"),
    ],
)
def test_an_import_from_the_same_floor_or_above_is_found(path, source):
    assert climbs(Module(path, source))


def test_the_floors_name_every_room_once_and_no_other():
    for package, floors in (("catsdogs", FLOORS), ("catsdogs.ui", UI_FLOORS)):
        named = [room for rooms in floors for room in rooms]
        there = {_room(module.name, package) for module in app()} - {None}
        assert sorted(named) == sorted(there)


def cycle(sources: Iterable[Module]) -> list[str]:
    """Return the names of modules that import each other in a circle; empty if there is none.

    Imports for type checkers may point back: they load nothing.
    """
    sources = list(sources)
    names = {module.name for module in sources}
    graph = {module.name: names & set(module.runtime_imports) for module in sources}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def test_no_modules_import_each_other_in_a_circle():
    assert cycle(app()) == []


def test_a_circle_of_imports_is_found():
    there = Module("catsdogs/a.py", "from catsdogs import b")
    back = Module("catsdogs/b.py", "def go():\n    from catsdogs.a import go")
    typed = Module("catsdogs/b.py", "if TYPE_CHECKING:\n    from catsdogs.a import go")
    assert cycle([there, back])
    assert not cycle([there, typed])


# Rule 2: TensorFlow and Keras only in learning/, where one module imports them with the project's
# own settings. Streamlit only in ui/ and the pages. The floors keep the rooms of ui/ apart.
PAGES = ("catsdogs/ui/", "pages/", "streamlit_app.py")
ONLY_IN = {
    "tensorflow": ("catsdogs/learning/frameworks.py",),
    "keras": ("catsdogs/learning/frameworks.py",),
    "catsdogs.learning": ("catsdogs/learning/",),
    "streamlit": PAGES,
    "catsdogs.ui": PAGES,
    "ray": ("catsdogs/distributed/ray_engine.py",),
}


def misplaced(module: Module) -> list[str]:
    """Return the imports that belong in another room."""
    return [
        f"{module.path} imports {name}, which belongs in {' or '.join(rooms)}"
        for name in module.imports
        for library, rooms in ONLY_IN.items()
        if f"{name}.".startswith(f"{library}.") and not module.path.startswith(rooms)
    ]


def test_tensorflow_stays_in_learning_and_streamlit_on_pages():
    assert _found(misplaced) == set()


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("catsdogs/dataset/index.py", "import tensorflow as tf"),
        ("catsdogs/ui/shared/cache.py", "def load():\n    from keras.models import load_model"),
        ("catsdogs/runs/queue.py", "from catsdogs.learning import worker"),
        ("catsdogs/runs/queue.py", "from catsdogs import learning\nimport catsdogs.learning"),
        ("catsdogs/charts/training.py", "import streamlit"),
        ("catsdogs/learning/training.py", "import streamlit as st"),
        ("catsdogs/learning/training.py", "import keras"),
        ("catsdogs/learning/export.py", "from keras import layers"),
        ("catsdogs/learning/pipeline.py", "import tensorflow as tf"),
        ("catsdogs/cli/parser.py", "from catsdogs.ui import frame"),
        ("pages/train.py", "from catsdogs.learning import training"),
        ("pages/train.py", "from tensorflow import keras"),
        ("pages/train.py", "import importlib\nimportlib.import_module('tensorflow')"),
        ("pages/train.py", "__import__('keras')"),
        ("catsdogs/distributed/spread.py", "import ray"),
    ],
)
def test_an_import_in_the_wrong_room_is_found(path, source):
    assert misplaced(Module(path, source))


def loaded_with(names):
    """Return the modules that a new process has loaded after it imported those of ``names``."""
    code = (
        "import importlib, sys\n"
        f"for name in {sorted(names)}:\n"
        "    importlib.import_module(name)\n"
        "print(*sys.modules, sep='\\n')"
    )
    printed = subprocess.check_output([sys.executable, "-c", code], cwd=PROJECT, text=True)
    return set(printed.splitlines())


@pytest.mark.slow
def test_importing_everything_but_learning_loads_no_tensorflow():
    names = [m.name for m in app() if m.path.startswith("catsdogs/") and m.name != LAUNCHER]
    loaded = loaded_with(name for name in names if not name.startswith("catsdogs.learning"))
    assert set(names) & loaded
    assert not {"tensorflow", "keras"} & loaded


def test_the_service_loads_no_pandas():
    names = ("catsdogs.cli.parser", "catsdogs.cli.serving", "catsdogs.service.server")
    assert not {"pandas", "pyarrow"} & loaded_with(names)


def test_pages_load_no_statistics_before_they_need_them():
    # The charts of the other pages need scikit-learn's curves, which load them.
    pages = modules(
        "streamlit_app.py", *(f"pages/{one}.py" for one in ("dataset", "train", "classify"))
    )
    names = {m.name for m in app()} & {name for page in pages for name in page.imports}
    assert "scipy.stats" not in loaded_with(names)


# Rule 3: evaluation/ computes. It takes arrays and returns frozen values; it reads no files, no
# clock and no global state.
COMPUTES_WITH = {
    *("numpy", "pandas", "scipy", "sklearn"),
    *("collections", "dataclasses", "enum", "functools", "itertools", "math", "typing"),
}
EVALUATION_USES = ("catsdogs.labels", "catsdogs.errors", "catsdogs.evaluation")
PLAIN_VALUES = {"bool", "dict", "float", "int", "list", "str", "tuple"}
TABLES = {"DataFrame", "Series", "ndarray", "np", "pd"}


def impure(module: Module) -> list[str]:
    """Return the imports with which evaluation would do more than compute."""
    return [
        f"{module.path} imports {name}"
        for name in module.imports
        if name.split(".")[0] not in COMPUTES_WITH
        and not f"{name}.".startswith(tuple(f"{own}." for own in EVALUATION_USES))
        and name != "catsdogs"
    ]


def mutable(module: Module) -> list[str]:
    """Return the classes that are not frozen dataclasses."""
    return [
        f"{module.path}: {node.name} is not frozen"
        for node in module.classes
        if not any("frozen=True" in ast.unparse(decorator) for decorator in node.decorator_list)
    ]


def loose_returns(module: Module, frozen: set[str]) -> list[str]:
    """Return the public functions that return neither numbers, tables nor ``frozen`` classes."""
    return [
        f"{module.path}: {function.name} returns {name}"
        for function in module.public_functions
        for name in _names(function.returns)
        if name not in PLAIN_VALUES | TABLES | frozen
    ]


def _names(annotation: ast.AST | None) -> list[str]:
    found = ast.walk(annotation) if annotation else ()
    return [
        node.id if isinstance(node, ast.Name) else node.attr
        for node in found
        if isinstance(node, ast.Name | ast.Attribute)
    ]


def test_evaluation_only_computes():
    evaluation = modules("catsdogs/evaluation/*.py")
    frozen = {node.name for module in evaluation for node in module.classes}
    assert _found(impure, evaluation) == set()
    assert _found(mutable, evaluation) == set()
    assert _found(lambda module: loose_returns(module, frozen), evaluation) == set()


@pytest.mark.parametrize(
    "source",
    [
        "from pathlib import Path",
        "import json",
        "import time",
        "from catsdogs.runs import store",
        "from catsdogs import paths",
        "@dataclass\nclass Interval:\n    low: float",
        "class Interval:\n    low: float",
        "def share(count: int) -> Run: ...",
        "def share(count: int) -> dict[str, Any]: ...",
    ],
)
def test_evaluation_that_does_more_than_compute_is_found(source):
    module = Module("catsdogs/evaluation/metrics.py", source)
    assert impure(module) or mutable(module) or loose_returns(module, frozen={"Interval"})


# Rule 4: private parts of Streamlit, the C library and TensorFlow stay behind a fence: one module
# each, whose docstring names the contract test that fails when the private part changes.
PRIVATE_PARTS = (
    *("ctypes", "streamlit.runtime"),
    *("compat.v1", "lite.experimental"),
)
FENCED = {
    "catsdogs/learning/tensorflow_internals.py": {"compat.v1", "lite.experimental"},
    "catsdogs/system/allocator.py": {"ctypes"},
    "catsdogs/ui/shared/streamlit_internals.py": {
        "streamlit.runtime",
        "__init__",
        "_use_warning_has_been_displayed",
    },
}


def private_parts(module: Module) -> set[str]:
    """Return what ``module`` uses of others although it is not theirs to use."""
    attributes = [node for node in module.nodes if isinstance(node, ast.Attribute)]
    used = [*module.imports, *map(ast.unparse, attributes)]
    parts = {part for name in used for part in PRIVATE_PARTS if f".{part}." in f".{name}."}
    return (
        parts
        | {node.attr for node in attributes if _is_foreign(node)}
        | {word for name in module.imports for word in name.split(".") if _is_private(word)}
    )


def _is_foreign(node: ast.Attribute) -> bool:
    """Return whether an attribute is a private part of another object."""
    owner = ast.unparse(node.value)
    if node.attr == "__init__":
        return owner != "super()"
    documented = f"{owner}.{node.attr}" == "os._exit"
    return _is_private(node.attr) and owner not in ("self", "cls") and not documented


def _is_private(word: str) -> bool:
    return word.startswith("_") and not word.startswith("__")


def test_private_parts_are_used_behind_their_fences_only():
    used = {module.path: private_parts(module) for module in app()}
    assert {path: parts for path, parts in used.items() if parts} == FENCED


def contract_tests(module: Module) -> list[str]:
    """Return the test files that the docstring of ``module`` names and that exist."""
    named = re.findall(r"tests/test_\w+\.py", ast.get_docstring(module.tree) or "")
    return [path for path in named if (PROJECT / path).is_file()]


def test_a_fenced_module_names_its_contract_test():
    without = {module.path for module in modules(*FENCED) if not contract_tests(module)}
    assert without == set()


def test_a_contract_test_must_exist():
    named = '"""Private parts. Tested by ``tests/test_architecture.py`` and ``tests/test_x.py``."""'
    assert contract_tests(Module("catsdogs/a.py", named)) == ["tests/test_architecture.py"]


@pytest.mark.parametrize(
    "source",
    [
        "import ctypes",
        "from streamlit import runtime",
        "from streamlit.runtime.scriptrunner import get_script_run_ctx",
        "tf.compat.v1.nn.fused_batch_norm(x)",
        "import tensorflow.compat.v1 as tf",
        "lite.experimental.QuantizationDebugger(x)",
        "from tensorflow.lite import experimental",
        "session.session_state.__init__()",
        "model._layers",
        "from scipy._lib import deprecation",
        "from catsdogs.runs.queue import _launch",
    ],
)
def test_a_private_part_is_found(source):
    assert private_parts(Module("catsdogs/runs/queue.py", source))


@pytest.mark.parametrize("source", ["self._rows", "super().__init__()", "os._exit(1)"])
def test_a_part_of_ones_own_or_a_documented_one_is_not_private(source):
    assert not private_parts(Module("catsdogs/runs/queue.py", source))


# Rule 5: the maps match the folders. A package's __init__.py has a line for each of its modules and
# subpackages; README.md has the tree of all rooms.
MAP_LINE = re.compile(r"^ *([a-z_]+(?:\.py|/))\s{2,}\S", re.MULTILINE)


def mapped(text: str) -> list[str]:
    """Return the files ("x.py") and folders ("x/") that a map names, in its order."""
    return MAP_LINE.findall(text)


def contents(package: str) -> list[str]:
    """Return what a package's map must name: its modules and its subpackages."""
    folder = PROJECT / package
    packages = [f"{path.parent.name}/" for path in folder.glob("*/__init__.py")]
    files = [path.name for path in folder.glob("*.py") if path.name != "__init__.py"]
    return sorted(packages + files)


@pytest.mark.parametrize(
    "package", modules("catsdogs/**/__init__.py"), ids=lambda package: package.name
)
def test_a_package_maps_what_it_contains(package):
    docstring = ast.get_docstring(package.tree) or ""
    assert sorted(mapped(docstring)) == contents(package.path.removesuffix("/__init__.py"))


def test_the_readme_shows_every_room_from_the_lowest_floor_up():
    section = (PROJECT / "README.md").read_text("utf-8").split("## How it is built")[1]
    tree = section.split("```")[1]
    rooms = mapped(tree.split("catsdogs/\n")[1].split("\nartifacts/")[0])
    assert sorted(rooms) == contents("catsdogs")
    assert _levels(rooms) == sorted(_levels(rooms))


def test_the_packages_map_goes_from_the_lowest_floor_up():
    [root] = modules("catsdogs/__init__.py")
    levels = _levels(mapped(ast.get_docstring(root.tree)))
    assert levels == sorted(levels)


def _levels(rooms: list[str]) -> list[int]:
    names = [room.removesuffix("/").removesuffix(".py") for room in rooms]
    return [level for name in names for level, floor in enumerate(FLOORS) if name in floor]


def test_a_map_is_read():
    text = "Runs.\n\nqueue.py   the queue\n    store/   all runs\nSee queue.py for more.\n"
    assert mapped(text) == ["queue.py", "store/"]


def missing_paths(text: str) -> list[str]:
    """Return the paths in backticks that do not exist in the project."""
    named = re.findall(r"`([\w./-]+(?:/|\.(?:py|md|json|jsonl|toml|jinja)))`", text)
    inside = [path for path in named if "/" in path]
    return [path for path in inside if not (PROJECT / path).exists()]


def test_the_page_on_the_architecture_names_only_what_exists():
    assert missing_paths((PROJECT / "docs/architecture.md").read_text("utf-8")) == []


def missing_tests(text: str) -> set[str]:
    """Return the tests in backticks that do not exist in the project."""
    functions = [function.name for m in modules("tests/**/test_*.py") for function in m.functions]
    return set(re.findall(r"`(test_\w+)`", text)) - set(functions)


def test_the_page_on_the_architecture_names_only_tests_that_exist():
    assert missing_tests((PROJECT / "docs/architecture.md").read_text("utf-8")) == set()


def test_what_does_not_exist_is_found():
    assert missing_paths("See `catsdogs/attic/box.py`.") == ["catsdogs/attic/box.py"]
    assert missing_tests("Copy `test_of_the_attic`.") == {"test_of_the_attic"}


# Rule 6: one word, one meaning. A chart is drawn, a metric is a number, a backbone is a network.
WORDS = {
    "figure": "chart (drawn) or metric (a number)",
    "figures": "charts (drawn) or metrics (numbers)",
    "plot": "chart",
    "plots": "charts",
    "extractor": "backbone",
    "encoder": "backbone",
}
DRAWS = {"go.Figure", "make_subplots"}
# A report restyles copies of charts, so that they read well on paper.
DRAWN_IN = ("catsdogs/charts/", "catsdogs/reports/paper.py")


def ambiguous(module: Module) -> list[str]:
    """Return the modules, classes and functions whose names use a word that has a better one."""
    names = [module.name.split(".")[-1], *(n.name for n in module.classes + module.functions)]
    words = re.compile(r"[A-Z]?[a-z0-9]+")
    return [
        f"{module.path}: {name}"
        for name in names
        if WORDS.keys() & {word.lower() for word in words.findall(name)}
    ]


def drawn_elsewhere(module: Module) -> list[str]:
    """Return the calls with which ``module`` makes charts although it is not in charts/."""
    calls = {ast.unparse(node.func) for node in module.nodes if isinstance(node, ast.Call)}
    elsewhere = not module.path.startswith(DRAWN_IN)
    return [f"{module.path} calls {name}" for name in sorted(calls & DRAWS) if elsewhere]


def test_a_name_uses_the_word_that_the_project_has_for_it():
    assert _found(ambiguous) == set(), f"The project's words: {WORDS}"


def test_charts_are_drawn_in_one_room():
    assert _found(drawn_elsewhere) == set()


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("catsdogs/charts/figures.py", ""),
        ("catsdogs/charts/training.py", "def plot_curves(): ..."),
        ("catsdogs/features/backbones.py", "class FeatureExtractor: ..."),
    ],
)
def test_a_word_with_two_meanings_is_found(path, source):
    assert ambiguous(Module(path, source))


def test_a_chart_drawn_elsewhere_is_found():
    assert drawn_elsewhere(Module("catsdogs/ui/train/live.py", "go.Figure(layout)"))


# Rule 7: a run, a dataset, a result and an event are types. Dictionaries of anything are
# for JSON documents: in the command line, and in the places counted here. Make the table shorter.
OF_ANYTHING = {"dict[str, Any]", "Mapping[str, Any]"}
JSON_ROOMS = ("catsdogs/cli/",)
JSON_PLACES = {
    "catsdogs/background/event_log.py": 1,
    "catsdogs/background/job.py": 2,
    "catsdogs/background/tasks.py": 2,
    "catsdogs/charts/search.py": 1,
    "catsdogs/charts/training.py": 2,
    "catsdogs/dataset/summary.py": 1,
    "catsdogs/evaluation/calibration.py": 1,
    "catsdogs/evaluation/metrics.py": 2,
    "catsdogs/evaluation/paired.py": 1,
    "catsdogs/exports/preparing.py": 1,
    "catsdogs/health/checkup.py": 2,
    "catsdogs/health/task.py": 1,
    "catsdogs/health/vectors.py": 1,
    "catsdogs/inference/answers.py": 3,
    "catsdogs/inference/folder_task.py": 1,
    "catsdogs/learning/range_test.py": 1,
    "catsdogs/learning/worker.py": 1,
    "catsdogs/people.py": 2,
    "catsdogs/reports/test_look.py": 3,
    "catsdogs/runs/about.py": 3,
    "catsdogs/runs/config.py": 2,
    "catsdogs/runs/documents.py": 2,
    "catsdogs/runs/earlier_settings.py": 3,
    "catsdogs/runs/event_file.py": 1,
    "catsdogs/runs/events.py": 3,
    "catsdogs/runs/result.py": 2,
    "catsdogs/runs/search.py": 1,
    "catsdogs/searching/driver.py": 1,
    "catsdogs/service/asking.py": 1,
    "catsdogs/service/open_inference.py": 2,
    "catsdogs/service/openapi.py": 1,
    "catsdogs/service/uploads.py": 1,
    "catsdogs/sources/fetch_task.py": 1,
    "catsdogs/suggestions/task.py": 1,
    "catsdogs/system/processes.py": 2,
    "catsdogs/ui/dataset/charts.py": 1,
    "catsdogs/ui/shared/sign_in.py": 1,
    "catsdogs/ui/shared/streamlit_internals.py": 2,
    "catsdogs/ui/train/rate_finder.py": 1,
    "catsdogs/ui/train/run_list.py": 1,
    "catsdogs/ui/train/settings.py": 5,
}


def untyped(module: Module) -> int:
    """Return how often ``module`` annotates something as a dictionary of anything."""
    subscripts = [node for node in module.nodes if isinstance(node, ast.Subscript)]
    return sum(ast.unparse(node) in OF_ANYTHING for node in subscripts)


def test_dictionaries_of_anything_are_json_documents():
    counted = {m.path: untyped(m) for m in app() if not m.path.startswith(JSON_ROOMS)}
    found = {path: count for path, count in counted.items() if count}
    assert found == JSON_PLACES, f"The places are now:\n{_as_table(found)}"


def _as_table(counts: dict[str, int]) -> str:
    return "".join(f'    "{path}": {count},\n' for path, count in sorted(counts.items()))


def test_a_dictionary_of_anything_is_counted():
    source = "def to_json(run: Mapping[str, Any]) -> list[dict[str, Any]]: ..."
    assert untyped(Module("catsdogs/runs/run.py", source)) == 2


# Rule 8: the abilities of a model are data. Ask its ModelInfo instead of comparing its name.
MODEL_NAMES = {"custom_cnn", "mobilenet_v2"}
MODEL_OWNERS = ("catsdogs/runs/models.py", "catsdogs/learning/models.py")


def named_models(module: Module) -> list[str]:
    """Return the names of single models that ``module`` spells out, docstrings excepted."""
    constants = [node.value for node in module.nodes if isinstance(node, ast.Constant)]
    owner = module.path in MODEL_OWNERS
    return [f"{module.path}: {name}" for name in constants if name in MODEL_NAMES and not owner]


def test_only_the_models_own_modules_name_a_model():
    assert _found(named_models) == set()


@pytest.mark.parametrize(
    "source",
    [
        'if config.model == "mobilenet_v2": ...',
        'if config.model in ("custom_cnn",): ...',
        'match config.model:\n    case "custom_cnn": ...',
        'DEFAULT = "mobilenet_v2"',
    ],
)
def test_the_name_of_a_model_is_found(source):
    assert named_models(Module("catsdogs/ui/train/form.py", source))


# A process is started as a new program. A copied process would also copy TensorFlow's threads and
# locks, which then wait forever.
FORKS = {"multiprocessing", "concurrent.futures.process", "concurrent.futures.ProcessPoolExecutor"}
FORKING_CALLS = {"os.fork", "os.forkpty", "pty.fork", "preexec_fn"}


def forks(module: Module) -> set[str]:
    """Return the calls and imports with which ``module`` would copy its own process."""
    named = {ast.unparse(node) for node in module.nodes if isinstance(node, ast.Attribute)}
    arguments = {n.arg for n in module.nodes if isinstance(n, ast.keyword) and n.arg}
    return (FORKING_CALLS & (named | arguments)) | (FORKS & set(module.imports))


def test_no_module_copies_its_own_process():
    assert _found(forks) == set()


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos.fork()",
        "import multiprocessing",
        "from concurrent.futures import ProcessPoolExecutor",
        "subprocess.Popen(command, preexec_fn=print)",
    ],
)
def test_a_copied_process_is_found(source):
    assert forks(Module("catsdogs/system/processes.py", source))


# A file may bring data, never code.
FOREIGN_CODE = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "yaml"}
RUNS_TEXT = {"eval", "exec", "compile", "read_pickle", "enable_unsafe_deserialization"}
SETTINGS = {"allow_pickle": True, "safe_mode": False, "weights_only": False}


def dangers(module: Module) -> list[str]:
    """Return what in ``module`` could run code from a file."""
    imported = [name for name in module.imports if name.split(".")[0] in FOREIGN_CODE]
    calls = [node for node in module.nodes if isinstance(node, ast.Call)]
    return imported + [danger for call in calls for danger in _dangers_of(call)]


def _dangers_of(call: ast.Call) -> list[str]:
    # ``re.compile`` compiles no code, and ``model.compile`` a model.
    plain = isinstance(call.func, ast.Name)
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    found = [name] if name in RUNS_TEXT and (plain or name != "compile") else []
    return found + [str(word.arg) for word in call.keywords if _unlocks(word)]


def _unlocks(word: ast.keyword) -> bool:
    """Return whether an argument allows code from files, or might at run time."""
    if word.arg not in SETTINGS:
        return False
    return not isinstance(word.value, ast.Constant) or word.value.value is SETTINGS[word.arg]


def test_nothing_runs_code_that_a_file_brings_along():
    everything = chain(app(), modules("tools/**/*.py", "benchmarks/**/*.py"))
    assert _found(dangers, everything) == set()


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
def test_code_from_a_file_is_found(source):
    assert dangers(Module("tools/reference.py", source))


# Nothing happens at import: a module defines, and its caller decides when something runs.
LAUNCHER = "catsdogs.__main__"


def acts_at_import(module: Module) -> list[str]:
    """Return the calls that ``module`` makes for their effect while it is imported."""
    effects = [node.value for node in module.tree.body if isinstance(node, ast.Expr)]
    calls = [ast.unparse(value) for value in effects if isinstance(value, ast.Call)]
    return [f"{module.path}: {call}" for call in calls]


def test_a_module_does_nothing_at_import():
    assert _found(acts_at_import, modules("catsdogs/**/*.py")) == set()


def test_a_call_at_import_is_found():
    assert acts_at_import(Module("catsdogs/paths.py", '"""Paths."""\ndata_dir().mkdir()'))


def test_importing_the_package_writes_nothing(empty_machine):
    code = "from catsdogs.cli import dataset_options, model_options, parser, run_options, serving"
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=True)
    assert not any((empty_machine / name).exists() for name in ("data", "artifacts", "cache"))


# A module is short enough to read at once, and most functions fit on a screen.
MOST_LINES = 340
SHORT = 40


def test_modules_and_functions_are_short():
    lengths = [f.end_lineno - f.lineno + 1 for module in app() for f in module.functions]
    assert {m.path for m in app() if m.text.count("\n") > MOST_LINES} == set()
    assert sum(length <= SHORT for length in lengths) >= 0.95 * len(lengths)


def _found(
    rule: Callable[[Module], Iterable[str]], sources: Iterable[Module] | None = None
) -> set[str]:
    """Return what ``rule`` finds in ``sources``, by default in the whole app."""
    return {violation for module in sources or app() for violation in rule(module)}
