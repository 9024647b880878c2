"""Datasets at addresses: S3, web servers and Hugging Face's hub, over real sockets."""

from pathlib import Path

import numpy as np
import pytest
from parquet_files import write_hub_table
from storage_server import BUSY, DROPPED, REFUSED, SECRET
from test_table_rows import contents, trained
from webdataset_files import write_samples

from catsdogs import paths
from catsdogs.cli.parser import main
from catsdogs.dataset import index
from catsdogs.errors import DatasetError, Unreachable
from catsdogs.images import picture
from catsdogs.inference import gathering
from catsdogs.sources import current, opening
from catsdogs.sources.preview import preview
from catsdogs.sources.typed import typed_path
from catsdogs.storage import access, blocks, web

COLUMNS = ("label", "width_px", "height_px", "size_bytes", "digest", "format", "problem")


@pytest.fixture(autouse=True)
def impatient(monkeypatch, empty_machine):
    """No data of the app, and clients that soon give up."""
    monkeypatch.setattr(web, "RETRY_PAUSES_S", (0.0, 0.0))
    monkeypatch.setattr(access, "ATTEMPTS", 2)


@pytest.fixture
def folder(tmp_path, photo):
    """Twelve photos in folders of their classes."""
    made, labels = contents(tmp_path / "made", photo, 12)
    for number, (content, label) in enumerate(zip(made, labels, strict=True)):
        path = tmp_path / "files" / ("cat", "dog")[label] / f"{number:02}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "files"


def upload(storage, folder: Path, to: str) -> None:
    for path in sorted(folder.rglob("*.*")):
        storage.put(f"{to}/{path.relative_to(folder).as_posix()}", path.read_bytes())


def shards(folder: Path) -> tuple[Path, Path]:
    """Return the photos of ``folder`` as Parquet tables, and as WebDataset tars."""
    photos = sorted(folder.rglob("*.jpg"), key=lambda path: path.name)
    made, words = [one.read_bytes() for one in photos], [one.parent.name for one in photos]
    for part in range(2):
        rows = slice(6 * part, 6 * part + 6)
        labels = [("cat", "dog").index(word) for word in words[rows]]
        name = f"train-{part:05}-of-00002.parquet"
        write_hub_table(folder.parent / "tables" / name, made[rows], labels)
        tar = folder.parent / "tars" / f"train-{part:06}.tar"
        write_samples(tar, made[rows], words[rows])
    return folder.parent / "tables", folder.parent / "tars"


def scanned(text: str) -> index.Dataset:
    return index.scan(opening.open_source(typed_path(text)))


def same(found: index.Dataset, expected: index.Dataset) -> bool:
    columns = [
        [list(one.records.sort_values("digest")[name]) for name in COLUMNS]
        for one in (found, expected)
    ]
    return columns[0] == columns[1]


def test_a_bucket_is_a_dataset_as_objects_tables_and_tars(storage, folder):
    tables, tars = shards(folder)
    upload(storage, folder, "photos/plain")
    upload(storage, tables, "photos/tables")
    upload(storage, tars, "photos/tars")
    expected = index.scan(folder)
    for name in ("plain", "tables", "tars"):
        found = scanned(f"s3://photos/{name}")
        assert same(found, expected)
        assert opening.display_name(found.root) == f"s3://photos/{name}"
        assert len(preview(found.root).photos) == 8
    one = scanned("s3://photos/tables/train-00000-of-00002.parquet")
    assert (len(one.usable), one.records["path"].iloc[0][:6]) == (6, "train-")


def test_what_was_read_is_not_read_again(storage, folder):
    upload(storage, folder, "photos/plain")
    found = scanned("s3://photos/plain")
    storage.requests.clear()
    assert same(scanned("s3://photos/plain"), found)
    assert all(picture.read_bytes(found.root / name) for name in found.records["path"])
    assert not [one for one in storage.requests if "list-type" not in one and ".jpg" in one]


def test_the_kept_parts_stay_below_the_limit(storage, folder, monkeypatch):
    upload(storage, folder, "photos/plain")
    sizes = [path.stat().st_size for path in folder.rglob("*.jpg")]
    monkeypatch.setenv("CATSDOGS_STORAGE_GB", str(3 * max(sizes) / 10**9))
    found = scanned("s3://photos/plain")
    kept = [path.stat().st_size for path in (paths.cache_dir() / "storage").rglob("*-0")]
    assert 0 < sum(kept) <= 3 * max(sizes)
    assert all(picture.read_bytes(found.root / name) for name in found.records["path"])


