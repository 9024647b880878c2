"""Any folder scans to the end, its counts add up, and nothing outside it is read."""

import os
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from conftest import PROJECT, command_line
from hostile import photo, write_folder
from streamlit.testing.v1 import AppTest

from catsdogs.dataset import index, listing, summary, table_rows
from catsdogs.dataset.listing import listed
from catsdogs.errors import DatasetError, UnreadableImage
from catsdogs.images import picture
from catsdogs.inference import gathering
from catsdogs.sources import current
from catsdogs.ui.shared import cache

pytestmark = pytest.mark.slow

READING_SAYS = ("empty", "name_not_utf8", "not_an_image", "too_large", "truncated")


@pytest.fixture
def hostile(tmp_path):
    """A folder with everything that a file system can hold, and what a scan has to count."""
    root = tmp_path / "hostile"
    return root, write_folder(root)


def opened_files(root: Path, trace: Path) -> list[str]:
    """Scan ``root`` in a process that writes down every file it opens from then on."""
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from catsdogs.dataset import index\n"
        "opened = []\n"  # Scans read on several threads, and a list takes from all of them.
        "def hook(event, given):\n"
        "    if event in ('open', 'os.scandir') and isinstance(given[0], (str, Path)):\n"
        "        opened.append(ascii(str(given[0])))\n"
        "sys.addaudithook(hook)\n"
        "index.scan(Path(sys.argv[1]))\n"
        "Path(sys.argv[2]).write_text('\\n'.join(opened))\n"
    )
    subprocess.run([sys.executable, "-c", code, root, trace], cwd=PROJECT, check=True, timeout=60)
    return trace.read_text().splitlines()


def test_every_entry_of_a_hostile_folder_is_in_exactly_one_group(hostile):
    root, expected = hostile
    found = summary.document(index.scan(root))
    usable = expected.pop("usable")
    assert (found["images"], found["skipped"]) == (usable, expected)
    assert found["found"] == usable + sum(expected.values())
    assert len(found["unreadable"]) == sum(expected[code] for code in READING_SAYS)


def test_found_is_what_the_file_system_holds(hostile):
    root, _ = hostile
    entries = 0
    for folder_path, folders, names in os.walk(root):
        # Links to folders are loops here, one entry each; so is a hidden folder, unopened.
        linked = [name for name in folders if (Path(folder_path) / name).is_symlink()]
        hidden = [name for name in folders if name.startswith(".") and name != ".git"]
        folders[:] = [name for name in folders if name not in (*linked, *hidden)]
        entries += len(names) + len(linked) + len(hidden)
    assert summary.document(index.scan(root))["found"] == entries


def test_the_last_scan_and_a_second_one_count_the_same(hostile):
    root, _ = hostile
    first = summary.document(index.scan(root))
    assert summary.document(index.scan(root)) == first
    assert summary.document(index.last_scan(root)) == first


def test_nothing_special_is_opened_and_no_loop_is_entered(hostile, tmp_path):
    root, _ = hostile
    opened = opened_files(root, tmp_path / "trace")
    inside = [line for line in opened if ascii(str(root))[:-1] in line]
    assert len(inside) > 40
    for special in (
        "/dev/zero",
        "cat.30",
        "cat.40",
        "cat.41",
        "hostile/self/",
        "hostile/up/",
        "hostile/root/",
    ):
        assert not any(special in line for line in opened)


@pytest.mark.slow
def test_the_command_line_tells_all_of_it_within_ten_seconds(hostile):
    root, expected = hostile
    status, found = command_line("data", "scan", root)
    assert status == 2
    assert found["found"] == sum(expected.values())
    assert found["seconds"] < 10


def test_a_pipe_a_device_or_a_socket_given_by_name_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "cat.1.jpg")
    with socket.socket(socket.AF_UNIX) as server:
        os.chdir(tmp_path)
        server.bind("cat.2.jpg")
        for path in (tmp_path / "cat.1.jpg", tmp_path / "cat.2.jpg", Path("/dev/zero"), tmp_path):
            with pytest.raises(UnreadableImage) as refused:
                picture.read_bytes(path)
            assert refused.value.code == "missing"


