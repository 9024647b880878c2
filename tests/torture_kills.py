"""Many workers, killed at random moments: ``make torture``. Runs only when it is named.

Which moment each of them met is printed.
"""

import random
import time

import pytest
from test_faults import (
    SETTINGS,
    begun,
    check_finished,
    config,
    followed,
    in_phase,
    killed,
    sample,
    uninterrupted,
    until,
    world,
)

from catsdogs.runs import jobs, store

__all__ = ["sample", "uninterrupted", "world"]  # fixtures
_KILLS = 25


@pytest.mark.parametrize("number", range(_KILLS))
def test_a_run_that_is_killed_at_random_ends_as_if_nothing_had_been(
    number, sample, uninterrupted, imagenet_weights
):
    draw = random.Random(number)
    model = list(SETTINGS)[number % len(SETTINGS)]
    like = uninterrupted(model)
    reach = draw.choice(list(moments(like)))
    pause_s = draw.random() * moments(like)[reach]
    noted = []

    def moment(folder):
        if not noted:
            if not (begun if reach == "start" else in_phase(reach))(folder):
                return False
            noted.append(time.monotonic() + pause_s)
        return time.monotonic() >= noted[0] and store.load(folder).state.is_active

    run = jobs.start(config(model, sample))
    until(lambda: moment(run.folder) or not store.load(run.folder).state.is_active)
    if not store.load(run.folder).state.is_active:
        pytest.skip("it had ended before, being faster this time")
    run = killed(run, moment)
    met = [run.view.phase or "start", *(path.suffix for path in run.folder.glob(".tmp-*"))]
    check_finished(followed(jobs.resume(run)), like)
    print(f"\n{model} killed in", *met, end=" ")


def moments(like):
    """Return the phases of a run, and the time before them, with the seconds that each took."""
    seconds = like.view.result["seconds"]
    named = {name: seconds[name] for name in like.view.phases}
    return {"start": seconds["total"] - sum(named.values()), **named}
