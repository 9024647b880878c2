"""The JSON of every command is what it was when it was recorded, field by field."""

import json

import pytest
from golden_commands import RECORDED, record

pytestmark = pytest.mark.slow


def test_every_command_prints_what_was_recorded():
    expected, found = json.loads(RECORDED.read_text("utf-8")), record()
    assert [one["command"] for one in found] == [one["command"] for one in expected]
    for was, now in zip(expected, found, strict=True):
        assert now == was
