"""Two classes of the user's own, from folders to every page, document and exported file."""

import csv
import json
import re
import subprocess
import sys
import zipfile
from html.parser import HTMLParser

import keras
import pytest
import test_third_model
from conftest import PROJECT
from streamlit.testing.v1 import AppTest
from test_third_model import NAME, register

from catsdogs.cli.parser import main
from catsdogs.features.litert import LiteRTModel
from catsdogs.learning import worker
from catsdogs.learning.models import output_layer
from catsdogs.runs import layout, queue, store
from catsdogs.runs.config import RunConfig
from catsdogs.runs.events import State
from catsdogs.sources import current
from catsdogs.sources.sample import draw_sample
from catsdogs.system import processes
from catsdogs.ui.shared import cache

pytestmark = [pytest.mark.slow, *test_third_model.pytestmark[1:]]
# Names may be any text that a folder can have.
CLASSES = "*Crab* <b>1 & 2", 'cray, "fish" 🦞'
PLACES = ("data", "artifacts", "cache")
_PETS = re.compile(r"\b(cats?|dogs?|(?:calibrated_)?p_dog|pets?)\b", re.IGNORECASE)
# The tabs of a page: only the open one is drawn.
TABS = {
    "compare": ("How sure?", "Curves", "Thresholds", "Calibration", "Kinds of photos"),
    "run": ("Curves", "Answers", "Calibration", "Kinds of photos", "About", "Model card"),
}
# The program's own name.
_PROGRAM = re.compile(r"Cats vs Dogs|Dogs vs\. Cats Redux")


