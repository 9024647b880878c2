"""The engine ``ray``: a cluster that runs, or one that is started on this machine."""

import logging
import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from catsdogs.distributed.machine import OnMachine
from catsdogs.distributed.spread import Spread
from catsdogs.errors import EngineError
from catsdogs.images.parallel import Engine, OnThreads, Read, Work
from catsdogs.system import hardware

LOCAL, RAY = "local", "ray"
ENGINES = (LOCAL, RAY)
_ADDRESS = "RAY_ADDRESS"
# The cores of workers that have just ended are free a moment later.
_SETTLES_S = 30
_ANSWERS_S = 10
# Ray's store keeps models and contents on their way to the workers.
_STORE_BYTES, _STORE_BYTES_A_CORE = 128 << 20, 16 << 20


@dataclass(frozen=True)
class RayEngine:
    """A connected cluster, as ``Engine`` has it, and what it had when it was connected."""

    ray: Any
    nodes: int
    cores: int

    def outcomes(self, reads: Sequence[Read], work: Work) -> Iterator[Any]:
        """Yield as ``Engine`` has it.

        Raises:
            EngineError: if no core is free, or no worker can compute.
        """
        return Spread(self.ray, reads, work, workers=self._free_cores()).outcomes()

    def on_a_machine(self, function: Callable[..., Any], *arguments: Any) -> OnMachine:
        """Call ``function`` on a whole machine, once one is free."""
        return OnMachine(self.ray, function, *arguments)

    def _free_cores(self) -> int:
        # Without a free core, workers would wait for one forever.
        until = time.monotonic() + _SETTLES_S
        while not (free := int(self.ray.available_resources().get("CPU", 0))):
            if time.monotonic() > until:
                raise EngineError(
                    f"Expected a free core in the cluster. Received: {self.cores}, all taken. Wait "
                    "until other work has ended (see: ray status), or add a node."
                )
            time.sleep(_SETTLES_S / 100)
        return free


@contextmanager
def opened(name: str, address: str | None = None) -> Iterator[Engine]:
    """Yield an engine by its name, one of ``ENGINES``; the cluster of ``ray`` is at ``address``.

    Without an address, ``RAY_ADDRESS`` has it. Without both, Ray starts on this machine, until the
    block ends.

    Raises:
        EngineError: if Ray is not installed, or there is no cluster at the address.
    """
    if name == LOCAL:
        if address:
            raise EngineError(
                f"Expected --engine {RAY} for --address. Received: --engine {LOCAL}, which is this "
                "machine."
            )
        yield OnThreads()
        return
    with connected(address or os.environ.get(_ADDRESS)) as engine:
        yield engine


def use_address(address: str) -> None:
    """Let this process, and those that it starts, use a cluster, as ``RAY_ADDRESS`` does."""
    os.environ[_ADDRESS] = address


def required_address() -> str:
    """Return the address of the cluster that was chosen, or that ``RAY_ADDRESS`` names.

    Raises:
        EngineError: if there is none.
    """
    if not (address := os.environ.get(_ADDRESS)):
        raise EngineError(
            f"Expected the address of a Ray cluster: --address or {_ADDRESS}. Received: none. Give "
            f"it, such as {_ADDRESS}=10.0.0.5:6379."
        )
    return address


@contextmanager
def connected(address: str | None) -> Iterator[RayEngine]:
    """Yield the cluster at an address; without one, Ray starts on this machine.

    Raises:
        EngineError: if Ray is not installed, or there is no cluster at the address.
    """
    if find_spec("ray") is None:
        raise EngineError(
            f"Expected Ray for the engine {RAY}. Received: no package ray. Install it, in the "
            "folder of the project: pip install -r requirements-ray.txt"
        )
    with (
        TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder,
        # Ray prints the fate of nodes and workers on stdout, where a command prints its JSON.
        Path(os.devnull).open("w") as nowhere,
        redirect_stdout(nowhere),
    ):
        ray = _connected(address, Path(folder))
        try:
            cores = int(ray.cluster_resources().get("CPU", 0))
            yield RayEngine(ray, sum(node["Alive"] for node in ray.nodes()), cores)
        finally:
            ray.shutdown()


def _connected(address: str | None, folder: Path) -> Any:
    import ray  # Takes a second to import.

    logging.getLogger("ray").setLevel(logging.ERROR)
    try:
        if address:
            _require_answer(address)
            ray.init(address, configure_logging=False, log_to_driver=False)
        else:
            _start(ray, folder)
    except (OSError, RuntimeError, ValueError) as error:
        received = str(error).strip().split("\n")[0].rstrip(".") or type(error).__name__
        raise EngineError(
            f"Expected a Ray cluster{f' at {address}' if address else ' on this machine'}. "
            f"Received: {received}. Start one with: ray start --head"
        ) from None
    return ray


def _require_answer(address: str) -> None:
    """Check that somebody listens at HOST:PORT; Ray itself would try for minutes."""
    host, colon, port = address.rpartition("://")[2].rpartition(":")
    if colon and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), _ANSWERS_S).close()


def _start(ray: Any, folder: Path) -> None:
    """Start Ray on this machine; only this machine can reach it."""
    cores = max(1, int(hardware.cores()))
    ray.init(
        "local",
        num_cpus=cores,
        include_dashboard=False,
        object_store_memory=_STORE_BYTES + cores * _STORE_BYTES_A_CORE,
        _node_ip_address="127.0.0.1",
        _temp_dir=str(folder),
        configure_logging=False,
        log_to_driver=False,
    )