def test_a_file_that_becomes_a_pipe_during_a_scan_does_not_stop_it(kaggle_folder, monkeypatch):
    def listed_then_swapped(root, **limits):
        found = listed(root, **limits)
        (root / "cat.0.jpg").unlink()
        os.mkfifo(root / "cat.0.jpg")
        (root / "cat.1.jpg").unlink()
        return found

    monkeypatch.setattr(table_rows, "listed", listed_then_swapped)
    found = summary.document(index.scan(kaggle_folder))
    assert (found["images"], found["skipped"]) == (14, {"missing": 2})


def test_what_is_too_large_is_not_read(tmp_path):
    with (tmp_path / "cat.1.jpg").open("wb") as stream:
        stream.truncate(20 << 30)
    with pytest.raises(UnreadableImage, match="256 MB") as refused:
        picture.read_bytes(tmp_path / "cat.1.jpg")
    assert refused.value.code == "too_large"


def test_classify_takes_of_a_hostile_folder_what_a_scan_takes_for_pictures(hostile):
    root, expected = hostile
    found = gathering.in_folder(root).sources
    assert len(found) == len(index.scan(root).records)
    readable = 0
    for _, read in found:
        with suppress(UnreadableImage):
            picture.load_upright(read())
            readable += 1
    not_utf8_but_readable = expected["name_not_utf8"]
    assert readable == expected["usable"] + expected["unlabelled"] + not_utf8_but_readable


def test_folders_and_files_without_permission_are_counted_and_told(kaggle_folder):
    closed, unlistable = kaggle_folder / "closed", kaggle_folder / "names only"
    for path in (closed, unlistable):
        path.mkdir()
        (path / "cat.1.jpg").write_bytes(photo())
    closed.chmod(0o000)
    unlistable.chmod(0o444)
    (kaggle_folder / "cat.0.jpg").chmod(0o000)
    try:
        if os.access(closed, os.R_OK):
            pytest.skip("permission bits do not bite here: this runs as root")
        found = summary.document(index.scan(kaggle_folder))
        assert found["unreadable_folders"] == [{"path": "closed", "reason": "Permission denied"}]
        assert found["skipped"] == {"missing": 2}
        assert found["images"] == 15
    finally:
        closed.chmod(0o755)
        unlistable.chmod(0o755)


@pytest.fixture
def closed_folder(kaggle_folder, monkeypatch):
    """A folder below photos that the system refuses to list for any user."""
    (kaggle_folder / "closed").mkdir()
    real = os.scandir

    def scandir(path):
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(listing.os, "scandir", scandir)
    return kaggle_folder / "closed"


def test_a_folder_that_cannot_be_listed_is_told_and_the_rest_scanned(closed_folder):
    dataset = index.scan(closed_folder.parent)
    assert summary.document(dataset)["unreadable_folders"] == [
        {"path": "closed", "reason": "Permission denied"}
    ]
    assert len(dataset.usable) == 16
    assert index.last_scan(closed_folder.parent).rest == dataset.rest
    with pytest.raises(DatasetError, match="cannot be read"):
        index.scan(closed_folder)


@pytest.mark.page
def test_the_dataset_page_tells_of_a_folder_that_cannot_be_listed(closed_folder):
    current.choose(closed_folder.parent)
    cache.forget_datasets()
    app = AppTest.from_file(str(PROJECT / "streamlit_app.py"), default_timeout=60)
    app.switch_page("pages/dataset.py").run()
    assert not app.exception
    assert "The folder closed cannot be read: Permission denied" in app.warning[0].value


def test_a_folder_deeper_than_any_path_may_be_is_told(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (root / "cat.1.jpg").write_bytes(photo())
    here = os.open(root, os.O_RDONLY)
    for _ in range(25):
        os.mkdir("d" * 200, dir_fd=here)
        below = os.open("d" * 200, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    found = summary.document(index.scan(root))
    assert (found["images"], len(found["unreadable_folders"])) == (1, 1)
    assert found["unreadable_folders"][0]["reason"] == "File name too long"
