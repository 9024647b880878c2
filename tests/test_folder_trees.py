"""Random folder trees, whose groups an oracle knows because it made them."""

import os
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hostile import photo

from catsdogs.dataset import index, summary
from catsdogs.dataset.listing import listed
from catsdogs.errors import DatasetError
from catsdogs.inference import gathering

JPEG = photo()
# By name: its group and its content. None stands for any content.
FILES = {
    "{n}.jpg": ("picture", JPEG),
    "{n}.JFIF": ("picture", JPEG),
    "{n}.pjpeg": ("picture", JPEG),
    "{n}.mpo": ("picture", JPEG),
    "{n}.bin": ("picture", JPEG),
    "IMG{n}": ("picture", JPEG),
    "blob{n}.tar": ("picture", JPEG),  # The content decides.
    "broken{n}.hif": ("picture", b"no image"),
    "notes{n}.txt": ("other_files", b"text"),
    "{n}.parquet": ("other_files", b"PAR1"),
    "LICENSE{n}": ("other_files", b""),
    ".hidden{n}.jpg": ("hidden", JPEG),
    "._{n}.jpg": ("system_files", JPEG),
    "Thumbs.db": ("system_files", JPEG),
    "DESKTOP.INI": ("system_files", b"x"),
    ".DS_Store": ("system_files", b"x"),
}
SYSTEM_FOLDERS = (
    *("@eaDir", "#recycle", "$RECYCLE.BIN", "@Recycle", "lost+found", "__MACOSX", ".Trash-1000"),
    *("System Volume Information", ".git", "#snapshot", ".thumbnails", ".ipynb_checkpoints"),
)
FOLDERS = ("cats", "dogs", "a b", "é", "Unterordner", "train")


@dataclass
class Tree:
    """A folder that is being filled, the count of each group in it, and its random numbers."""

    root: Path
    store: Path
    chance: random.Random
    counts: Counter[str] = field(default_factory=Counter)

    def fill(self, folder: Path, depth: int) -> None:
        """Put random entries into ``folder``."""
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(self.chance.randint(0, 5)):
            self._add_file(folder, number)
        if self.chance.random() < 0.5:
            self._add_link(folder)
        if self.chance.random() < 0.2:
            self._add_special(folder)
        if self.chance.random() < 0.3:
            self._add_system_folder(folder)
        if depth < 3:
            for name in self.chance.sample(FOLDERS, self.chance.randint(0, 2)):
                self.fill(folder / name, depth + 1)

    def _add_file(self, folder: Path, number: int) -> None:
        name = self.chance.choice(list(FILES))
        path, (group, content) = folder / name.format(n=number), FILES[name]
        if not path.exists():
            path.write_bytes(content)
            self.counts[group] += 1

    def _add_link(self, folder: Path) -> None:
        above = self.chance.choice([folder, *folder.relative_to(self.root).parents])
        targets = {
            "picture": self.store / "blob",
            "other_files": self.store / "text",
            "broken_link": self.store / "gone",
            "link_loop": self.root / above,
            "special": Path("/dev/null"),
            "linked folder": self.store / "shelf",
        }
        group = self.chance.choice(list(targets))
        (folder / f"link to {group}").symlink_to(targets[group])
        self.counts["picture" if group == "linked folder" else group] += 1

    def _add_special(self, folder: Path) -> None:
        os.mkfifo(folder / "cat.1000.jpg")
        self.counts["special"] += 1

    def _add_system_folder(self, folder: Path) -> None:
        made = folder / self.chance.choice(SYSTEM_FOLDERS)
        (made / "below").mkdir(parents=True)
        for number in range(self.chance.randint(0, 3)):
            (made / "below" / f"cat.{number}.jpg").write_bytes(JPEG)
            self.counts["system_files"] += 1


def tree(seed: int, folder: Path) -> Tree:
    """Return a filled random tree."""
    store = folder.parent / "store"
    if not store.exists():
        (store / "shelf").mkdir(parents=True)
        for name, content in {"blob": JPEG, "text": b"text", "shelf/cat.1.jpg": JPEG}.items():
            (store / name).write_bytes(content)
    made = Tree(folder / "root", store, random.Random(seed))
    made.fill(made.root, 0)
    return made


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 300, 100))
def test_the_groups_of_300_random_trees_are_those_that_were_made(first, tmp_path):
    for seed in range(first, first + 100):
        made = tree(seed, tmp_path / str(seed))
        listing = listed(made.root)
        pictures = index.recognition.pictures(made.root, listing.files)
        rest = index.rest_of(made.root, listing, pictures)
        found = {"picture": len(pictures), "other_files": rest.other_files, **rest.aside}
        assert Counter({name: n for name, n in found.items() if n}) == made.counts, seed


