"""The process of a run on a cluster: ``python -m catsdogs.learning.on_cluster artifacts/<run_id>``.

It is on the machine of the queue, so that a run is watched, stopped and killed as any other. It
asks Ray for a machine, waits until the run has ended there, and loads no TensorFlow. If it is
killed, Ray ends the run; if the machine dies, it ends, and the run is lost until it is resumed.
"""

import os
import signal
import sys
from pathlib import Path

from catsdogs.background import job
from catsdogs.background.job import Ending
from catsdogs.distributed import ray_engine
from catsdogs.distributed.versions import TRAINS_WITH, versions
from catsdogs.errors import EngineError
from catsdogs.learning import on_node, worker
from catsdogs.runs import queue, webhook
from catsdogs.runs.event_file import Journal, read_view
from catsdogs.runs.events import State
from catsdogs.runs.run import Run
from catsdogs.system import processes

_POLL_S = 0.5
# Not all variables of the project: some are secrets.
_FOLDERS = tuple(f"CATSDOGS_{name}" for name in ("DATA", "ARTIFACTS", "CACHE", "MOBILENET_WEIGHTS"))


def main(folder: Path) -> int:
    """Have the run in ``folder`` done on a machine of its cluster; return the exit status."""
    signal.signal(signal.SIGTERM, lambda *_: job.request_stop(folder))
    try:
        ending = _done(folder)
    except EngineError as error:
        ending = _refused(folder, error)
    finally:
        queue.start_queued()
        webhook.call_all()
    return 1 if ending.event == State.FAILED else 0


def _done(folder: Path) -> Ending:
    order = on_node.Order(
        folder,
        processes.identity_of(os.getpid()),
        versions(*TRAINS_WITH),
        {name: os.environ[name] for name in _FOLDERS if name in os.environ},
    )
    with ray_engine.connected(read_view(folder).cluster) as engine:
        call = engine.on_a_machine(on_node.train, order)
        while not call.has_ended(within_s=_POLL_S):
            if job.is_stop_requested(folder) and not read_view(folder).is_begun:
                call.cancel()
                return worker.carry_out(folder, work=worker.stopped_before_training)
        found = call.result()
    if isinstance(found, Ending):
        return found
    raise EngineError(
        f"Expected a machine like this one. Received: one with {found}. Give all machines the same "
        "project, packages and folders."
    )


def _refused(folder: Path, error: EngineError) -> Ending:
    def refuse(run: Run, journal: Journal) -> Ending:
        raise error

    return worker.carry_out(folder, work=refuse)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
