"""Names and metadata are shown as text, CSV cells are not formulas, and pages reveal no paths."""

import csv
import io
import json
import re
import unicodedata
from contextlib import suppress
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
from conftest import PROJECT, command_line
from google.protobuf.json_format import MessageToDict
from hostile import NAMES, photo
from markdown_it import MarkdownIt
from PIL import Image
from streamlit.testing.v1 import AppTest

from catsdogs import paths, text
from catsdogs.dataset import annotations, corrections, decisions_csv, index, label_tables
from catsdogs.dataset.annotations import EXCLUDE, RELABEL
from catsdogs.labels import CAT
from catsdogs.runs import layout, store
from catsdogs.runs.run import Remarks
from catsdogs.sources import current, sample
from catsdogs.sources.sample import draw_sample, sample_dir
from catsdogs.ui.compare import export
from catsdogs.ui.dataset import photo_facts
from catsdogs.ui.shared import cache

FORMULAS = ("=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", " =1", "'=1", "''-1", "'\t", "-rf.jpg")
PLAIN = ("cat.1.jpg", "", "it's", "'quoted'", "a=b", "1-2", "x\r=1", 'say "dog"')
# Names that would format, link, run or colour if they were not escaped, or hide or reorder text.
ACTIVE = ("<img", "<b>", "**bold**", "`code`", "![i](", "[click](", ":red[", "$x^2$")


def reads_as(markdown: str) -> str:
    """Return what a Markdown reader shows as text; fail for anything that is more than text."""
    inline = [token for token in MarkdownIt("commonmark").parse(markdown) if token.children]
    leaves = [leaf for token in inline for leaf in token.children]
    assert {leaf.type for leaf in leaves} <= {"text", "text_special", "softbreak"}
    return "".join(leaf.content for leaf in leaves)


@pytest.mark.parametrize("name", [*NAMES, "a\udcffb", "# no heading", "1. no list"])
def test_a_name_is_shown_as_the_text_that_it_is(name):
    seen = text.printable(name)
    assert all(unicodedata.category(char)[0] != "C" for char in seen)
    assert seen.encode()
    assert len(seen) == len(name)
    assert reads_as(text.literal(name)) == seen
    assert "<" not in text.unmarked(name)


def test_the_space_before_a_percent_sign_is_shown():
    assert text.printable(text.percent(0.9)) == "90.0\u00a0%"


@pytest.mark.parametrize("value", [*FORMULAS, *PLAIN, *NAMES])
def test_a_cell_is_no_formula_and_can_be_read_back(value):
    assert not re.match(r"\s*[=+@\t\r-]", text.cell(value))
    assert text.from_cell(text.cell(value)) == value


def test_a_table_as_csv_keeps_its_rows_and_numbers():
    table = pd.DataFrame({"path": [*FORMULAS, *PLAIN], "=p": 0.1, "n": -1})
    rows = list(csv.reader(io.StringIO(text.csv(table), newline="")))
    assert rows[0] == ["path", "'=p", "n"]
    assert [text.from_cell(row[0]) for row in rows[1:]] == list(table["path"])
    assert {tuple(row[1:]) for row in rows[1:]} == {("0.1", "-1")}


@pytest.fixture
def hostile_dataset(tmp_path):
    """Photos with hostile names, labelled by their folders, as the current dataset."""
    root = tmp_path / "**set** <b>"
    for number, name in enumerate(NAMES):
        path = root / ("cats" if number % 2 else "dogs") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(photo(number))
    (root / "cats" / "<img src=y>\u202e**.jpg").write_bytes(b"")
    (root / "link").symlink_to("/")
    current.choose(root)
    cache.forget_datasets()
    return root


def cells(csv_text: str) -> list[str]:
    return [cell for row in csv.reader(io.StringIO(csv_text, newline="")) for cell in row]


def test_decisions_about_hostile_names_survive_their_csv(hostile_dataset):
    records = index.scan(hostile_dataset).pictures
    assert len(records) == len(NAMES)
    annotations.annotate(hostile_dataset, records.iloc[::2], EXCLUDE)
    annotations.annotate(hostile_dataset, records.iloc[1::2], RELABEL, label=CAT)
    before = {path: found.action for path, found in annotations.in_effect(hostile_dataset).items()}
    exported = decisions_csv.to_csv(hostile_dataset, records)
    assert not [cell for cell in cells(exported) if re.match(r"\s*[=+@\t\r-]", cell)]
    annotations.undo(hostile_dataset)
    annotations.undo(hostile_dataset)
    assert label_tables.take_over(hostile_dataset, records, exported).photos == len(NAMES)
    after = {path: found.action for path, found in annotations.in_effect(hostile_dataset).items()}
    assert after == before