def test_a_damaged_part_is_fetched_again(storage, folder):
    upload(storage, folder, "photos/plain")
    found = scanned("s3://photos/plain")
    for path in (paths.cache_dir() / "storage").rglob("*-0"):
        path.write_bytes(path.read_bytes()[:-1])
    for name in found.records["path"]:
        assert picture.read_bytes(found.root / name) == (folder / name).read_bytes()


@pytest.mark.parametrize(
    ("fault", "said"), [(REFUSED, "credentials"), (BUSY, "try again"), (DROPPED, "try again")]
)
@pytest.mark.parametrize("kind", ["plain", "tables", "tars"])
def test_a_scan_that_fails_says_why_keeps_what_it_has_and_continues(
    storage, folder, fault, said, kind, monkeypatch
):
    monkeypatch.setattr(blocks, "BYTES", 4096)
    tables, tars = shards(folder)
    upload(storage, {"plain": folder, "tables": tables, "tars": tars}[kind], f"photos/{kind}")
    reads = 0

    def fails_later(request: str):
        nonlocal reads
        reads += request.startswith("GET") and "list-type" not in request
        return fault if reads > 5 and request.startswith("GET") else None

    storage.fault = fails_later
    with pytest.raises(Unreachable, match=said) as error:
        scanned(f"s3://photos/{kind}")
    assert SECRET not in str(error.value)
    assert index.last_scan(typed_path(f"s3://photos/{kind}")) is None
    kept = len(list((paths.cache_dir() / "storage").rglob("*-*")))
    assert kept >= 5
    storage.recover()
    assert same(scanned(f"s3://photos/{kind}"), index.scan(folder))


@pytest.mark.parametrize("fault", [BUSY, DROPPED])
def test_a_short_disturbance_costs_nothing(storage, folder, fault, monkeypatch):
    monkeypatch.setattr(access, "ATTEMPTS", 5)
    upload(storage, folder, "photos/plain")
    storage.fail(fault, times=2, on=".jpg")
    assert same(scanned("s3://photos/plain"), index.scan(folder))


def another(content: bytes) -> bytes:
    """Return other bytes of the same length. A table or a tar can still be read."""
    writer = b"parquet-cpp-arrow"
    if writer in content:
        return content.replace(writer, writer[::-1])
    return content[:-1] + b"x"


def changing(storage, method: str, *, after: int) -> None:
    """Write all objects again, when that many requests of this method for one have come."""
    left = [after]

    def change(request: str) -> None:
        if request.startswith(method) and "list-type" not in request and storage.objects:
            left[0] -= 1
            if left[0] == 0:
                for path, one in list(storage.objects.items()):
                    storage.put(path, another(one.content))

    storage.fault = change


@pytest.mark.parametrize("method", ["HEAD", "GET"])
@pytest.mark.parametrize("kind", ["plain", "tables", "tars"])
def test_an_object_that_changes_meanwhile_is_an_error_by_name_until_it_is_listed_again(
    storage, folder, kind, method, monkeypatch
):
    monkeypatch.setattr(blocks, "BYTES", 4096)
    tables, tars = shards(folder)
    upload(storage, {"plain": folder, "tables": tables, "tars": tars}[kind], f"photos/{kind}")
    changing(storage, method, after=4)
    with pytest.raises(Unreachable, match=rf"s3://photos/{kind}/.*listed again") as error:
        scanned(f"s3://photos/{kind}")
    assert error.value.code == "changed"
    found = scanned(f"s3://photos/{kind}")
    for name, digest in zip(found.records["path"], found.records["digest"], strict=True):
        stored_now = storage.objects.get(f"photos/{kind}/{name}")
        assert stored_now is None or picture.digest(stored_now.content) == digest
    assert len(found.records) == 12


def test_an_object_that_is_gone_is_no_longer_in_the_dataset(storage, folder):
    upload(storage, folder, "photos/plain")
    found = scanned("s3://photos/plain")
    del storage.objects["photos/plain/cat/00.jpg"]
    for path in (paths.cache_dir() / "storage").rglob("*-0"):
        path.unlink()
    with pytest.raises(Unreachable, match="nothing at that address"):
        picture.read_bytes(found.root / "cat/00.jpg")
    assert len(scanned("s3://photos/plain").records) == 11


def test_names_that_no_path_has_are_counted_and_never_opened(storage, folder, tmp_path):
    upload(storage, folder, "photos/plain")
    for name in ("../../cat.1.jpg", "a/../../cat.2.jpg", ".hidden/cat.3.jpg", "cat//4.jpg"):
        storage.put(f"photos/plain/{name}", b"x")
    found = scanned("s3://photos/plain")
    assert len(found.records) == 12
    assert found.rest.aside["outside"] + found.rest.aside["hidden"] == 4


