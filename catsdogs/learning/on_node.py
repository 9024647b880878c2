"""A run on a machine of a cluster: in Ray's process there, on the same folder."""

import os
import platform
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from msgspec import structs

from catsdogs.background.job import Ending
from catsdogs.distributed.versions import TRAINS_WITH, difference, versions
from catsdogs.learning import worker
from catsdogs.runs import layout, store
from catsdogs.runs.about import this_machine
from catsdogs.system.processes import Identity


@dataclass(frozen=True)
class Order:
    """A run to train. ``process`` stays the run's process, where its queue is.

    ``environment`` has the folders of data, runs and caches, which are the same on all machines.
    """

    folder: Path
    process: Identity
    versions: dict[str, str]
    environment: dict[str, str]


def train(order: Order) -> Ending | str:
    """Do a run in this process; return how it ended, or why it cannot be done here."""
    if problem := difference(order.versions, versions(*TRAINS_WITH)):
        return problem
    if not (order.folder / layout.CONFIG).is_file():
        return f"no folder {order.folder}"
    os.environ.update(order.environment)
    store.record_machine(order.folder, structs.replace(this_machine(), host=platform.node()))
    log = order.folder / layout.LOG
    with log.open("a") as stream, redirect_stdout(stream), redirect_stderr(stream):
        return worker.carry_out(order.folder, process=order.process)
