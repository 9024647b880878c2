import contextlib

from catsdogs import files


def test_a_file_is_replaced_whole(tmp_path):
    files.write_text(tmp_path / "a.txt", "old")
    files.write_text(tmp_path / "a.txt", "new")
    assert (tmp_path / "a.txt").read_text() == "new"


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "files" / "a.txt"
    files.write_text(target, "old")

    with contextlib.suppress(KeyboardInterrupt), files.replacing(target) as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert [path.read_text() for path in target.parent.iterdir()] == ["old"]


def test_the_temporary_name_keeps_the_suffix(tmp_path):
    with files.replacing(tmp_path / "model.keras") as temporary:
        assert temporary.suffix == ".keras"