def pets_in(text: str) -> set[str]:
    """Return the words in ``text`` that belong to the usual classes."""
    return set(_PETS.findall(_PROGRAM.sub("", text)))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Two runs on a dataset with these classes, which is the current one."""
    root = tmp_path_factory.mktemp("own")
    with pytest.MonkeyPatch.context() as patch:
        register(patch)
        for name in PLACES:
            patch.setenv(f"CATSDOGS_{name.upper()}", str(root / name))
        sleepers = []

        def launch(module, folder, *, log, on_exit):
            sleepers.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]))
            return processes.identity_of(sleepers[-1].pid)

        patch.setattr(processes, "launch", launch)
        dataset = draw(root)
        # Two of the drawings are damaged on purpose.
        assert main(["data", "scan", str(dataset), "--own-classes", *CLASSES, "--json"]) == 2
        current.choose(dataset)
        for _ in range(2):
            config = RunConfig(NAME, str(dataset), epochs=1, batch_size=8, seed=1, test=0.1)
            assert worker.main(queue.start(config).folder) == 0
        for sleeper in sleepers:
            sleeper.kill()
            sleeper.wait()
    return root


def draw(root):
    """Draw a dataset whose folders are named after the classes."""
    drawn, folder = draw_sample(root / "drawn", images=40), root / "sea"
    for name, kind in zip(CLASSES, ("cat", "dog"), strict=True):
        (folder / name).mkdir(parents=True)
        for number, path in enumerate(sorted(drawn.glob(f"{kind}.*.jpg"))):
            path.rename(folder / name / f"{number}.jpg")
    return folder


@pytest.fixture
def machine(world, monkeypatch):
    """The dataset of the world, on a machine with its runs."""
    register(monkeypatch)
    for name in PLACES:
        monkeypatch.setenv(f"CATSDOGS_{name.upper()}", str(world / name))
    cache.forget_datasets()
    return world / "sea"


class _Text(HTMLParser):
    """The text of a page, without scripts and styles."""

    def __init__(self):
        super().__init__()
        self.words, self._hidden = [], False

    def handle_starttag(self, tag, attrs):
        self._hidden = tag in ("script", "style")

    def handle_data(self, data):
        if not self._hidden:
            self.words.append(data)


def text_of(page: str) -> str:
    parser = _Text()
    parser.feed(page)
    return " ".join(parser.words)


def test_no_command_document_or_file_speaks_of_pets(machine, tmp_path, capsys):
    def said(*words):
        texts = []
        for form in ((), ("--json",)):
            assert main([*map(str, words), *form]) in (0, 2), words
            out, err = capsys.readouterr()
            texts.append(out)
            assert not pets_in(out.replace(str(tmp_path), "") + err), words
        return json.loads(texts[1])

    capsys.readouterr()
    a, b = (run.run_id for run in store.list_runs()[0])
    photo = machine / CLASSES[1] / "0.jpg"
    scanned = said("data", "scan", machine)
    assert (scanned["negatives"], scanned["positives"]) == (19, 19)
    assert scanned["classes"] == list(CLASSES)
    assert said("runs", "list")[0]["classes"] == list(CLASSES)
    assert said("runs", "show", a)["dataset"]["classes"]["positive"] == CLASSES[1]
    evaluated = said("evaluate", a, "--data", machine)
    assert set(CLASSES) < set(evaluated["report"])
    said("evaluate", a, "--test")
    assert said("compare", a, b)["classes"] == list(CLASSES)
    (answer,) = said("classify", photo, "--run", a)
    (result,) = answer["results"]
    assert result["label"] in (*CLASSES, "neither")
    assert result["probabilities"][CLASSES[1]] == result["calibrated_p_positive"]
    table, report = tmp_path / "answers.csv", tmp_path / "report.html"
    main(["classify", str(photo), "--run", a, "--csv", str(table)])
    assert not pets_in(table.read_text("utf-8"))
    assert f"{a}: P({CLASSES[1]})" in next(csv.reader(table.read_text("utf-8").splitlines()))
    for target in (report, report.with_suffix(".md")):
        assert main(["compare", a, b, "--report", str(target)]) == 0
        assert not pets_in(text_of(target.read_text("utf-8")))
    capsys.readouterr()


def test_no_exported_file_speaks_of_pets_and_its_example_runs(machine, tmp_path, capsys):
    run = store.list_runs()[0][0]
    assert not pets_in((run.folder / layout.MODEL_CARD).read_text("utf-8"))
    assert CLASSES[0] in json.loads((run.folder / layout.EVALUATION).read_text())["report"]
    made = {form: tmp_path / f"{form}.zip" for form in ("litert", "web")}
    for form, package in made.items():
        assert main(["export", run.run_id, "--format", form, "--out", str(package)]) == 0
        assert not pets_in(capsys.readouterr().out)
        with zipfile.ZipFile(package) as found:
            found.extractall(tmp_path / form)
            for name in found.namelist():
                content = found.read(name).decode("utf-8", errors="ignore")
                assert not pets_in(text_of(content) if name.endswith(".html") else content), name
    model = tmp_path / "litert" / "model.tflite"
    assert b"p_positive" in model.read_bytes()
    with zipfile.ZipFile(run.folder / layout.KERAS_MODEL) as network:
        for name in ("config.json", "model.weights.h5"):
            assert not pets_in(network.read(name).decode("latin-1"))
    layer = output_layer(keras.models.load_model(run.folder / layout.KERAS_MODEL))
    assert layer.name == "p_positive"
    assert "p_dog" in LiteRTModel(model).output_shapes
    shown = subprocess.run(
        [sys.executable, "example.py", machine / CLASSES[1] / "0.jpg"],
        cwd=tmp_path / "litert",
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert f"P({CLASSES[1]}) = " in shown


@pytest.mark.page
@pytest.mark.parametrize("page", ["", "dataset", "train", "compare", "classify", "run"])
def test_no_page_speaks_of_pets(machine, page):
    app = AppTest.from_file(str(PROJECT / "streamlit_app.py"), default_timeout=60)
    if page:
        app.switch_page(f"pages/{page}.py")
    if page == "run":
        app.query_params["run"] = store.list_runs()[0][0].run_id
    for tab in TABS.get(page, ("",)):
        app.session_state[f"{page}_tab"] = tab
        app.run()
        assert not app.exception, app.exception[0].stack_trace
        shown = [str(element.proto) for element in (*app.main, *app.sidebar)]
        # The name of the brand's icon is not shown.
        assert not pets_in("\n".join(shown).replace(":material/pets:", ""))


def test_a_run_of_other_classes_is_refused_plainly(machine, capsys, tmp_path):
    pets = draw_sample(tmp_path / "pets", images=20)
    run = store.list_runs()[0][0]
    assert run.state is State.FINISHED
    assert main(["evaluate", run.run_id, "--data", str(pets), "--json"]) == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert "tells cat and dog apart" in error
    assert f"{CLASSES[0]} and {CLASSES[1]}" in error
