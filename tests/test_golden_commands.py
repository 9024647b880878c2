"""Every command: its JSON is what was recorded, its text fits 80 columns, and only it speaks."""

import json
import re
from functools import partial

import pytest
from golden_commands import COLUMNS, RECORDED, record
from rich.cells import cell_len

from catsdogs import paths

pytestmark = pytest.mark.slow
# A path or another word that stays whole, so that it can be copied.
LONG_WORD = re.compile(r"\S{50,}")
OURS = re.compile(
    r"catsdogs: |(python -m )?catsdogs( \w+)*: error: |usage: |  "  # "  " continues a message.
    r"|run \S+$|epoch \d+/\d+  loss |left out |queued: |stopping …|[\w -]+ …$"
)


@pytest.fixture(scope="module")
def recording(put_backbone):
    return record(partial(put_backbone, paths.shipped_backbone()))


def test_every_command_prints_the_json_that_was_recorded(recording):
    expected, found = json.loads(RECORDED.read_text("utf-8")), recording.documents
    assert [one["command"] for one in found] == [one["command"] for one in expected]
    for was, now in zip(expected, found, strict=True):
        assert now == was


def test_no_line_for_people_is_wider_than_the_terminal(recording):
    everything = recording.readable + [said for said in recording.stderr if "--json" not in said[0]]
    wide = [
        (words, line)
        for words, text in everything
        for line in text.splitlines()
        if cell_len(line) > COLUMNS and not LONG_WORD.search(line)
    ]
    assert len(everything) > 60
    assert wide == []


def test_no_table_holds_a_wide_line_even_for_a_long_name(recording):
    tables = [text for words, text in recording.readable if words[:2] == ["runs", "list"]]
    tables += [text for words, text in recording.readable if words[:1] == ["classify"]]
    assert max(cell_len(line) for text in tables for line in text.splitlines()) <= COLUMNS


def test_stderr_holds_nothing_but_the_commands_own_lines(recording):
    assert [
        (words, line)
        for words, text in recording.stderr
        for line in text.splitlines()
        if not OURS.match(line)
    ] == []


def test_help_explains_every_option_with_its_choices_or_its_default(recording):
    unexplained = []
    for words, text in recording.readable:
        options = text.split("\noptions:\n")[-1].split("\n\n")[0] if "--help" in words else ""
        for option in re.split(r"^  (?=-)", options, flags=re.MULTILINE)[1:]:
            said = " ".join(option.split())
            is_required = said.split()[0] in text.splitlines()[0]
            is_switch = said.startswith(("-h", "--json", "--deterministic"))
            if not (is_switch or is_required or re.search("default", said, re.IGNORECASE)):
                unexplained.append((words, said))
    assert unexplained == []