@pytest.mark.slow
def test_the_command_line_takes_back_the_csv_that_it_wrote(tmp_path):
    root = tmp_path / "set"
    root.mkdir()
    for number, name in enumerate(("=cat.jpg", "cat.\r=1.jpg", "cat.\n2.jpg", "'=cat.jpg")):
        (root / name).write_bytes(photo(number))
    annotations.annotate(root, index.scan(root).pictures, RELABEL, label=CAT)
    out = tmp_path / "decisions.csv"
    status, before = command_line("data", "annotations", root, "--export", out)
    assert (status, before["reviewed"]) == (0, 4), before
    annotations.undo(root)
    status, after = command_line("data", "annotations", root, "--import", out)
    assert (status, after["hash"]) == (0, before["hash"])


def opened(script: str, **address: str) -> AppTest:
    app = AppTest.from_file(str(PROJECT / "streamlit_app.py"), default_timeout=60)
    for name, value in address.items():
        app.query_params[name] = value
    app.switch_page(script)
    app.run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def strings(value: object) -> list[str]:
    if isinstance(value, dict):
        return [found for part in value.values() for found in strings(part)]
    if isinstance(value, list):
        return [found for part in value for found in strings(part)]
    if isinstance(value, str) and value[:1] in ("{", "["):
        with suppress(ValueError):  # Our own components receive JSON.
            return strings(json.loads(value))
    return [value] if isinstance(value, str) else []


def everything_sent(app: AppTest) -> list[str]:
    """Every string that a page sends to the browser, and every cell of its tables."""
    found, nodes = [], list(app._tree.children.values())
    while nodes:
        node = nodes.pop()
        nodes += getattr(node, "children", {}).values()
        if getattr(node, "proto", None) is not None:
            found += strings(MessageToDict(node.proto))
    tables = [table.value for kind in ("dataframe", "table") for table in app.get(kind)]
    return found + [str(cell) for table in tables for cell in table.to_numpy().ravel()]


def assert_is_shown_as_text(app: AppTest) -> None:
    """Markdown contains no active part of a hostile name, and no text is hidden."""
    kinds = ("markdown", "caption", "info", "success", "warning", "error", "title", "subheader")
    for kind in kinds:
        for element in app.get(kind):
            # An escaped bracket opens no tag.
            value = element.value.replace("\\<", "")
            assert not [active for active in ACTIVE if active in value], element.value
    for sent in everything_sent(app):
        assert "\u202e" not in sent
        assert "\x1b" not in sent


def assert_tells_no_place(app: AppTest, *places: Path) -> None:
    told = everything_sent(app)
    for place in (*places, PROJECT, Path.home()):
        assert not [sent for sent in told if f"{place}/" in sent], place


@pytest.mark.page
@pytest.mark.parametrize("view", ["Photos", "Health", "Review"])
def test_the_dataset_page_shows_hostile_names_as_text(view, hostile_dataset, tmp_path):
    app = opened("pages/dataset.py", view=view)
    assert_is_shown_as_text(app)
    assert_tells_no_place(app, tmp_path)
    if view == "Health":
        assert "1 link" in "".join(caption.value for caption in app.caption)


@pytest.mark.page
@pytest.mark.parametrize("name", [name for name in NAMES if "\r" not in name and "\n" not in name])
def test_a_photo_with_a_hostile_name_opens(name, hostile_dataset, tmp_path):
    records = index.scan(hostile_dataset).records
    (path,) = records["path"][records["path"].str.endswith(f"/{name}")]
    app = opened("pages/dataset.py", photo=path)
    assert [sent for sent in everything_sent(app) if text.literal(path) in sent]
    assert_is_shown_as_text(app)
    assert_tells_no_place(app, tmp_path)


@pytest.mark.parametrize("value", ["<script>", "[x](y)", "\u202ey", "=1", "a\x00b", "x" * 10_000])
def test_exif_is_shown_as_text(value, tmp_path):
    exif = Image.Exif()
    exif[0x010F] = exif[0x010E] = value
    Image.new("RGB", (20, 20)).save(tmp_path / "cat.1.jpg", exif=exif)
    tags = photo_facts.exif_tags(tmp_path / "cat.1.jpg")
    assert set(tags) >= {"Make", "ImageDescription"}
    assert all(len(reads_as(tag)) <= 80 for tag in tags.values())


