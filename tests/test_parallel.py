"""Threads that all callers of a process share fairly."""

import threading
import time

import pytest

from catsdogs.images.parallel import THREADS, map_ordered


def test_values_come_in_order():
    assert list(map_ordered(range(100), lambda n: n * n)) == [n * n for n in range(100)]


def test_however_many_ask_no_more_is_at_work_than_there_are_cores():
    at_work, most, guard = 0, [], threading.Lock()

    def item(_):
        nonlocal at_work
        with guard:
            at_work += 1
            most.append(at_work)
        time.sleep(0.002)
        with guard:
            at_work -= 1

    askers = [
        threading.Thread(target=lambda: list(map_ordered(range(10), item))) for _ in range(20)
    ]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert len(most) == 200
    assert max(most) <= THREADS


@pytest.mark.slow
def test_who_has_few_is_not_behind_who_has_thousands():
    begun, done = threading.Event(), []

    def slowly(_):
        begun.set()
        time.sleep(0.001)
        done.append(1)

    many = threading.Thread(target=lambda: list(map_ordered(range(2000), slowly)))
    many.start()
    begun.wait()
    assert list(map_ordered(range(5), lambda n: n)) == [0, 1, 2, 3, 4]
    assert len(done) < 1000
    many.join()


@pytest.mark.parametrize("end", ["closed", "failed"])
def test_who_stops_early_leaves_nothing_at_work(end):
    begun, ended = [], []

    def item(number):
        begun.append(number)
        time.sleep(0.01)
        if end == "failed" and number == 0:
            raise ZeroDivisionError
        ended.append(number)

    values = map_ordered(range(1000), item)
    if end == "failed":
        with pytest.raises(ZeroDivisionError):
            next(values)
        begun.remove(0)
    else:
        next(values)
        values.close()
    assert sorted(begun) == sorted(ended)
    time.sleep(0.05)
    assert sorted(begun) == sorted(ended)
    assert len(ended) < 20 * THREADS
