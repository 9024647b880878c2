"""Tables, messages and commands fit a terminal, and lose only what they may lose."""

import io
import shlex

import pytest
from rich.cells import cell_len
from rich.console import Console

from catsdogs.cli.fitting import Grid, columns, command_lines, fitted, shortened, wrapped

LONG = "holiday/photos of the neighbours' cats and dogs, taken by grandmother/cat.1.jpg"
RUNS = Grid(
    ("Run", "Model", "Data", "Accuracy>"),
    [("20261128-082222-custom_cnn-1a55", "custom_cnn", LONG, "76.50 %")],
    drop=("Model",),
    shorten=("Data",),
)


def drawn(grid, width):
    console = Console(width=width or 500, color_system=None, markup=False)
    with console.capture() as capture:
        console.print(fitted(grid, width))
    return [line.rstrip() for line in capture.get().splitlines()]


def test_a_table_without_a_width_shows_everything():
    header, _, row = drawn(RUNS, None)
    assert header.split() == ["Run", "Model", "Data", "Accuracy"]
    assert LONG in row


@pytest.mark.parametrize("width", [55, 60, 66])
def test_a_narrow_table_drops_columns_and_shortens_names_in_the_middle(width):
    lines = drawn(RUNS, width)
    assert max(map(len, lines)) <= width
    assert "Model" not in lines[0]
    assert "20261128-082222-custom_cnn-1a55" in lines[2]
    assert lines[2].endswith("76.50 %")
    [data] = [word for word in lines[2].split("  ") if "…" in word]
    begin, end = data.strip().split("…")
    assert LONG.startswith(begin)
    assert LONG.endswith(end)


def test_a_column_stays_as_long_as_there_is_room_for_it():
    header, _, row = drawn(RUNS, 80)
    assert "Model" in header
    assert "…" in row


def test_a_reason_takes_several_lines_and_keeps_its_words():
    reason = "The file is cut short: its last part is missing."
    grid = Grid(("Unreadable", "Why"), [(LONG, reason)], shorten=("Unreadable",), wrap=("Why",))
    lines = drawn(grid, 60)
    assert max(map(len, lines)) <= 60
    assert lines[2].startswith("holiday")
    assert " ".join(" ".join(line[28:] for line in lines[2:]).split()) == reason


@pytest.mark.parametrize("text", ["cat.1.jpg", LONG, "猫の写真" * 20, ""])
@pytest.mark.parametrize("width", [1, 2, 12, 31])
def test_a_shortened_name_is_never_wider_than_asked(text, width):
    found = shortened(text, width)
    assert cell_len(found) <= width
    assert found == text or "…" in found


def test_a_message_is_broken_between_words_and_a_path_is_not():
    path = "/very" * 30
    lines = wrapped(f"Expected a dataset at {path}. Received: nothing.", 40).splitlines()
    assert f"{path}." in lines
    assert wrapped("one line", None) == "one line"


def test_a_broken_command_is_the_same_command():
    command = f"python -m catsdogs train --model custom_cnn --data {shlex.quote(LONG)} --no-augment"
    lines = command_lines(command, 40)
    assert lines.count(" \\\n") >= 2
    assert shlex.split(lines.replace("\\\n", "")) == shlex.split(command)
    assert command_lines(command, None) == command


@pytest.mark.parametrize(("stated", "found"), [("80", 80), ("", None), ("wide", None), ("0", None)])
def test_a_pipe_is_as_wide_as_columns_says(stated, found, monkeypatch):
    monkeypatch.setenv("COLUMNS", stated)
    assert columns(io.StringIO()) == found