@pytest.mark.slow
def test_a_scan_of_a_random_tree_adds_up_and_classify_takes_the_same_pictures(tmp_path):
    for seed in range(40):
        made = tree(seed, tmp_path / str(seed))
        for _ in range(2):  # The second scan reads the caches of the first.
            found = summary.document(index.scan(made.root))
            assert found["found"] == made.counts.total(), seed
            assert found["images"] + sum(found["skipped"].values()) == found["found"]
            assert sum(found["other_types"].values()) == made.counts["other_files"]
        if made.counts["picture"]:
            assert len(gathering.in_folder(made.root).sources) == made.counts["picture"]
        else:
            with pytest.raises(DatasetError, match="Expected pictures"):
                gathering.in_folder(made.root)


def test_links_to_files_and_folders_are_followed_out_of_the_folder(tmp_path):
    store, root = tmp_path / "store", tmp_path / "data"
    (store / "cats").mkdir(parents=True)
    (store / "cats" / "1.jpg").write_bytes(photo(1))
    (store / "blob").write_bytes(photo(2))
    (root / "dogs").mkdir(parents=True)
    (root / "dogs" / "2.jpg").symlink_to("../../store/blob")
    (root / "cats").symlink_to(store / "cats")
    found = index.scan(root)
    assert list(found.usable["path"]) == ["cats/1.jpg", "dogs/2.jpg"]
    (store / "cats" / "1.jpg").write_bytes(photo(3))
    assert index.scan(root).fingerprint() != found.fingerprint()


def test_links_that_multiply_end(tmp_path):
    for level in range(30):
        (tmp_path / str(level)).mkdir()
        for side in "ab":
            (tmp_path / str(level) / side).symlink_to(tmp_path / str(level + 1))
    (tmp_path / "30").mkdir()
    (tmp_path / "30" / "cat.1.jpg").write_bytes(JPEG)
    found = listed(tmp_path / "0")
    assert 0 < len(found.files) <= 16
    assert found.aside["link_loop"] > 0


def test_a_link_to_a_folder_above_is_a_loop(kaggle_folder):
    (kaggle_folder / "up").symlink_to("..")
    (kaggle_folder / "root").symlink_to("/")
    (kaggle_folder / "inner").mkdir()
    (kaggle_folder / "inner" / "back").symlink_to(kaggle_folder)
    found = listed(kaggle_folder)
    assert (len(found.files), found.aside["link_loop"]) == (16, 3)


def test_the_root_may_be_a_link_or_lie_in_a_system_folder(kaggle_folder, tmp_path):
    (tmp_path / "@Recycle").mkdir()
    (tmp_path / "@Recycle" / "photos").symlink_to(kaggle_folder)
    assert len(index.scan(tmp_path / "@Recycle" / "photos").usable) == 16


def test_other_files_are_opened_once(kaggle_folder, monkeypatch):
    for number in range(5):
        (kaggle_folder / f"{number}.txt").write_text("text")
    (kaggle_folder / "cat.9").write_bytes(photo(9))
    index.scan(kaggle_folder)
    opened, head = [], index.recognition.head
    monkeypatch.setattr(
        index.recognition, "head", lambda path: opened.append(path.name) or head(path)
    )
    assert len(index.scan(kaggle_folder).usable) == 17
    assert opened == []
    (kaggle_folder / "3.txt").write_bytes(photo(3))
    assert len(index.scan(kaggle_folder).pictures) == 18
    assert opened == ["3.txt"]


def test_other_files_are_counted_by_suffix_and_their_kind_is_named(tmp_path):
    root = tmp_path / "set"
    root.mkdir()
    for name in ("x.tfrecord-00000-of-00002", "x.tfrecord-00001-of-00002", "README.md", "labels"):
        (root / name).write_bytes(b"text")
    rest = index.scan(root).rest
    assert rest.other_types == {".tfrecord": 2, "": 1, ".md": 1}
    said = summary.instead(rest)
    assert said.startswith("none, but 2 .tfrecord files, 1 file, 1 .md file. In Python")