@pytest.mark.page
def test_what_is_wrong_is_told_without_the_place(hostile_dataset, tmp_path, monkeypatch):
    monkeypatch.setattr(sample, "draw_sample", partial(draw_sample, images=20))
    app = opened("pages/dataset.py", open="1")
    app.text_input(key="dataset_path").set_value(str(tmp_path / "nowhere" / "photos.zip"))
    app.button(key="dataset_preview").click().run()
    (error,) = app.error
    assert reads_as(error.value).startswith(
        "Expected a folder with images, or a zip or tar of them, at …/"
    )
    assert_tells_no_place(app, tmp_path)
    gone = tmp_path / "gone" / "photos"
    current.choose(gone)
    app = opened("pages/dataset.py")
    assert "…/photos" in reads_as(app.warning[0].value)
    assert_tells_no_place(app, tmp_path)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("in {data}/corrections/dog/1.jpg.", "in data/corrections/dog/1.jpg."),
        ("See {cache}/tasks/x/log.", "See cache/tasks/x/log."),
        ("'{project}/dogs-vs-cats/train'", "'dogs-vs-cats/train'"),
        ("{home}/photos is gone", "~/photos is gone"),
        ("{data}2/x and {data}", "…/x and …/data"),
        ("at /mnt/a disk/cats: /srv", "at …/a disk/cats: …/srv"),
        ("[Errno 2] No such file: '/var/lib/x.json'", "[Errno 2] No such file: '…/x.json'"),
        (r"C:\Users\anna\cats.zip is damaged", "…/cats.zip is damaged"),
        ("https://example.org/a/b.zip, cats/1.jpg, 3/4, a / b", None),
    ],
)
def test_a_message_says_nothing_of_where_files_are(said, shown, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    places = {"data": paths.data_dir(), "cache": paths.cache_dir(), "project": PROJECT}
    said = said.format(**places, home=tmp_path / "home")
    assert paths.shortened(said) == (said if shown is None else shown)
    assert paths.shortened(paths.shortened(said)) == paths.shortened(said)


def test_a_command_says_no_more_of_a_place_than_it_has_to(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert paths.portable(str(PROJECT / "data" / "sample")) == "data/sample"
    assert paths.portable(str(tmp_path / "home" / "cats")) == "~/cats"
    assert paths.portable("/mnt/cats") == "/mnt/cats"


def test_where_corrections_are_is_told_from_the_data_folder_on():
    assert paths.shortened(str(corrections.folder())) == "data/corrections"


@pytest.mark.slow
@pytest.mark.page
class TestWithTrainedRuns:
    """Pages that show runs, whose names, notes and data are hostile."""

    @pytest.fixture
    def machine(self, trained_machine):
        for number, run in enumerate(store.list_runs()[0]):
            config = json.loads((run.folder / layout.CONFIG).read_text())
            config["dataset"]["name"] = NAMES[7] + NAMES[9]
            (run.folder / layout.CONFIG).write_text(json.dumps(config))
            remarks = Remarks(NAMES[11][:60] + str(number), f"{NAMES[10]}\n{NAMES[15]}", False)
            store.remark(store.load(run.folder), remarks)
        current.choose(sample_dir())
        cache.forget_datasets()
        return trained_machine

    @pytest.mark.parametrize(
        "script",
        [
            "pages/train.py",
            "pages/run.py",
            "pages/compare.py",
            "pages/classify.py",
            "streamlit_app.py",
        ],
    )
    def test_hostile_runs_are_shown_as_text(self, script, machine):
        app = opened(script)
        assert_is_shown_as_text(app)
        commands = [code.value for code in app.code]
        told = [sent for sent in everything_sent(app) if f"{machine}/" in sent]
        # A command has to name a dataset outside the project and the home folder in full.
        assert set(told) <= set(commands)

    def test_classify_shows_hostile_uploads_as_text(self, machine):
        app = opened("pages/classify.py")
        files = [(f"{name[:-4]}.jpg", photo(n, 64), "image/jpeg") for n, name in enumerate(NAMES)]
        app.file_uploader(key="classify_files").set_value(files).run()
        assert not app.exception, app.exception[0].stack_trace
        assert_is_shown_as_text(app)
        assert_tells_no_place(app, machine)

    def test_both_runs_answers_as_csv_have_no_formula(self, machine):
        run, other = store.list_runs()[0][:2]
        pair = cache.pair(run, other)
        pair.both.loc[pair.both.index[0], pair.place[1]] = "=1+1\r=2.jpg"
        found = cells(export.answers_csv(pair))
        assert "'=1+1\r=2.jpg" in found