@pytest.mark.parametrize("name", ["train-00000-of-00002.parquet", "train-000001.tar"])
def test_a_table_and_a_tar_are_read_from_a_web_server(storage, folder, name, monkeypatch):
    monkeypatch.setattr(blocks, "BYTES", 4096)
    tables, tars = shards(folder)
    upload(storage, tables, "files")
    upload(storage, tars, "files")
    changing(storage, "GET", after=4)
    with pytest.raises(Unreachable, match="another version"):
        scanned(f"{storage.url}/files/{name}")
    found = scanned(f"{storage.url}/files/{name}")
    assert (len(found.usable), set(found.usable["label"])) == (6, {0, 1})


@pytest.mark.parametrize(
    ("fault", "said"), [(REFUSED, "HTTP 403"), (BUSY, "HTTP 503"), (DROPPED, "bytes|connection")]
)
def test_a_web_server_that_fails_is_an_error_and_a_short_disturbance_costs_nothing(
    storage, folder, fault, said
):
    _, tars = shards(folder)
    upload(storage, tars, "files")
    address = f"{storage.url}/files/train-000001.tar"
    storage.fail(fault)
    with pytest.raises(Unreachable, match=said):
        scanned(address)
    if fault != REFUSED:
        storage.fail(fault, times=1)
        assert len(scanned(address).usable) == 6


def test_a_dataset_of_the_hub_is_read_at_one_commit_with_its_token(storage, folder):
    tables, _ = shards(folder)
    upload(storage, tables, "owner/pets/data")
    storage.put("owner/pets/README.md", b"# Pets")
    for address, count in (
        ("hf://datasets/owner/pets", 12),
        ("hf://datasets/owner/pets@v2/data", 12),
    ):
        found = scanned(address)
        assert len(found.usable) == count
    assert any("/resolve/commit-of-v2/data/train-" in one for one in storage.requests)
    assert all(one["Authorization"] == f"Bearer {SECRET}" for one in storage.headers)


def test_no_secret_is_kept_or_shown(storage, folder, capsys):
    upload(storage, folder, "photos/plain")
    assert main(["data", "scan", "s3://photos/plain", "--json"]) == 0
    storage.fail(REFUSED)
    assert main(["data", "scan", "s3://photos/other", "--json"]) == 1
    shown = capsys.readouterr()
    assert SECRET not in shown.out + shown.err
    for place in (paths.data_dir(), paths.cache_dir()):
        for path in place.rglob("*"):
            assert path.is_dir() or SECRET.encode() not in path.read_bytes()


@pytest.mark.parametrize(
    "text",
    [
        "s3://user:word@photos/x",
        "https://host/a.parquet?X-Amz-Signature=word",
        "http://example.org/a.parquet",
        "hf://models/owner/name",
        "s3://",
    ],
)
def test_addresses_that_hold_secrets_or_are_none_are_refused(text, empty_machine):
    with pytest.raises(DatasetError) as error:
        scanned(text)
    assert str(error.value).startswith("Expected")
    assert "word" not in str(error.value).partition("Received")[2]


def test_an_endpoint_without_encryption_is_refused(storage, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://example.org")
    with pytest.raises(DatasetError, match="begins with https"):
        scanned("s3://photos/plain")


def test_fetching_an_address_downloads_nothing_and_makes_it_the_dataset_of_the_app(storage, folder):
    upload(storage, folder, "photos/plain")
    assert main(["data", "fetch", "--from", "s3://photos/plain", "--json"]) == 0
    assert opening.display_name(current.path()) == "s3://photos/plain"
    assert not list(paths.data_dir().rglob("*.jpg"))


def test_classify_takes_an_address(storage, folder):
    upload(storage, folder, "photos/plain")
    found = gathering.gathered([typed_path("s3://photos/plain")])
    assert [read() for _, read in found.sources] == [
        path.read_bytes() for path in sorted(folder.rglob("*.jpg"))
    ]


@pytest.mark.long
@pytest.mark.parametrize("kind", ["plain", "tables", "tars"])
def test_a_run_on_a_bucket_predicts_the_same_as_one_on_the_same_photos_in_folders(
    storage, folder, kind
):
    tables, tars = shards(folder)
    upload(storage, {"plain": folder, "tables": tables, "tars": tars}[kind], f"photos/{kind}")
    np.testing.assert_array_equal(trained(f"s3://photos/{kind}"), trained(folder))
