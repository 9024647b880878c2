"""A log that several processes append to, whatever a killed writer or a full disk leaves in it."""

import errno
import os

import pytest

from catsdogs.background import event_log
from catsdogs.background.event_log import Follower, decoded_object


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log.jsonl"


def test_a_record_that_cannot_be_kept_is_taken_back(log, monkeypatch):
    log.write_text('{"n": 1}\n{"torn')
    event_log.append(log, {"n": 2}, durable=True)
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match=r"'.*/log\.jsonl'"):
        event_log.append(log, {"n": 3}, durable=True)
    assert log.read_text() == '{"n": 1}\n{"torn\n{"n": 2}\n'


def test_a_torn_line_is_skipped_and_damages_no_other(log):
    event_log.append(log, {"n": 1})
    with log.open("a") as stream:
        stream.write('{"n": 1')
    event_log.append(log, {"n": 2})
    assert event_log.read(log, decoded_object) == [{"n": 1}, {"n": 2}]


def test_the_last_record_is_read_from_the_end(log):
    with event_log.appending(log) as append:
        for number in range(1000):
            append({"n": number})
    assert event_log.read_last(log, decoded_object) == {"n": 999}


def test_a_log_without_records_has_no_last_one(log):
    log.write_text("torn")
    assert event_log.read_last(log, decoded_object) is None


def test_a_follower_reads_only_new_and_whole_lines(log):
    follower = Follower(log, decoded_object, start=list, add=list.append)
    log.write_text('{"n": 1}\n{"n"')
    with follower.state() as seen:
        assert seen == [{"n": 1}]
    with log.open("a") as stream:
        stream.write(": 2}\n")
    with follower.state() as seen:
        assert seen == [{"n": 1}, {"n": 2}]


def test_a_follower_begins_again_when_the_log_was_replaced(log, tmp_path):
    follower = Follower(log, decoded_object, start=list, add=list.append)
    log.write_text('{"n": 1}\n{"n": 2}\n')
    with follower.state():
        pass
    other = tmp_path / "other"
    other.write_text('{"n": 3}\n')
    other.replace(log)
    with follower.state() as seen:
        assert seen == [{"n": 3}]


def test_a_log_that_is_a_link_is_not_read(log, tmp_path):
    target = tmp_path / "target"
    target.write_text("{}\n")
    log.symlink_to(target)
    with pytest.raises(OSError, match="log"):
        event_log.read(log, decoded_object)


def full_disk(_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
