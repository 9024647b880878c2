"""All hostile images through the command line, and minutes of fuzzing: ``make torture``.

``CATSDOGS_FUZZ_S`` is how many seconds each target is fuzzed for.
"""

import os

import pytest
from conftest import command_line
from hostile_images import write_corpus
from test_hostile_images import CODES, answered, fuzzed

_SECONDS = int(os.environ.get("CATSDOGS_FUZZ_S", "300"))


@pytest.mark.parametrize("target", ["pixels", "facts"])
def test_no_file_that_fuzzing_finds_breaks_the_decoder(target, tmp_path):
    print(f"\n{target}, {_SECONDS} s:", fuzzed(target, _SECONDS, tmp_path), end=" ")


def test_the_command_line_answers_for_every_file(tmp_path):
    answered(tmp_path, every=1)


def test_a_health_check_goes_on_behind_every_file(tmp_path):
    expected = write_corpus(tmp_path / "corpus")
    status, result = command_line("data", "health", tmp_path / "corpus")
    assert status == 2, result
    found = {one["path"]: one["reason"] for one in result["unreadable"]}
    assert set(found.values()) <= CODES
    assert {name: found.get(name, "") for name, code in expected.items() if code is not None} == {
        name: code for name, code in expected.items() if code is not None
    }
